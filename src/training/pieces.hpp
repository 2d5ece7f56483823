#pragma once

#include <algorithm>
#include <span>

#include "glifr/backend/view.hpp"

/// How samples are cut into pieces.
namespace glifr {

constexpr Index ceil_divide(Index a, Index b) {
  return (a + b - 1) / b;
}

/// Part `i` of the samples when they are cut into parts of `size`.
inline std::span<const Index> part(std::span<const Index> samples, Index size, Index i) {
  const Index first = i * size;
  return samples.subspan(static_cast<std::size_t>(first),
                         static_cast<std::size_t>(std::min(size, std::ssize(samples) - first)));
}

}  // namespace glifr
