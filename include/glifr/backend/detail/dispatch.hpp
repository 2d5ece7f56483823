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
#include "glifr/backend/detail/parts.hpp"
#include "glifr/backend/detail/sums.hpp"
#include "glifr/backend/memory.hpp"
#include "glifr/backend/transfer.hpp"

/// The kernels of `kernels.hpp` where their operands are: on the host those, on a device the bodies that stand here.
/// `memory` says where that is, and is used for scratch.
namespace glifr::kernels {

// --- products -----------------------------------------------------------------------------------------------------

/// A term of an element of a product of matrices, which may be turned.
template <Scalar T>
struct ProductTerm {
  const T *a, *b;
  Index a_row, a_inner, b_inner, b_column;  // between neighbours

  ProductTerm(Transpose ta, Transpose tb, View<const T> x, View<const T> y)
      : a(x.data),
        b(y.data),
        a_row(ta == Transpose::yes ? 1 : x.stride),
        a_inner(ta == Transpose::yes ? x.stride : 1),
        b_inner(tb == Transpose::yes ? 1 : y.stride),
        b_column(tb == Transpose::yes ? y.stride : 1) {}
  GLIFR_INLINE T operator()(Index k, Index r, Index c) const {
    return a[r * a_row + k * a_inner] * b[k * b_inner + c * b_column];
  }
};

/// Products of matrices of no more terms than this are sums like any other on a device: they are too small to be shared
/// out among its processors as large ones are, and several problems side by side can be computed at once
/// (`Device::launch_lanes`).
inline constexpr Index small_product = Index{1} << 23;

template <Scalar T>
void gemm(Arena& memory, Transpose ta, Transpose tb, View<const T> a, View<const T> b, T beta, View<T> c) {
  if (!memory.device()) return host<T>().gemm(ta, tb, a, b, beta, c);
  if (c.rows == 0 || c.columns == 0) return;
  const Index inner = ta == Transpose::yes ? a.rows : a.columns;
  if (inner == 0) return beta == T(0) ? fill(memory, c, T(0)) : void();
  // The gradient of the weights of a single input is a long sum, too, whatever its size.
  if (c.rows * c.columns * inner <= small_product || (ta == Transpose::yes && c.rows == 1))
    return sum_on_device(memory, inner, ProductTerm<T>(ta, tb, a, b), c, beta != T(0));
  memory.device()->gemm(ta, tb, a, b, beta, c);
}

template <class T>
[[nodiscard]] View<T> columns_of(const View<T>& x, Index first, Index count) {
  return {x.data + first, x.rows, count, x.stride};
}
/// Runs body(first, count) over the columns of a product's result. Results that are cut are so large that their parts
/// are computed in the way of the whole.
template <Scalar T, class Body>
void for_each_part_of_product(const Arena& memory, Index inner, const View<T>& c, Body&& body) {
  constexpr Index least_columns = 512, least_rows = 64;
  const double terms = c.rows < least_rows ? 0 : static_cast<double>(c.rows * c.columns) * static_cast<double>(inner);
  for_each_part(memory, c.columns, least_columns, terms, 16e6, body);
}

template <Scalar T>
[[nodiscard]] Weights<T> prepare(Arena& memory, Transpose transpose, View<const T> values, Index rows) {
  return memory.device() ? Weights<T>{values, transpose} : host<T>().prepare(transpose, values, rows, memory);
}
template <Scalar T>
void multiply(Arena& memory, View<const T> a, const Weights<T>& weights, T beta, View<T> c) {
  if (memory.device()) return gemm<T>(memory, Transpose::no, weights.transpose, a, weights.values, beta, c);
  if (!weights.panels) return host<T>().multiply(a, weights, beta, c);
  for_each_part_of_product(memory, a.columns, c, [&](Index first, Index count) {
    Weights<T> part = weights;
    part.first = first;
    host<T>().multiply(a, part, beta, columns_of(c, first, count));
  });
}
template <Scalar T>
void multiply_transposed(Arena& memory, View<const T> a, View<const T> b, T beta, View<T> c) {
  if (memory.device()) return gemm<T>(memory, Transpose::yes, Transpose::no, a, b, beta, c);
  for_each_part_of_product(memory, a.rows, c, [&](Index first, Index count) {
    host<T>().multiply_transposed(a, columns_of(b, first, count), beta, columns_of(c, first, count));
  });
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
    const T sum = add_up<T>(0, list.count, 1, [&](Index k) { return weights(list.indices[k], c); });
    y(r, c) = beta == T(0) ? sum : y(r, c) + sum;
  }
};
template <Scalar T>
void gather_rows(Arena& memory, const ActiveInputs* active, View<const T> weights, T beta, View<T> y) {
  if (!memory.device()) return host<T>().gather_rows(active, weights, beta, y, memory);
  for_each_element(memory.device(), y.rows, y.columns, GatherRows<T>{active, weights, beta, y});
}

/// Sets the mark of each (input, row) that is active; `stride` lie between inputs. Threads share out a row's list.
struct MarkActive {
  static constexpr Index parts = 32;

  const ActiveInputs* active;
  Index stride;
  std::uint16_t* marks;
  GLIFR_INLINE void operator()(Index r, Index part) const {
    const ActiveInputs list = active[r];
    for (Index k = part; k < list.count; k += parts) marks[list.indices[k] * stride + r] = 1;
  }
};
/// The marks of 32 rows as the bits of a word.
struct PackMarks {
  static constexpr Index rows_a_word = 32;

  static constexpr Index marks_at_once = 4;

  const std::uint64_t* marks;  // four at a time, each 0 or 1
  Index words;
  std::uint32_t* bits;
  GLIFR_INLINE void operator()(Index input, Index word) const {
    constexpr int quads = rows_a_word / marks_at_once;
    // The product moves the i-th mark, bit 16 i, to bit 60 + i, and no two marks to one place.
    constexpr std::uint64_t gather = 0x1000'2000'4000'8000;
    std::array<std::uint64_t, quads> four;
    for (int i = 0; i < quads; ++i) four[i] = marks[(input * words + word) * quads + i];
    std::uint32_t packed = 0;
    for (int i = 0; i < quads; ++i) packed |= static_cast<std::uint32_t>(four[i] * gather >> 60) << (4 * i);
    bits[input * words + word] = packed;
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
    constexpr int at_once = 4;
    T sum = 0;
    for (Index first = 0; first < words; first += at_once) {
      std::array<std::uint32_t, at_once> some;
      for (int i = 0; i < at_once; ++i) some[i] = first + i < words ? bits[input * words + first + i] : 0;
      for (int i = 0; i < at_once; ++i) {
        for (std::uint32_t left = some[i]; left != 0; left &= left - 1)
          sum += dy(PackMarks::rows_a_word * (first + i) + lowest_bit(left), c);
      }
    }
    d_weights(input, c) += sum;
  }
};
template <Scalar T>
void gather_rows_backward(Arena& memory, const ActiveInputs* active, View<const T> dy, View<T> d_weights) {
  if (!memory.device()) return host<T>().gather_rows_backward(active, dy, d_weights, memory);
  const Index words = (dy.rows + PackMarks::rows_a_word - 1) / PackMarks::rows_a_word;
  const Index stride = words * PackMarks::rows_a_word;
  auto* marks = memory.allocate_zeroed<std::uint64_t>(d_weights.rows * stride / PackMarks::marks_at_once);
  auto* bits = memory.allocate<std::uint32_t>(d_weights.rows * words);
  for_each_element(memory.device(), dy.rows, MarkActive::parts,
                   MarkActive{active, stride, reinterpret_cast<std::uint16_t*>(marks)});
  for_each_element(memory.device(), d_weights.rows, words, PackMarks{marks, words, bits});
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
