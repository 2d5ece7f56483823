#pragma once

#include "glifr/backend/detail/cpu/pack.hpp"
#include "glifr/backend/detail/losses.hpp"

/// Losses summed over their rows, in order. See `kernels::HostKernels`.
namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET {

template <Scalar T>
double squared_error(View<const T> x, View<const T> target, T weight, View<T> dx, const T* row_weights) {
  const kernels::SquaredDifference<T> difference{x, target, row_weights};
  const kernels::SquaredErrorSlope<T> add_slope{x, target, weight, dx, row_weights};
  double sum = 0;
  for (Index r = 0; r < x.rows; ++r) {
    for (Index c = 0; c < x.columns; ++c) {
      sum += difference(r, c);
      if (dx.data) add_slope(r, c);
    }
  }
  return sum;
}

template <Scalar T>
double cross_entropy(View<const T> x, const std::int32_t* labels, T weight, View<T> dx, const T* row_weights) {
  const kernels::CrossEntropy<T> loss{x, labels, weight, dx, row_weights};
  double sum = 0;
  for (Index r = 0; r < x.rows; ++r) sum += loss(r);
  return sum;
}

}  // namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET
