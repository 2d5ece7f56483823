#pragma once

#include <algorithm>
#include <type_traits>

#include "glifr/backend/elementwise.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/error.hpp"

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

/// y = f(a, b), elementwise; an operand with a single row or column is repeated.   dL/da += dL/dy df/da, likewise b
template <class F, Scalar T>
Var<T> combine(const F& f, const char* name, const Var<T>& a, const Var<T>& b) {
  const auto fits = [](Index x, Index y) { return x == y || x == 1 || y == 1; };
  const View<T> va = a.value(), vb = b.value();
  if (!fits(va.rows, vb.rows) || !fits(va.columns, vb.columns)) {
    throw ShapeError(name, "equal shapes, or one with a single row or column",
                     to_string(a.shape()) + " and " + to_string(b.shape()));
  }
  const Index rows = va.rows == 1 ? vb.rows : va.rows, columns = va.columns == 1 ? vb.columns : va.columns;
  const bool like_a = va.rows == rows && va.columns == columns, like_b = vb.rows == rows && vb.columns == columns;
  const Var<T> y = a.tape().make_from(like_a ? a.shape() : like_b ? b.shape() : Shape{rows, columns}, a, b);
  kernels::combine<F, T>(a.tape().memory(), f, va, vb, y.value());
  if (y.has_grad()) {
    a.tape().on_backward([f, a, b, y] {
      kernels::combine_backward<F, T>(a.tape().memory(), f, a.value(), b.value(), y.value(), y.grad(), a.grad(),
                                      b.grad());
    });
  }
  return y;
}

/// Sum, element by element. ShapeError where shapes differ and neither operand is one row, repeated.
template <Scalar T>
Var<T> operator+(const Var<T>& a, const Var<T>& b) {
  return combine(kernels::Add{}, "add", a, b);
}
/// Difference, element by element; shapes as for the sum.
template <Scalar T>
Var<T> operator-(const Var<T>& a, const Var<T>& b) {
  return combine(kernels::Subtract{}, "subtract", a, b);
}
/// Product, element by element; shapes as for the sum.
template <Scalar T>
Var<T> operator*(const Var<T>& a, const Var<T>& b) {
  return combine(kernels::Multiply{}, "multiply", a, b);
}
/// Quotient, element by element; shapes as for the sum.
template <Scalar T>
Var<T> operator/(const Var<T>& a, const Var<T>& b) {
  return combine(kernels::Divide{}, "divide", a, b);
}

/// y = factor x + offset.
template <Scalar T>
Var<T> affine(const Var<T>& x, T factor, T offset) {
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
  return affine(x, T(-1), T(0));
}

/// 1 / (1 + exp(-x)).
template <Scalar T>
Var<T> sigmoid(const Var<T>& x) {
  return map(kernels::Sigmoid{}, x);
}
/// tanh x, element by element.
template <Scalar T>
Var<T> tanh(const Var<T>& x) {
  return map(kernels::Tanh{}, x);
}
/// e^x, element by element.
template <Scalar T>
Var<T> exp(const Var<T>& x) {
  return map(kernels::Exp{}, x);
}
/// Natural logarithm.
template <Scalar T>
Var<T> log(const Var<T>& x) {
  return map(kernels::Log{}, x);
}
/// Square root, element by element.
template <Scalar T>
Var<T> sqrt(const Var<T>& x) {
  return map(kernels::Sqrt{}, x);
}
/// |x|; derivative 0 at 0.
template <Scalar T>
Var<T> abs(const Var<T>& x) {
  return map(kernels::Abs{}, x);
}
/// The smaller; where equal, the derivative goes to a.
template <Scalar T>
Var<T> min(const Var<T>& a, const Var<T>& b) {
  return combine(kernels::Min{}, "min", a, b);
}
/// The larger; where equal, the derivative goes to a.
template <Scalar T>
Var<T> max(const Var<T>& a, const Var<T>& b) {
  return combine(kernels::Max{}, "max", a, b);
}
/// 1 where a < b, else 0; derivative 0.
template <Scalar T>
Var<T> less(const Var<T>& a, const Var<T>& b) {
  return combine(kernels::Less{}, "less", a, b);
}
/// a where `condition` (of 0 and 1) is 1, else b.
template <Scalar T>
Var<T> select(const Var<T>& condition, const Var<T>& a, const Var<T>& b) {
  return combine(kernels::Gate<1>{}, "select", condition, a) + combine(kernels::Gate<0>{}, "select", condition, b);
}

