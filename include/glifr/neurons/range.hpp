#pragma once

#include <limits>

namespace glifr {

/// The numbers that a setting accepts; always finite ones.
struct Range {
  /// The least number, or the one above which they begin.
  double lowest = std::numeric_limits<double>::lowest();
  /// The largest number, or the one below which they end.
  double highest = std::numeric_limits<double>::max();
  bool excludes_lowest = false;   ///< whether `lowest` itself is none of them
  bool excludes_highest = false;  ///< whether `highest` itself is none of them

  /// Numbers > bound.
  [[nodiscard]] static constexpr Range above(double bound) { return {.lowest = bound, .excludes_lowest = true}; }
  /// Numbers >= bound.
  [[nodiscard]] static constexpr Range from(double bound) { return {.lowest = bound}; }

  /// Whether a number is one of them; NaN never is.
  [[nodiscard]] constexpr bool contains(double value) const {
    return (excludes_lowest ? value > lowest : value >= lowest) &&
           (excludes_highest ? value < highest : value <= highest);
  }
};

}  // namespace glifr
