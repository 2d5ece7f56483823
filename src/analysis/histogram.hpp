#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "glifr/backend/view.hpp"

namespace glifr::analysis::detail {

/// Bins of one width between the least and the greatest of some values (one or more), around them where they are all
/// equal.
class Bins {
 public:
  static constexpr Index count = 30;

  explicit Bins(const std::vector<double>& values) {
    const auto [low, high] = std::ranges::minmax(values);
    const double spread = high > low ? high - low : std::max(1.0, std::abs(low));
    lower_ = high > low ? low : low - spread / 2;
    width_ = spread / static_cast<double>(count);
  }

  [[nodiscard]] double width() const { return width_; }
  [[nodiscard]] std::vector<double> middles() const {
    std::vector<double> list;
    for (Index bin = 0; bin < count; ++bin) list.push_back(lower_ + (static_cast<double>(bin) + 0.5) * width_);
    return list;
  }
  /// How many of the values are in each bin.
  [[nodiscard]] std::vector<double> counts(const std::vector<double>& values) const {
    std::vector<double> list(static_cast<std::size_t>(count));
    for (const double value : values) {
      const auto bin = std::clamp<Index>(static_cast<Index>((value - lower_) / width_), 0, count - 1);
      list[static_cast<std::size_t>(bin)] += 1;
    }
    return list;
  }

 private:
  double lower_, width_;
};

}  // namespace glifr::analysis::detail
