#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "glifr/cells/cell.hpp"
#include "glifr/export.hpp"
#include "glifr/network/engine.hpp"
#include "glifr/neurons/built_in.hpp"

namespace glifr {

/// One of a network's states over time, without gradient.
template <Scalar T>
struct Track {
  /// Of the state; the second, third … of several currents end in _2, _3 …; of a layer but the first, the layer's
  /// prefix stands before it.
  std::string name;
  std::string unit;  ///< of its values; empty: none, or none that the neuron states
  Var<T> values;     ///< [time, batch, neurons]; of synaptic currents as `ScanResult::synaptic`
};

/// What a layer gives over a sequence.
template <Scalar T>
struct LayerOutput {
  Var<T> output;                   ///< of its neurons, [time or 1, batch, size]
  std::vector<Track<T>> tracks{};  ///< where asked for: every state, then the synaptic current
};

/// What the names of a layer's parameters begin with: "neuron_layer." for the first (0), "neuron_layer_2." for the
/// second, …
[[nodiscard]] GLIFR_API std::string layer_prefix(std::size_t place);

/// A layer of a network, whatever computes in it. A layer that is not made of a `Neuron` derives from this.
template <Scalar T>
class GLIFR_API NetworkLayer {
 public:
  virtual ~NetworkLayer() = default;

  /// The kind of its neurons, as configurations name it: "glifr".
  [[nodiscard]] virtual std::string neuron() const = 0;
  /// Features of its input.
  [[nodiscard]] virtual Index input_size() const = 0;
  /// Neurons, which is the width of its output.
  [[nodiscard]] virtual Index size() const = 0;
  /// Synaptic delay in time steps.
  [[nodiscard]] virtual Index delay() const { return 1; }
  /// Whether a neuron remembers anything from one step to the next by itself; if not, the past reaches it through its
  /// synapses alone.
  [[nodiscard]] virtual bool carries_state() const { return true; }

  /// Weights first, then the neurons' own. Valid as long as the layer.
  [[nodiscard]] virtual ParameterList<T> parameters() = 0;
  /// The quantities that training moves through others, as they are now; see `Cell::derived`.
  [[nodiscard]] virtual std::vector<Parameter<T>> derived() const { return {}; }
  /// Draws which neurons are connected, before the other parameters are drawn; `number` is the layer's place.
  virtual void draw_wiring(std::uint64_t /*seed*/, std::size_t /*number*/) {}
  /// After initial weights were drawn: see `Cell::balance_weights`.
  virtual void balance_weights() {}
  /// The neurons' constants by name (dt, sigma_v, …), in the neuron's order.
  [[nodiscard]] virtual std::vector<std::pair<std::string, double>> constants() const { return {}; }
  /// Sets a constant of the neurons; false where they have none of that name. ConfigError where the value is out of its
  /// range.
  virtual bool set_constant(const std::string& /*name*/, double /*value*/) { return false; }

  /// Runs the layer over a sequence; what is recorded on the tape leads back to its parameters and its input. `mask`
  /// multiplies its outputs before anything else sees them.
  [[nodiscard]] virtual LayerOutput<T> run(Tape<T>& tape, const Sequence<T>& input, Engine engine,
                                           const OutputMask<T>& mask, const ScanOptions& options) const = 0;
};

/// A layer made of a cell.
template <RecurrentCell C>
class GLIFR_API CellLayer final : public NetworkLayer<typename C::Value> {
 public:
  using T = typename C::Value;                ///< float or double
  using NeuronType = typename C::NeuronType;  ///< the neuron's equations

  /// A layer with its parameters at zero. ConfigError where a size is not positive.
  template <class... Arguments>
  explicit CellLayer(const typename C::Settings& settings, Arguments&&... arguments)
      : cell_(settings, std::forward<Arguments>(arguments)...) {}

  /// The cell.
  [[nodiscard]] C& cell() { return cell_; }

  [[nodiscard]] std::string neuron() const override { return NeuronType::name; }
  [[nodiscard]] Index input_size() const override { return cell_.input_size(); }
  [[nodiscard]] Index size() const override { return cell_.hidden_size(); }
  [[nodiscard]] Index delay() const override { return cell_.delay(); }
  [[nodiscard]] bool carries_state() const override { return derive::program<NeuronType>.carries_state; }
  [[nodiscard]] ParameterList<T> parameters() override { return cell_.parameters(); }
  [[nodiscard]] std::vector<Parameter<T>> derived() const override {
    if constexpr (requires { cell_.derived(); }) return cell_.derived();
    return {};
  }
  void draw_wiring(std::uint64_t seed, std::size_t number) override {
    if constexpr (requires { cell_.draw_wiring(seed, number); }) cell_.draw_wiring(seed, number);
  }
  void balance_weights() override {
    if constexpr (requires { cell_.balance_weights(); }) cell_.balance_weights();
  }

  [[nodiscard]] std::vector<std::pair<std::string, double>> constants() const override {
    std::vector<std::pair<std::string, double>> list;
    auto constants = cell_.constants();
    for_each_scalar(constants,
                    [&](double& value, const ScalarPlace& place) { list.emplace_back(scalar_name(place), value); });
    return list;
  }

  bool set_constant(const std::string& name, double value) override { return cell_.set_constant(name, value); }

  [[nodiscard]] LayerOutput<T> run(Tape<T>& tape, const Sequence<T>& input, Engine engine, const OutputMask<T>& mask,
                                   const ScanOptions& options) const override {
    const auto result = engine == Engine::fused ? cell_.run(tape, input, mask, options)
                                                : cell_.run_composed(tape, input, mask, options);
    LayerOutput<T> output{result.output};
    if (options.track_states) add_tracks(result, output.tracks);
    return output;
  }

 private:
  static void add_tracks(const ScanResult<NeuronType, T>& result, std::vector<Track<T>>& tracks) {
    typename NeuronType::template State<double> names{};
    for_each_scalar(names, [&](double&, const ScalarPlace& place) {
      tracks.push_back({scalar_name(place), place.field.unit, result.states[place.number]});
    });
    tracks.push_back({"synaptic_current", "", result.synaptic});
  }

  C cell_;
};

/// A layer of neurons N, with its parameters at zero; their names begin with `prefix`. ConfigError where a size is not
/// positive.
template <class N, Scalar T>
[[nodiscard]] std::unique_ptr<NetworkLayer<T>> make_cell_layer(const CellSettings<N>& settings,
                                                               const std::string& prefix) {
  return std::make_unique<CellLayer<Cell<N, T>>>(settings, prefix);
}

// The layers of built-in neurons are compiled in the library. Functions and not classes: to declare that a class is
// instantiated elsewhere would instantiate its members' declarations here, all fourteen times.
#define GLIFR_DECLARE_LAYER(N, T)                                                                    \
  extern template GLIFR_API std::unique_ptr<NetworkLayer<T>> make_cell_layer(const CellSettings<N>&, \
                                                                             const std::string&);
#define GLIFR_DECLARE_LAYERS(...)         \
  GLIFR_DECLARE_LAYER(__VA_ARGS__, float) \
  GLIFR_DECLARE_LAYER(__VA_ARGS__, double)
GLIFR_FOR_EACH_BUILT_IN_NEURON(GLIFR_DECLARE_LAYERS)
#undef GLIFR_DECLARE_LAYERS
#undef GLIFR_DECLARE_LAYER

}  // namespace glifr
