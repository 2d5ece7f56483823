#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "glifr/cells/cell.hpp"
#include "glifr/export.hpp"
#include "glifr/network/readout.hpp"
#include "glifr/neurons/glifr.hpp"
#include "glifr/neurons/lstm.hpp"
#include "glifr/neurons/rnn.hpp"

namespace glifr {

/// How a network is run: in fused scans, or one tape operation after another (slow; the reference that the scans are
/// held against).
enum class Engine { fused, composed };

/// Which outputs a network gives: those of every time step, or of the last.
enum class Outputs { every_step, last_step };

/// One of a network's states over time, without gradient.
template <Scalar T>
struct Track {
  std::string name;  ///< of the state; the second, third … of several currents end in _2, _3 …
  std::string unit;  ///< of its values
  Var<T> values;     ///< [time, batch, neurons]
};

/// What a forward pass gives.
template <Scalar T>
struct Prediction {
  Var<T> output;  ///< [time or 1, batch, output_size]
  std::vector<Track<T>>
      tracks{};  ///< where asked for: every state of the neurons, then the synaptic current of each input
};

/// How a forward pass is made.
template <Scalar T>
struct ForwardOptions {
  Engine engine = Engine::fused;  ///< fused, unless for comparison
  /// Dropout in training; silencing is the network's own.
  OutputMask<T> mask{};
  bool track_states = false;  ///< gives the states over time beside the output
};

/// A trainable network, whatever its cell: what the trainer, checkpoints and analyses know of it.
template <Scalar T>
class GLIFR_API RecurrentNetwork {
 public:
  virtual ~RecurrentNetwork() = default;

  /// Features of the input.
  [[nodiscard]] virtual Index input_size() const = 0;
  /// Neurons.
  [[nodiscard]] virtual Index hidden_size() const = 0;
  /// Width of the outputs: the readout's, or the hidden size where there is none.
  [[nodiscard]] virtual Index output_size() const = 0;
  /// Which outputs `forward` gives.
  [[nodiscard]] virtual Outputs outputs() const = 0;
  /// Synaptic delay in time steps.
  [[nodiscard]] virtual Index delay() const = 0;
  /// Whether a neuron remembers anything from one step to the next by itself; if not, it hears of the past through its
  /// synapses alone.
  [[nodiscard]] virtual bool carries_state() const = 0;

  /// All parameters, the cell's first. Valid as long as the network stays where it is.
  [[nodiscard]] virtual ParameterList<T> parameters() = 0;
  /// The neurons' constants by name (dt, sigma_v, …), in the neuron's order.
  [[nodiscard]] virtual std::vector<std::pair<std::string, double>> constants() const = 0;
  /// Sets a constant of the neurons; false where they have none of that name.
  virtual bool set_constant(const std::string& name, double value) = 0;
  /// The fields of the neuron's parameters, by which raw values become physical ones; parameters().at(2 + i) holds
  /// field i.
  [[nodiscard]] virtual std::vector<FieldExtent> fields() const = 0;

  /// Factors of 0 or 1 on the neurons' outputs, [hidden_size]; empty: no neuron is silenced. ShapeError for another
  /// size.
  void silence(std::vector<T> factors) {
    if (!factors.empty() && static_cast<Index>(factors.size()) != hidden_size()) {
      throw ShapeError("silence", std::to_string(hidden_size()) + " factors", std::to_string(factors.size()));
    }
    silencing_ = std::move(factors);
  }

  /// Runs the network over a batch. What is recorded on the tape leads back to the parameters (and the inputs, if they
  /// have gradients).
  [[nodiscard]] virtual Prediction<T> forward(Tape<T>& tape, const Sequence<T>& input,
                                              const ForwardOptions<T>& options = {}) const = 0;

 protected:
  std::vector<T> silencing_;  ///< factors on the neurons' outputs; empty: none
};

/// A layer of neurons over time, and a linear readout (none where `output_size` is 0: the outputs are the neurons').
template <RecurrentCell C>
class GLIFR_API Network final : public RecurrentNetwork<typename C::Value> {
 public:
  using T = typename C::Value;                ///< float or double
  using NeuronType = typename C::NeuronType;  ///< the neuron's equations

  /// A network with its parameters at zero. ConfigError where a size is not positive.
  Network(const typename C::Settings& settings, Index output_size, Outputs outputs)
      : cell_(settings), outputs_(outputs) {
    if (output_size > 0) readout_.emplace(settings.hidden_size, output_size);
  }

  [[nodiscard]] Index input_size() const override { return cell_.input_size(); }
  [[nodiscard]] Index hidden_size() const override { return cell_.hidden_size(); }
  [[nodiscard]] Index output_size() const override { return readout_ ? readout_->output_size() : cell_.hidden_size(); }
  [[nodiscard]] Outputs outputs() const override { return outputs_; }
  [[nodiscard]] Index delay() const override { return cell_.delay(); }
  [[nodiscard]] bool carries_state() const override { return derive::program<NeuronType>.carries_state; }

  /// The layer of neurons.
  [[nodiscard]] C& cell() { return cell_; }

  [[nodiscard]] ParameterList<T> parameters() override {
    ParameterList<T> list = cell_.parameters();
    if (readout_) {
      const ParameterList<T> more = readout_->parameters();
      list.insert(list.end(), more.begin(), more.end());
    }
    return list;
  }

  [[nodiscard]] std::vector<std::pair<std::string, double>> constants() const override {
    std::vector<std::pair<std::string, double>> list;
    auto constants = cell_.constants();
    for_each_scalar(constants,
                    [&](double& value, const ScalarPlace& place) { list.emplace_back(scalar_name(place), value); });
    return list;
  }

  bool set_constant(const std::string& name, double value) override {
    bool found = false;
    for_each_scalar(cell_.constants(), [&](double& constant, const ScalarPlace& place) {
      if (name != scalar_name(place)) return;
      constant = value;
      found = true;
    });
    return found;
  }

  [[nodiscard]] std::vector<FieldExtent> fields() const override {
    return {C::field_list.begin(), C::field_list.end()};
  }

  /// As `RecurrentNetwork::forward`.
  [[nodiscard]] Prediction<T> forward(Tape<T>& tape, const Sequence<T>& input,
                                      const ForwardOptions<T>& options = {}) const override {
    OutputMask<T> mask = options.mask;
    mask.silencing = this->silencing_;
    const ScanOptions scan{.last_only = outputs_ == Outputs::last_step, .track_states = options.track_states};
    const auto result = options.engine == Engine::fused ? cell_.run(tape, input, mask, scan)
                                                        : cell_.run_composed(tape, input, mask, scan);
    Prediction<T> prediction{readout_ ? (*readout_)(tape, result.output) : result.output};
    if (options.track_states) add_tracks(result, prediction.tracks);
    return prediction;
  }

 private:
  static void add_tracks(const ScanResult<NeuronType, T>& result, std::vector<Track<T>>& tracks) {
    typename NeuronType::template State<double> names{};
    for_each_scalar(names, [&](double&, const ScalarPlace& place) {
      tracks.push_back({scalar_name(place), place.field.unit, result.states[place.number]});
    });
    tracks.push_back({"synaptic_current", "mV", result.synaptic});
  }

  C cell_;
  std::optional<Readout<T>> readout_;
  Outputs outputs_;
};

/// The networks that come with the library, compiled in it.
#define GLIFR_BUILT_IN_NETWORKS(declare, T) \
  declare class Network<Cell<Glifr<0>, T>>; \
  declare class Network<Cell<Glifr<1>, T>>; \
  declare class Network<Cell<Glifr<2>, T>>; \
  declare class Network<Cell<Glifr<3>, T>>; \
  declare class Network<Cell<Glifr<4>, T>>; \
  declare class Network<Cell<Rnn, T>>;      \
  declare class Network<Cell<Lstm, T>>
GLIFR_BUILT_IN_NETWORKS(extern template, float);
GLIFR_BUILT_IN_NETWORKS(extern template, double);

}  // namespace glifr
