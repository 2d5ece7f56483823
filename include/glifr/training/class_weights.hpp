#pragma once

#include <vector>

#include "glifr/datasets/dataset.hpp"

namespace glifr {

/// Weights for `TrainingSettings::class_weights` under which all classes that occur in a data set contribute alike:
/// samples / (classes that occur * samples of the class), of which the mean over samples is 1; 1 for a class that does
/// not occur. Sets with labels only.
template <Scalar T>
[[nodiscard]] std::vector<double> balanced_class_weights(const Dataset<T>& data) {
  const std::vector<Index> counts = class_counts(data);
  double occurring = 0;
  for (const Index count : counts) occurring += count > 0;
  std::vector<double> weights;
  for (const Index count : counts)
    weights.push_back(count > 0 ? static_cast<double>(data.size()) / (occurring * static_cast<double>(count)) : 1);
  return weights;
}

}  // namespace glifr
