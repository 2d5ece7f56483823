#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

#include "glifr/backend/detail/elementwise.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/error.hpp"
#include "glifr/export.hpp"

/// Elementwise operations on tape values. Every neuron's `step` runs on them as it stands, which is the composed form
/// of a network: one entry on the tape for every operation and time step, slow and plain, to hold the fused scan
/// against.
namespace glifr {

/// y = f(x), elementwise.   dL/dx += dL/dy f'(x)
template <class F, Scalar T>
Var<T> map(const F& f, const Var<T>& x) {
  const Var<T> y = x.tape().make_from(x.shape(), x);
  kernels::map<F, T>(x.tape().memory(), f, x.value(), y.value());
  if (y.has_grad()) {
    x.tape().on_backward(
        [f, x, y] { kernels::map_backward<F, T>(x.tape().memory(), f, x.value(), y.value(), y.grad(), x.grad()); });
  }
  return y;
}

namespace detail {

/// The shape in which operands meet: that of one of them where one has all rows and columns.
template <Scalar T, std::size_t N>
Shape common_shape(const char* name, const std::array<Var<T>, N>& x) {
  Index rows = 1, columns = 1;
  for (const Var<T>& v : x) {
    check_tape(name, x[0], v);
    if (rows == 1) rows = v.value().rows;
    if (columns == 1) columns = v.value().columns;
  }
  const auto fits = [](Index found, Index all) { return found == all || found == 1; };
  const Shape* shape = nullptr;
  std::string found;
  bool all_fit = true;
  for (std::size_t k = 0; k < N; ++k) {
    const View<T> v = x[k].value();
    all_fit = all_fit && fits(v.rows, rows) && fits(v.columns, columns);
    if (v.rows != rows || v.columns != columns) continue;
    if (!shape) shape = &x[k].shape();
    // As many rows are not enough: [time, batch] and [batch, time].
    all_fit = all_fit && (shape->rank() != 3 || x[k].shape().rank() != 3 || *shape == x[k].shape());
  }
  if (!all_fit) {
    for (std::size_t k = 0; k < N; ++k) found += (k == 0 ? "" : k + 1 == N ? " and " : ", ") + to_string(x[k].shape());
    throw ShapeError(name, "equal shapes, or one with a single row or column", found);
  }
  return shape ? *shape : Shape{rows, columns};
}

}  // namespace detail

/// y = f(operands...), elementwise, of two operands or more; one with a single row or column is repeated.
/// dL/dx += dL/dy df/dx for each operand x that f has a derivative for
template <class F, Scalar T, std::size_t N>
Var<T> combine(const std::array<Var<T>, N>& x) {
  static_assert(N == static_cast<std::size_t>(functions::operand_count<F>));
  Tape<T>& tape = x[0].tape();
  const Shape shape = detail::common_shape(F::name, x);
  return [&]<std::size_t... K>(std::index_sequence<K...>) {
    const auto values = [](const std::array<Var<T>, N>& vars) {
      return std::array<View<const T>, N>{vars[K].value()...};
    };
    const bool has_grad =
        tape.is_recording() && ((functions::receives_gradient<F, static_cast<int>(K)> && x[K].has_grad()) || ...);
    const Var<T> y = tape.make(shape, 0, has_grad);
    kernels::combine<F, T>(tape.memory(), values(x), y.value());
    if (has_grad) {
      tape.on_backward([x, y, values] {
        kernels::combine_backward<F, T>(y.tape().memory(), values(x), y.value(), y.grad(), {x[K].grad()...});
      });
    }
    return y;
  }
  (std::make_index_sequence<N>{});
}

/// A number as a tape value of size 1, for functions of which it is one operand.
template <Scalar T>
Var<T> number_like(const Var<T>& neighbour, double number) {
  Arena& memory = neighbour.tape().memory();
  T* value = memory.template allocate<T>(1);
  kernels::fill(memory, View<T>(value, 1, 1), static_cast<T>(number));
  return neighbour.tape().constant({1, 1}, value);
}

/// The elementary functions of tape values, element by element; a number stands for all elements.
template <Scalar T>
struct ValueType<Var<T>> {
  template <class F, class... X>
  static Var<T> call(const X&... x) {
    if constexpr (sizeof...(X) == 1) {
      return map(F{}, x...);
    } else {
      const Var<T>& neighbour = first(x...);
      return combine<F, T>(std::array{operand(neighbour, x)...});
    }
  }

