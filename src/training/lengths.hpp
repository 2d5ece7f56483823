#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/datasets/dataset.hpp"
#include "glifr/error.hpp"

namespace glifr {

/// The valid steps of every sample; empty where all samples have all steps, so that they are treated as those of a data
/// set without lengths. ShapeError where a length is not 1 to the data set's time steps.
template <Scalar T>
[[nodiscard]] std::vector<std::int32_t> lengths_of(const Dataset<T>& data) {
  if (!data.has_lengths()) return {};
  std::vector<Index> all(static_cast<std::size_t>(data.size()));
  std::iota(all.begin(), all.end(), Index{0});
  std::vector<std::int32_t> lengths(all.size());
  data.lengths(all, lengths.data());
  bool are_equal = true;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] < 1 || lengths[i] > data.time_steps()) {
      throw ShapeError("lengths", "1 to " + std::to_string(data.time_steps()),
                       std::to_string(lengths[i]) + " of sample " + std::to_string(i));
    }
    are_equal = are_equal && lengths[i] == data.time_steps();
  }
  if (are_equal) lengths.clear();
  return lengths;
}

}  // namespace glifr
