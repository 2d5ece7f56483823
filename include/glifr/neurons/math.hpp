#pragma once

#include <cmath>
#include <type_traits>

/// Marks a function that runs inside a scan: inlined always, and on the host and the device where CUDA compiles it.
#if defined(__CUDACC__)
#define GLIFR_INLINE __host__ __device__ __forceinline__
#else
#define GLIFR_INLINE __attribute__((always_inline)) inline
#endif

/// The functions that a neuron's `step` may call, for plain numbers. Every other value type (lanes, tape variables, the
/// symbol that derives the reverse step) brings its own under the same names, found through its namespace.
namespace glifr {

template <class T>
concept Number = std::is_same_v<T, float> || std::is_same_v<T, double>;

/// exp(x).
template <Number T>
GLIFR_INLINE T exp(T x) {
  return std::exp(x);
}

/// ln(x).
template <Number T>
GLIFR_INLINE T log(T x) {
  return std::log(x);
}

/// The square root.
template <Number T>
GLIFR_INLINE T sqrt(T x) {
  return std::sqrt(x);
}

/// The hyperbolic tangent.
template <Number T>
GLIFR_INLINE T tanh(T x) {
  return std::tanh(x);
}

/// Logistic function 1 / (1 + exp(-x)): 0 and 1 at -inf and +inf, never NaN for a number.
template <Number T>
GLIFR_INLINE T sigmoid(T x) {
  return 1 / (1 + std::exp(-x));
}

/// The absolute value; its derivative at 0 is 0.
template <Number T>
GLIFR_INLINE T abs(T x) {
  return std::fabs(x);
}

/// The smaller of two values. Its derivative goes to the first where they are equal.
template <Number T>
GLIFR_INLINE T min(T a, T b) {
  return b < a ? b : a;
}

/// The larger of two values. Its derivative goes to the first where they are equal.
template <Number T>
GLIFR_INLINE T max(T a, T b) {
  return a < b ? b : a;
}

/// 1 where a < b, else 0; its derivative is zero. What `if (a < b)` would decide in ordinary code, `select(less(a, b),
/// x, y)` decides here.
template <Number T>
GLIFR_INLINE T less(T a, T b) {
  return a < b ? T(1) : T(0);
}

/// `a` where the condition (made by `less`) is 1, `b` where it is 0.
template <Number T>
GLIFR_INLINE T select(T condition, T a, T b) {
  return condition > T(0.5) ? a : b;
}

/// `value` going forward, with `slope` as its derivative with respect to `x` going backward, and no other: the
/// surrogate gradient of a spike (Neftci, Mostafa & Zenke 2019, IEEE Signal Processing Magazine 36(6)).
template <Number T>
GLIFR_INLINE T surrogate(T value, T /*x*/, T /*slope*/) {
  return value;
}

namespace detail {

/// A number beside others of another type, as a literal is beside a value: they meet as floats where one is a float,
/// else as doubles.
template <class A, class... B>
concept MixedNumbers = (std::is_arithmetic_v<A> && ... &&
                        std::is_arithmetic_v<B>)&&(Number<A> || ... || Number<B>)&&!(std::is_same_v<A, B> && ...);
template <class... X>
using Meeting = std::conditional_t<(std::is_same_v<X, float> || ...), float, double>;

}  // namespace detail

/// The smaller of two numbers of different types.
template <class A, class B>
requires detail::MixedNumbers<A, B> GLIFR_INLINE auto min(A a, B b) {
  using T = detail::Meeting<A, B>;
  return min(static_cast<T>(a), static_cast<T>(b));
}
/// The larger of two numbers of different types.
template <class A, class B>
requires detail::MixedNumbers<A, B> GLIFR_INLINE auto max(A a, B b) {
  using T = detail::Meeting<A, B>;
  return max(static_cast<T>(a), static_cast<T>(b));
}
/// `less` of numbers of different types.
template <class A, class B>
requires detail::MixedNumbers<A, B> GLIFR_INLINE auto less(A a, B b) {
  using T = detail::Meeting<A, B>;
  return less(static_cast<T>(a), static_cast<T>(b));
}
/// `select` among numbers of different types.
template <class C, class A, class B>
requires detail::MixedNumbers<C, A, B> GLIFR_INLINE auto select(C condition, A a, B b) {
  using T = detail::Meeting<C, A, B>;
  return select(static_cast<T>(condition), static_cast<T>(a), static_cast<T>(b));
}
/// `surrogate` of numbers of different types.
template <class V, class X, class S>
requires detail::MixedNumbers<V, X, S> GLIFR_INLINE auto surrogate(V value, X x, S slope) {
  using T = detail::Meeting<V, X, S>;
  return surrogate(static_cast<T>(value), static_cast<T>(x), static_cast<T>(slope));
}

}  // namespace glifr