/// A number as a tape value of size 1, for functions of which it is one operand.
template <Scalar T>
Var<T> number_like(const Var<T>& neighbour, double number) {
  Arena& memory = neighbour.tape().memory();
  T* value = memory.template allocate<T>(1);
  kernels::fill(memory, View<T>(value, 1, 1), static_cast<T>(number));
  return neighbour.tape().constant({1, 1}, value);
}
/// The smaller of an element and a number.
template <Scalar T, PlainNumber S>
Var<T> min(const Var<T>& a, S b) {
  return min(a, number_like(a, static_cast<double>(b)));
}
/// The smaller of a number and an element.
template <Scalar T, PlainNumber S>
Var<T> min(S a, const Var<T>& b) {
  return min(number_like(b, static_cast<double>(a)), b);
}
/// The larger of an element and a number.
template <Scalar T, PlainNumber S>
Var<T> max(const Var<T>& a, S b) {
  return max(a, number_like(a, static_cast<double>(b)));
}
/// The larger of a number and an element.
template <Scalar T, PlainNumber S>
Var<T> max(S a, const Var<T>& b) {
  return max(number_like(b, static_cast<double>(a)), b);
}
/// 1 where an element is below a number, else 0; without gradient.
template <Scalar T, PlainNumber S>
Var<T> less(const Var<T>& a, S b) {
  return less(a, number_like(a, static_cast<double>(b)));
}
/// 1 where a number is below an element, else 0; without gradient.
template <Scalar T, PlainNumber S>
Var<T> less(S a, const Var<T>& b) {
  return less(number_like(b, static_cast<double>(a)), b);
}
/// `a` where the condition is 1, else the number.
template <Scalar T, PlainNumber S>
Var<T> select(const Var<T>& condition, const Var<T>& a, S b) {
  return select(condition, a, number_like(a, static_cast<double>(b)));
}
/// The number where the condition is 1, else `b`.
template <Scalar T, PlainNumber S>
Var<T> select(const Var<T>& condition, S a, const Var<T>& b) {
  return select(condition, number_like(b, static_cast<double>(a)), b);
}
/// One number where the condition is 1, else the other.
template <Scalar T, PlainNumber S, PlainNumber U>
Var<T> select(const Var<T>& condition, S a, U b) {
  return select(condition, number_like(condition, static_cast<double>(a)),
                number_like(condition, static_cast<double>(b)));
}

/// `value` going forward; going backward, dL/dx += dL/dy slope, and nothing else. `value` has the shape of x; a slope
/// with a single row or column is repeated.
template <Scalar T>
Var<T> surrogate(const Var<T>& value, const Var<T>& x, const Var<T>& slope) {
  const View<T> vx = x.value(), vs = slope.value();
  const auto fits = [](Index size, Index whole) { return size == whole || size == 1; };
  if (value.shape() != x.shape() || !fits(vs.rows, vx.rows) || !fits(vs.columns, vx.columns)) {
    throw ShapeError("surrogate", "a value and a slope like x, " + to_string(x.shape()),
                     to_string(value.shape()) + " and " + to_string(slope.shape()));
  }
  const Var<T> y = x.tape().make_from(x.shape(), x);
  kernels::copy<T>(x.tape().memory(), value.value(), y.value());
  if (y.has_grad()) {
    x.tape().on_backward([x, slope, y] {
      kernels::combine_backward<kernels::Multiply, T>(x.tape().memory(), {}, x.value(), slope.value(), y.value(),
                                                      y.grad(), x.grad(), View<T>{});
    });
  }
  return y;
}
/// The same with one slope for all elements.
template <Scalar T, PlainNumber S>
Var<T> surrogate(const Var<T>& value, const Var<T>& x, S slope) {
  return surrogate(value, x, number_like(x, static_cast<double>(slope)));
}

}  // namespace glifr
