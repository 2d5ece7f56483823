#pragma once

#include <filesystem>
#include <vector>

#include "glifr/network/description.hpp"

/// The files that layers name: recorded initial values and masks of connections.
namespace glifr::detail {

/// Reads them. Paths are relative to `root`, or absolute. `input_size`: features of the first layer's input. DataError
/// where a file cannot be read, has no such column or not as many rows and columns as there are senders and receivers,
/// or is not of the checksum that is recorded.
void read_files(std::vector<LayerDescription>& layers, Index input_size, const std::filesystem::path& root);

/// Sets the checksums of files that a record does not name as they are in this run.
void take_missing_checksums(std::vector<LayerDescription>& there, const std::vector<LayerDescription>& here);

}  // namespace glifr::detail
