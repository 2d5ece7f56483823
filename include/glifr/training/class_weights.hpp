#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

#include "glifr/datasets/dataset.hpp"

namespace glifr {

/// Weights for `TrainingSettings::class_weights` under which all classes that occur in a data set contribute alike:
/// samples / (classes that occur * samples of the class), of which the mean over samples is 1; 1 for a class that does
/// not occur. Sets with labels only.
template <Scalar T>
[[nodiscard]] std::vector<double> balanced_class_weights(const Dataset<T>& data) {
  std::vector<Index> all(static_cast<std::size_t>(data.size()));
  std::iota(all.begin(), all.end(), Index{0});
  std::vector<std::int32_t> labels(all.size());
  data.labels(all, labels.data());
  std::vector<double> counts(static_cast<std::size_t>(data.classes()));
  for (const std::int32_t label : labels) ++counts.at(static_cast<std::size_t>(label));
  double occurring = 0;
  for (const double count : counts) occurring += count > 0;
  for (double& count : counts) count = count > 0 ? static_cast<double>(data.size()) / (occurring * count) : 1;
  return counts;
}

}  // namespace glifr
