#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "glifr/core/random.hpp"
#include "glifr/core/tape.hpp"

namespace glifr::test {

/// Numbers drawn uniformly from [low, high): other ones for every key, the same in every run.
template <Scalar T>
Tensor<T> random_tensor(const Shape& shape, std::uint32_t key, double low = -1, double high = 1) {
  Tensor<T> tensor(shape);
  const Random random(1, Stream::data, key);
  std::uint64_t position = 0;
  for (T& value : tensor.values()) value = static_cast<T>(low + (high - low) * random.uniform(position++));
  return tensor;
}

/// Gives a value on a tape the numbers of a tensor.
template <Scalar T>
void set(const Var<T>& var, const Tensor<T>& tensor) {
  kernels::copy_in(var.tape().memory(), var.value().data, tensor.data(), tensor.size());
}

/// A copy of a tensor on the tape, which receives a gradient.
template <Scalar T>
Var<T> put_on(Tape<T>& tape, const Tensor<T>& tensor) {
  const Var<T> var = tape.make(tensor.shape());
  set(var, tensor);
  return var;
}

/// A copy of what a view of a device's memory shows (of the host's, where no device is given).
template <class T>
Tensor<std::remove_const_t<T>> copy_of(View<T> view, Device* device = nullptr) {
  using Number = std::remove_const_t<T>;
  Tensor<Number> tensor({view.rows, view.columns});
  if (tensor.size() == 0) return tensor;
  if (view.stride == view.columns) {
    kernels::copy_out<Number>(device, tensor.data(), view.data, tensor.size());
    return tensor;
  }
  for (Index r = 0; r < view.rows; ++r)  // what lies between the rows may never have been written
    kernels::copy_out<Number>(device, tensor.data() + r * view.columns, view.row(r), view.columns);
  return tensor;
}

/// The largest difference between two matrices, relative to the largest number in either; infinite where their sizes
/// differ or something is not finite.
template <class A, class B>
double relative_difference(View<A> a, View<B> b) {
  constexpr double unlike = std::numeric_limits<double>::infinity();
  if (a.rows != b.rows || a.columns != b.columns) return unlike;
  double difference = 0, largest = 0;
  for (Index r = 0; r < a.rows; ++r) {
    for (Index c = 0; c < a.columns; ++c) {
      const double x = static_cast<double>(a(r, c)), y = static_cast<double>(b(r, c));
      if (!std::isfinite(x) || !std::isfinite(y)) return unlike;
      difference = std::max(difference, std::abs(x - y));
      largest = std::max({largest, std::abs(x), std::abs(y)});
    }
  }
  return difference == 0 ? 0 : difference / largest;
}
template <Scalar A, Scalar B>
double relative_difference(const Tensor<A>& a, const Tensor<B>& b) {
  return relative_difference(a.view(), b.view());
}

}  // namespace glifr::test
