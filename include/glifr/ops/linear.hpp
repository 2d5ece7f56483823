#pragma once

#include "glifr/backend/detail/dispatch.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/ops/elementwise.hpp"
#include "glifr/ops/sequence.hpp"

namespace glifr {

namespace detail {

/// y = a b, with a gradient where that is asked for.
template <Scalar T>
Var<T> multiply(const Var<T>& a, const Var<T>& b, bool with_grad) {
  using enum kernels::Transpose;
  check_tape("matmul", a, b);
  if (a.value().columns != b.value().rows) {
    throw ShapeError("matmul", "equal inner sizes", to_string(a.shape()) + " and " + to_string(b.shape()));
  }
  const Index columns = b.value().columns;
  const Shape shape =
      a.shape().rank() == 3 ? Shape{a.shape()[0], a.shape()[1], columns} : Shape{a.value().rows, columns};
  const Var<T> y = a.tape().make(shape, 0, a.tape().is_recording() && with_grad);
  kernels::gemm<T>(a.tape().memory(), no, no, a.value(), b.value(), T(0), y.value());
  return y;
}
/// dL/da += dL/dy b^T, dL/db += a^T dL/dy.
template <Scalar T>
void multiply_backward(const Var<T>& a, const Var<T>& b, const Var<T>& y) {
  using enum kernels::Transpose;
  Arena& memory = a.tape().memory();
  if (a.has_grad()) {
    const bool is_deferred = a.defer_grad([b, y](Index first, const View<T>& rows) {
      kernels::gemm<T>(b.tape().memory(), no, yes, y.grad().middle_rows(first, rows.rows), b.value(), T(0), rows);
    });
    if (!is_deferred) {
      const auto [da, kept] = a.grad_target();
      kernels::gemm<T>(memory, no, yes, y.grad(), b.value(), kept, da);
    }
  }
  if (b.has_grad()) {
    const auto [db, kept] = b.grad_target();
    kernels::gemm<T>(memory, yes, no, a.value(), y.grad(), kept, db);
  }
}

}  // namespace detail

/// y = a b: matrices over the last size, all others rows, `[rows, k]` and `[k, n]`.
/// dL/da += dL/dy b^T, dL/db += a^T dL/dy. ShapeError where the inner sizes differ.
template <Scalar T>
Var<T> matmul(const Var<T>& a, const Var<T>& b) {
  const Var<T> y = detail::multiply(a, b, a.has_grad() || b.has_grad());
  if (y.has_grad()) a.tape().on_backward([a, b, y] { detail::multiply_backward(a, b, y); });
  return y;
}

/// y[r] = sum of the rows of `weights` [features, n] at which row r of a binary input is 1, `rows` rows. dL/dweights[i]
/// += dL/dy[r] for every active i. `active` outlives the round.
template <Scalar T>
Var<T> sparse_matmul(const ActiveInputs* active, Index rows, const Var<T>& weights) {
  detail::check_active("sparse_matmul", weights.tape(), active, rows, weights.value().rows);
  const Var<T> y = weights.tape().make_from({rows, weights.value().columns}, weights);
  kernels::gather_rows<T>(weights.tape().memory(), active, weights.value(), T(0), y.value());
  if (y.has_grad()) {
    weights.tape().on_backward([active, weights, y] {
      kernels::gather_rows_backward<T>(weights.tape().memory(), active, y.grad(), weights.grad());
    });
  }
  return y;
}

/// y = x W + b, W [inputs, outputs], b [outputs].
template <Scalar T>
Var<T> linear(const Var<T>& x, const Var<T>& weight, const Var<T>& bias) {
  if (!x.tape().device() || bias.shape() != Shape{weight.value().columns}) return matmul(x, weight) + bias;
  // The same numbers with fewer launches: the biases are added in place, and no gradient is handed on as it is.
  const Var<T> y = detail::multiply(x, weight, x.has_grad() || weight.has_grad() || bias.has_grad());
  kernels::accumulate<T>(x.tape().memory(), bias.value(), y.value());
  if (y.has_grad()) {
    x.tape().on_backward([x, weight, bias, y] {
      const View<T> dy = y.grad();
      if (bias.has_grad())
        kernels::add_sums(x.tape().memory(), dy.rows, dy.columns, kernels::Element<T>{dy}, bias.grad());
      detail::multiply_backward(x, weight, y);
    });
  }
  return y;
}

}  // namespace glifr
