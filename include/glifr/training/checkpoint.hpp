#pragma once

#include <string>

#include "glifr/io/safetensors.hpp"
#include "glifr/network/network.hpp"
#include "glifr/training/trainer.hpp"

namespace glifr {

/// The parameters of a network under their names, in the shapes of the published code, and the neurons' constants in
/// the metadata.
template <Scalar T>
[[nodiscard]] TensorFile to_tensor_file(RecurrentNetwork<T>& network);

/// Takes a network's parameters from a checkpoint; `name` stands for the file in messages. Numbers convert between
/// float and double. DataError where a tensor is missing or has another shape, or a value is not finite; the network is
/// then as it was.
template <Scalar T>
void load_parameters(RecurrentNetwork<T>& network, const TensorFile& file, const std::string& name);

/// Adds what training needs to go on to the same bits: the optimiser's state and the position within the epoch.
template <Scalar T>
void add_training_state(TensorFile& file, Trainer<T>& trainer);

/// Takes up training where a checkpoint was written. DataError as `load_parameters`, or where the file holds no
/// training state.
template <Scalar T>
void load_training_state(Trainer<T>& trainer, const TensorFile& file, const std::string& name);

}  // namespace glifr
