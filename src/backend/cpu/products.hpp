#pragma once

#include <algorithm>
#include <type_traits>
#include <utility>

#include "glifr/backend/detail/cpu/pack.hpp"
#include "glifr/backend/detail/kernels.hpp"
#include "scratch.hpp"

/// Matrix products. One of the operands lies in panels, a few columns wide: weights that serve many products are laid
/// out once for all (`prepare`), others panel by panel on the way. A tile of the result is summed up in registers. See
/// `kernels::HostKernels`.
namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET {

using kernels::Transpose;
using kernels::Weights;

/// Columns of a panel, and rows of the result that are summed up at a time: their sums fill twelve vector registers,
/// and are enough to keep two multipliers busy.
template <Scalar T>
using PanelRow = Pack<T, 2>;
inline constexpr Index max_rows = 6;

/// Numbers of a cache line.
template <Scalar T>
inline constexpr Index line = 64 / static_cast<Index>(sizeof(T));

/// Rows of a panel that are used at a time: 16 or 32 KiB of it, which a first-level cache holds; half as many where
/// rows of both operands lie far apart.
inline constexpr Index depth = 256, transposed_depth = 128;

/// Rows of the other operand that are copied together, `depth` long: half of a second-level cache.
inline constexpr Index block_rows = 24 * max_rows;

/// Columns from which copying the other operand pays: each of its numbers is then read for so many panels, and its rows
/// lie so far apart, that the copy costs less than the ways to them.
inline constexpr Index columns_worth_a_copy = 320;

constexpr Index ceil_divide(Index a, Index b) {
  return (a + b - 1) / b;
}

/// How many of `step` are left at `first` of `total`.
constexpr Index part_at(Index first, Index step, Index total) {
  return std::min(step, total - first);
}

// --- tiles --------------------------------------------------------------------------------------------------------

/// Numbers that will be needed soon, of which a tile asks for a cache line every so many steps of its sum: all at once
/// they would wait for each other.
template <Scalar T>
struct Ahead {
  const T* next = nullptr;
  Index steps = 0;
};

/// One tile, [Rows, columns of a panel]: c (+)= a b, or a^T b where `Turned`.
template <Scalar T, int Rows, bool Turned>
GLIFR_INLINE void multiply_tile(const T* a, Index a_stride, const T* b, Index b_stride, Index inner, bool adds, T* c,
                                Index c_stride, Ahead<T> ahead = {}) {
  using P = PanelRow<T>;
  // The rows of a large result lie in pages of their own, and are asked for before they are needed.
  for (Index i = 0; i < Rows; ++i) __builtin_prefetch(c + i * c_stride);
  P sums[Rows];
  for (P& sum : sums) sum = P(T(0));
  const Index stretch = ahead.next ? ahead.steps : inner;
  for (Index k = 0; k < inner;) {
    if (ahead.next) {
      __builtin_prefetch(ahead.next);
      ahead.next += line<T>;
    }
    for (const Index end = std::min(k + stretch, inner); k < end; ++k) {
      const P row = P::load(b + k * b_stride);
      P::template unroll<Rows>([&](auto r) __attribute__((always_inline)) {
        constexpr auto i = static_cast<Index>(r);
        sums[r] = sums[r] + row * P(Turned ? a[k * a_stride + i] : a[i * a_stride + k]);
      });
    }
  }
  P::template unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    T* to = c + static_cast<Index>(r) * c_stride;
    (adds ? sums[r] + P::load(to) : sums[r]).store(to);
  });
}

/// Calls f with 1 … max_rows as a constant.
template <class F>
GLIFR_INLINE void with_rows(Index rows, F&& f) {
  switch (rows) {
    case 1:
      return f(std::integral_constant<int, 1>{});
    case 2:
      return f(std::integral_constant<int, 2>{});
    case 3:
      return f(std::integral_constant<int, 3>{});
    case 4:
      return f(std::integral_constant<int, 4>{});
    case 5:
      return f(std::integral_constant<int, 5>{});
    default:
      return f(std::integral_constant<int, 6>{});
  }
}

/// All rows of c for one panel.
template <Scalar T, bool Turned>
void multiply_panel(const T* a, Index a_stride, const T* b, Index b_stride, Index inner, bool adds, View<T> c) {
  const Index tiles = ceil_divide(c.rows, max_rows);
  for (Index i = 0; i < tiles; ++i) {
    const Index first = c.rows * i / tiles, rows = c.rows * (i + 1) / tiles - first;  // tiles of much the same height
    const T* left = a + (Turned ? first : first * a_stride);
    with_rows(rows, [&](auto count) {
      multiply_tile<T, decltype(count)::value, Turned>(left, a_stride, b, b_stride, inner, adds, c.row(first),
                                                       c.stride);
    });
  }
}

/// Rows of which one panel leaves multipliers idle: so few sums wait for each other. Two panels do not, where there are
/// registers for them.
inline constexpr Index rows_for_two_panels = GLIFR_VECTOR_BYTES == 64 ? 3 : 0;

/// c (+)= a b for two panels `distance` apart, the second of which may have more columns than c.
template <Scalar T, int Rows>
GLIFR_INLINE void multiply_two_panels(const T* a, Index a_stride, const T* b, Index distance, Index inner, bool adds,
                                      View<T> c) {
  using P = PanelRow<T>;
  P first[Rows], second[Rows];
  for (int i = 0; i < Rows; ++i) first[i] = second[i] = P(T(0));
  for (Index k = 0; k < inner; ++k) {
    const P left = P::load(b + k * P::width), right = P::load(b + distance + k * P::width);
    P::template unroll<Rows>([&](auto r) __attribute__((always_inline)) {
      const P factor(a[static_cast<Index>(r) * a_stride + k]);
      first[r] = first[r] + left * factor;
      second[r] = second[r] + right * factor;
    });
  }
  const Index columns = c.columns - P::width;
  P::template unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    T* const to = c.row(static_cast<Index>(r));
    (adds ? first[r] + P::load(to) : first[r]).store(to);
    if (columns == P::width) {
      (adds ? second[r] + P::load(to + P::width) : second[r]).store(to + P::width);
    } else {
      alignas(64) T row[P::width];
      second[r].store(row);
      for (Index j = 0; j < columns; ++j) to[P::width + j] = adds ? to[P::width + j] + row[j] : row[j];
    }
  });
}

/// Columns of c from a buffer that holds `skipped` others before them.
template <Scalar T>
void take_columns(const T* tile, Index skipped, bool adds, View<T> c) {
  for (Index r = 0; r < c.rows; ++r) {
    for (Index j = 0; j < c.columns; ++j) {
      const T sum = tile[r * PanelRow<T>::width + skipped + j];
      c(r, j) = adds ? c(r, j) + sum : sum;
    }
  }
}

/// As `multiply_panel`, for columns of c from `skipped` on, where the panel has more columns than these.
template <Scalar T, bool Turned>
void multiply_part_of_panel(const T* a, Index a_stride, const T* b, Index b_stride, Index inner, bool adds,
                            Index skipped, View<T> c) {
  constexpr Index width = PanelRow<T>::width;
  alignas(64) T tile[max_rows * width];
  for (Index first = 0; first < c.rows; first += max_rows) {
    const View<T> rows = c.middle_rows(first, part_at(first, max_rows, c.rows));
    multiply_panel<T, Turned>(a + (Turned ? first : first * a_stride), a_stride, b, b_stride, inner, false,
                              {tile, rows.rows, width});
    take_columns<T>(tile, skipped, adds, rows);
  }
}

// --- panels -------------------------------------------------------------------------------------------------------

/// A square of registers turned around: lane j of register i changes places with lane i of register j. Interleaving the
/// first half of the registers with the second moves a bit of the register's number into the lane's, and vice versa.
template <class Vector, std::size_t... Lane>
GLIFR_INLINE void transpose_square(Vector (&square)[sizeof...(Lane)], std::index_sequence<Lane...>) {
  constexpr std::size_t lanes = sizeof...(Lane), half = lanes / 2;
  for (std::size_t stage = 1; stage < lanes; stage *= 2) {
    Vector next[lanes];
    for (std::size_t i = 0; i < half; ++i) {
      const Vector a = square[i], b = square[i + half];
      next[2 * i] = __builtin_shufflevector(a, b, (Lane / 2 + Lane % 2 * lanes)...);
      next[2 * i + 1] = __builtin_shufflevector(a, b, (half + Lane / 2 + Lane % 2 * lanes)...);
    }
    for (std::size_t i = 0; i < lanes; ++i) square[i] = next[i];
  }
}

/// A panel from rows: `rows.rows` columns of it, `rows.columns` long; zeros beside them. `width`: numbers in a row of
/// the panel, a multiple of those in a register.
template <Scalar T>
GLIFR_INLINE void turn_into_panel(View<const T> rows, Index width, T* panel) {
  using P = Pack<T, 1>;
  constexpr auto lanes = static_cast<std::size_t>(P::lanes);
  const Index whole_rows = rows.rows / P::lanes * P::lanes, whole_columns = rows.columns / P::lanes * P::lanes;
  for (Index k = 0; k < whole_columns; k += P::lanes) {
    for (Index first = 0; first < whole_rows; first += P::lanes) {
      typename P::Vector square[lanes];
      for (std::size_t i = 0; i < lanes; ++i) square[i] = P::load(rows.row(first + static_cast<Index>(i)) + k).v[0];
      transpose_square(square, std::make_index_sequence<lanes>{});
      for (std::size_t i = 0; i < lanes; ++i) P(square[i]).store(panel + (k + static_cast<Index>(i)) * width + first);
    }
  }
  for (Index k = 0; k < rows.columns; ++k) {
    for (Index j = k < whole_columns ? whole_rows : 0; j < width; ++j)
      panel[k * width + j] = j < rows.rows ? rows(j, k) : T(0);
  }
}

/// A panel from columns of the weights; zeros beside them.
template <Scalar T>
void copy_into_panel(View<const T> columns, T* panel) {
  constexpr Index width = PanelRow<T>::width;
  for (Index k = 0; k < columns.rows; ++k, panel += width) {
    if (columns.columns == width) {
      PanelRow<T>::load(columns.row(k)).store(panel);
    } else {
      std::fill(std::copy_n(columns.row(k), columns.columns, panel), panel + width, T(0));
    }
  }
}

/// Columns `first` to `first + count` of a matrix or of its transpose, rows `k` to `k + deep`, as a panel.
template <Scalar T>
void lay_out(View<const T> values, Transpose transpose, Index first, Index count, Index k, Index deep, T* panel) {
  if (transpose == Transpose::yes) {
    turn_into_panel<T>({values.row(first) + k, count, deep, values.stride}, PanelRow<T>::width, panel);
  } else {
    copy_into_panel<T>({values.row(k) + first, deep, count, values.stride}, panel);
  }
}

// --- large products -----------------------------------------------------------------------------------------------

/// A block of a, [rows, inner], or of a^T: tile by tile, and in a tile the rows side by side at each step of the sum.
template <Scalar T, bool Turned>
void copy_block(const T* a, Index a_stride, Index rows, Index inner, T* block) {
  for (Index first = 0; first < rows; first += max_rows, block += max_rows * inner) {
    const Index count = part_at(first, max_rows, rows);
    if constexpr (Turned) {
      for (Index k = 0; k < inner; ++k) std::copy_n(a + k * a_stride + first, count, block + k * max_rows);
    } else {
      for (Index i = 0; i < count; ++i) {
        const T* row = a + (first + i) * a_stride;
        for (Index k = 0; k < inner; ++k) block[k * max_rows + i] = row[k];
      }
    }
  }
}

