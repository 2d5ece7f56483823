#pragma once

#include <cstdint>

#include "glifr/backend/view.hpp"
#include "glifr/neurons/functions.hpp"

/// The formulas of the losses, once for the processor and for devices.
namespace glifr::kernels {

/// A factor of 1, or a row's own.
template <Scalar T>
GLIFR_INLINE T row_weight(const T* row_weights, Index r) {
  return row_weights ? row_weights[r] : T(1);
}
template <Scalar T>
struct SquaredDifference {
  View<const T> x, target;
  const T* row_weights;
  GLIFR_INLINE double operator()(Index r, Index c) const {
    const T factor = row_weight(row_weights, r);
    if (factor == T(0)) return 0;
    const T difference = x(r, c) - target(r, c);
    return static_cast<double>(factor) * (static_cast<double>(difference) * static_cast<double>(difference));
  }
};
template <Scalar T>
struct SquaredErrorSlope {
  View<const T> x, target;
  T weight;
  View<T> dx;
  const T* row_weights;
  GLIFR_INLINE void operator()(Index r, Index c) const {
    const T factor = row_weight(row_weights, r);
    if (factor != T(0)) dx(r, c) += 2 * (weight * factor) * (x(r, c) - target(r, c));
  }
};

/// The loss of a row of logits, and dL/dx.
template <Scalar T>
struct CrossEntropy {
  View<const T> x;
  const std::int32_t* labels;
  T weight;
  View<T> dx;
  const T* row_weights;
  GLIFR_INLINE double operator()(Index r) const {
    const T factor = row_weight(row_weights, r);
    if (factor == T(0)) return 0;
    const std::int32_t label = labels[r];
    T largest = x(r, 0);
    for (Index c = 1; c < x.columns; ++c) largest = max(largest, x(r, c));
    T total = 0;
    for (Index c = 0; c < x.columns; ++c) total += exp(x(r, c) - largest);
    const T log_total = log(total);
    if (dx.data) {
      const T slope = weight * factor;
      for (Index c = 0; c < x.columns; ++c)
        dx(r, c) += slope * (exp(x(r, c) - largest - log_total) - (c == label ? T(1) : T(0)));
    }
    return static_cast<double>(factor) * static_cast<double>(log_total - (x(r, label) - largest));
  }
};

}  // namespace glifr::kernels
