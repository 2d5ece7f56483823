#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "glifr/datasets/dataset.hpp"
#include "glifr/datasets/sample_file.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// How the samples of a file become a data set.
struct FileDatasetOptions {
  Index classes = 0;                       ///< 0: as many as the labels of the file need
  std::optional<FeatureScale> scale = {};  ///< for the inputs; without it they stay as they are
  /// Steps to which samples are padded, at least those of the file; 0: those. Samples that are padded have lengths.
  Index time_steps = 0;
};

/// The samples of a file.
template <Scalar T>
class GLIFR_API FileDataset final : public Dataset<T> {
 public:
  /// Shares the file with others. Throws DataError where a label is not below `classes`, ShapeError where the scale has
  /// another number of features, or the file more time steps.
  explicit FileDataset(std::shared_ptr<const SampleFile> file, FileDatasetOptions options = {});

  [[nodiscard]] Index size() const override { return file_->samples(); }
  [[nodiscard]] Index time_steps() const override { return options_.time_steps; }
  [[nodiscard]] Index input_size() const override { return file_->features(); }
  [[nodiscard]] Index classes() const override { return options_.classes; }
  [[nodiscard]] Index target_size() const override { return file_->outputs(); }
  /// Steps that value targets are given for: all, or 1 where they are given for the last one of a sample.
  [[nodiscard]] Index target_steps() const override {
    return classes() > 0 || file_->target_steps() > 1 ? time_steps() : 1;
  }
  /// Whether samples are of different length.
  [[nodiscard]] bool has_lengths() const override {
    return !file_->lengths().empty() || time_steps() > file_->time_steps();
  }

  /// Steps behind the end of a sample are 0, scaled or not.
  void inputs(std::span<const Index> samples, T* x) const override;
  void labels(std::span<const Index> samples, std::int32_t* labels) const override;
  /// `[target_steps, samples, target_size]`.
  void targets(std::span<const Index> samples, T* values) const override;
  /// Writes the time steps of each sample.
  void lengths(std::span<const Index> samples, std::int32_t* lengths) const override;

 private:
  std::shared_ptr<const SampleFile> file_;
  FileDatasetOptions options_;

  /// Writes zeros, `width` a step, behind the steps of the file.
  void pad(T* values, Index width, Index stride) const;
};

extern template class FileDataset<float>;
extern template class FileDataset<double>;

}  // namespace glifr
