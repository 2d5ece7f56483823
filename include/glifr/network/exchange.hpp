#pragma once

#include <filesystem>

#include "glifr/export.hpp"
#include "glifr/io/safetensors.hpp"

/// Networks from and for other programs.
namespace glifr {

/// The network in a checkpoint of the published code: of PyTorch Lightning, or a `state_dict` that `torch.save` wrote.
/// Its tensors get the names of glifr's checkpoints, from `neuron_layer.…` and `output_linear.…` on, whatever stands
/// before them in the file; those of the first commits (`trans_asc_k`, `trans_asc_r`, `asc_amp`) become `trans_k_j`,
/// `trans_r_j`, `a_j`. Shapes are the same in both.
///
/// The metadata are the settings in Lightning's `hyper_parameters`, under their names, and, if dt is among them, the
/// synaptic delay in steps as `delay_steps`; a file without them has none, and the caller has to add the constants (dt,
/// tau, sigma_v, R, I0, v_reset, delay_steps).
///
/// Throws DataError as `read_torch_file`, and where the file holds no network of these names, or more than one.
[[nodiscard]] GLIFR_API TensorFile import_torch(const std::filesystem::path& path);

/// Writes tensors as an archive that `numpy.load` reads, each under its name; numbers of the metadata become arrays
/// without sizes under theirs, unless a tensor has that name. NumPy has no BF16: such tensors become F32, to the same
/// values. Throws as `write_npz`: DataError for other element types that NumPy does not have, OutputError.
GLIFR_API void export_npz(const TensorFile& file, const std::filesystem::path& path);

}  // namespace glifr
