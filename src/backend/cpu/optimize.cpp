#include "glifr/backend/optimize.hpp"

#include "glifr/backend/cpu/pack.hpp"

namespace glifr::kernels {

template <Scalar T>
double sum_shares(T* const* shares, Index share_count, Index count) {
  using P = cpu::Pack<T, 64 / GLIFR_VECTOR_BYTES>;
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
    for (const T lane : lanes) squares += static_cast<double>(lane);
  }
  return squares;
}

template <Scalar T>
void adam_update(const T* gradient, T gradient_scale, Index count, const AdamFactors& factors, T* parameter, T* first,
                 T* second) {
  using P = cpu::Pack<T, 1>;
  const T beta1 = static_cast<T>(factors.beta1), beta2 = static_cast<T>(factors.beta2),
          eps = static_cast<T>(factors.eps);
  const T rate = static_cast<T>(factors.rate), root_scale = static_cast<T>(factors.root_scale),
          kept = static_cast<T>(factors.kept);
  const T share1 = static_cast<T>(1 - factors.beta1), share2 = static_cast<T>(1 - factors.beta2);
  for (Index i = 0; i < count; i += P::width) {
    const P g = P::load(gradient + i) * P(gradient_scale);
    const P m = P::load(first + i) * P(beta1) + g * P(share1);
    const P v = P::load(second + i) * P(beta2) + g * g * P(share2);
    m.store(first + i);
    v.store(second + i);
    (P::load(parameter + i) * P(kept) - P(rate) * m / (sqrt(v) * P(root_scale) + P(eps))).store(parameter + i);
  }
}

template <Scalar T>
void sgd_update(const T* gradient, T gradient_scale, Index count, T rate, T momentum, T* parameter, T* velocity) {
  for (Index i = 0; i < count; ++i) {
    T step = gradient[i] * gradient_scale;
    if (velocity) step = velocity[i] = momentum * velocity[i] + step;
    parameter[i] -= rate * step;
  }
}

#define GLIFR_INSTANTIATE(T)                                                        \
  template double sum_shares<T>(T* const*, Index, Index);                           \
  template void adam_update<T>(const T*, T, Index, const AdamFactors&, T*, T*, T*); \
  template void sgd_update<T>(const T*, T, Index, T, T, T*, T*)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);

}  // namespace glifr::kernels
