#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <type_traits>

#include "glifr/backend/detail/elementwise.hpp"
#include "glifr/backend/detail/kernels.hpp"
#include "glifr/backend/detail/losses.hpp"
#include "glifr/backend/detail/sums.hpp"
#include "glifr/backend/memory.hpp"
#include "glifr/backend/transfer.hpp"

/// The kernels of `kernels.hpp` where their operands are: on the host those, on a device the bodies that stand here.
/// `memory` says where that is, and is used for scratch.
namespace glifr::kernels {

// --- products -----------------------------------------------------------------------------------------------------

/// A row of a^T b where a is a single column.
template <Scalar T>
struct WeightedRow {
  View<const T> a, b;
  GLIFR_INLINE T operator()(Index r, Index c) const { return a(r, 0) * b(r, c); }
};

template <Scalar T>
void gemm(Arena& memory, Transpose ta, Transpose tb, View<const T> a, View<const T> b, T beta, View<T> c) {
  if (!memory.device()) return host<T>().gemm(ta, tb, a, b, beta, c);
  if (c.rows == 0 || c.columns == 0) return;
  const Index inner = ta == Transpose::yes ? a.rows : a.columns;
  if (inner == 0) return beta == T(0) ? fill(memory, c, T(0)) : void();
  // The gradient of the weights of a single input: a long sum that a product of matrices would hardly share out.
  if (ta == Transpose::yes && tb == Transpose::no && c.rows == 1) {
    if (beta == T(0)) fill(memory, c, T(0));
    return add_sums(memory, b.rows, b.columns, WeightedRow<T>{a, b}, c);
  }
  memory.device()->gemm(ta, tb, a, b, beta, c);
}

template <Scalar T>
[[nodiscard]] Weights<T> prepare(Arena& memory, Transpose transpose, View<const T> values) {
  return memory.device() ? Weights<T>{values, transpose} : host<T>().prepare(transpose, values, memory);
}
template <Scalar T>
void multiply(Arena& memory, View<const T> a, const Weights<T>& weights, T beta, View<T> c) {
  if (!memory.device()) return host<T>().multiply(a, weights, beta, c);
  gemm<T>(memory, Transpose::no, weights.transpose, a, weights.values, beta, c);
}
template <Scalar T>
void add_transposed_product(Arena& memory, View<const T> a, View<const T> b, View<T> c) {
  if (!memory.device()) return host<T>().add_transposed_product(a, b, c);
  gemm<T>(memory, Transpose::yes, Transpose::no, a, b, T(1), c);
}

// --- sparse inputs ------------------------------------------------------------------------------------------------

template <Scalar T>
struct GatherRows {
  const ActiveInputs* active;
  View<const T> weights;
  T beta;
  View<T> y;
  GLIFR_INLINE void operator()(Index r, Index c) const {
    const ActiveInputs list = active[r];
    T sum = beta == T(0) ? T(0) : y(r, c);
    for (Index k = 0; k < list.count; ++k) sum += weights(list.indices[k], c);
    y(r, c) = sum;
  }
};
template <Scalar T>
void gather_rows(Arena& memory, const ActiveInputs* active, View<const T> weights, T beta, View<T> y) {
  if (!memory.device()) return host<T>().gather_rows(active, weights, beta, y, memory);
  for_each_element(memory.device(), y.rows, y.columns, GatherRows<T>{active, weights, beta, y});
}

/// A bit for each (input, row): whether it is active. 32 rows a word.
struct MarkActive {
  const ActiveInputs* active;
  Index rows, words;
  std::uint32_t* bits;
  GLIFR_INLINE void operator()(Index input, Index word) const {
    std::uint32_t mark = 0;
    for (Index r = 32 * word; r < rows && r < 32 * word + 32; ++r) {
      const ActiveInputs list = active[r];
      Index low = 0, high = list.count;  // the first index not below `input`
      while (low < high) {
        const Index middle = (low + high) / 2;
        if (list.indices[middle] < input) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      if (low < list.count && list.indices[low] == input) mark |= std::uint32_t{1} << (r - 32 * word);
    }
    bits[input * words + word] = mark;
  }
};
/// The number of the lowest set bit; there is one. Not std::countr_zero: nvcc 13.0 turns that into the constant 32 in
/// the code of a device.
GLIFR_INLINE int lowest_bit(std::uint32_t word) {
  return std::popcount((word & (~word + 1)) - 1);
}
/// Each input collects the rows in which it is active, in ascending order.
template <Scalar T>
struct CollectRows {
  const std::uint32_t* bits;
  Index words;
  View<const T> dy;
  View<T> d_weights;
  GLIFR_INLINE void operator()(Index input, Index c) const {
    T sum = 0;
    for (Index word = 0; word < words; ++word) {
      for (std::uint32_t left = bits[input * words + word]; left != 0; left &= left - 1) {
        sum += dy(32 * word + lowest_bit(left), c);
      }
    }
    d_weights(input, c) += sum;
  }
};
template <Scalar T>
void gather_rows_backward(Arena& memory, const ActiveInputs* active, View<const T> dy, View<T> d_weights) {
  if (!memory.device()) return host<T>().gather_rows_backward(active, dy, d_weights, memory);
  const Index words = (dy.rows + 31) / 32;
  auto* bits = memory.allocate<std::uint32_t>(d_weights.rows * words);
  for_each_element(memory.device(), d_weights.rows, words, MarkActive{active, dy.rows, words, bits});
  for_each_element(memory.device(), d_weights.rows, d_weights.columns, CollectRows<T>{bits, words, dy, d_weights});
}

// --- a neuron's parameters ----------------------------------------------------------------------------------------

/// A scalar of the parameters of all neurons, [neurons].
template <Scalar T>
struct RawParameter {
  Transform transform = Transform::identity;
  const T* raw = nullptr;
  T* grad = nullptr;  ///< null where it is not trained
};

/// As many as the parameters of a kernel hold with ease.
inline constexpr Index parameters_at_once = 16;

template <Scalar T>
struct ToPhysical {
  std::array<RawParameter<T>, parameters_at_once> parameter;
  Index count;  // neurons
  T dt;
  View<T> physical;
  GLIFR_INLINE void operator()(Index k, Index n) const {
    const auto& p = parameter[static_cast<std::size_t>(k)];
    physical(k, n) = to_physical(p.transform, p.raw[n < count ? n : count - 1], dt);
  }
};
template <Scalar T>
struct ToPhysicalBackward {
  std::array<RawParameter<T>, parameters_at_once> parameter;
  T dt;
  View<const T> physical, d_physical;
  GLIFR_INLINE void operator()(Index k, Index n) const {
    const auto& p = parameter[static_cast<std::size_t>(k)];
    if (p.grad) p.grad[n] += d_physical(k, n) * transform_slope(p.transform, physical(k, n), dt);
  }
};

/// visit(first, the parameters from there on, how many of them).
template <Scalar T, class Visit>
void for_each_handful(std::span<const RawParameter<T>> all, Visit&& visit) {
  const auto total = static_cast<Index>(all.size());
  for (Index first = 0; first < total; first += parameters_at_once) {
    const Index count = std::min(parameters_at_once, total - first);
    std::array<RawParameter<T>, parameters_at_once> some{};
    std::copy_n(all.begin() + first, count, some.begin());
    visit(first, some, count);
  }
}

/// Physical values of several parameters of `count` neurons, a row each, padded as `to_physical` does.
template <Scalar T>
void to_physical(Arena& memory, std::span<const RawParameter<T>> all, Index count, T dt, View<T> physical) {
  if (!memory.device()) {
    T* row = physical.data;
    for (const RawParameter<T>& p : all) {
      host<T>().to_physical(p.transform, p.raw, count, physical.stride, dt, row);
      row += physical.stride;
    }
    return;
  }
  for_each_handful(all, [&](Index first, const auto& some, Index rows) {
    for_each_element(memory.device(), rows, physical.columns,
                     ToPhysical<T>{some, count, dt, physical.middle_rows(first, rows)});
  });
}
template <Scalar T>
void to_physical_backward(Arena& memory, std::span<const RawParameter<T>> all, Index count, T dt,
                          View<const T> physical, View<const T> d_physical) {
  if (!memory.device()) {
    Index k = 0;
    for (const RawParameter<T>& p : all) {
      if (p.grad) host<T>().to_physical_backward(p.transform, physical.row(k), d_physical.row(k), count, dt, p.grad);
      ++k;
    }
    return;
  }
  for_each_handful(all, [&](Index first, const auto& some, Index rows) {
    for_each_element(
        memory.device(), rows, count,
        ToPhysicalBackward<T>{some, dt, physical.middle_rows(first, rows), d_physical.middle_rows(first, rows)});
  });
}

// --- losses -------------------------------------------------------------------------------------------------------

/// As the kernel of this name; the sum goes to `sum`, in `memory`.
template <Scalar T>
void squared_error(Arena& memory, View<const T> x, View<const T> target, T weight, View<T> dx, const T* row_weights,
                   double* sum) {
  if (!memory.device()) return void(*sum = host<T>().squared_error(x, target, weight, dx, row_weights));
  const View<double> out(sum, 1, 1);
  fill(memory, out, 0.0);
  add_sums(memory, x.rows, x.columns, SquaredDifference<T>{x, target, row_weights}, out);
  if (dx.data)
    for_each_element(memory.device(), x.rows, x.columns, SquaredErrorSlope<T>{x, target, weight, dx, row_weights});
}

/// Each row's loss.
template <Scalar T>
struct CrossEntropyRow {
  CrossEntropy<T> loss;
  double* losses;
  GLIFR_INLINE void operator()(Index r, Index) const { losses[r] = loss(r); }
};
struct Numbers {
  const double* data;
  GLIFR_INLINE double operator()(Index r, Index) const { return data[r]; }
};
template <Scalar T>
void cross_entropy(Arena& memory, View<const T> x, const std::int32_t* labels, T weight, View<T> dx,
                   const T* row_weights, double* sum) {
  if (!memory.device()) return void(*sum = host<T>().cross_entropy(x, labels, weight, dx, row_weights));
  auto* losses = memory.allocate<double>(x.rows);
  for_each_element(memory.device(), x.rows, 1, CrossEntropyRow<T>{{x, labels, weight, dx, row_weights}, losses});
  const View<double> out(sum, 1, 1);
  fill(memory, out, 0.0);
  add_sums(memory, x.rows, 1, Numbers{losses}, out);
}

/// loss = sum * weight.
template <Scalar T>
struct WeighLoss {
  const double* sum;
  double weight;
  T* loss;
  GLIFR_INLINE void operator()(Index, Index) const { *loss = static_cast<T>(*sum * weight); }
};
/// dx += factor * direction.
template <Scalar T>
struct AddScaled {
  const T* factor;
  View<const T> direction;
  View<T> dx;
  GLIFR_INLINE void operator()(Index r, Index c) const { dx(r, c) += direction(r, c) * *factor; }
};

}  // namespace glifr::kernels
