#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "glifr/analysis/plot.hpp"

/// Losses and accuracies along an axis.
namespace glifr::analysis::detail {

inline constexpr double percent = 100;  ///< accuracies are shown in percent

inline std::vector<double> scaled(std::vector<double> values, double factor) {
  for (double& value : values) value *= factor;
  return values;
}

/// A loss that falls by more than a factor of ten is seen better on a logarithmic axis.
inline bool needs_logarithm(const std::vector<double>& values) {
  if (values.empty()) return false;
  const auto [low, high] = std::ranges::minmax(values);
  return low > 0 && high > 10 * low;
}

/// An axis of accuracies in percent, or of losses, of which `values` are some.
inline Axis metric_axis(std::string label, bool is_accuracy, const std::vector<double>& values) {
  Axis axis{.label = std::move(label)};
  const bool is_negative = std::ranges::any_of(values, [](double value) { return value < 0; });
  if (!is_negative) axis.least = 0;
  if (is_accuracy) axis.greatest = percent;
  if (is_accuracy || !needs_logarithm(values)) return axis;
  const auto [low, high] = std::ranges::minmax(values);
  axis.is_logarithmic = true;
  axis.lower = 0.7 * low;
  axis.upper = 1.4 * high;
  return axis;
}

}  // namespace glifr::analysis::detail
