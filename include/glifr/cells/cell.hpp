#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "glifr/cells/composed.hpp"
#include "glifr/core/parameter.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/error.hpp"
#include "glifr/export.hpp"
#include "glifr/neurons/built_in.hpp"
#include "glifr/neurons/check.hpp"
#include "glifr/neurons/constants.hpp"
#include "glifr/neurons/detail/derive.hpp"
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
  { cell.constants() } -> std::same_as<typename C::NeuronType::template Constants<double>&>;
  { fixed.constants() } -> std::convertible_to<typename C::NeuronType::template Constants<double>>;
  { fixed.hidden_size() } -> std::convertible_to<Index>;
  { fixed.input_size() } -> std::convertible_to<Index>;
  { fixed.delay() } -> std::convertible_to<Index>;
  { fixed.run(tape, input, mask, options) } -> std::same_as<ScanResult<typename C::NeuronType, typename C::Value>>;
  {
    fixed.run_composed(tape, input, mask, options)
    } -> std::same_as<ScanResult<typename C::NeuronType, typename C::Value>>;
};

/// Whole time steps in a duration: int(duration / dt), both in ms, where a quotient that rounding moved slightly off a
/// whole number is that number: 1 / 0.05 is 20.
inline Index whole_steps(double duration, double dt) {
  const double quotient = duration / dt, nearest = std::round(quotient);
  const bool is_whole = std::abs(quotient - nearest) <= 1e-9 * std::max(1.0, nearest);
  return static_cast<Index>(is_whole ? nearest : std::floor(quotient));
}

/// The synaptic delay in whole time steps: int(delay / dt), and at least 1. Both in ms.
inline Index delay_steps(double synaptic_delay, double dt) {
  return std::max<Index>(1, whole_steps(synaptic_delay, dt));
}

/// Sizes of a layer and what its neurons share.
template <class N>
struct CellSettings {
  static_assert(sizeof(detail::NeuronCheck<N>) > 0);

  Index input_size = 1;   ///< features of the input, >= 1
  Index hidden_size = 1;  ///< neurons, >= 1
  Index delay = 1;        ///< synaptic delay in steps, >= 1; see `delay_steps`
  /// The defaults of the neuron's fields, unless given.
  typename N::template Constants<double> constants = default_constants<N>();
};

/// A layer of neurons with its weights and synaptic delay:
///
///     I_syn(t) = x(t) W_in + S(t - delay) W_lat,   S(t < 0) = 0
///
/// Parameters: the weights, then the neuron's own, raw, under the names that it gives them.
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

  /// Parameters are zero until initialised (network/initialize.hpp). ConfigError where a size is not positive.
  explicit Cell(const Settings& settings, const std::string& prefix = "neuron_layer.") : settings_(settings) {
    // Here and not beside the check of the neuron: deriving takes the compiler a while, and a program that names many
    // cells makes few.
    if constexpr (!is_built_in<N>) static_assert(derive::program<N>.graph.size > 0, "the step has a reverse step");
    const auto require_positive = [](const char* key, Index value, const char* member = "") {
      if (value < 1)
        throw ConfigError(key, std::string("expected 1 or more") + member + ", found " + std::to_string(value));
    };
    require_positive("input_size", settings.input_size);
    require_positive("hidden_size", settings.hidden_size);
    require_positive("synaptic_delay", settings.delay, " (CellSettings::delay)");
    constexpr WeightNames names = weight_names<N>;
    const Index n = settings.hidden_size;
    parameters_.reserve(2 + field_list.size());
    parameters_.emplace_back(prefix + names.input, Shape{settings.input_size, inputs * n}, names.stored_transposed);
    parameters_.emplace_back(prefix + names.lateral, Shape{n, inputs * n}, names.stored_transposed);
    for (const auto& [field, extent, is_array] : field_list) {
      const Shape shape = field.is_flat ? Shape{extent * n} : is_array ? Shape{extent, 1, n} : Shape{1, n};
      parameters_.emplace_back(prefix + field.stored_name(), shape).field = field;
    }
  }

  /// Features of the input.
  [[nodiscard]] Index input_size() const { return settings_.input_size; }
  /// Neurons.
  [[nodiscard]] Index hidden_size() const { return settings_.hidden_size; }
  /// Synaptic delay in steps.
  [[nodiscard]] Index delay() const { return settings_.delay; }
  /// What the neurons share.
  [[nodiscard]] const typename N::template Constants<double>& constants() const { return settings_.constants; }
  /// The neurons' constants may change between steps of training (sigma_v, annealed).
  [[nodiscard]] typename N::template Constants<double>& constants() { return settings_.constants; }

  /// The weights, then the neuron's parameters in the order of its fields. Valid as long as the cell stays where it is.
  [[nodiscard]] ParameterList<T> parameters() {
    ParameterList<T> list;
    for (Parameter<T>& parameter : parameters_) list.push_back(&parameter);
    return list;
  }
  /// The input weights, [input_size, inputs * hidden_size].
  [[nodiscard]] Parameter<T>& w_input() { return parameters_[0]; }
  /// The lateral weights, [hidden_size, inputs * hidden_size].
  [[nodiscard]] Parameter<T>& w_lateral() { return parameters_[1]; }
  /// The raw values of one of the neuron's parameters, [extent, 1, hidden_size].
  [[nodiscard]] Parameter<T>& field(std::size_t index) { return parameters_[2 + index]; }

  /// The layer with its parameters on a tape. std::logic_error where they were never initialised: all are zero.
  [[nodiscard]] Layer<N, T> on(Tape<T>& tape) const {
    require_initialized();
    Layer<N, T> layer;
    layer.w_input = tape.use(parameters_[0]);
    layer.w_lateral = tape.use(parameters_[1]);
    for (std::size_t k = 0; k < field_list.size(); ++k) layer.raw[k] = tape.use(parameters_[2 + k]);
    layer.constants = settings_.constants;
    layer.neurons = settings_.hidden_size;
    layer.delay = settings_.delay;
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
  /// Ends at the first number that is not zero, so at the first of all as a rule.
  void require_initialized() const {
    for (const Parameter<T>& parameter : parameters_) {
      for (const T value : parameter.value.values()) {
        if (value != T(0)) return;
      }
    }
    throw std::logic_error(parameters_[0].name + " and all other parameters of its layer are zero: before a network " +
                           "runs, initialize_homogeneous(network, seed) draws them or a checkpoint is loaded");
  }

  Settings settings_;
  std::vector<Parameter<T>> parameters_;
};

}  // namespace glifr
