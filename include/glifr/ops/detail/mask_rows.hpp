#pragma once

#include "glifr/core/tape.hpp"
#include "glifr/ops/detail/projection.hpp"
#include "glifr/ops/output_mask.hpp"

namespace glifr::detail {

/// The factors of an `OutputMask` for the steps of a segment, or one row of them where there is no dropout.
template <Scalar T>
class MaskRows {
 public:
  MaskRows() = default;
  /// Room for `steps` of samples whose rows lie `stride` apart.
  MaskRows(Tape<T>& tape, const OutputMask<T>& mask, Index steps, Index batch, Index neurons, Index stride)
      : mask_(mask), batch_(batch), neurons_(neurons), stride_(stride) {
    if (!mask_.is_active()) return;
    const Index count = mask_.is_constant() ? stride : steps * batch * stride;
    rows_ = tape.device() ? tape.memory().template allocate<T>(count)  // which looks at no padding
                          : tape.memory().template allocate_zeroed<T>(count);
  }

  /// Computes the factors of `count` steps of a scan from `first` on, whose input `projection` knows.
  void load(Tape<T>& tape, const Projection<T>& projection, Index first, Index count) const {
    if (!mask_.is_active() || (mask_.is_constant() && first > 0)) return;
    mask_.fill(tape, projection.input_step(first), projection.step_stride(), projection.all_steps(), batch_,
               {rows_, mask_.is_constant() ? 1 : count * batch_, neurons_, stride_});
  }

  /// Of a step of the segment; null: there are none.
  [[nodiscard]] const T* step(Index t) const { return rows_ ? rows_ + t * step_stride() : nullptr; }
  /// Between the factors of two steps, and of two samples.
  [[nodiscard]] Index step_stride() const { return mask_.is_constant() ? 0 : batch_ * stride_; }
  [[nodiscard]] Index row_stride() const { return mask_.is_constant() ? 0 : stride_; }

 private:
  OutputMask<T> mask_;
  Index batch_ = 0, neurons_ = 0, stride_ = 0;
  T* rows_ = nullptr;
};

}  // namespace glifr::detail
