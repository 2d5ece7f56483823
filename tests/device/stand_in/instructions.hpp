#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

/// What PTX's instructions compute, as NVIDIA's description of PTX defines it where C++ would do something else or
/// leave it open. A function is called what its instruction is called, without the type: `fma.rn.f64` is
/// `fma_rn<double>`.
namespace glifr::stand_in {

/// A division of whole numbers by zero: a GPU's result is not defined.
void report_division_by_zero();

template <class T>
constexpr unsigned bits = 8 * sizeof(T);
template <class T>
using Unsigned = std::make_unsigned_t<T>;
/// Holds the product of any two whole numbers but the largest without a sign, of which the upper half is still right.
__extension__ typedef __int128 SignedWhole;
/// A whole number twice as wide.
template <std::integral T>
using Wide = std::conditional_t<std::is_signed_v<T>, std::conditional_t<sizeof(T) == 2, std::int32_t, std::int64_t>,
                                std::conditional_t<sizeof(T) == 2, std::uint32_t, std::uint64_t>>;

// Arithmetic. Whole numbers wrap around; signed ones are computed without a sign, for which C++ defines that.

template <std::integral T>
T add(T a, T b) {
  return static_cast<T>(static_cast<Unsigned<T>>(a) + static_cast<Unsigned<T>>(b));
}
template <std::floating_point T>
T add(T a, T b) {
  return a + b;
}
template <std::integral T>
T sub(T a, T b) {
  return static_cast<T>(static_cast<Unsigned<T>>(a) - static_cast<Unsigned<T>>(b));
}
template <std::floating_point T>
T sub(T a, T b) {
  return a - b;
}
template <std::floating_point T>
T mul(T a, T b) {
  return a * b;
}
template <std::floating_point T>
T add_rn(T a, T b) {
  return a + b;
}
template <std::floating_point T>
T sub_rn(T a, T b) {
  return a - b;
}
template <std::floating_point T>
T mul_rn(T a, T b) {
  return a * b;
}
template <std::integral T>
T mul_lo(T a, T b) {
  return static_cast<T>(std::uint64_t(a) * std::uint64_t(b));
}
template <std::integral T>
T mul_hi(T a, T b) {
  return static_cast<T>((SignedWhole{a} * SignedWhole{b}) >> bits<T>);
}
template <std::integral T>
Wide<T> mul_wide(T a, T b) {
  return static_cast<Wide<T>>(Wide<T>{a} * Wide<T>{b});
}
template <std::integral T>
T mad_lo(T a, T b, T c) {
  return add(mul_lo(a, b), c);
}
template <std::integral T>
Wide<T> mad_wide(T a, T b, Wide<T> c) {
  return add(mul_wide(a, b), c);
}
template <std::integral T>
T div(T a, T b) {
  if (b == 0) {
    report_division_by_zero();
    return static_cast<T>(-1);
  }
  // The smallest number by -1 overflows; here it wraps around.
  if (std::is_signed_v<T> && b == static_cast<T>(-1)) return sub(T{0}, a);
  return static_cast<T>(a / b);
}
template <std::integral T>
T rem(T a, T b) {
  return b == 0 ? div(a, b) : sub(a, mul_lo(div(a, b), b));
}
template <std::floating_point T>
T div_rn(T a, T b) {
  return a / b;
}
template <std::floating_point T>
T rcp_rn(T a) {
  return T{1} / a;
}
template <std::floating_point T>
T sqrt_rn(T a) {
  return std::sqrt(a);
}
template <class T>
T neg(T a) {
  if constexpr (std::integral<T>) {
    return sub(T{0}, a);
  } else {
    return -a;
  }
}
template <class T>
T abs(T a) {
  if constexpr (std::integral<T>) {
    return a < 0 ? neg(a) : a;
  } else {
    return std::fabs(a);
  }
}
/// `b` with the sign of `a`.
template <std::floating_point T>
T copysign(T a, T b) {
  return std::copysign(b, a);
}
/// Of a NaN and a number, the number.
template <class T>
T min(T a, T b) {
  if constexpr (std::integral<T>) {
    return std::min(a, b);
  } else {
    return std::fmin(a, b);
  }
}
template <class T>
T max(T a, T b) {
  if constexpr (std::integral<T>) {
    return std::max(a, b);
  } else {
    return std::fmax(a, b);
  }
}

template <std::floating_point T>
T fma_rn(T a, T b, T c) {
  return std::fma(a, b, c);
}
/// a b + c, rounded down: the product is a double without rounding; what the sum lost is computed, too.
template <std::same_as<float> T>
T fma_rm(T a, T b, T c) {
  const T nearest = std::fma(a, b, c);
  const double product = double{a} * double{b}, sum = product + double{c};
  const double rest = sum - product, lost = (product - (sum - rest)) + (double{c} - rest);
  const double above = double{nearest} - sum;
  const bool is_above = above > 0 || (above == 0 && lost < 0);
  return is_above ? std::nextafter(nearest, -std::numeric_limits<T>::infinity()) : nearest;
}

// Approximations. A GPU's last bits are its own; what it rounds to zero is zero here, too.

template <std::floating_point T>
T without_subnormals(T a) {
  return std::fpclassify(a) == FP_SUBNORMAL ? std::copysign(T{0}, a) : a;
}
template <std::same_as<float> T>
T ex2_approx_ftz(T a) {
  return without_subnormals(std::exp2(without_subnormals(a)));
}
template <std::same_as<float> T>
T lg2_approx_ftz(T a) {
  return std::log2(without_subnormals(a));
}
/// In double, only the upper half of the number's bits is read, and only the upper half of the result's is computed.
template <std::floating_point T>
T rcp_approx_ftz(T a) {
  if constexpr (sizeof(T) == 4) return without_subnormals(T{1} / without_subnormals(a));
  const auto upper_half = [](double x) {
    return std::bit_cast<double>(std::bit_cast<std::uint64_t>(x) & 0xffffffff00000000u);
  };
  if (std::isnan(a)) return a;
  return upper_half(without_subnormals(T{1} / upper_half(without_subnormals(a))));
}

// Bits. A shift by the width or more leaves nothing, or only the sign.

template <std::integral T>
T and_(T a, T b) {
  return static_cast<T>(a & b);
}
template <std::integral T>
T or_(T a, T b) {
  return static_cast<T>(a | b);
}
template <std::integral T>
T xor_(T a, T b) {
  return static_cast<T>(a ^ b);
}
template <std::integral T>
T not_(T a) {
  if constexpr (std::same_as<T, bool>) return !a;
  return static_cast<T>(~a);
}
template <std::integral T>
T shl(T a, std::uint32_t n) {
  return n < bits<T> ? static_cast<T>(static_cast<Unsigned<T>>(a) << n) : T{0};
}
template <std::integral T>
T shr(T a, std::uint32_t n) {
  return static_cast<T>(n < bits<T> ? a >> n : a < 0 ? -1 : 0);
}
/// The upper word of `upper` and `lower`, moved to the left by `n` modulo 32.
template <std::same_as<std::uint32_t> T>
T shf_l_wrap(T lower, T upper, std::uint32_t n) {
  return static_cast<T>(((std::uint64_t{upper} << 32 | lower) << (n % 32)) >> 32);
}
template <std::same_as<std::uint32_t> T>
T shf_r_wrap(T lower, T upper, std::uint32_t n) {
  return static_cast<T>((std::uint64_t{upper} << 32 | lower) >> (n % 32));
}
template <std::unsigned_integral T>
std::uint32_t popc(T a) {
  return static_cast<std::uint32_t>(std::popcount(a));
}
template <std::unsigned_integral T>
std::uint32_t clz(T a) {
  return static_cast<std::uint32_t>(std::countl_zero(a));
}
template <std::unsigned_integral T>
T brev(T a) {
  T reversed = 0;
  for (unsigned i = 0; i < bits<T>; ++i) reversed = static_cast<T>(reversed << 1 | (a >> i & 1));
  return reversed;
}
template <class T>
T selp(T a, T b, bool is_first) {
  return is_first ? a : b;
}

// Comparisons. With a NaN, those that end in u are true and the others false, also `ne`.

template <class T>
bool setp_lt(T a, T b) {
  return a < b;
}
template <class T>
bool setp_le(T a, T b) {
  return a <= b;
}
template <class T>
bool setp_gt(T a, T b) {
  return a > b;
}
template <class T>
bool setp_ge(T a, T b) {
  return a >= b;
}
template <class T>
bool setp_eq(T a, T b) {
  return a == b;
}
template <class T>
bool setp_ne(T a, T b) {
  return a < b || a > b;
}
template <std::floating_point T>
bool setp_nan(T a, T b) {
  return std::isunordered(a, b);
}
template <std::floating_point T>
bool setp_num(T a, T b) {
  return !std::isunordered(a, b);
}
template <std::floating_point T>
bool setp_ltu(T a, T b) {
  return !(a >= b);
}
template <std::floating_point T>
bool setp_leu(T a, T b) {
  return !(a > b);
}
template <std::floating_point T>
bool setp_gtu(T a, T b) {
  return !(a <= b);
}
template <std::floating_point T>
bool setp_geu(T a, T b) {
  return !(a < b);
}
template <std::floating_point T>
bool setp_equ(T a, T b) {
  return !setp_ne(a, b);
}
template <std::floating_point T>
bool setp_neu(T a, T b) {
  return a != b;
}

// Conversions

/// A whole number, or a float as a double.
template <class To, class From>
To cvt(From a) {
  return static_cast<To>(a);
}
template <std::floating_point To, class From>
To cvt_rn(From a) {
  return static_cast<To>(a);
}
/// Between 0 and 1; NaN becomes 0.
template <std::floating_point To, std::floating_point From>
To cvt_sat(From a) {
  return a > 0 ? static_cast<To>(std::min(a, From{1})) : To{0};
}
/// A number without a fraction, in a type that may be too small: the nearest that it has. NaN becomes 0, or the highest
/// bit alone where either type has 64 bits.
template <class To, std::floating_point From>
To cvt_whole(From a) {
  if constexpr (std::floating_point<To>) {
    return static_cast<To>(a);
  } else {
    using Limits = std::numeric_limits<To>;
    if (std::isnan(a))
      return sizeof(To) < 8 && sizeof(From) < 8 ? To{0} : static_cast<To>(Unsigned<To>{1} << (bits<To> - 1));
    // 2 to the number of bits: the first number that is too large, which all floating types have.
    const From end = std::ldexp(From{1}, Limits::digits);
    if (a >= end) return Limits::max();
    return a <= static_cast<From>(Limits::min()) ? Limits::min() : static_cast<To>(a);
  }
}
template <class To, std::floating_point From>
To cvt_rni(From a) {
  return cvt_whole<To>(std::nearbyint(a));
}
template <class To, std::floating_point From>
To cvt_rzi(From a) {
  return cvt_whole<To>(std::trunc(a));
}
template <class To, std::floating_point From>
To cvt_rmi(From a) {
  return cvt_whole<To>(std::floor(a));
}
template <class To, std::floating_point From>
To cvt_rpi(From a) {
  return cvt_whole<To>(std::ceil(a));
}

/// What an atomic exchange leaves in memory.
template <std::integral T>
T exch(T, T b) {
  return b;
}

}  // namespace glifr::stand_in
