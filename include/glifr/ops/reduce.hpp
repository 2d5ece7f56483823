#pragma once

#include "glifr/backend/detail/sums.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/ops/elementwise.hpp"

namespace glifr {

/// What a sum or mean runs over.
enum class Over {
  all,      ///< everything: result [1]
  rows,     ///< all sizes but the last: result [1, columns]
  columns,  ///< the last size: result [rows, 1]
};

/// Sum in a fixed order.   dL/dx += dL/dy of the sum it is in
template <Scalar T>
Var<T> sum(const Var<T>& x, Over over = Over::all) {
  const View<T> vx = x.value();
  const Shape shape = over == Over::all ? Shape{1} : over == Over::rows ? Shape{1, vx.columns} : Shape{vx.rows, 1};
  const Var<T> y = x.tape().make_from(shape, x);
  Arena& memory = x.tape().memory();
  kernels::fill(memory, y.value(), T(0));
  kernels::add_sums(memory, vx.rows, vx.columns, kernels::Element<T>{vx}, y.value());
  if (y.has_grad()) {
    x.tape().on_backward([x, y] { kernels::accumulate<T>(x.tape().memory(), y.grad(), x.grad()); });
  }
  return y;
}

/// Mean: `sum` over the count. The mean of nothing is not a number.
template <Scalar T>
Var<T> mean(const Var<T>& x, Over over = Over::all) {
  const View<T> vx = x.value();
  const Index count = over == Over::all ? vx.rows * vx.columns : over == Over::rows ? vx.rows : vx.columns;
  return scale(sum(x, over), T(1) / static_cast<T>(count));
}

}  // namespace glifr
