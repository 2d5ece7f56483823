#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "glifr/datasets/dataset.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// Sequences of binary frames that are mostly zero, kept as the lists of their ones.
struct GLIFR_API BinaryFrames {
  /// The most values that a frame may have: as many as 16 bits can number.
  static constexpr Index largest_frame = 65536;

  Index samples = 0;                      ///< recordings
  Index time_steps = 0;                   ///< frames a recording
  Index frame_size = 0;                   ///< values a frame, 1 to `largest_frame`
  std::vector<std::uint64_t> offsets{0};  ///< where in `ones` a frame begins, `[samples, time_steps]`; then the end
  std::vector<std::uint16_t> ones;        ///< numbers below frame_size, ascending within a frame

  /// Adds the samples of others that have as many time steps and frames as large.
  void append(const BinaryFrames& others);

  /// The ones of the chosen samples, a row a (time step, sample), time-major.
  void gather(std::span<const Index> chosen, ActiveInputs* rows) const;
  /// The frames of the chosen samples as zeros and ones, `[time_steps, chosen, frame_size]`.
  template <Scalar T>
  void gather_dense(std::span<const Index> chosen, T* values) const;

 private:
  [[nodiscard]] ActiveInputs frame(Index sample, Index step) const;
};

extern template void BinaryFrames::gather_dense(std::span<const Index>, float*) const;
extern template void BinaryFrames::gather_dense(std::span<const Index>, double*) const;

}  // namespace glifr
