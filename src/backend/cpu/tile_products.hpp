#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

#include "products.hpp"
#include "scratch.hpp"
#include "tiles.hpp"

/// Products of float matrices on tiles (tiles.hpp), which multiply numbers of type bfloat16, of 8 significant bits.
/// A float has 24: it is the sum of three such numbers, its *parts*, without loss. Of the nine products of two numbers'
/// parts the six that count in a float are added up, so that a product is as exact as in float. It differs from
/// arithmetic in float where numbers are extreme:
///
/// - Parts, their products and sums below the smallest normal number are zero: terms below about 1e-31, and numbers
///   below about 1e-33, have fewer digits.
/// - An infinity gives NaN, and so do numbers from 3.396e38 on, whose first part is infinite.
///
/// An operand lies in *strips*, of up to 16 rows on the left and 16 columns on the right. Along the sum, a strip is cut
/// into tiles of 32 numbers a row or column, with one tile for each part. What stands in a word of a tile, two numbers
/// of the sum, is the same on both sides: k and k + 16. The terms of an element are added up in an order that depends
/// on their number alone. (The tiles of products.hpp are blocks of a result.)
namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET {

/// Numbers along the sum in a tile, and words of the tiles of all parts.
inline constexpr Index tile_depth = 2 * tile_size, part_count = 3, tile_group = part_count * tile_words;

/// What of the operands is used at a time: numbers along the sum, and strips of the left one, which are laid out
/// together.
struct TileBlocking {
  Index depth, strips;
};
/// So deep that the result is read and written seldom; as many strips as second-level cache holds beside the right
/// operand's.
inline constexpr TileBlocking with_prepared{16 * tile_depth, 10}, with_others{16 * tile_depth, 8};

/// What tiles are worth. With prepared weights, products of fewer rows take as long as on panels, and weights with a
/// smaller side fill tiles with zeros. Where both operands are laid out, that costs more than it saves below the last.
inline constexpr Index least_rows = 6, least_side = 8, least_size = 16;

/// Numbers of the weights from which tiles pay: a processor that multiplies tiles lowers its clock, and networks with
/// smaller weights spend more of their time on other things.
#ifdef GLIFR_EMULATE_TILES
inline constexpr Index least_numbers = 0;  // so that tests may be small
#else
inline constexpr Index least_numbers = 32 * 1024;
#endif

/// Words of a strip.
constexpr Index strip_size(Index inner) {
  return ceil_divide(inner, tile_depth) * tile_group;
}

// --- laying out ---------------------------------------------------------------------------------------------------

using TileWords = std::uint32_t __attribute__((vector_size(64)));
using TileNumbers = VectorOf<float>::type;
using TileRow = Pack<float, 1>;

/// A tile for each part from `rows` rows of numbers: words of the numbers in a row, and of those `to_partner` behind
/// them.
GLIFR_INLINE void split_into_tiles(const float* from, Index stride, Index rows, Index to_partner, float* tiles) {
  constexpr std::uint32_t high_half = 0xffff0000, half_of_last_bit = 0x8000;
  for (Index i = 0; i < rows; ++i, from += stride, tiles += tile_size) {
    TileNumbers low = TileRow::load(from).v[0], high = TileRow::load(from + to_partner).v[0];
    for (Index part = 0; part < part_count; ++part) {
      TileWords low_bits = std::bit_cast<TileWords>(low), high_bits = std::bit_cast<TileWords>(high);
      // The last part has no more than 8 bits.
      if (part + 1 < part_count) low_bits += half_of_last_bit, high_bits += half_of_last_bit;
      high_bits &= high_half;
      TileRow(std::bit_cast<TileNumbers>(low_bits >> 16 | high_bits)).store(tiles + part * tile_words);
      low -= std::bit_cast<TileNumbers>(low_bits & high_half);
      high -= std::bit_cast<TileNumbers>(high_bits);
    }
  }
}

/// Rows of numbers become columns, [columns, rows] with `rows` between its rows; both are multiples of 16.
GLIFR_INLINE void turn_numbers(const float* from, Index stride, Index rows, Index columns, float* to) {
  for (Index r = 0; r < rows; r += tile_size) {
    for (Index c = 0; c < columns; c += tile_size) {
      TileNumbers square[tile_size];
      for (Index i = 0; i < tile_size; ++i) square[i] = TileRow::load(from + (r + i) * stride + c).v[0];
      transpose_square(square, std::make_index_sequence<tile_size>{});
      for (Index i = 0; i < tile_size; ++i) TileRow(square[i]).store(to + (c + i) * rows + r);
    }
  }
}

enum class Side { left, right };

/// Where the numbers of an operand's strips come from: `values` or their transpose.
template <Side side>
struct StripSource {
  View<const float> values;
  Transpose transpose;

  /// Whether the sum runs along the rows of `values`, not across them.
  [[nodiscard]] bool is_along() const { return (side == Side::left) == (transpose == Transpose::no); }

  /// The tiles of `count` rows or columns of the operand from `first` on, of `numbers` of the sum from k on; zeros
  /// behind these.
  void lay_out_tiles(Index first, Index count, Index k, Index numbers, float* tiles) const {
    constexpr Index partner_along = tile_size, partner_across = tile_size * tile_size;
    const bool along = is_along(), turns = along != (side == Side::left);
    alignas(64) float whole[tile_size * tile_depth], turned[tile_size * tile_depth];
    const float* from = along ? values.row(first) + k : values.row(k) + first;
    Index stride = values.stride;
    if (numbers < tile_depth || (count < tile_size && (!along || turns))) {
      const Index width = along ? tile_depth : tile_size;
      const Index rows = along ? count : numbers, columns = along ? numbers : count;
      for (Index r = 0; r < (along ? tile_size : tile_depth); ++r) {
        for (Index c = 0; c < width; c += tile_size)
          TileRow(load_up_to(from + r * stride + c, r < rows ? columns - c : 0)).store(whole + r * width + c);
      }
      from = whole;
      stride = width;
    }
    if (!turns) {
      // Rows of the left operand that are not there are not used.
      split_into_tiles(from, stride, along ? count : tile_size, along ? partner_along : tile_size * stride, tiles);
    } else if (along) {
      turn_numbers(from, stride, tile_size, tile_depth, turned);
      split_into_tiles(turned, tile_size, tile_size, partner_across, tiles);
    } else {
      turn_numbers(from, stride, tile_depth, tile_size, turned);
      split_into_tiles(turned, tile_depth, tile_size, partner_along, tiles);
    }
  }

  /// Strips of `height` rows or columns, from `first` to `end`, of the sum's numbers `k` to `k + deep`, `distance`
  /// apart: in the order in which the numbers lie in memory.
  void lay_out(Index first, Index end, Index height, Index k, Index deep, float* strips, Index distance) const {
    const Index count = ceil_divide(end - first, height), groups = ceil_divide(deep, tile_depth);
    const auto lay_out_one = [&](Index strip, Index group) {
      const Index top = first + strip * height, from = group * tile_depth;
      lay_out_tiles(top, part_at(top, height, end), k + from, part_at(from, tile_depth, deep),
                    strips + strip * distance + group * tile_group);
    };
    if (is_along()) {
      for (Index strip = 0; strip < count; ++strip) {
        for (Index group = 0; group < groups; ++group) lay_out_one(strip, group);
      }
    } else {
      for (Index group = 0; group < groups; ++group) {
        for (Index strip = 0; strip < count; ++strip) lay_out_one(strip, group);
      }
    }
  }
};

// --- multiplying --------------------------------------------------------------------------------------------------

/// A block of the result, [Rows, Columns] tiles: 2 x 2, 2 x 1, or 1 x up to 4. Sums are tiles 0 to 3, those of the left
/// operand 4 and 5, of the right one 6 and 7.
template <int Rows, int Columns>
struct TileBlock {
  static_assert(Rows * Columns <= 4 && Rows <= 2);

  template <int Count, class F>
  static GLIFR_INLINE void unroll(F&& f) {
    TileRow::unroll<Count>(f);
  }

  /// Sums += left right, of tiles of these parts.
  template <bool LoadsLeft, bool LoadsRight>
  static GLIFR_INLINE void add(const float* a, Index a_distance, const float* b, Index b_distance) {
    if constexpr (LoadsLeft) {
      unroll<Rows>([&](auto r) __attribute__((always_inline)) {
        load_tile<4 + r>(a + static_cast<Index>(r) * a_distance, tile_size);
      });
    }
    unroll<Columns>([&](auto c) __attribute__((always_inline)) {
      if constexpr (LoadsRight || Columns > 2) load_tile<6 + c % 2>(b + static_cast<Index>(c) * b_distance, tile_size);
      unroll<Rows>([&](auto r)
                       __attribute__((always_inline)) { add_tile_product<r * Columns + c, 4 + r, 6 + c % 2>(); });
    });
  }

  /// c (+)= a b, of `groups` tiles along the sum. `height`: rows of a strip; c ends where the result does.
  static void multiply(const float* a, Index a_distance, const float* b, Index b_distance, Index groups, bool adds,
                       Index height, View<float> c) {
    const auto is_whole = [&](Index r, Index column) {
      return (r + 1) * height <= c.rows && (column + 1) * tile_size <= c.columns;
    };
    const auto each_sum = [](auto&& f) __attribute__((always_inline)) {
      unroll<Rows * Columns>([&](auto i) __attribute__((always_inline)) {
        f(i, static_cast<Index>(i) / Columns, static_cast<Index>(i) % Columns);
      });
    };
    // What is not whole goes through a tile of its own: added up in the same order.
    alignas(64) float edge[tile_words];
    const auto part_of_edge = [&](Index r, Index column) {
      return View<float>(c.row(r * height) + column * tile_size, part_at(r * height, height, c.rows),
                         part_at(column * tile_size, tile_size, c.columns), c.stride);
    };
    each_sum([&](auto i, Index r, Index column) __attribute__((always_inline)) {
      if (!adds) return clear_tile<i>();
      if (is_whole(r, column)) return load_tile<i>(c.row(r * height) + column * tile_size, c.stride);
      const View<float> part = part_of_edge(r, column);
      std::fill_n(edge, tile_words, 0.0f);
      for (Index y = 0; y < part.rows; ++y) std::copy_n(part.row(y), part.columns, edge + y * tile_size);
      load_tile<i>(edge, tile_size);
    });
    constexpr Index first = 0, second = tile_words, third = 2 * tile_words;
    for (Index k = 0; k < groups; ++k, a += tile_group, b += tile_group) {
      add<true, true>(a + first, a_distance, b + third, b_distance);
      add<false, true>(a + first, a_distance, b + second, b_distance);
      add<true, false>(a + second, a_distance, b + second, b_distance);
      add<false, true>(a + second, a_distance, b + first, b_distance);
      add<true, false>(a + third, a_distance, b + first, b_distance);
      add<true, false>(a + first, a_distance, b + first, b_distance);
    }
    each_sum([&](auto i, Index r, Index column) __attribute__((always_inline)) {
      if (is_whole(r, column)) return store_tile<i>(c.row(r * height) + column * tile_size, c.stride);
      store_tile<i>(edge, tile_size);
      const View<float> part = part_of_edge(r, column);
      for (Index y = 0; y < part.rows; ++y) std::copy_n(edge + y * tile_size, part.columns, part.row(y));
    });
  }
};

/// Numbers of a result from which it is asked for ahead: rows of a large one lie in pages of their own, a smaller one
/// is at hand.
inline constexpr Index large_result = 128 * 1024;

/// c (+)= a b: `left` and `right` are the strips of the operands, a fixed distance apart. `asks`: for each block of c
/// before it is needed.
inline void multiply_strips(const float* left, Index left_distance, const float* right, Index right_distance,
                            Index groups, bool adds, bool asks, Index height, View<float> c) {
  const Index strips = ceil_divide(c.rows, height), pairs = strips / 2;
  const auto block = [&]<int Rows, int Columns>(Index strip, Index first) {
    const Index top = strip * height, rows = part_at(top, Rows * height, c.rows);
    const View<float> part(c.row(top) + first, rows, part_at(first, Columns * tile_size, c.columns), c.stride);
    TileBlock<Rows, Columns>::multiply(left + strip * left_distance, left_distance,
                                       right + first / tile_size * right_distance, right_distance, groups, adds, height,
                                       part);
  };
  // Inlined: GCC leaves out calls of functions that do nothing but this.
  const auto ask_for = [&](Index strip, Index first) __attribute__((always_inline)) {
    const Index top = strip * height, second = std::min(first + tile_size, c.columns - 1);
    for (Index r = top; r < std::min(top + 2 * height, c.rows); ++r) {
      __builtin_prefetch(c.row(r) + first, 1);
      __builtin_prefetch(c.row(r) + second, 1);
    }
  };
  for (Index first = 0; pairs > 0 && first < c.columns; first += 2 * tile_size) {
    const bool is_single = first + tile_size >= c.columns;
    const Index next = first + 2 * tile_size;
    for (Index pair = 0; pair < pairs; ++pair) {
      if (asks && pair + 1 < pairs) {
        ask_for(2 * (pair + 1), first);
      } else if (asks && next < c.columns) {
        ask_for(0, next);
      }
      if (is_single) {
        block.template operator()<2, 1>(2 * pair, first);
      } else {
        block.template operator()<2, 2>(2 * pair, first);
      }
    }
  }
  for (Index first = 0; strips % 2 != 0 && first < c.columns; first += 4 * tile_size) {
    switch (std::min<Index>(4, ceil_divide(c.columns - first, tile_size))) {
      case 1:
        block.template operator()<1, 1>(strips - 1, first);
        break;
      case 2:
        block.template operator()<1, 2>(strips - 1, first);
        break;
      case 3:
        block.template operator()<1, 3>(strips - 1, first);
        break;
      default:
        block.template operator()<1, 4>(strips - 1, first);
    }
  }
}

/// c (+)= a b, or a^T b. `right`: strips of all of b. `left`: scratch for those of a that are used at a time.
inline void multiply_blocks_on_tiles(View<const float> a, Transpose transpose, Index inner,
                                     const TileBlocking& blocking, bool adds, View<float> c, const float* right,
                                     float* left) {
  const Index height = ceil_divide(c.rows, ceil_divide(c.rows, tile_size));  // strips of much the same height
  const Index distance = strip_size(std::min(blocking.depth, inner)), rows_at_once = blocking.strips * height;
  const StripSource<Side::left> source{a, transpose};
  configure_tiles(height);
  for (Index top = 0; top < c.rows; top += rows_at_once) {
    const View<float> rows = c.middle_rows(top, part_at(top, rows_at_once, c.rows));
    for (Index k = 0; k < inner; k += blocking.depth) {
      const Index deep = part_at(k, blocking.depth, inner);
      source.lay_out(top, top + rows.rows, height, k, deep, left, distance);
      multiply_strips(left, distance, right + strip_size(k), strip_size(inner), ceil_divide(deep, tile_depth),
                      adds || k > 0, c.rows * c.columns >= large_result, height, rows);
    }
  }
  release_tiles();
}

inline float* strip_scratch(Index words) {
  return reinterpret_cast<float*>(product_scratch(static_cast<std::size_t>(words) * sizeof(float)));
}

// --- the kernels --------------------------------------------------------------------------------------------------

/// c (+)= a b, of operands that are laid out on the way.
inline void multiply_others_on_tiles(Transpose ta, Transpose tb, View<const float> a, View<const float> b, bool adds,
                                     View<float> c) {
  const Index inner = ta == Transpose::yes ? a.rows : a.columns;
  const Index strip = strip_size(std::min(with_others.depth, inner));
  float* const left = strip_scratch((with_others.strips + ceil_divide(c.columns, tile_size)) * strip);
  float* const right = left + with_others.strips * strip;
  for (Index k = 0; k < inner; k += with_others.depth) {
    const Index deep = part_at(k, with_others.depth, inner);
    StripSource<Side::right>{b, tb}.lay_out(0, c.columns, tile_size, k, deep, right, strip_size(deep));
    const View<const float> part =
        ta == Transpose::yes ? a.middle_rows(k, deep) : View<const float>(a.data + k, a.rows, deep, a.stride);
    multiply_blocks_on_tiles(part, ta, deep, with_others, adds || k > 0, c, right, left);
  }
}

inline void gemm_on_tiles(Transpose ta, Transpose tb, View<const float> a, View<const float> b, float beta,
                          View<float> c) {
  const Index inner = ta == Transpose::yes ? a.rows : a.columns;
  if (std::min({inner, c.rows, c.columns}) < least_size || inner * c.columns < least_numbers)
    return gemm<float>(ta, tb, a, b, beta, c);
  multiply_others_on_tiles(ta, tb, a, b, beta != 0, c);
}

inline void multiply_transposed_on_tiles(View<const float> a, View<const float> b, float beta, View<float> c) {
  if (std::min({a.rows, c.rows, c.columns}) < least_size || c.rows * c.columns < least_numbers)
    return multiply_transposed<float>(a, b, beta, c);
  multiply_others_on_tiles(Transpose::yes, Transpose::no, a, b, beta != 0, c);
}

/// Whether the weights are laid out in strips for tiles, not in panels.
inline bool are_strips(const Weights<float>& weights) {
  const View<const float>& values = weights.values;
  return !weights.for_few_rows && std::min(values.rows, values.columns) >= least_side &&
         values.rows * values.columns >= least_numbers;
}

inline void prepare_again_for_tiles(const Weights<float>& weights, Index part, Index parts, float* memory) {
  if (!are_strips(weights)) return prepare_again<float>(weights, part, parts, memory);
  const Index strips = ceil_divide(weights.columns(), tile_size), distance = strip_size(weights.inner());
  const Index first = strips * part / parts, end = strips * (part + 1) / parts;
  StripSource<Side::right>{weights.values, weights.transpose}.lay_out(
      first * tile_size, std::min(end * tile_size, weights.columns()), tile_size, 0, weights.inner(),
      memory + first * distance, distance);
}

inline Weights<float> prepare_for_tiles(Transpose transpose, View<const float> values, Index rows, Arena& memory) {
  Weights<float> weights{values, transpose, rows < least_rows};
  if (!are_strips(weights)) {
    weights.panels = prepare<float>(transpose, values, rows, memory).panels;
    return weights;
  }
  float* const strips = memory.allocate<float>(ceil_divide(weights.columns(), tile_size) * strip_size(weights.inner()));
  prepare_again_for_tiles(weights, 0, 1, strips);
  weights.panels = strips;
  return weights;
}

inline void multiply_on_tiles(View<const float> a, const Weights<float>& weights, float beta, View<float> c) {
  if (!weights.panels || !are_strips(weights)) return multiply<float>(a, weights, beta, c);
  if (c.rows == 0) return;
  multiply_blocks_on_tiles(a, Transpose::no, a.columns, with_prepared, beta != 0, c,
                           weights.panels + weights.first / tile_size * strip_size(weights.inner()),
                           strip_scratch(with_prepared.strips * strip_size(with_prepared.depth)));
}

}  // namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET
