#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "glifr/backend/detail/sums.hpp"
#include "glifr/backend/memory.hpp"
#include "glifr/backend/transfer.hpp"
#include "glifr/backend/view.hpp"
#include "glifr/neurons/functions.hpp"

/// What applies elementwise functions and their derivatives to matrices in `memory`: that of the host or of a device.
/// An operand with one row or one column is repeated along the other's rows or columns; its gradient is summed over
/// them in a fixed order.
namespace glifr::kernels {

// --- functions that hold a number, beside the elementary ones of neurons/functions.hpp -------------------------------

/// factor x + offset.
template <Scalar S>
struct Affine {
  S factor, offset;
  GLIFR_INLINE S value(S x) const { return factor * x + offset; }
  GLIFR_INLINE S adjoint(S w, S, S) const { return w * factor; }
};
/// numerator / x.
template <Scalar S>
struct Reciprocal {
  S numerator;
  GLIFR_INLINE S value(S x) const { return numerator / x; }
  GLIFR_INLINE S adjoint(S w, S x, S y) const { return w * (-y / x); }
};

// --- functions of matrices. Bodies are made of the function itself, so that one without members takes no room. -------

/// y = f(x).
template <class F, Scalar T>
struct Map : F {
  View<const T> x;
  View<T> y;
  GLIFR_INLINE void operator()(Index r, Index c) const { y(r, c) = this->value(x(r, c)); }
};
template <class F, Scalar T>
void map(Arena& memory, const F& f, View<const T> x, View<T> y) {
  for_each_element(memory.device(), y.rows, y.columns, Map<F, T>{f, x, y});
}

/// dx += dy df/dx.
template <class F, Scalar T>
struct MapBackward : F {
  View<const T> x, y, dy;
  View<T> dx;
  GLIFR_INLINE void operator()(Index r, Index c) const { dx(r, c) += this->adjoint(dy(r, c), x(r, c), y(r, c)); }
};
template <class F, Scalar T>
void map_backward(Arena& memory, const F& f, View<const T> x, View<const T> y, View<const T> dy, View<T> dx) {
  for_each_element(memory.device(), y.rows, y.columns, MapBackward<F, T>{f, x, y, dy, dx});
}

/// An operand whose single row or column stands for all.
template <class T>
struct Repeated {
  T* data;
  Index row_step, column_step;

  explicit Repeated(View<T> view)
      : data(view.data), row_step(view.rows == 1 ? 0 : view.stride), column_step(view.columns == 1 ? 0 : 1) {}
  GLIFR_INLINE T& operator()(Index r, Index c) const { return data[r * row_step + c * column_step]; }
};

/// y = f(x...), of two operands or more.
template <class F, Scalar T>
struct Combine {
  static constexpr auto count = static_cast<std::size_t>(functions::operand_count<F>);

  std::array<Repeated<const T>, count> x;
  View<T> y;
  GLIFR_INLINE void operator()(Index r, Index c) const { y(r, c) = value(r, c, std::make_index_sequence<count>{}); }

 private:
  template <std::size_t... K>
  GLIFR_INLINE T value(Index r, Index c, std::index_sequence<K...>) const {
    return F::value(x[K](r, c)...);
  }
};
/// The operands of `Combine`.
template <class F, class V>
using Operands = std::array<V, static_cast<std::size_t>(functions::operand_count<F>)>;

template <Scalar T, std::size_t N>
std::array<Repeated<const T>, N> repeated(const std::array<View<const T>, N>& views) {
  return [&]<std::size_t... K>(std::index_sequence<K...>) {
    return std::array<Repeated<const T>, N>{Repeated<const T>(views[K])...};
  }
  (std::make_index_sequence<N>{});
}
template <class F, Scalar T>
void combine(Arena& memory, const Operands<F, View<const T>>& x, View<T> y) {
  for_each_element(memory.device(), y.rows, y.columns, Combine<F, T>{repeated<T>(x), y});
}

/// What an element of y = f(x...) hands to its operand `To`.
template <class F, int To, Scalar T>
struct CombineShare {
  static constexpr auto count = static_cast<std::size_t>(functions::operand_count<F>);

  std::array<Repeated<const T>, count> x;
  View<const T> y, dy;
  GLIFR_INLINE T operator()(Index r, Index c) const { return share(r, c, std::make_index_sequence<count>{}); }

 private:
  template <std::size_t... K>
  GLIFR_INLINE T share(Index r, Index c, std::index_sequence<K...>) const {
    return functions::adjoint<F, To>(dy(r, c), x[K](r, c)..., y(r, c));
  }
};

/// dx += dy df/dx for every operand; an empty dx is left out.
template <class F, Scalar T>
void combine_backward(Arena& memory, const Operands<F, View<const T>>& x, View<const T> y, View<const T> dy,
                      const Operands<F, View<T>>& dx) {
  const auto hand = [&]<int K>(std::integral_constant<int, K>) {
    if constexpr (functions::receives_gradient<F, K>) {
      const View<T> d = dx[static_cast<std::size_t>(K)];
      if (d.data) add_sums(memory, y.rows, y.columns, CombineShare<F, K, T>{repeated<T>(x), y, dy}, d);
    }
  };
  [&]<int... K>(std::integer_sequence<int, K...>) {
    (hand(std::integral_constant<int, K>{}), ...);
  }
  (std::make_integer_sequence<int, functions::operand_count<F>>{});
}

/// y += x, of which a single row or column is repeated.
template <Scalar T>
struct Accumulate {
  Repeated<const T> x;
  View<T> y;
  GLIFR_INLINE void operator()(Index r, Index c) const { y(r, c) += x(r, c); }
};
template <Scalar T>
void accumulate(Arena& memory, View<const T> x, View<T> y) {
  for_each_element(memory.device(), y.rows, y.columns, Accumulate<T>{Repeated<const T>(x), y});
}

/// y = x.
template <Scalar T>
struct Copy {
  View<const T> x;
  View<T> y;
  GLIFR_INLINE void operator()(Index r, Index c) const { y(r, c) = x(r, c); }
};
template <Scalar T>
void copy(Arena& memory, View<const T> x, View<T> y) {
  for_each_element(memory.device(), y.rows, y.columns, Copy<T>{x, y});
}

}  // namespace glifr::kernels
