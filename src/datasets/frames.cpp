#include "glifr/datasets/frames.hpp"

#include <algorithm>
#include <cassert>

#include "glifr/backend/memory.hpp"

namespace glifr {

void BinaryFrames::append(const BinaryFrames& others) {
  assert(others.time_steps == time_steps && others.frame_size == frame_size);
  const std::uint64_t end = ones.size();
  for (std::size_t frame = 1; frame < others.offsets.size(); ++frame) offsets.push_back(end + others.offsets[frame]);
  ones.insert(ones.end(), others.ones.begin(), others.ones.end());
  samples += others.samples;
}

ActiveInputs BinaryFrames::frame(Index sample, Index step) const {
  const auto first = offsets.begin() + sample * time_steps + step;
  return {ones.data() + first[0], static_cast<Index>(first[1] - first[0])};
}

void BinaryFrames::gather(std::span<const Index> chosen, ActiveInputs* rows) const {
  for (Index step = 0; step < time_steps; ++step) {
    for (const Index sample : chosen) *rows++ = frame(sample, step);
  }
}

template <Scalar T>
void BinaryFrames::gather_dense(std::span<const Index> chosen, T* values) const {
  fill_zero(values, time_steps * std::ssize(chosen) * frame_size);
  for (Index step = 0; step < time_steps; ++step) {
    for (const Index sample : chosen) {
      const ActiveInputs active = frame(sample, step);
      for (Index i = 0; i < active.count; ++i) values[active.indices[i]] = T{1};
      values += frame_size;
    }
  }
}

template void BinaryFrames::gather_dense(std::span<const Index>, float*) const;
template void BinaryFrames::gather_dense(std::span<const Index>, double*) const;

}  // namespace glifr
