#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace glifr::analysis::detail {

/// At most this many points of a curve over epochs are drawn, at equal distances: more cannot be told apart.
inline constexpr std::size_t max_points = 500;

/// The points of a curve that are drawn, the first and the last among them.
inline std::vector<std::size_t> drawn_points(std::size_t points) {
  std::vector<std::size_t> indices(std::min(points, max_points));
  for (std::size_t i = 0; i < indices.size(); ++i) {
    indices[i] = indices.size() == 1 ? 0 : i * (points - 1) / (indices.size() - 1);
  }
  return indices;
}

inline std::vector<double> thinned(const std::vector<double>& values) {
  std::vector<double> result;
  for (const std::size_t i : drawn_points(values.size())) result.push_back(values[i]);
  return result;
}

}  // namespace glifr::analysis::detail