/// c (+)= a b, or a^T b where `Turned`: a is copied block by block, so that its tiles are read in one stretch.
/// panels(k, deep, scratch) gives rows k to k + deep of all panels, which it may lay out in `scratch`, and the distance
/// between them.
template <Scalar T, bool Turned, class Panels>
void multiply_blocks(const T* a, Index a_stride, Index inner, bool adds, View<T> c, Index scratch_size,
                     Panels&& panels) {
  constexpr Index width = PanelRow<T>::width;
  T* const block =
      reinterpret_cast<T*>(product_scratch(static_cast<std::size_t>(block_rows * depth + scratch_size) * sizeof(T)));
  alignas(64) T edge[max_rows * width];
  for (Index k = 0; k < inner; k += depth) {
    const Index deep = part_at(k, depth, inner);
    const bool adds_now = adds || k > 0;
    const auto [panel, distance] = panels(k, deep, block + block_rows * depth);
    for (Index top = 0; top < c.rows; top += block_rows) {
      const View<T> rows = c.middle_rows(top, part_at(top, block_rows, c.rows));
      copy_block<T, Turned>(a + (Turned ? k * a_stride + top : top * a_stride + k), a_stride, rows.rows, deep, block);
      const Index lines_a_tile = ceil_divide(deep * width, ceil_divide(rows.rows, max_rows) * line<T>);
      const Index steps_a_line = std::max<Index>(1, deep / lines_a_tile);
      for (Index first = 0; first < c.columns; first += width) {
        const T* b = panel + first / width * distance;
        const T* next = b + (first + width < c.columns ? distance : 0);
        const Index columns = part_at(first, width, c.columns);
        for (Index r = 0; r < rows.rows; r += max_rows, next += lines_a_tile * line<T>) {
          const View<T> tile(rows.row(r) + first, part_at(r, max_rows, rows.rows), columns, c.stride);
          with_rows(tile.rows, [&](auto count) {
            constexpr int height = decltype(count)::value;
            if (columns == width) {
              multiply_tile<T, height, true>(block + r * deep, max_rows, b, width, deep, adds_now, tile.data,
                                             tile.stride, {next, steps_a_line});
            } else {
              multiply_tile<T, height, true>(block + r * deep, max_rows, b, width, deep, false, edge, width);
              take_columns<T>(edge, 0, adds_now, tile);
            }
          });
        }
      }
    }
  }
}

// --- products with a size of 1, which come with networks of one input or output -------------------------------------

/// c = a b + beta c for a single column a.
template <Scalar T>
void outer_product(const T* a, Index a_step, const T* b, T beta, View<T> c) {
  for (Index r = 0; r < c.rows; ++r) {
    const T factor = a[r * a_step];
    T* row = c.row(r);
    if (beta == T(0)) {
      for (Index j = 0; j < c.columns; ++j) row[j] = factor * b[j];
    } else {
      for (Index j = 0; j < c.columns; ++j) row[j] += factor * b[j];
    }
  }
}

/// c = a b + beta c for a single row c, whose columns are summed up in `Registers` registers, or fewer where it is
/// short.
template <Scalar T, int Registers = 8>
void weighted_row_sum(const T* a, Index a_step, View<const T> b, T beta, T* c) {
  using P = Pack<T, Registers>;
  const auto add = [&](Index column, T sum) { c[column] = beta == T(0) ? sum : c[column] + sum; };
  if (b.columns < P::width) {
    if constexpr (Registers > 1) {
      weighted_row_sum<T, Registers / 2>(a, a_step, b, beta, c);
    } else {
      for (Index j = 0; j < b.columns; ++j) {
        T sum = 0;
        for (Index r = 0; r < b.rows; ++r) sum += a[r * a_step] * b(r, j);
        add(j, sum);
      }
    }
    return;
  }
  for (Index first = 0; first < b.columns; first += P::width) {
    const Index from = std::min(first, b.columns - P::width);  // the last columns once more, to have a whole pack
    P sums(T(0));
    for (Index r = 0; r < b.rows; ++r) sums = sums + P(a[r * a_step]) * P::load(b.row(r) + from);
    alignas(64) T columns[P::width];
    sums.store(columns);
    for (Index j = first; j < from + P::width; ++j) add(j, columns[j - from]);
  }
}

/// c = a b + beta c for a single column b, which lies dense.
template <Scalar T>
void row_dots(View<const T> a, const T* b, T beta, View<T> c) {
  using P = Pack<T, 4>;
  using Register = Pack<T, 1>;
  constexpr Index lanes = Register::width;
  const Index whole = a.columns / lanes * lanes, from = a.columns - lanes;
  // What is left behind whole registers, in one that begins at `from`: zeros for what is counted already.
  alignas(64) T rest[lanes] = {};
  if (from >= 0) std::copy(b + whole, b + a.columns, rest + whole - from);
  for (Index r = 0; r < a.rows; ++r) {
    const T* row = a.row(r);
    T sum = 0;
    if (from >= 0) {
      P packs(T(0));
      Index j = 0;
      for (; j + P::width <= whole; j += P::width) packs = packs + P::load(row + j) * P::load(b + j);
      Register last = Register::load(row + from) * Register::load(rest);
      for (; j < whole; j += lanes) last = last + Register::load(row + j) * Register::load(b + j);
      packs.v[0] += last.v[0];
      sum = packs.sum();
    } else {
      for (Index j = 0; j < a.columns; ++j) sum += row[j] * b[j];
    }
    c(r, 0) = beta == T(0) ? sum : c(r, 0) + sum;
  }
}

// --- the kernels --------------------------------------------------------------------------------------------------

template <Scalar T>
void gemm(Transpose ta, Transpose tb, View<const T> a, View<const T> b, T beta, View<T> c) {
  const bool is_turned = ta == Transpose::yes;
  const Index inner = is_turned ? a.rows : a.columns;
  if (c.rows == 0 || c.columns == 0) return;
  if (inner == 0) {
    for (Index r = 0; beta == T(0) && r < c.rows; ++r) std::fill_n(c.row(r), c.columns, T(0));
    return;
  }
  const Index a_step = is_turned ? a.stride : Index{1};  // along the sum
  if (inner == 1 && (tb == Transpose::no || b.stride == 1))
    return outer_product(a.data, is_turned ? Index{1} : a.stride, b.data, beta, c);
  if (c.rows == 1 && tb == Transpose::no) return weighted_row_sum(a.data, a_step, b, beta, c.data);
  if (c.columns == 1 && c.stride == 1 && is_turned && tb == Transpose::no)
    return weighted_row_sum(b.data, b.stride, a, beta, c.data);
  if (c.columns == 1 && b.stride == 1 && !is_turned && tb == Transpose::no) return row_dots(a, b.data, beta, c);
  constexpr Index width = PanelRow<T>::width;
  const Index deepest = std::min(depth, inner);
  const auto panels = [&](Index k, Index deep, T* scratch) {
    for (Index first = 0; first < c.columns; first += width)
      lay_out<T>(b, tb, first, part_at(first, width, c.columns), k, deep, scratch + first * deepest);
    return std::pair<const T*, Index>(scratch, width * deepest);
  };
  const Index scratch_size = ceil_divide(c.columns, width) * width * deepest;
  if (is_turned) {
    multiply_blocks<T, true>(a.data, a.stride, inner, beta != T(0), c, scratch_size, panels);
  } else {
    multiply_blocks<T, false>(a.data, a.stride, inner, beta != T(0), c, scratch_size, panels);
  }
}

template <Scalar T>
void prepare_again(const Weights<T>& weights, Index part, Index parts, T* panels) {
  constexpr Index width = PanelRow<T>::width;
  const Index inner = weights.inner(), columns = weights.columns();
  const Index count = ceil_divide(columns, width);
  for (Index panel = count * part / parts; panel < count * (part + 1) / parts; ++panel) {
    const Index first = panel * width;
    lay_out<T>(weights.values, weights.transpose, first, part_at(first, width, columns), 0, inner,
               panels + first * inner);
  }
}

template <Scalar T>
Weights<T> prepare(Transpose transpose, View<const T> values, Index /*rows*/, Arena& memory) {
  constexpr Index width = PanelRow<T>::width;
  Weights<T> weights{values, transpose};
  const Index inner = weights.inner(), columns = weights.columns();
  if (inner <= 1 || columns <= 1) return weights;
  T* panels = memory.allocate<T>(ceil_divide(columns, width) * width * inner);
  weights.panels = panels;
  prepare_again<T>(weights, 0, 1, panels);
  return weights;
}

template <Scalar T>
void multiply(View<const T> a, const Weights<T>& weights, T beta, View<T> c) {
  if (!weights.panels) return gemm<T>(Transpose::no, weights.transpose, a, weights.values, beta, c);
  constexpr Index width = PanelRow<T>::width;
  const Index inner = a.columns;
  const T* const panels = weights.panels + weights.first * inner;
  if (c.columns >= columns_worth_a_copy && c.rows >= max_rows) {
    return multiply_blocks<T, false>(a.data, a.stride, inner, beta != T(0), c, 0, [&](Index k, Index, T*) {
      return std::pair<const T*, Index>(panels + k * width, width * inner);
    });
  }
  for (Index k = 0; k < inner; k += depth) {
    const Index deep = part_at(k, depth, inner);
    const bool adds = k > 0 || beta != T(0);
    Index first = 0;
    for (; c.rows <= rows_for_two_panels && first + width < c.columns; first += 2 * width) {
      const T* panel = panels + first * inner + k * width;
      const View<T> part(c.data + first, c.rows, part_at(first, 2 * width, c.columns), c.stride);
      with_rows(c.rows, [&](auto count) {
        if constexpr (decltype(count)::value <= rows_for_two_panels)
          multiply_two_panels<T, decltype(count)::value>(a.data + k, a.stride, panel, width * inner, deep, adds, part);
      });
    }
    for (; first < c.columns; first += width) {
      const T* panel = panels + first * inner + k * width;
      const Index columns = part_at(first, width, c.columns);
      const View<T> part(c.data + first, c.rows, columns, c.stride);
      if (columns == width) {
        multiply_panel<T, false>(a.data + k, a.stride, panel, width, deep, adds, part);
      } else {
        multiply_part_of_panel<T, false>(a.data + k, a.stride, panel, width, deep, adds, 0, part);
      }
    }
  }
}

template <Scalar T>
void multiply_transposed(View<const T> a, View<const T> b, T beta, View<T> c) {
  constexpr Index width = PanelRow<T>::width;
  if (a.columns == 1 || b.columns < width || (c.columns >= columns_worth_a_copy && c.rows >= columns_worth_a_copy))
    return gemm<T>(Transpose::yes, Transpose::no, a, b, beta, c);
  const Index blocks = std::max<Index>(1, (a.rows + transposed_depth / 2) / transposed_depth);
  for (Index block = 0; block < blocks; ++block) {
    const Index k = a.rows * block / blocks, deep = a.rows * (block + 1) / blocks - k;  // of much the same size
    const bool adds = k > 0 || beta != T(0);
    for (Index first = 0; first < c.columns; first += width) {
      const Index columns = part_at(first, width, c.columns);
      const View<T> part(c.data + first, c.rows, columns, c.stride);
      if (columns == width) {
        multiply_panel<T, true>(a.row(k), a.stride, b.row(k) + first, b.stride, deep, adds, part);
      } else {
        // The last columns of b once more from where a whole panel ends with them.
        const Index skipped = width - columns;
        multiply_part_of_panel<T, true>(a.row(k), a.stride, b.row(k) + first - skipped, b.stride, deep, adds, skipped,
                                        part);
      }
    }
  }
}

}  // namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET
