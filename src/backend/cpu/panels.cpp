#include <algorithm>

#include "glifr/backend/cpu/pack.hpp"
#include "glifr/backend/kernels.hpp"

// The products of a scan. They differ from those of a library in what is known beforehand: the same weights serve all
// windows, so that they are laid out once for all, and operands are small enough to need no other copies.
namespace glifr::kernels {

namespace {

/// Columns of a panel, and rows of the result that are summed up at a time: their sums fill twelve vector registers,
/// and are enough to keep two multipliers busy.
template <Scalar T>
using PanelRow = cpu::Pack<T, 2>;
constexpr Index max_rows = 6;

/// Rows of a panel that are used at a time: 16 or 32 KiB of it, which a first-level cache holds; half as many where
/// rows of both operands lie far apart.
constexpr Index depth = 256, transposed_depth = 128;

/// A library that chooses its instruction set when it runs does better than a build for any machine can.
#if defined(GLIFR_USE_CBLAS) && GLIFR_VECTOR_BYTES == 16
constexpr bool uses_panels = false;
#else
constexpr bool uses_panels = true;
#endif

constexpr Index ceil_divide(Index a, Index b) {
  return (a + b - 1) / b;
}

/// One tile, [Rows, columns of a panel]: c (+)= a b, or a^T b where `Turned`.
template <Scalar T, int Rows, bool Turned>
GLIFR_INLINE void multiply_tile(const T* a, Index a_stride, const T* b, Index b_stride, Index inner, bool adds, T* c,
                                Index c_stride) {
  using P = PanelRow<T>;
  P sums[Rows];
  for (P& sum : sums) sum = P(T(0));
  for (Index k = 0; k < inner; ++k) {
    const P row = P::load(b + k * b_stride);
    P::template unroll<Rows>([&](auto r) __attribute__((always_inline)) {
      constexpr auto i = static_cast<Index>(r);
      sums[r] = sums[r] + row * P(Turned ? a[k * a_stride + i] : a[i * a_stride + k]);
    });
  }
  P::template unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    T* to = c + static_cast<Index>(r) * c_stride;
    (adds ? sums[r] + P::load(to) : sums[r]).store(to);
  });
}

/// All rows of c for one panel.
template <Scalar T, bool Turned>
void multiply_panel(const T* a, Index a_stride, const T* b, Index b_stride, Index inner, bool adds, View<T> c) {
  const Index tiles = ceil_divide(c.rows, max_rows);
  for (Index i = 0; i < tiles; ++i) {
    const Index first = c.rows * i / tiles, rows = c.rows * (i + 1) / tiles - first;  // tiles of much the same height
    const T* left = a + (Turned ? first : first * a_stride);
    const auto multiply = [&]<int Rows>(std::integral_constant<int, Rows>) {
      multiply_tile<T, Rows, Turned>(left, a_stride, b, b_stride, inner, adds, c.row(first), c.stride);
    };
    switch (rows) {
      case 1:
        multiply(std::integral_constant<int, 1>{});
        break;
      case 2:
        multiply(std::integral_constant<int, 2>{});
        break;
      case 3:
        multiply(std::integral_constant<int, 3>{});
        break;
      case 4:
        multiply(std::integral_constant<int, 4>{});
        break;
      case 5:
        multiply(std::integral_constant<int, 5>{});
        break;
      default:
        multiply(std::integral_constant<int, 6>{});
        break;
    }
  }
}

/// The same for columns of c from `skipped` on, where the panel has more columns than these.
template <Scalar T, bool Turned>
void multiply_part_of_panel(const T* a, Index a_stride, const T* b, Index b_stride, Index inner, bool adds,
                            Index skipped, View<T> c) {
  constexpr Index width = PanelRow<T>::width;
  alignas(64) T tile[max_rows * width];
  for (Index first = 0; first < c.rows; first += max_rows) {
    const View<T> rows = c.middle_rows(first, std::min(max_rows, c.rows - first));
    multiply_panel<T, Turned>(a + (Turned ? first : first * a_stride), a_stride, b, b_stride, inner, false,
                              {tile, rows.rows, width});
    for (Index r = 0; r < rows.rows; ++r) {
      for (Index j = 0; j < c.columns; ++j) {
        const T sum = tile[r * width + skipped + j];
        rows(r, j) = adds ? rows(r, j) + sum : sum;
      }
    }
  }
}

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

