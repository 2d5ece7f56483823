#pragma once

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
  // A size of 1 in y stands for all of x's: the sum runs where y is repeated.
  const auto each = [over](const View<T>& big, const View<T>& small, auto&& visit) {
    for (Index r = 0; r < big.rows; ++r) {
      for (Index c = 0; c < big.columns; ++c)
        visit(big(r, c), small(over == Over::columns ? r : 0, over == Over::rows ? c : 0));
    }
  };
  for (Index r = 0; r < y.value().rows; ++r) std::fill_n(y.value().row(r), y.value().columns, T(0));
  each(vx, y.value(), [](const T& from, T& to) { to += from; });
  if (y.has_grad()) {
    x.tape().on_backward([x, y, each] { each(x.grad(), y.grad(), [](T& to, const T& from) { to += from; }); });
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
