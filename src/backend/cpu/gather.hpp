#pragma once

#include <algorithm>
#include <cstdint>

#include "glifr/backend/detail/cpu/pack.hpp"
#include "glifr/backend/memory.hpp"
#include "glifr/backend/sparse.hpp"

/// Products with binary inputs, given by the lists of those that are active. See `kernels::HostKernels`.
namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET {

inline Index count_active(const ActiveInputs* lists, Index count) {
  Index total = 0;
  for (Index i = 0; i < count; ++i) total += lists[i].count;
  return total;
}

/// Whether lists are long enough that copying the source column block by column block pays: each of its rows is then
/// read often.
inline bool is_busy(Index total, Index source_rows) {
  return total > 8 * source_rows;
}

/// y[i] = beta y[i] + sum of the rows of `source` that list i names, in the list's order. A block of columns of the
/// source is copied together, so that it stays in a near cache, and summed in registers.
template <Scalar T>
void sum_rows_in_blocks(const ActiveInputs* lists, View<const T> source, T beta, View<T> y, Arena& scratch) {
  using P = Pack<T, 4>;
  T* block = scratch.allocate<T>(source.rows * P::width);
  alignas(64) T edge[P::width] = {};  // a row of the last, narrower block
  for (Index first = 0; first < source.columns; first += P::width) {
    const Index columns = std::min(P::width, source.columns - first);
    for (Index r = 0; r < source.rows; ++r) {
      const T* from = source.row(r) + first;
      T* to = block + r * P::width;
      if (columns == P::width) {
        P::load(from).store(to);
      } else {
        std::fill(std::copy_n(from, columns, to), to + P::width, T(0));
      }
    }
    for (Index i = 0; i < y.rows; ++i) {
      if (lists[i].count == 0 && beta != T(0)) continue;
      T* target = y.row(i) + first;
      const bool is_whole = columns == P::width;
      if (beta != T(0) && !is_whole) std::copy_n(target, columns, edge);
      P sum = beta == T(0) ? P(T(0)) : P::load(is_whole ? target : edge);
      for (Index k = 0; k < lists[i].count; ++k) sum = sum + P::load(block + lists[i].indices[k] * P::width);
      sum.store(is_whole ? target : edge);
      if (!is_whole) std::copy_n(edge, columns, target);
    }
  }
}

/// The same lists the other way round: for each of `features` inputs, the rows in which it is active, in ascending
/// order.
inline const ActiveInputs* transpose_lists(const ActiveInputs* lists, Index count, Index features, Index total,
                                           Arena& scratch) {
  Index* begin = scratch.allocate<Index>(features + 1);
  std::fill_n(begin, features + 1, Index{0});
  for (Index r = 0; r < count; ++r) {
    for (Index k = 0; k < lists[r].count; ++k) ++begin[lists[r].indices[k] + 1];
  }
  auto* turned = scratch.allocate<ActiveInputs>(features);
  auto* rows = scratch.allocate<std::uint16_t>(total);
  for (Index i = 0; i < features; ++i) {
    turned[i] = {rows + begin[i], begin[i + 1]};
    begin[i + 1] += begin[i];
  }
  for (Index r = 0; r < count; ++r) {
    for (Index k = 0; k < lists[r].count; ++k) rows[begin[lists[r].indices[k]]++] = static_cast<std::uint16_t>(r);
  }
  return turned;
}

template <Scalar T>
void gather_rows(const ActiveInputs* active, View<const T> weights, T beta, View<T> y, Arena& scratch) {
  if (is_busy(count_active(active, y.rows), weights.rows)) return sum_rows_in_blocks(active, weights, beta, y, scratch);
  for (Index r = 0; r < y.rows; ++r) {
    T* __restrict row = y.row(r);
    if (beta == T(0)) std::fill_n(row, y.columns, T(0));
    for (Index k = 0; k < active[r].count; ++k) {
      const T* __restrict source = weights.row(active[r].indices[k]);
      for (Index j = 0; j < y.columns; ++j) row[j] += source[j];
    }
  }
}

template <Scalar T>
void gather_rows_backward(const ActiveInputs* active, View<const T> dy, View<T> d_weights, Arena& scratch) {
  constexpr Index max_rows = 65536;  // that a list of 16-bit numbers can name
  for (Index first = 0; first < dy.rows; first += max_rows) {
    const View<const T> rows = dy.middle_rows(first, std::min(max_rows, dy.rows - first));
    const ActiveInputs* lists = active + first;
    const Index total = count_active(lists, rows.rows);
    if (is_busy(total, rows.rows)) {
      sum_rows_in_blocks(transpose_lists(lists, rows.rows, d_weights.rows, total, scratch), rows, T(1), d_weights,
                         scratch);
      continue;
    }
    for (Index r = 0; r < rows.rows; ++r) {
      const T* __restrict row = rows.row(r);
      for (Index k = 0; k < lists[r].count; ++k) {
        T* __restrict target = d_weights.row(lists[r].indices[k]);
        for (Index j = 0; j < rows.columns; ++j) target[j] += row[j];
      }
    }
  }
}

}  // namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET
