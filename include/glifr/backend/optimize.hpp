#pragma once

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"

namespace glifr::kernels {

/// Factors of one Adam update: p = kept p - rate m / (sqrt(v) * root_scale + eps).
struct AdamFactors {
  double beta1;       ///< decay of the mean of the gradients
  double beta2;       ///< decay of the mean of their squares
  double eps;         ///< added to the root of that mean
  double rate;        ///< learning rate / (1 - beta1^t)
  double root_scale;  ///< 1 / sqrt(1 - beta2^t)
  double kept = 1;    ///< what weight decay leaves: 1 - learning rate * decay
};

/// Sums `share_count` gradients element by element, in order, into the first, and returns the sum of their squares (not
/// finite where one of them is not). `count` is a multiple of the padding unit of `Tensor`.
template <Scalar T>
GLIFR_API double sum_shares(T* const* shares, Index share_count, Index count);

/// One Adam update of `count` elements from their summed gradients, each scaled by `gradient_scale`.
template <Scalar T>
GLIFR_API void adam_update(const T* gradient, T gradient_scale, Index count, const AdamFactors& factors, T* parameter,
                           T* first, T* second);

/// One SGD update: velocity = momentum velocity + gradient, parameter -= rate velocity. `velocity` is null without
/// momentum.
template <Scalar T>
GLIFR_API void sgd_update(const T* gradient, T gradient_scale, Index count, T rate, T momentum, T* parameter,
                          T* velocity);

}  // namespace glifr::kernels