/// Columns of a panel from rows of the weights: `count` of them, `inner` long.
template <Scalar T>
void turn_into_panel(View<const T> rows, T* panel) {
  using P = cpu::Pack<T, 1>;
  constexpr Index width = PanelRow<T>::width;
  constexpr auto lanes = static_cast<std::size_t>(P::lanes);
  Index k = 0;
  for (; rows.rows == width && k + P::lanes <= rows.columns; k += P::lanes) {
    for (Index first = 0; first < width; first += P::lanes) {
      typename P::Vector square[lanes];
      for (std::size_t i = 0; i < lanes; ++i) square[i] = P::load(rows.row(first + static_cast<Index>(i)) + k).v[0];
      transpose_square(square, std::make_index_sequence<lanes>{});
      for (std::size_t i = 0; i < lanes; ++i) P(square[i]).store(panel + (k + static_cast<Index>(i)) * width + first);
    }
  }
  for (; k < rows.columns; ++k) {
    for (Index j = 0; j < width; ++j) panel[k * width + j] = j < rows.rows ? rows(j, k) : T(0);
  }
}

/// A panel from columns of the weights.
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

}  // namespace

template <Scalar T>
Weights<T> prepare(Transpose transpose, View<const T> values, Arena& memory) {
  constexpr Index width = PanelRow<T>::width;
  Weights<T> weights{values, transpose};
  const bool is_turned = transpose == Transpose::yes;
  const Index inner = is_turned ? values.columns : values.rows, columns = is_turned ? values.rows : values.columns;
  if (!uses_panels || inner <= 1 || columns <= 1) return weights;
  T* panels = memory.allocate<T>(ceil_divide(columns, width) * width * inner);
  weights.panels = panels;
  for (Index first = 0; first < columns; first += width, panels += width * inner) {
    const Index count = std::min(width, columns - first);
    if (is_turned) {
      turn_into_panel<T>(values.middle_rows(first, count), panels);
    } else {
      copy_into_panel<T>({values.data + first, inner, count, values.stride}, panels);
    }
  }
  return weights;
}

template <Scalar T>
void multiply(View<const T> a, const Weights<T>& weights, T beta, View<T> c) {
  if (!weights.panels) return gemm<T>(Transpose::no, weights.transpose, a, weights.values, beta, c);
  constexpr Index width = PanelRow<T>::width;
  const Index inner = a.columns;
  for (Index k = 0; k < inner; k += depth) {
    const Index deep = std::min(depth, inner - k);
    const bool adds = k > 0 || beta != T(0);
    for (Index first = 0; first < c.columns; first += width) {
      const T* panel = weights.panels + first * inner + k * width;
      const Index columns = std::min(width, c.columns - first);
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
void add_transposed_product(View<const T> a, View<const T> b, View<T> c) {
  constexpr Index width = PanelRow<T>::width;
  if (!uses_panels || a.columns == 1 || b.columns < width) return gemm<T>(Transpose::yes, Transpose::no, a, b, T(1), c);
  const Index blocks = ceil_divide(a.rows, transposed_depth);
  for (Index block = 0; block < blocks; ++block) {
    const Index k = a.rows * block / blocks, deep = a.rows * (block + 1) / blocks - k;  // of much the same size
    for (Index first = 0; first < c.columns; first += width) {
      const Index columns = std::min(width, c.columns - first);
      const View<T> part(c.data + first, c.rows, columns, c.stride);
      if (columns == width) {
        multiply_panel<T, true>(a.row(k), a.stride, b.row(k) + first, b.stride, deep, true, part);
      } else {
        // The last columns of b once more from where a whole panel ends with them.
        const Index skipped = width - columns;
        multiply_part_of_panel<T, true>(a.row(k), a.stride, b.row(k) + first - skipped, b.stride, deep, true, skipped,
                                        part);
      }
    }
  }
}

#define GLIFR_INSTANTIATE(T)                                               \
  template Weights<T> prepare<T>(Transpose, View<const T>, Arena&);        \
  template void multiply<T>(View<const T>, const Weights<T>&, T, View<T>); \
  template void add_transposed_product<T>(View<const T>, View<const T>, View<T>)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr::kernels
