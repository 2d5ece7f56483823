#pragma once

#include "glifr/backend/view.hpp"
#include "glifr/neurons/functions.hpp"

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

/// The same in the element type of the parameters.
template <Scalar T>
struct AdamStep {
  T beta1, beta2, share1, share2, eps, rate, root_scale, kept;

  GLIFR_INLINE explicit AdamStep(const AdamFactors& factors)
      : beta1(static_cast<T>(factors.beta1)),
        beta2(static_cast<T>(factors.beta2)),
        share1(static_cast<T>(1 - factors.beta1)),
        share2(static_cast<T>(1 - factors.beta2)),
        eps(static_cast<T>(factors.eps)),
        rate(static_cast<T>(factors.rate)),
        root_scale(static_cast<T>(factors.root_scale)),
        kept(static_cast<T>(factors.kept)) {}

  /// Moves parameters and moments by a gradient: numbers, or packs of them.
  template <class V>
  GLIFR_INLINE void operator()(const V& gradient, V& parameter, V& first, V& second) const {
    const V m = first * V(beta1) + gradient * V(share1);
    const V v = second * V(beta2) + gradient * V(share2) * gradient;  // in this order larger ones stay finite
    parameter = parameter * V(kept) - V(rate) * m / (sqrt(v) * V(root_scale) + V(eps));
    first = m;
    second = v;
  }
};

/// One step of SGD: velocity = momentum velocity + gradient, parameter -= rate velocity. `velocity` is null without
/// momentum.
template <Scalar T>
GLIFR_INLINE void sgd_step(T gradient, T rate, T momentum, T& parameter, T* velocity) {
  if (velocity) gradient = *velocity = momentum * *velocity + gradient;
  parameter -= rate * gradient;
}

}  // namespace glifr::kernels
