#pragma once

#include <cstdint>
#include <span>

#include "glifr/backend/detail/elementwise.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/error.hpp"

namespace glifr {

namespace kernels {

/// y[b] = x[lengths[b] - 1, b], of x [time * batch, features].
template <Scalar T>
struct TakeLastValid {
  View<const T> x;
  const std::int32_t* lengths;
  View<T> y;  // [batch, features]
  GLIFR_INLINE void operator()(Index b, Index c) const { y(b, c) = x((lengths[b] - 1) * y.rows + b, c); }
};
/// dx[lengths[b] - 1, b] += dy[b].
template <Scalar T>
struct TakeLastValidBackward {
  View<const T> dy;
  const std::int32_t* lengths;
  View<T> dx;
  GLIFR_INLINE void operator()(Index b, Index c) const { dx((lengths[b] - 1) * dy.rows + b, c) += dy(b, c); }
};

}  // namespace kernels

/// Steps `first` to `first + count` of x [time, batch, features], in place: nothing is copied, and gradients go
/// straight into those of x.
template <Scalar T>
Var<T> slice(const Var<T>& x, Index first, Index count) {
  const Shape& shape = x.shape();
  if (shape.rank() != 3 || first < 0 || count < 0 || count > shape[0] - first) {
    throw ShapeError("slice", "steps within [time, batch, features]",
                     std::to_string(count) + " from " + std::to_string(first) + " on, of " + to_string(shape));
  }
  return x.tape().alias(x, {count, shape[1], shape[2]}, first * shape[1] * x.value().stride);
}

/// Step t of x [time, batch, features] as [batch, features], in place.
template <Scalar T>
Var<T> step_of(const Var<T>& x, Index t) {
  const Var<T> steps = slice(x, t, 1);
  return x.tape().alias(steps, {x.shape()[1], x.shape()[2]}, 0);
}

/// Of each sample of x [time, batch, features] its last valid step, [1, batch, features]. `lengths` (1 to time, one a
/// sample) lies where the tape computes and outlives the round.   dL/dx at that step += dL/dy
template <Scalar T>
Var<T> last_valid_step(const Var<T>& x, std::span<const std::int32_t> lengths) {
  const Shape& shape = x.shape();
  if (shape.rank() != 3 || static_cast<Index>(lengths.size()) != shape[1]) {
    throw ShapeError("last_valid_step", "[time, batch, features] with a length for each sample",
                     to_string(shape) + " with " + std::to_string(lengths.size()));
  }
  const Index batch = shape[1];
  for (const std::int32_t length : x.tape().device() ? std::span<const std::int32_t>() : lengths) {
    if (length < 1 || length > shape[0])
      throw ShapeError("last_valid_step", "lengths of 1 to " + std::to_string(shape[0]), std::to_string(length));
  }
  const Var<T> y = x.tape().make_from({1, batch, shape[2]}, x);
  const std::int32_t* const of_samples = lengths.data();
  for_each_element(x.tape().device(), batch, shape[2], kernels::TakeLastValid<T>{x.value(), of_samples, y.value()});
  if (y.has_grad()) {
    x.tape().on_backward([x, y, of_samples, batch] {
      for_each_element(x.tape().device(), batch, y.value().columns,
                       kernels::TakeLastValidBackward<T>{y.grad(), of_samples, x.grad()});
    });
  }
  return y;
}

/// Values [batch, features], one a time step, as one [time, batch, features].   dL/dx[t] += dL/dy at t
template <Scalar T>
Var<T> stack(Tape<T>& tape, std::span<const Var<T>> steps) {
  if (steps.empty()) throw ShapeError("stack", "at least one value", "none");
  const Shape one = steps.front().shape();
  bool with_grad = false;
  for (const Var<T>& step : steps) {
    if (&step.tape() != &tape) detail::report_other_tape("stack");
    if (step.shape() != one) throw ShapeError("stack", to_string(one) + " in every step", to_string(step.shape()));
    with_grad |= step.has_grad();
  }
  const Index rows = one.rows();
  const Var<T> y = tape.make({static_cast<Index>(steps.size()), rows, one.columns()}, 0, with_grad);
  for (std::size_t t = 0; t < steps.size(); ++t) {
    const Var<T>& x = steps[t];
    const View<T> part = y.value().middle_rows(static_cast<Index>(t) * rows, rows);
    kernels::copy<T>(tape.memory(), x.value(), part);
    if (!x.has_grad()) continue;
    tape.on_backward([x, y, t, rows] {
      kernels::accumulate<T>(x.tape().memory(), y.grad().middle_rows(static_cast<Index>(t) * rows, rows), x.grad());
    });
  }
  return y;
}

}  // namespace glifr
