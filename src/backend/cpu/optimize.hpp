#pragma once

#include <cmath>

#include "glifr/backend/detail/cpu/pack.hpp"
#include "glifr/backend/detail/optimize.hpp"

/// A gradient's sum, and the optimiser's step. See `kernels::HostKernels`.
namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET {

template <Scalar T>
double sum_shares(T* const* shares, Index share_count, Index count) {
  using P = Pack<T, 64 / GLIFR_VECTOR_BYTES>;
  double squares = 0;
  // Squares are added up in the element type over a stretch short enough to lose nothing that matters, then in double.
  constexpr Index stretch = 64 * P::width;
  for (Index start = 0; start < count; start += stretch) {
    P partial(T(0));
    const Index end = start + stretch < count ? start + stretch : count;
    for (Index i = start; i < end; i += P::width) {
      P sum = P::load(shares[0] + i);
      for (Index s = 1; s < share_count; ++s) sum = sum + P::load(shares[s] + i);
      sum.store(shares[0] + i);
      partial = partial + sum * sum;
    }
    alignas(64) T lanes[P::width];
    partial.store(lanes);
    double of_stretch = 0;
    for (const T lane : lanes) of_stretch += static_cast<double>(lane);
    if (!std::isfinite(of_stretch)) {  // perhaps in T alone
      of_stretch = 0;
      for (Index i = start; i < end; ++i) of_stretch += std::pow(static_cast<double>(shares[0][i]), 2);
    }
    squares += of_stretch;
  }
  return squares;
}

template <Scalar T>
void adam_update(const T* gradient, T gradient_scale, Index count, const kernels::AdamFactors& factors, T* parameter,
                 T* first, T* second) {
  using P = Pack<T, 1>;
  const kernels::AdamStep<T> step(factors);
  for (Index i = 0; i < count; i += P::width) {
    P p = P::load(parameter + i), m = P::load(first + i), v = P::load(second + i);
    step(P::load(gradient + i) * P(gradient_scale), p, m, v);
    p.store(parameter + i);
    m.store(first + i);
    v.store(second + i);
  }
}

template <Scalar T>
void sgd_update(const T* gradient, T gradient_scale, Index count, T rate, T momentum, T* parameter, T* velocity) {
  for (Index i = 0; i < count; ++i)
    kernels::sgd_step(gradient[i] * gradient_scale, rate, momentum, parameter[i], velocity ? velocity + i : nullptr);
}

}  // namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET
