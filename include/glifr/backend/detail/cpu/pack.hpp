#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "glifr/backend/view.hpp"
#include "glifr/neurons/functions.hpp"

// Everything here depends on the instruction set that a file is compiled for. Kernels are compiled for several, and a
// consumer's file perhaps for another one, so each set gets its own namespace: the linker can never hand one the
// other's code. GLIFR_EMULATE_X86_64_V4: the widest registers, made of what there is, for tests.
#if defined(GLIFR_EMULATE_X86_64_V4) || (defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512CD__) && \
                                         defined(__AVX512DQ__) && defined(__AVX512VL__))
#define GLIFR_INSTRUCTION_SET x86_64_v4
#define GLIFR_VECTOR_BYTES 64
#elif defined(__AVX2__) && defined(__FMA__)
#define GLIFR_INSTRUCTION_SET x86_64_v3
#define GLIFR_VECTOR_BYTES 32
#else
#define GLIFR_INSTRUCTION_SET baseline
#define GLIFR_IS_BASELINE
#define GLIFR_VECTOR_BYTES 16
#endif

// Clang fuses a product with a sum only within one expression, unless it is told to; GCC does it across calls by
// itself.
#ifdef __clang__
#define GLIFR_CONTRACT _Pragma("clang fp contract(fast)")
#else
#define GLIFR_CONTRACT
#endif

namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET {

/// A register of numbers, its like anywhere in memory, and one of integers of the same size.
template <Scalar T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef float type __attribute__((vector_size(GLIFR_VECTOR_BYTES)));
  typedef float in_memory __attribute__((vector_size(GLIFR_VECTOR_BYTES), aligned(sizeof(float))));
  typedef std::int32_t integer __attribute__((vector_size(GLIFR_VECTOR_BYTES)));
};
template <>
struct VectorOf<double> {
  typedef double type __attribute__((vector_size(GLIFR_VECTOR_BYTES)));
  typedef double in_memory __attribute__((vector_size(GLIFR_VECTOR_BYTES), aligned(sizeof(double))));
  typedef std::int64_t integer __attribute__((vector_size(GLIFR_VECTOR_BYTES)));
};

/// `Registers` vector registers that a scan advances side by side, so that the latency of one hides behind the others:
/// a value type on which a neuron's step runs many neurons at a time.
template <Scalar T, int Registers>
struct Pack : Value {
  using Vector = typename VectorOf<T>::type;
  using InMemory = typename VectorOf<T>::in_memory;
  using Integer = typename VectorOf<T>::integer;
  static constexpr Index lanes = GLIFR_VECTOR_BYTES / static_cast<Index>(sizeof(T));
  static constexpr Index width = lanes * Registers;

  Vector v[Registers];

  Pack() = default;
  template <class Number>
  requires std::is_arithmetic_v<Number> GLIFR_INLINE Pack(Number value) {  // NOLINT: numbers in a step become packs
    each([&](auto i) __attribute__((always_inline)) { v[i] = static_cast<T>(value) - Vector{}; });
  }

  /// Of a single register.
  GLIFR_INLINE explicit Pack(Vector only) requires(Registers == 1) { v[0] = only; }

  /// Calls f with 0, 1, … Count - 1 as constants, so that no loop is left and every register stays one.
  template <int Count, class F>
  static GLIFR_INLINE void unroll(F&& f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) __attribute__((always_inline)) {
      (f(std::integral_constant<std::size_t, I>{}), ...);
    }
    (std::make_index_sequence<static_cast<std::size_t>(Count)>{});
  }
  template <class F>
  static GLIFR_INLINE void each(F&& f) {
    unroll<Registers>(f);
  }

  // A vector may alias its elements. memcpy would do, too, but then compilers keep packs in memory instead of
  // registers.
  static GLIFR_INLINE Pack load(const T* from) {
    Pack p;
    each([&](auto i) __attribute__((always_inline)) {
      p.v[i] = *reinterpret_cast<const InMemory*>(from + static_cast<Index>(i) * lanes);
    });
    return p;
  }
  GLIFR_INLINE void store(T* to) const {
    each([&](auto i) __attribute__((always_inline)) {
      *reinterpret_cast<InMemory*>(to + static_cast<Index>(i) * lanes) = v[i];
    });
  }

  /// All of its numbers added up: the registers, then the lanes.
  [[nodiscard]] GLIFR_INLINE T sum() const {
    Vector total = v[0];
    unroll<Registers - 1>([&](auto i) __attribute__((always_inline)) { total += v[i + 1]; });
    T result = total[0];
    for (Index i = 1; i < lanes; ++i) result += total[i];
    return result;
  }

  /// f(register of a, register of b, …) for each register.
  template <class F, class... P>
  static GLIFR_INLINE Pack map(F f, const P&... operands) {
    Pack p;
    each([&](auto i) __attribute__((always_inline)) { p.v[i] = f(operands.v[i]...); });
    return p;
  }

  friend GLIFR_INLINE Pack operator+(const Pack& a, const Pack& b) {
    return map(
        [](Vector x, Vector y) __attribute__((always_inline)) { GLIFR_CONTRACT return x + y; }, a, b);
  }
  friend GLIFR_INLINE Pack operator-(const Pack& a, const Pack& b) {
    return map(
        [](Vector x, Vector y) __attribute__((always_inline)) { GLIFR_CONTRACT return x - y; }, a, b);
  }
  friend GLIFR_INLINE Pack operator*(const Pack& a, const Pack& b) {
    return map(
        [](Vector x, Vector y) __attribute__((always_inline)) { GLIFR_CONTRACT return x * y; }, a, b);
  }
  friend GLIFR_INLINE Pack operator/(const Pack& a, const Pack& b) {
    return map(
        [](Vector x, Vector y) __attribute__((always_inline)) { return x / y; }, a, b);
  }
  friend GLIFR_INLINE Pack operator-(const Pack& a) {
    return map(
        [](Vector x) __attribute__((always_inline)) { return -x; }, a);
  }
  /// An elementary function of packs: by an algorithm for registers where there is one, else by the function's own
  /// value, on packs or on registers where it can be, or number by number.
  template <class F, class... P>
  static GLIFR_INLINE Pack call(const P&... x) {
    if constexpr (requires { on_register(F{}, x.v[0]...); }) {
      return map(
          [](const auto&... r) __attribute__((always_inline)) { return on_register(F{}, r...); }, x...);
    } else if constexpr (requires { F::value(x...); }) {
      return F::value(x...);
    } else if constexpr (requires { F::value(x.v[0]...); }) {
      return map(
          [](const auto&... r) __attribute__((always_inline)) { return F::value(r...); }, x...);
    } else {
      return lane_by_lane([](auto... a) { return F::value(a...); }, x...);
    }
  }

 private:
  /// e^x = 2 half_scale (1 + fraction), half_scale a power of two: the largest numbers of the type are twice one.
  struct Reduced {
    Vector half_scale, fraction;
  };

  static GLIFR_INLINE Vector clamp(Vector x, T low, T high) {
    x = x < low ? Vector{} + low : x;  // in this order a NaN stays one
    return x > high ? Vector{} + high : x;
  }

  static GLIFR_INLINE Reduced reduce(Vector x) {
    constexpr bool is_float = sizeof(T) == 4;
    // Adding and dropping 1.5 * 2^(mantissa bits) rounds to the nearest integer, which the low bits of the sum then
    // hold.
    constexpr T shifter = is_float ? T(12582912.0) : T(6755399441055744.0);
    constexpr int mantissa = is_float ? 23 : 52;
    constexpr auto half = std::bit_cast<std::conditional_t<is_float, std::int32_t, std::int64_t>>(T(0.5));
    const Vector shifted = x * T(1.4426950408889634074) + shifter;
    const Vector n = shifted - shifter;
    const Vector r = is_float ? (x - n * T(0.693359375)) + n * T(2.12194440e-4)
                              : (x - n * T(6.93147180369123816490e-01)) - n * T(1.90821492927058770002e-10);
    Integer bits;
    std::memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << mantissa) + half;
    Reduced result;
    std::memcpy(&result.half_scale, &bits, sizeof bits);
    // Taylor's polynomial of e^r - 1 for |r| <= ln(2)/2: the first term left out is below half a unit in the last
    // place. In pairs of terms, so that fewer of them wait for each other.
    const Vector r2 = r * r;
    const auto pair = [&](double low, double high) __attribute__((always_inline)) {
      return r * T(1 / high) + T(1 / low);
    };
    Vector p = pair(720, 5040);
    if constexpr (!is_float) {
      p = pair(479001600, 6227020800) * r2 + pair(3628800, 39916800);
      p = p * r2 + pair(40320, 362880);
      p = p * r2 + pair(720, 5040);
    }
    p = p * r2 + pair(24, 120);
    p = p * r2 + pair(2, 6);
    result.fraction = p * r2 + r;
    return result;
  }

  /// e^x / 2; infinity above what the type holds, and 0 where e^x is below about its smallest normal number.
  static GLIFR_INLINE Vector half_exp_of(Vector x) {
    constexpr bool is_float = sizeof(T) == 4;
    // The exponents at these ends are just those of 0 and infinity.
    const Reduced r = reduce(clamp(x, is_float ? T(-87.5) : T(-708.6), is_float ? T(89.4) : T(710.4)));
    return r.half_scale * (r.fraction + T(1));  // both positive: infinity times nothing less
  }

  static GLIFR_INLINE Vector on_register(functions::Exp, Vector x) { return T(2) * half_exp_of(x); }
  static GLIFR_INLINE Vector on_register(functions::Sigmoid, Vector x) { return T(0.5) / (T(0.5) + half_exp_of(-x)); }
  static GLIFR_INLINE Vector on_register(functions::Tanh, Vector x) {
    // (e^2x - 1) / (e^2x + 1), from e^2x - 1 as a whole so that small x keep their digits; beyond +-20 the result is
    // +-1 in either type.
    const Vector two_x = clamp(x, T(-20), T(20)) * T(2);
    const Reduced r = reduce(two_x);
    const Vector half_of_it = r.half_scale * r.fraction + (r.half_scale - T(0.5));
    return half_of_it / (half_of_it + T(1));
  }
  static GLIFR_INLINE Vector on_register(functions::Abs, Vector x) { return functions::Max::value(x, Vector(-x)); }

  template <class F, class... P>
  static GLIFR_INLINE Pack lane_by_lane(F f, const P&... x) {
    using Numbers = std::array<T, static_cast<std::size_t>(width)>;
    alignas(GLIFR_VECTOR_BYTES) Numbers result;
    const auto numbers_of = [](const Pack& p) {
      alignas(GLIFR_VECTOR_BYTES) Numbers numbers;
      p.store(numbers.data());
      return numbers;
    };
    [&](const auto&... numbers) {
      for (std::size_t i = 0; i < result.size(); ++i) result[i] = f(numbers[i]...);
    }(numbers_of(x)...);
    return load(result.data());
  }
};

}  // namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET

template <glifr::Scalar T, int Registers>
struct glifr::ValueType<glifr::cpu::Pack<T, Registers>> {
  template <class F, class... X>
  static GLIFR_INLINE cpu::Pack<T, Registers> call(const X&... x) {
    return cpu::Pack<T, Registers>::template call<F>(cpu::Pack<T, Registers>(x)...);
  }
};
