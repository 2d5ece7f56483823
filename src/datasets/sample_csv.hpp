#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "glifr/datasets/sample_file.hpp"
#include "glifr/io/safetensors.hpp"

namespace glifr::detail {

/// What a CSV file of samples holds.
struct SampleTable {
  std::vector<NamedTensor> arrays;   ///< `inputs`, `lengths`, and `labels` or `targets`
  std::vector<std::string> columns;  ///< the names of the features, then of the targets
};

/// The samples of a CSV file in its long form. Throws DataError with the line.
[[nodiscard]] SampleTable read_sample_csv(const std::filesystem::path& path, const SampleNames& names);

}  // namespace glifr::detail
