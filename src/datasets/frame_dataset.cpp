#include "glifr/datasets/frame_dataset.hpp"

#include <algorithm>

#include "glifr/backend/memory.hpp"

namespace glifr {

template <Scalar T>
void FrameDataset<T>::inputs(std::span<const Index> samples, T* x) const {
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
  data_->frames.gather(samples, rows);
}

template <Scalar T>
void FrameDataset<T>::labels(std::span<const Index> samples, std::int32_t* labels) const {
  for (const Index sample : samples) *labels++ = data_->labels[static_cast<std::size_t>(sample)];
}

template class FrameDataset<float>;
template class FrameDataset<double>;

}  // namespace glifr
