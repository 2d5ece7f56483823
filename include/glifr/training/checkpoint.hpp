#pragma once

#include <string>

#include "glifr/export.hpp"
#include "glifr/io/safetensors.hpp"
#include "glifr/network/network.hpp"
#include "glifr/training/trainer.hpp"

namespace glifr {

/// The parameters of a network under their names, in the shapes of the published code, and the neurons' constants in
/// the metadata.
template <Scalar T>
[[nodiscard]] GLIFR_API TensorFile to_tensor_file(RecurrentNetwork<T>& network);

/// Takes a network's parameters from a checkpoint; `name` stands for the file in messages. Numbers convert between
/// float and double. DataError where a tensor is missing or has another shape, a value is not finite, or the file holds
/// layers, after-spike currents, delays or wiring that the network does not have; the network is then as it was.
template <Scalar T>
GLIFR_API void load_parameters(RecurrentNetwork<T>& network, const TensorFile& file, const std::string& name);

/// A number in a checkpoint's metadata; `name` stands for the file in messages. DataError where it is missing or no
/// finite number.
[[nodiscard]] GLIFR_API double metadata_number(const TensorFile& file, const std::string& key, const std::string& name);

/// Gives a network's neurons the constants that a checkpoint's metadata hold; the others stay as they are. The width of
/// the threshold, for one, may have been annealed. DataError as `metadata_number` and, with some constants taken, where
/// one is out of the range of its field.
template <Scalar T>
GLIFR_API void load_constants(RecurrentNetwork<T>& network, const TensorFile& file, const std::string& name);

/// The constants of neurons N in a checkpoint's metadata. DataError as `metadata_number`.
template <Neuron N>
[[nodiscard]] typename N::template Constants<double> constants_of(const TensorFile& file, const std::string& name) {
  typename N::template Constants<double> constants{};
  for_each_scalar(constants, [&](double& value, const ScalarPlace& place) {
    value = metadata_number(file, scalar_name(place), name);
  });
  return constants;
}

namespace detail {

/// Sizes of the layer and the readout in a checkpoint, from the shapes of its weights, and the synaptic delay.
struct StoredSizes {
  Index input = 0, hidden = 0, output = 0;  // output 0: no readout
  Index delay = 1;                          // steps
};
[[nodiscard]] GLIFR_API StoredSizes stored_sizes(const TensorFile& file, const WeightNames& weights,
                                                 const std::string& name);

}  // namespace detail

/// The network of neurons N in a checkpoint, with its sizes, delay, constants and parameters; what it is asked for at
/// which steps is not in the file. DataError where the checkpoint is of other neurons or damaged.
template <Neuron N, Scalar T>
[[nodiscard]] Network<Cell<N, T>> load_network(const TensorFile& file, Outputs outputs, const std::string& name) {
  const detail::StoredSizes sizes = detail::stored_sizes(file, weight_names<N>, name);
  CellSettings<N> settings{.input_size = sizes.input, .hidden_size = sizes.hidden, .delay = sizes.delay};
  settings.constants = constants_of<N>(file, name);
  Network<Cell<N, T>> network(settings, sizes.output, outputs);
  load_parameters<T>(network, file, name);
  return network;
}

/// Adds what training needs to go on to the same bits: the optimiser's state and the position within the epoch.
template <Scalar T>
GLIFR_API void add_training_state(TensorFile& file, Trainer<T>& trainer);

/// Takes up training where a checkpoint was written. DataError as `load_parameters`, or where the file holds no
/// training state.
template <Scalar T>
GLIFR_API void load_training_state(Trainer<T>& trainer, const TensorFile& file, const std::string& name);

}  // namespace glifr
