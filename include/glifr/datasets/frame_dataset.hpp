#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "glifr/datasets/dataset.hpp"
#include "glifr/datasets/frames.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// What a value of a frame is: whether there is an event, or how many there are.
enum class FrameValues { binary, count };

/// Recordings of events as frames, with their classes.
struct LabelledFrames {
  BinaryFrames frames;                       ///< the recordings, as frames
  FrameValues values = FrameValues::binary;  ///< what they hold
  std::vector<std::uint32_t> counts = {};    ///< of count frames: the number of events of each of `frames.ones`
  std::vector<std::int32_t> labels = {};     ///< one a sample, below `classes`
  Index classes = 10;                        ///< digits, unless others are read
  Index events = 0;                          ///< of recordings in HDF5 files: how many events were read …
  Index events_outside = 0;                  ///< … how many of them lie behind the last frame …
  double longest = 0;                        ///< … and the time of the last one of all recordings, s
  std::string cache_problem = {};            ///< why no cache was written that was asked for; empty: nothing is wrong
};

/// Recordings of events as frames, with class labels: binary frames as lists of active inputs, counts as dense values.
template <Scalar T>
class GLIFR_API FrameDataset final : public Dataset<T> {
 public:
  /// Shares the recordings with others. ShapeError where they, their counts and their labels are not of one number,
  /// a one lies beyond its frame, or a label is no class.
  explicit FrameDataset(std::shared_ptr<const LabelledFrames> data);

  [[nodiscard]] Index size() const override { return data_->frames.samples; }
  [[nodiscard]] Index time_steps() const override { return data_->frames.time_steps; }
  [[nodiscard]] Index input_size() const override { return data_->frames.frame_size; }
  [[nodiscard]] bool is_sparse() const override { return data_->values == FrameValues::binary; }
  [[nodiscard]] Index classes() const override { return data_->classes; }

  void inputs(std::span<const Index> samples, T* x) const override;
  void active_inputs(std::span<const Index> samples, ActiveInputs* rows) const override;
  void labels(std::span<const Index> samples, std::int32_t* labels) const override;

 private:
  std::shared_ptr<const LabelledFrames> data_;
};

extern template class FrameDataset<float>;
extern template class FrameDataset<double>;

}  // namespace glifr
