#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "glifr/core/tape.hpp"
#include "glifr/neurons/constants.hpp"
#include "glifr/neurons/neuron.hpp"
#include "glifr/ops/output_mask.hpp"
#include "glifr/ops/sequence.hpp"

/// What a scan takes and what it returns.
namespace glifr {

/// A layer of neurons before its first step. Anything empty is zero.
template <class N, Scalar T>
struct InitialState {
  /// Scalars of the state beside the output.
  static constexpr auto hidden = state_count<N> - 1;

  /// Outputs of the steps before, [Layer::history_steps(), batch, neurons], oldest first.
  Var<T> history{};
  std::array<Var<T>, hidden> rest{};  ///< the state's other scalars, [batch, neurons] each

  /// Whether nothing is given.
  [[nodiscard]] bool is_zero() const {
    return history.is_empty() && std::all_of(rest.begin(), rest.end(), [](const Var<T>& v) { return v.is_empty(); });
  }
};

/// A layer of neurons with everything it runs on.
template <class N, Scalar T>
struct Layer {
  /// Parameters of a neuron, arrays counted once.
  static constexpr auto fields = static_cast<std::size_t>(count_fields<typename N::template Parameters<double>>());

  Var<T> w_input;    ///< [features, inputs * neurons], or of `input_connections` [inputs, connections]
  Var<T> w_lateral;  ///< [neurons, inputs * neurons], or of `lateral_connections` [inputs, connections]
  /// The sender and the receiver of each weight, [2, connections], senders in ascending order, and so the receivers
  /// of each; empty: all pairs are connected.
  Var<T> input_connections{}, lateral_connections{};
  std::array<Var<T>, fields> raw{};  ///< unconstrained parameters, one value a field, [extent, 1, neurons]
  /// What the neurons share; the values of its fields, unless given.
  typename N::template Constants<double> constants = default_constants<N>();
  Index neurons = 0;  ///< how many they are
  Index delay = 1;    ///< synaptic delay in steps, >= 1; with `delays`, the shortest
  /// A delay for each neuron, [1, neurons], in steps, whole or not, from `delay` to `longest_delay`; empty: `delay` for
  /// all.
  Var<T> delays{};
  Index longest_delay = 1;  ///< with `delays`: at least one more than `delay`

  /// Steps before the first one whose outputs may be heard.
  [[nodiscard]] Index history_steps() const { return delays.is_empty() ? delay : longest_delay; }
};

/// What a scan gives back.
template <class N, Scalar T>
struct ScanResult {
  Var<T> output;  ///< [steps or 1, batch, neurons]
  /// Where tracked, to be looked at: [steps, batch, neurons] each. No gradient flows back from here.
  std::array<Var<T>, state_count<N>> states{};
  Var<T> synaptic{};  ///< where tracked: [steps, batch, inputs * neurons]; of several inputs, each may be padded to
                      ///< `layout::padded` neurons
};

/// What a scan is asked for.
struct ScanOptions {
  bool last_only = false;     ///< only the last step's output is asked for
  bool track_states = false;  ///< keep every state and the synaptic currents for the caller
  /// Steps after which gradients end, counted from the first one (truncated backpropagation through time): no gradient
  /// reaches a state or an output of the steps before a multiple of it from those behind. 0: never; not negative.
  Index truncate_steps = 0;
  /// Bytes that the scan may keep for the backward pass. Where it would need more, it keeps the synaptic currents
  /// instead of the states, or outputs alone; the backward pass computes the rest again, a stretch of steps at a time,
  /// to the same bits. Not where states are tracked. 0: no limit.
  double memory_limit = 0;
};

namespace detail {

/// ShapeError or ConfigError where a layer cannot run on what it is given.
template <class N, Scalar T>
void check_scan(const Layer<N, T>& layer, const Sequence<T>& input, const InitialState<N, T>& initial,
                const OutputMask<T>& mask, const ScanOptions& options) {
  const Index neurons = layer.neurons, columns = input_count<N> * neurons;
  const auto require_tape = [&](const Var<T>& var) {
    if (!var.is_empty()) check_tape("scan", layer.w_lateral, var);
  };
  for (const Var<T>& var :
       {layer.w_input, layer.input_connections, layer.lateral_connections, layer.delays, input.dense, initial.history})
    require_tape(var);
  std::ranges::for_each(layer.raw, require_tape);
  std::ranges::for_each(initial.rest, require_tape);
  const auto require = [](const char* what, const Var<T>& var, const Shape& expected) {
    const View<T> found = var.value();
    const bool is_other_form = var.shape().rank() == expected.rank() && var.shape() != expected;
    if (is_other_form || found.rows != expected.rows() || found.columns != expected.columns())
      throw ShapeError(what, to_string(expected), to_string(var.shape()));
  };
  if (layer.delay < 1)
    throw ConfigError("synaptic_delay",
                      "a scan needs a delay of at least one step, found " + std::to_string(layer.delay));
  if (layer.input_connections.is_empty() && layer.w_input.value().rows != input.features) {
    throw ShapeError("scan", "inputs of " + std::to_string(layer.w_input.value().rows) + " features",
                     std::to_string(input.features));
  }
  const auto require_weights = [&](const char* what, const Var<T>& weights, const Var<T>& connections, Index senders) {
    if (connections.is_empty()) return require(what, weights, {senders, columns});
    const Index count = connections.value().columns;
    require(what, weights, {input_count<N>, count});
    require("scan: connections", connections, {2, count});
  };
  require_weights("scan: input weights", layer.w_input, layer.input_connections, input.features);
  require_weights("scan: lateral weights", layer.w_lateral, layer.lateral_connections, neurons);
  if (input.is_sparse()) {
    check_active("scan", layer.w_input.tape(), input.active, input.steps * input.batch, input.features);
  } else {
    require("scan: input", input.dense, {input.steps, input.batch, input.features});
  }
  std::size_t k = 0;
  for (const FieldExtent& f : list_fields<typename N::template Parameters<double>>()) {
    const Var<T>& raw = layer.raw[k++];
    if (raw.is_empty()) throw ConfigError(f.field.name, "is missing among the layer's parameters (Layer::raw)");
    const Shape& found = raw.shape();
    if (found.size() != f.extent * neurons)
      throw ShapeError(std::string("scan: ") + f.field.name, to_string(Shape{f.extent, 1, neurons}), to_string(found));
  }
  if (!layer.delays.is_empty()) {
    require("scan: delays", layer.delays, {1, neurons});
    if (layer.longest_delay <= layer.delay) {
      throw ConfigError("synaptic_delay",
                        "a scan with a delay for each neuron needs a longest one above the shortest, " +
                            std::to_string(layer.delay) + ", found " + std::to_string(layer.longest_delay));
    }
  }
  if (!initial.history.is_empty())
    require("scan: history", initial.history, {layer.history_steps(), input.batch, neurons});
  for (const Var<T>& rest : initial.rest) {
    if (!rest.is_empty()) require("scan: initial state", rest, {input.batch, neurons});
  }
  mask.check(input.batch, neurons);
  if (options.truncate_steps < 0)
    throw ConfigError("truncate_steps", "expected 0 or more, found " + std::to_string(options.truncate_steps));
}

}  // namespace detail

}  // namespace glifr
