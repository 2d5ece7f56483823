#pragma once

#include <filesystem>

#include "glifr/export.hpp"
#include "glifr/io/safetensors.hpp"

namespace glifr {

/// Whether a file begins as a checkpoint of PyTorch does, whatever its name. False where it cannot be read.
[[nodiscard]] GLIFR_API bool looks_like_torch_file(const std::filesystem::path& path);

/// Reads a checkpoint that `torch.save` wrote, also through PyTorch Lightning: the ZIP form (from version 1.6 on) or
/// the older one, told by their content. Nothing in it is ever run; see `read_pickle`.
///
/// Tensors are named by the keys that lead to them, with dots between ("state_dict.neuron_layer.thresh"; elements of
/// lists by their number; a tensor alone is "tensor"), and become contiguous and little-endian. A dictionary or list
/// that is there more than once is taken once, under its first name; what stands under keys that are neither texts nor
/// integers is left out. Numbers, truth values ("true", "false") and texts in dictionaries become metadata under names
/// of the same kind.
///
/// Throws DataError where the file cannot be read, is of another kind, is damaged or cut short, or calls functions;
/// where values are nested deeper than 100 levels, two tensors have one name, a storage is not as long as the tensors
/// in it need, or tensors that share their elements are together more than eight times as large as what is stored. The
/// ZIP form needs libzip; see `ZipFile`.
[[nodiscard]] GLIFR_API TensorFile read_torch_file(const std::filesystem::path& path);

}  // namespace glifr
