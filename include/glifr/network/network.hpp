#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "glifr/export.hpp"
#include "glifr/network/layer.hpp"
#include "glifr/network/readout.hpp"

namespace glifr {

/// Which outputs a network gives: those of every time step, or of the last.
enum class Outputs { every_step, last_step };

/// What a forward pass gives.
template <Scalar T>
struct Prediction {
  Var<T> output;  ///< [time or 1, batch, output_size]
  /// Where asked for: every state of the neurons, then their synaptic currents, layer by layer; see `LayerOutput`.
  std::vector<Track<T>> tracks{};
};

/// How a forward pass is made.
template <Scalar T>
struct ForwardOptions {
  Engine engine = Engine::fused;  ///< fused, unless for comparison
  /// Dropout in training; silencing is the network's own.
  OutputMask<T> mask{};
  bool track_states = false;  ///< gives the states over time beside the output
  /// Valid steps of each sample, 1 to all, where the tape computes: with Outputs::last_step, the output is that of each
  /// sample's last valid step. Empty: that of the last step.
  std::span<const std::int32_t> lengths{};
  Index truncate_steps = 0;  ///< steps after which gradients end; see `ScanOptions`
  double memory_limit = 0;   ///< bytes that the scan of each layer may keep; see `ScanOptions`
};

/// A trainable network: layers of neurons one behind the other, and a linear readout (none: the outputs are those of
/// the last layer). What trainer, checkpoints and analyses know of any network.
///
///     RecurrentNetwork<float> network(Outputs::last_step);
///     network.add<Glifr<2>>({.input_size = 28, .hidden_size = 64, .delay = 20});
///     network.add<Rnn>({.input_size = 64, .hidden_size = 32});
///     network.add_readout(10);
template <Scalar T>
class GLIFR_API RecurrentNetwork {
 public:
  /// A network without layers, to be added.
  explicit RecurrentNetwork(Outputs outputs) : outputs_(outputs) {}
  RecurrentNetwork(RecurrentNetwork&&) noexcept = default;
  RecurrentNetwork& operator=(RecurrentNetwork&&) noexcept = default;
  virtual ~RecurrentNetwork() = default;

  /// Adds a layer behind those that there are. ConfigError where its input is not as wide as the layer before it, or
  /// the network has its readout already; std::logic_error where the layer is null, or its size or its delay is not
  /// positive. The layer's parameters bear the names that `layer_prefix` asks for.
  NetworkLayer<T>& add(std::unique_ptr<NetworkLayer<T>> layer);
  /// The same for a layer of neurons N, with parameters at zero.
  template <Neuron N>
  Cell<N, T>& add(const CellSettings<N>& settings) {
    return static_cast<CellLayer<Cell<N, T>>&>(add(make_cell_layer<N, T>(settings, layer_prefix(depth())))).cell();
  }
  /// Adds the readout behind the last layer, with parameters at zero. ConfigError where there is no layer, there is a
  /// readout already or the size is not positive.
  void add_readout(Index output_size);

  /// Layers, the readout not counted.
  [[nodiscard]] std::size_t depth() const { return layers_.size(); }
  /// A layer, 0 the first. Valid as long as the network.
  [[nodiscard]] NetworkLayer<T>& layer(std::size_t k) { return *layers_.at(k); }
  /// The same, to be looked at.
  [[nodiscard]] const NetworkLayer<T>& layer(std::size_t k) const { return *layers_.at(k); }
  /// The readout, or null.
  [[nodiscard]] Readout<T>* readout() { return readout_.get(); }

  /// Features of the input.
  [[nodiscard]] Index input_size() const { return layers_.at(0)->input_size(); }
  /// Neurons of the first layer.
  [[nodiscard]] Index hidden_size() const { return layers_.at(0)->size(); }
  /// Neurons of all layers.
  [[nodiscard]] Index neurons() const;
  /// Width of the outputs: the readout's, or the last layer's size where there is none. std::logic_error where there is
  /// no layer.
  [[nodiscard]] Index output_size() const;
  /// Which outputs `forward` gives.
  [[nodiscard]] Outputs outputs() const { return outputs_; }

  /// All parameters, layer by layer, the readout's last. Valid as long as the network.
  [[nodiscard]] ParameterList<T> parameters();
  /// The neurons' constants by name (dt, sigma_v, …), layer by layer in the neuron's order; from the second layer on
  /// the layer's prefix stands before the name.
  [[nodiscard]] std::vector<std::pair<std::string, double>> constants() const;
  /// Sets a constant of the neurons: of all layers that have one of that name or, with a layer's prefix before it, of
  /// that layer. False where there is none; ConfigError, and nothing changes, where the value is out of the range that
  /// one of the layers has. Synaptic delays stay as many time steps as they are, also for another dt.
  bool set_constant(const std::string& name, double value);

  /// Factors of 0 or 1 on the outputs of a layer's neurons, [size]; empty: no neuron is silenced. ShapeError for
  /// another size, ConfigError for another factor.
  void silence(std::size_t layer, std::vector<T> factors);
  /// The same for the first layer.
  void silence(std::vector<T> factors) { silence(0, std::move(factors)); }

  /// What `silence` was given last, a layer at a time.
  [[nodiscard]] const std::vector<std::vector<T>>& silencing() const { return silencing_; }

  /// Runs the network over a batch. What is recorded on the tape leads back to the parameters (and the inputs, if they
  /// have gradients). std::logic_error where there is no layer, or one was never initialised: all of its parameters are
  /// zero.
  [[nodiscard]] Prediction<T> forward(Tape<T>& tape, const Sequence<T>& input,
                                      const ForwardOptions<T>& options = {}) const;

 private:
  std::vector<std::unique_ptr<NetworkLayer<T>>> layers_;
  std::vector<std::vector<T>> silencing_;  // factors on a layer's outputs; empty: none
  std::unique_ptr<Readout<T>> readout_;    // null: none
  Outputs outputs_;
};

/// A network of one layer whose cell is known, and a linear readout (none where `output_size` is 0).
template <RecurrentCell C>
class Network final : public RecurrentNetwork<typename C::Value> {
 public:
  using T = typename C::Value;                ///< float or double
  using NeuronType = typename C::NeuronType;  ///< the neuron's equations

  /// A network with its parameters at zero, to be initialised (network/initialize.hpp) or loaded. ConfigError where a
  /// size is not positive.
  Network(const typename C::Settings& settings, Index output_size, Outputs outputs) : RecurrentNetwork<T>(outputs) {
    if constexpr (std::same_as<C, Cell<NeuronType, T>>) {
      this->add(make_cell_layer<NeuronType, T>(settings, layer_prefix(0)));
    } else {
      this->add(std::make_unique<CellLayer<C>>(settings));
    }
    if (output_size > 0) this->add_readout(output_size);
  }

  /// The layer of neurons.
  [[nodiscard]] C& cell() { return static_cast<CellLayer<C>&>(this->layer(0)).cell(); }
  /// Synaptic delay in time steps.
  [[nodiscard]] Index delay() const { return this->layer(0).delay(); }
};

extern template class RecurrentNetwork<float>;
extern template class RecurrentNetwork<double>;

}  // namespace glifr
