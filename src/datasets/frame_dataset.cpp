#include "glifr/datasets/frame_dataset.hpp"

#include <algorithm>
#include <string>

#include "gather.hpp"
#include "glifr/backend/memory.hpp"
#include "glifr/error.hpp"

namespace glifr {

template <Scalar T>
FrameDataset<T>::FrameDataset(std::shared_ptr<const LabelledFrames> data) : data_(std::move(data)) {
  const BinaryFrames& frames = data_->frames;
  const auto require_equal = [](const char* what, std::size_t expected, std::size_t found) {
    if (expected != found) throw ShapeError(what, std::to_string(expected), std::to_string(found));
  };
  require_equal("labels of frames", static_cast<std::size_t>(frames.samples), data_->labels.size());
  require_equal("offsets of frames", static_cast<std::size_t>(frames.samples * frames.time_steps) + 1,
                frames.offsets.size());
  require_equal("ones of frames", frames.offsets.back(), frames.ones.size());
  if (data_->values == FrameValues::count) require_equal("counts of frames", frames.ones.size(), data_->counts.size());
  if (!std::ranges::is_sorted(frames.offsets))
    throw ShapeError("offsets of frames", "none below the one before it", "one that is");
  for (const std::uint16_t one : frames.ones) {
    if (one >= frames.frame_size)
      throw ShapeError("ones of frames", "below " + std::to_string(frames.frame_size), std::to_string(one));
  }
  detail::check_labels("labels of frames", data_->labels, data_->classes);
}

template <Scalar T>
void FrameDataset<T>::inputs(std::span<const Index> samples, T* x) const {
  check_samples(samples, size());
  const BinaryFrames& frames = data_->frames;
  if (is_sparse()) return frames.gather_dense(samples, x);
  fill_zero(x, time_steps() * std::ssize(samples) * input_size());
  for (Index step = 0; step < time_steps(); ++step) {
    for (const Index sample : samples) {
      const auto frame = static_cast<std::size_t>(sample * time_steps() + step);
      for (std::uint64_t i = frames.offsets[frame]; i < frames.offsets[frame + 1]; ++i) {
        x[frames.ones[i]] = static_cast<T>(data_->counts[i]);
      }
      x += input_size();
    }
  }
}

template <Scalar T>
void FrameDataset<T>::active_inputs(std::span<const Index> samples, ActiveInputs* rows) const {
  if (!is_sparse()) return Dataset<T>::active_inputs(samples, rows);
  check_samples(samples, size());
  data_->frames.gather(samples, rows);
}

template <Scalar T>
void FrameDataset<T>::labels(std::span<const Index> samples, std::int32_t* labels) const {
  check_samples(samples, size());
  for (const Index sample : samples) *labels++ = data_->labels[static_cast<std::size_t>(sample)];
}

template class FrameDataset<float>;
template class FrameDataset<double>;

}  // namespace glifr
