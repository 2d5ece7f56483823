#pragma once

#include <filesystem>
#include <vector>

#include "glifr/datasets/sample_file.hpp"
#include "glifr/io/safetensors.hpp"

namespace glifr::detail {

/// The samples of a CSV file in its long form as arrays `inputs`, `lengths`, and `labels` or `targets`. Throws
/// DataError with the line.
[[nodiscard]] std::vector<NamedTensor> read_sample_csv(const std::filesystem::path& path, const SampleNames& names);

}  // namespace glifr::detail