 private:
  template <class X, class... Rest>
  static const Var<T>& first(const X& x, const Rest&... rest) {
    if constexpr (std::is_same_v<X, Var<T>>) {
      return x;
    } else {
      return first(rest...);
    }
  }
  static Var<T> operand(const Var<T>&, const Var<T>& x) { return x; }
  static Var<T> operand(const Var<T>& neighbour, double number) { return number_like(neighbour, number); }
};

/// Sum, element by element; an operand with a single row or column is repeated. ShapeError where shapes differ
/// otherwise, std::logic_error where the operands lie on different tapes.
template <Scalar T>
Var<T> operator+(const Var<T>& a, const Var<T>& b) {
  return detail::call<functions::Add>(a, b);
}
/// Difference, element by element; shapes as for the sum.
template <Scalar T>
Var<T> operator-(const Var<T>& a, const Var<T>& b) {
  return detail::call<functions::Subtract>(a, b);
}
/// Product, element by element; shapes as for the sum.
template <Scalar T>
Var<T> operator*(const Var<T>& a, const Var<T>& b) {
  return detail::call<functions::Multiply>(a, b);
}
/// Quotient, element by element; shapes as for the sum.
template <Scalar T>
Var<T> operator/(const Var<T>& a, const Var<T>& b) {
  return detail::call<functions::Divide>(a, b);
}

/// y = factor x + offset.
template <Scalar T>
Var<T> affine(const Var<T>& x, std::type_identity_t<T> factor, std::type_identity_t<T> offset) {
  return map(kernels::Affine<T>{factor, offset}, x);
}
/// y = factor x.
template <Scalar T>
Var<T> scale(const Var<T>& x, std::type_identity_t<T> factor) {
  return affine(x, factor, T(0));
}

template <class S>
concept PlainNumber = std::is_arithmetic_v<S>;

/// x + number, element by element.
template <Scalar T, PlainNumber S>
Var<T> operator+(const Var<T>& x, S number) {
  return affine(x, T(1), static_cast<T>(number));
}
/// number + x, element by element.
template <Scalar T, PlainNumber S>
Var<T> operator+(S number, const Var<T>& x) {
  return x + number;
}
/// x - number, element by element.
template <Scalar T, PlainNumber S>
Var<T> operator-(const Var<T>& x, S number) {
  return affine(x, T(1), -static_cast<T>(number));
}
/// number - x, element by element.
template <Scalar T, PlainNumber S>
Var<T> operator-(S number, const Var<T>& x) {
  return affine(x, T(-1), static_cast<T>(number));
}
/// x * number, element by element.
template <Scalar T, PlainNumber S>
Var<T> operator*(const Var<T>& x, S number) {
  return affine(x, static_cast<T>(number), T(0));
}
/// number * x, element by element.
template <Scalar T, PlainNumber S>
Var<T> operator*(S number, const Var<T>& x) {
  return x * number;
}
/// x / number, element by element.
template <Scalar T, PlainNumber S>
Var<T> operator/(const Var<T>& x, S number) {
  return affine(x, T(1) / static_cast<T>(number), T(0));
}
/// number / x, element by element.
template <Scalar T, PlainNumber S>
Var<T> operator/(S number, const Var<T>& x) {
  return map(kernels::Reciprocal<T>{static_cast<T>(number)}, x);
}
/// -x, element by element.
template <Scalar T>
Var<T> operator-(const Var<T>& x) {
  return detail::call<functions::Negate>(x);
}

// Compiled in the library: once, and for speed whatever flags a caller has.
#define GLIFR_ELEMENTWISE_MAP(declare, F, T) declare Var<T> map(const F&, const Var<T>&);
#define GLIFR_ELEMENTWISE_COMBINE(declare, F, count, T) declare Var<T> combine<F>(const std::array<Var<T>, count>&);
#define GLIFR_ELEMENTWISE(declare, T)                            \
  GLIFR_ELEMENTWISE_COMBINE(declare, functions::Add, 2, T)       \
  GLIFR_ELEMENTWISE_COMBINE(declare, functions::Subtract, 2, T)  \
  GLIFR_ELEMENTWISE_COMBINE(declare, functions::Multiply, 2, T)  \
  GLIFR_ELEMENTWISE_COMBINE(declare, functions::Divide, 2, T)    \
  GLIFR_ELEMENTWISE_COMBINE(declare, functions::Less, 2, T)      \
  GLIFR_ELEMENTWISE_COMBINE(declare, functions::Select, 3, T)    \
  GLIFR_ELEMENTWISE_COMBINE(declare, functions::Min, 2, T)       \
  GLIFR_ELEMENTWISE_COMBINE(declare, functions::Max, 2, T)       \
  GLIFR_ELEMENTWISE_MAP(declare, functions::Negate, T)           \
  GLIFR_ELEMENTWISE_MAP(declare, functions::Exp, T)              \
  GLIFR_ELEMENTWISE_MAP(declare, functions::Log, T)              \
  GLIFR_ELEMENTWISE_MAP(declare, functions::Sqrt, T)             \
  GLIFR_ELEMENTWISE_MAP(declare, functions::Tanh, T)             \
  GLIFR_ELEMENTWISE_MAP(declare, functions::Sigmoid, T)          \
  GLIFR_ELEMENTWISE_MAP(declare, functions::Abs, T)              \
  GLIFR_ELEMENTWISE_COMBINE(declare, functions::Surrogate, 3, T) \
  GLIFR_ELEMENTWISE_MAP(declare, kernels::Affine<T>, T)          \
  GLIFR_ELEMENTWISE_MAP(declare, kernels::Reciprocal<T>, T)      \
  declare void kernels::copy<T>(Arena&, View<const T>, View<T>); \
  declare void kernels::accumulate<T>(Arena&, View<const T>, View<T>);
GLIFR_ELEMENTWISE(extern template GLIFR_API, float)
GLIFR_ELEMENTWISE(extern template GLIFR_API, double)

}  // namespace glifr
