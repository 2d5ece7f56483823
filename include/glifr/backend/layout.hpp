#pragma once

#include "glifr/backend/view.hpp"

/// How matrices of neurons lie in memory, the same for every backend and instruction set.
namespace glifr::layout {

/// Rows of padded matrices are multiples of this many bytes: the widest vector register there is, whatever this build
/// uses, so that buffers look alike on all of them.
inline constexpr Index row_bytes = 64;

/// Numbers in a multiple of `row_bytes`.
template <Scalar T>
inline constexpr Index row_unit = row_bytes / static_cast<Index>(sizeof(T));

/// `columns` rounded up to whole units.
template <Scalar T>
constexpr Index padded(Index columns) {
  return (columns + row_unit<T> - 1) / row_unit<T> * row_unit<T>;
}

/// Distance between rows of `columns` (padded) elements: an odd number of cache lines. A scan walks down columns of
/// many rows; were they a power of two apart, all of a column would compete for a few places of the cache.
template <Scalar T>
constexpr Index row_stride(Index columns) {
  return (padded<T>(columns) / row_unit<T> | 1) * row_unit<T>;
}

}  // namespace glifr::layout
