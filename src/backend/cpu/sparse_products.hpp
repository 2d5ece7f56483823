#pragma once

#include <algorithm>
#include <utility>

#include "products.hpp"

/// Products with a matrix of few entries. Rows of the other operand are turned around, so that a register holds the
/// same number of several rows, and an entry is one multiplication of registers. Sums run in the order of the entries.
/// See `kernels::HostKernels`.
namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET {

using kernels::SparseColumns;

/// c (+)= a w for at most as many rows as `Registers` hold: those of `panel`, [rows of w, rows].
template <Scalar T, int Registers>
void multiply_turned(const T* panel, const SparseColumns<T>& w, bool adds, View<T> c) {
  using P = Pack<T, Registers>;
  using Register = Pack<T, 1>;
  constexpr Index lanes = Register::lanes;
  alignas(64) T sums[lanes * P::width];  // of some columns
  for (Index first = 0; first < c.columns; first += lanes) {
    const Index columns = part_at(first, lanes, c.columns);
    for (Index j = 0; j < columns; ++j) {
      // Two sums at a time: an addition waits for the one before it.
      P even(T(0)), odd(T(0));
      Index k = w.begin[first + j];
      const Index end = w.begin[first + j + 1];
      for (; k + 1 < end; k += 2) {
        even = even + P::load(panel + w.row[k] * P::width) * P(w.values[k]);
        odd = odd + P::load(panel + w.row[k + 1] * P::width) * P(w.values[k + 1]);
      }
      if (k < end) even = even + P::load(panel + w.row[k] * P::width) * P(w.values[k]);
      (even + odd).store(sums + j * P::width);
    }
    for (Index top = 0; top < c.rows; top += lanes) {
      const Index rows = part_at(top, lanes, c.rows);
      if (columns == lanes && rows == lanes) {
        constexpr auto count = static_cast<std::size_t>(lanes);
        typename Register::Vector square[count];
        for (std::size_t i = 0; i < count; ++i)
          square[i] = Register::load(sums + static_cast<Index>(i) * P::width + top).v[0];
        transpose_square(square, std::make_index_sequence<count>{});
        for (std::size_t i = 0; i < count; ++i) {
          T* to = c.row(top + static_cast<Index>(i)) + first;
          const Register sum(square[i]);
          (adds ? sum + Register::load(to) : sum).store(to);
        }
        continue;
      }
      for (Index i = 0; i < rows; ++i) {
        T* to = c.row(top + i) + first;
        for (Index j = 0; j < columns; ++j) {
          const T sum = sums[j * P::width + top + i];
          to[j] = adds ? to[j] + sum : sum;
        }
      }
    }
  }
}

/// c = a w + beta c.
template <Scalar T>
void multiply_sparse(View<const T> a, const SparseColumns<T>& w, T beta, View<T> c) {
  constexpr Index wide = Pack<T, 4>::width, narrow = Pack<T, 1>::width;
  T* const panel = reinterpret_cast<T*>(product_scratch(static_cast<std::size_t>(a.columns * wide) * sizeof(T)));
  for (Index first = 0; first < a.rows; first += wide) {
    const View<const T> rows = a.middle_rows(first, part_at(first, wide, a.rows));
    const View<T> result = c.middle_rows(first, rows.rows);
    if (rows.rows > narrow) {
      turn_into_panel<T>(rows, wide, panel);
      multiply_turned<T, 4>(panel, w, beta != T(0), result);
    } else {
      turn_into_panel<T>(rows, narrow, panel);
      multiply_turned<T, 1>(panel, w, beta != T(0), result);
    }
  }
}

template <Scalar T>
void add_sparse_products(View<const T> a, View<const T> b, const Index* begin, const std::int32_t* column, T* sums) {
  using Register = Pack<T, 1>;
  constexpr Index lanes = Register::lanes;
  constexpr auto count = static_cast<std::size_t>(lanes);
  // As many rows as a second-level cache holds of b, turned around.
  constexpr Index bytes = 256 * 1024, most = 32 * lanes;
  const Index fitting = bytes / (std::max<Index>(1, b.columns) * static_cast<Index>(sizeof(T))) / lanes * lanes;
  const Index deep = std::clamp(fitting, lanes, most);
  T* const turned_a =
      reinterpret_cast<T*>(product_scratch(static_cast<std::size_t>((a.columns + b.columns) * deep) * sizeof(T)));
  T* const turned_b = turned_a + a.columns * deep;
  for (Index first = 0; first < a.rows; first += deep) {
    const Index rows = part_at(first, deep, a.rows), width = ceil_divide(rows, lanes) * lanes;
    turn_into_panel<T>(a.middle_rows(first, rows), width, turned_a);
    turn_into_panel<T>(b.middle_rows(first, rows), width, turned_b);
    for (Index r = 0; r < a.columns; ++r) {
      const T* left = turned_a + r * width;
      // As many entries at a time as a register holds: their sums over the rows are its lanes.
      for (Index k = begin[r]; k < begin[r + 1]; k += lanes) {
        const Index entries = part_at(k, lanes, begin[r + 1]);
        const T* right[count];
        for (Index j = 0; j < lanes; ++j)
          right[static_cast<std::size_t>(j)] = turned_b + column[k + std::min(j, entries - 1)] * width;
        typename Register::Vector square[count];
        for (auto& sum : square) sum = Register(T(0)).v[0];
        for (Index i = 0; i < width; i += lanes) {
          const Register x = Register::load(left + i);
          Register::template unroll<static_cast<int>(lanes)>([&](auto j) __attribute__((always_inline)) {
            square[j] = (Register(square[j]) + x * Register::load(right[j] + i)).v[0];
          });
        }
        transpose_square(square, std::make_index_sequence<count>{});
        for (std::size_t half = count / 2; half > 0; half /= 2) {
          for (std::size_t i = 0; i < half; ++i) square[i] += square[i + half];
        }
        if (entries == lanes) {
          (Register::load(sums + k) + Register(square[0])).store(sums + k);
        } else {
          for (Index j = 0; j < entries; ++j) sums[k + j] += square[0][j];
        }
      }
    }
  }
}

}  // namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET
