#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "glifr/cells/composed.hpp"
#include "glifr/cells/layer_parameters.hpp"
#include "glifr/core/parameter.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/export.hpp"
#include "glifr/neurons/built_in.hpp"
#include "glifr/neurons/check.hpp"
#include "glifr/neurons/constants.hpp"
#include "glifr/neurons/detail/derive.hpp"
#include "glifr/ops/elementwise.hpp"
#include "glifr/ops/scan.hpp"

namespace glifr {

/// What a network can be built of: a layer of neurons that reads a sequence. `run` takes the whole sequence in one
/// operation, `run_composed` one tape operation after another; both give the same numbers and the same gradients.
/// `parameters` are two of the cell's own, then one for each entry of `field_list`.
template <class C>
concept RecurrentCell = requires(C& cell, const C& fixed, const typename C::Settings& settings,
                                 Tape<typename C::Value>& tape, const Sequence<typename C::Value>& input,
                                 const OutputMask<typename C::Value>& mask, const ScanOptions& options) {
  requires Scalar<typename C::Value>;
  requires Neuron<typename C::NeuronType>;
  C(settings);
  { settings.hidden_size } -> std::convertible_to<Index>;
  { *std::begin(C::field_list) } -> std::convertible_to<FieldExtent>;
  { cell.parameters() } -> std::same_as<ParameterList<typename C::Value>>;
  { cell.set_constant(std::string(), 0.0) } -> std::same_as<bool>;
  { fixed.constants() } -> std::convertible_to<typename C::NeuronType::template Constants<double>>;
  { fixed.hidden_size() } -> std::convertible_to<Index>;
  { fixed.input_size() } -> std::convertible_to<Index>;
  { fixed.delay() } -> std::convertible_to<Index>;
  { fixed.run(tape, input, mask, options) } -> std::same_as<ScanResult<typename C::NeuronType, typename C::Value>>;
  {
    fixed.run_composed(tape, input, mask, options)
    } -> std::same_as<ScanResult<typename C::NeuronType, typename C::Value>>;
};

/// Sizes of a layer and what its neurons share.
template <class N>
struct CellSettings {
  static_assert(sizeof(detail::NeuronCheck<N>) > 0);

  Index input_size = 1;   ///< features of the input, >= 1
  Index hidden_size = 1;  ///< neurons, >= 1
  Index delay = 1;        ///< synaptic delay in steps, >= 1; see `delay_steps`
  /// The defaults of the neuron's fields, unless given.
  typename N::template Constants<double> constants = default_constants<N>();
  Population population{};  ///< how the neurons differ and are connected
  /// ms, for delays in ms; 0: the neurons' constant dt, or 1 where they have none.
  double time_step = 0;
};

/// A layer of neurons with its weights and synaptic delay:
///
///     I_syn(t) = x(t) W_in + S(t - delay) W_lat,   S(t < 0) = 0
///
/// Parameters: the weights, then the neuron's own, raw, under the names that it gives them; then, of a layer with a
/// `Population`, the delays and how it is wired. Where training does not move a quantity itself (weights of given signs
/// or of some pairs only, values that neurons share, learned delays), what it moves has a name of its own
/// (trans_weight_lat, shared_thresh, trans_synaptic_delay), and `derived` gives the quantity.
template <class N, Scalar T>
class GLIFR_API Cell {
  static_assert(sizeof(detail::NeuronCheck<N>) > 0);

 public:
  using Value = T;                   ///< float or double
  using NeuronType = N;              ///< the neuron's equations
  using Settings = CellSettings<N>;  ///< what a cell is made from
  /// The neuron's parameters, in order.
  static constexpr auto field_list = list_fields<typename N::template Parameters<double>>();
  static constexpr Index inputs = input_count<N>;  ///< synaptic currents a neuron

  /// Parameters are zero until initialised (network/initialize.hpp). ConfigError where a size is not positive, a
  /// constant is out of its range, or the population is not one of such a layer.
  explicit Cell(const Settings& settings, const std::string& prefix = "neuron_layer.")
      : constants_(checked(settings.constants)),
        parameters_({.neuron = N::name,
                     .weights = weight_names<N>,
                     .fields = field_list,
                     .inputs = inputs,
                     .input_size = settings.input_size,
                     .hidden_size = settings.hidden_size,
                     .delay = settings.delay,
                     .time_step = settings.time_step > 0 ? settings.time_step : time_step(settings.constants),
                     .population = settings.population},
                    prefix) {
    // Here and not beside the check of the neuron: deriving takes the compiler a while, and a program that names many
    // cells makes few.
    if constexpr (!is_built_in<N>)
      static_assert(derive::program<N>.sets_output,
                    "a neuron's step must assign its output, the first member of its State, which it takes by "
                    "reference: State<T>&");
  }

  /// Features of the input.
  [[nodiscard]] Index input_size() const { return parameters_.plan().input_size; }
  /// Neurons.
  [[nodiscard]] Index hidden_size() const { return parameters_.plan().hidden_size; }
  /// Synaptic delay in steps; where each neuron has its own, whole steps of the shortest that there may be.
  [[nodiscard]] Index delay() const { return parameters_.plan().delay; }
  /// What the neurons share.
  [[nodiscard]] const typename N::template Constants<double>& constants() const { return constants_; }
  /// Sets one of them by its name; the second number of the array `gain` has the name gain_2. Constants may change
  /// between steps of training, as sigma_v does when it is annealed. Returns false where no constant has that name.
  /// Throws ConfigError where the value is out of its range.
  bool set_constant(const std::string& name, double value) {
    bool found = false;
    for_each_scalar(constants_, [&](double& constant, const ScalarPlace& place) {
      if (name != scalar_name(place)) return;
      detail::check_range(name, value, place.field.range);
      constant = value;
      found = true;
    });
    return found;
  }
  /// How its neurons differ and are connected.
  [[nodiscard]] const Population& population() const { return parameters_.plan().population; }

  /// The weights, then the neuron's parameters in the order of its fields, then delays and wiring, where it has any.
  /// Valid as long as the cell stays where it is.
  [[nodiscard]] ParameterList<T> parameters() {
    ParameterList<T> list;
    for (Parameter<T>& parameter : parameters_.list()) list.push_back(&parameter);
    return list;
  }
  /// The input weights, [input_size, inputs * hidden_size], or what training moves of them.
  [[nodiscard]] Parameter<T>& w_input() { return parameters_.list()[0]; }
  /// The lateral weights, [hidden_size, inputs * hidden_size], or what training moves of them.
  [[nodiscard]] Parameter<T>& w_lateral() { return parameters_.list()[1]; }
  /// The raw values of one of the neuron's parameters, [extent, 1, hidden_size], or those that neurons share.
  [[nodiscard]] Parameter<T>& field(std::size_t index) { return parameters_.list()[2 + index]; }

  /// Draws which pairs are connected, where that is a matter of chance; the layer's `number` in its network is part of
  /// the key. ConfigError where a mask was never read.
  void draw_wiring(std::uint64_t seed, std::size_t number) { parameters_.draw_wiring(seed, number); }
  /// After initial values were drawn: makes the inhibitory connections to a group of neurons stronger by as much as the
  /// others are more, so that its excitation and inhibition cancel each other on average.
  void balance_weights() { parameters_.balance_weights(); }

  /// The quantities that training moves through others, under the names and in the shapes that they have where it moves
  /// them themselves: effective weights (signed, 0 for pairs that are not connected), parameters of each neuron, delays
  /// in ms.
  [[nodiscard]] std::vector<Parameter<T>> derived() const { return parameters_.derived(); }

  /// The layer with its parameters on a tape. std::logic_error where they were never initialised: all are zero.
  [[nodiscard]] Layer<N, T> on(Tape<T>& tape) const {
    parameters_.require_initialized();
    Layer<N, T> layer;
    layer.w_input = parameters_.input_weights_on(tape);
    layer.w_lateral = parameters_.lateral_weights_on(tape);
    layer.input_connections = parameters_.input_connections_on(tape);
    layer.lateral_connections = parameters_.lateral_connections_on(tape);
    for (std::size_t k = 0; k < field_list.size(); ++k) layer.raw[k] = parameters_.field_on(tape, k);
    layer.constants = constants_;
    layer.neurons = hidden_size();
    layer.delay = delay();
    if (parameters_.has_delays()) {
      layer.delays = parameters_.delays_on(tape) / parameters_.plan().time_step;
      layer.longest_delay = parameters_.longest_delay();
    }
    return layer;
  }

  /// The whole sequence in one fused operation.
  [[nodiscard]] ScanResult<N, T> run(Tape<T>& tape, const Sequence<T>& input, const OutputMask<T>& mask = {},
                                     const ScanOptions& options = {}, const InitialState<N, T>& initial = {}) const {
    return scan(on(tape), input, initial, mask, options);
  }

  /// The same, one tape operation for every operation of every time step.
  [[nodiscard]] ScanResult<N, T> run_composed(Tape<T>& tape, const Sequence<T>& input, const OutputMask<T>& mask = {},
                                              const ScanOptions& options = {},
                                              const InitialState<N, T>& initial = {}) const {
    return scan_composed(on(tape), input, initial, mask, options);
  }

 private:
  static typename N::template Constants<double> checked(typename N::template Constants<double> constants) {
    for_each_scalar(constants, [](double& value, const ScalarPlace& place) {
      detail::check_range(scalar_name(place), value, place.field.range);
    });
    return constants;
  }

  typename N::template Constants<double> constants_;
  LayerParameters<T> parameters_;
};

// The scans of the library's neurons are compiled in it.
#define GLIFR_SCANS_IN_LIBRARY(N, T)                                                                                 \
  extern template GLIFR_API ScanResult<N, T> scan(const Layer<N, T>&, const Sequence<T>&, const InitialState<N, T>&, \
                                                  const OutputMask<T>&, const ScanOptions&);                         \
  extern template GLIFR_API ScanResult<N, T> scan_composed(                                                          \
      const Layer<N, T>&, const Sequence<T>&, const InitialState<N, T>&, const OutputMask<T>&, const ScanOptions&);
#define GLIFR_NEURON_IN_LIBRARY(...)         \
  GLIFR_SCANS_IN_LIBRARY(__VA_ARGS__, float) \
  GLIFR_SCANS_IN_LIBRARY(__VA_ARGS__, double)
GLIFR_FOR_EACH_BUILT_IN_NEURON(GLIFR_NEURON_IN_LIBRARY)
#undef GLIFR_NEURON_IN_LIBRARY
#undef GLIFR_SCANS_IN_LIBRARY

}  // namespace glifr
