#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

#include "glifr/backend/detail/dispatch.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/error.hpp"

namespace glifr {

/// A loss: the value to differentiate, and the same sum unrounded and unscaled, for metrics.
template <Scalar T>
struct Loss {
  Var<T> value;          ///< [1]
  const double* sum_at;  ///< over elements (squared error) or samples (cross entropy); where the value is

  /// That sum; waits for a device.
  [[nodiscard]] double sum() const {
    double number;
    kernels::copy_out(value.tape().device(), &number, sum_at, 1);
    return number;
  }
};

namespace detail {

template <Scalar T>
Loss<T> make_loss(const Var<T>& x, const double* sum, T weight, const Var<T>& direction) {
  const Var<T> loss = x.tape().make_from({1}, x);
  for_each_element(x.tape().device(), 1, 1, kernels::WeighLoss<T>{sum, static_cast<double>(weight), loss.value().data});
  if (loss.has_grad()) {
    x.tape().on_backward([x, loss, direction] {
      const View<T> dx = x.grad();
      for_each_element(x.tape().device(), dx.rows, dx.columns,
                       kernels::AddScaled<T>{loss.grad().data, direction.value(), dx});
    });
  }
  return {loss, sum};
}

/// Room for dL/dx at upstream 1, zeroed, which the forward pass of a loss fills along the way.
template <Scalar T>
Var<T> loss_direction(const Var<T>& x) {
  return x.tape().constant(x.shape(),
                           x.tape().memory().template allocate_zeroed<T>(x.has_grad() ? x.shape().size() : 0));
}

/// Labels on a device cannot be looked at from here.
template <Scalar T>
void check_labels(const Var<T>& x, std::span<const std::int32_t> labels) {
  if (x.tape().device()) return;
  for (const std::int32_t label : labels) {
    if (label < 0 || label >= x.value().columns) {
      throw ShapeError("softmax_cross_entropy", "labels 0 to " + std::to_string(x.value().columns - 1),
                       std::to_string(label));
    }
  }
}

}  // namespace detail

/// Mean squared error: sum of (x - target)^2 over `count` (0: the number of elements; a share of a batch gives the
/// whole batch's). `target` has the shape of x and outlives the round.   dL/dx += 2 (x - target) / count
/// `row_weights`, where the tape computes: a factor on the terms of each row of x, null for 1; rows with the factor 0
/// are not looked at.
template <Scalar T>
Loss<T> mean_squared_error(const Var<T>& x, std::type_identity_t<View<const T>> target, Index count = 0,
                           const std::type_identity_t<T>* row_weights = nullptr) {
  const View<T> vx = x.value();
  if (target.rows != vx.rows || target.columns != vx.columns) {
    throw ShapeError("mean_squared_error", to_string(x.shape()), to_string(Shape{target.rows, target.columns}));
  }
  const T weight = T(1) / static_cast<T>(count ? count : x.shape().size());
  const Var<T> direction = detail::loss_direction(x);
  auto* sum = x.tape().memory().template allocate<double>(1);
  kernels::squared_error<T>(x.tape().memory(), vx, target, weight, x.has_grad() ? direction.value() : View<T>{},
                            row_weights, sum);
  return detail::make_loss(x, sum, weight, direction);
}

/// Cross entropy of softmax(x), x [samples, classes], with a label a row, over `count` (0: the rows). Stable for any
/// finite x. dL/dx += (softmax(x) - onehot(label)) / count. ShapeError where a label is no class (labels on a device
/// are their owner's to check). `row_weights` as of `mean_squared_error`.
template <Scalar T>
Loss<T> softmax_cross_entropy(const Var<T>& x, std::span<const std::int32_t> labels, Index count = 0,
                              const std::type_identity_t<T>* row_weights = nullptr) {
  const View<T> vx = x.value();
  if (static_cast<Index>(labels.size()) != vx.rows) {
    throw ShapeError("softmax_cross_entropy", "a label for each of " + std::to_string(vx.rows) + " rows",
                     std::to_string(labels.size()));
  }
  detail::check_labels<T>(x, labels);
  const T weight = T(1) / static_cast<T>(count ? count : vx.rows);
  const Var<T> direction = detail::loss_direction(x);
  auto* sum = x.tape().memory().template allocate<double>(1);
  kernels::cross_entropy<T>(x.tape().memory(), vx, labels.data(), weight, x.has_grad() ? direction.value() : View<T>{},
                            row_weights, sum);
  return detail::make_loss(x, sum, weight, direction);
}

}  // namespace glifr
