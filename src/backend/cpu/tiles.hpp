#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "glifr/backend/detail/cpu/pack.hpp"
#ifndef GLIFR_EMULATE_X86_64_V4
#include <immintrin.h>
#endif

/// The tile registers of Intel's AMX (Advanced Matrix Extensions): eight squares of 16 words of 32 bits, and one
/// instruction that multiplies them. Where GLIFR_EMULATE_X86_64_V4 is defined, they are arrays, for tests on any
/// machine.
namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET {

/// Rows of a tile, and words in each.
inline constexpr Index tile_size = 16;
/// Words of a tile.
inline constexpr Index tile_words = tile_size * tile_size;

/// The first `count` numbers, 16 at most, and zeros behind them. Others are not read.
GLIFR_INLINE VectorOf<float>::type load_up_to(const float* from, Index count) {
#ifdef GLIFR_EMULATE_X86_64_V4
  VectorOf<float>::type numbers{};
  for (Index i = 0; i < std::min(count, tile_size); ++i) numbers[i] = from[i];
  return numbers;
#else
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << std::clamp<Index>(count, 0, tile_size)) - 1), from);
#endif
}

#ifdef GLIFR_EMULATE_X86_64_V4

struct EmulatedTiles {
  std::array<Index, 8> rows{};
  std::array<std::array<std::array<float, tile_size>, tile_size>, 8> words{};
};
inline thread_local EmulatedTiles emulated;

/// Readies the tiles of this thread: 0 to 5 with `rows` rows, 6 and 7 with all.
inline void configure_tiles(Index rows) {
  emulated = {};
  for (std::size_t i = 0; i < emulated.rows.size(); ++i) emulated.rows[i] = i < 6 ? rows : tile_size;
}
/// Leaves the tiles empty, which spares the system from keeping them when it changes threads.
inline void release_tiles() {
  emulated = {};
}

template <std::size_t Tile>
void clear_tile() {
  emulated.words[Tile] = {};
}
/// Rows that lie `stride` words apart.
template <std::size_t Tile>
void load_tile(const float* from, Index stride) {
  for (Index r = 0; r < emulated.rows[Tile]; ++r)
    std::copy_n(from + r * stride, tile_size, emulated.words[Tile][static_cast<std::size_t>(r)].data());
}
template <std::size_t Tile>
void store_tile(float* to, Index stride) {
  for (Index r = 0; r < emulated.rows[Tile]; ++r)
    std::copy_n(emulated.words[Tile][static_cast<std::size_t>(r)].data(), tile_size, to + r * stride);
}

/// Sum += left right. A word of `left` and one of `right` are two numbers of type bfloat16 each, of neighbours in the
/// sum; a word of Sum is a float. Subnormal operands and results are zero, in whatever mode the processor is.
template <std::size_t Sum, std::size_t Left, std::size_t Right>
void add_tile_product() {
  const auto flushed = [](float x) { return std::abs(x) < std::numeric_limits<float>::min() ? 0.0f : x; };
  const auto low = [&](float word) { return flushed(std::bit_cast<float>(std::bit_cast<std::uint32_t>(word) << 16)); };
  const auto high = [&](float word) {
    return flushed(std::bit_cast<float>(std::bit_cast<std::uint32_t>(word) & 0xffff0000u));
  };
  for (std::size_t r = 0; r < static_cast<std::size_t>(emulated.rows[Sum]); ++r) {
    for (std::size_t c = 0; c < tile_size; ++c) {
      float lows = 0, highs = 0;
      for (std::size_t k = 0; k < tile_size; ++k) {
        const float left = emulated.words[Left][r][k], right = emulated.words[Right][k][c];
        lows = flushed(lows + low(left) * low(right));
        highs = flushed(highs + high(left) * high(right));
      }
      emulated.words[Sum][r][c] = flushed(flushed(emulated.words[Sum][r][c]) + flushed(lows + highs));
    }
  }
}

#elif defined(__x86_64__)

/// What `ldtilecfg` reads.
struct alignas(64) TileConfiguration {
  std::uint8_t palette = 1, start_row = 0, reserved[14]{};
  std::uint16_t row_bytes[16]{};
  std::uint8_t rows[16]{};
};

GLIFR_INLINE void configure_tiles(Index rows) {
  TileConfiguration configuration;
  for (int i = 0; i < 8; ++i) {
    configuration.row_bytes[i] = tile_size * sizeof(float);
    configuration.rows[i] = static_cast<std::uint8_t>(i < 6 ? rows : tile_size);
  }
  asm volatile("ldtilecfg %0" ::"m"(configuration));
}
GLIFR_INLINE void release_tiles() {
  asm volatile("tilerelease");
}

template <std::size_t Tile>
GLIFR_INLINE void clear_tile() {
  asm volatile("tilezero %%tmm%c0" ::"i"(Tile));
}
template <std::size_t Tile>
GLIFR_INLINE void load_tile(const float* from, Index stride) {
  asm volatile("tileloadd (%1,%2,1), %%tmm%c0" ::"i"(Tile), "r"(from), "r"(stride * Index{sizeof(float)}) : "memory");
}
template <std::size_t Tile>
GLIFR_INLINE void store_tile(float* to, Index stride) {
  asm volatile("tilestored %%tmm%c0, (%1,%2,1)" ::"i"(Tile), "r"(to), "r"(stride * Index{sizeof(float)}) : "memory");
}

template <std::size_t Sum, std::size_t Left, std::size_t Right>
GLIFR_INLINE void add_tile_product() {
  asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(Sum), "i"(Left), "i"(Right));
}

#endif

}  // namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET
