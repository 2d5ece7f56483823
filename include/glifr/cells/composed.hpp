#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "glifr/core/tape.hpp"
#include "glifr/neurons/constants.hpp"
#include "glifr/neurons/functions.hpp"
#include "glifr/neurons/indexing.hpp"
#include "glifr/ops/elementwise.hpp"
#include "glifr/ops/linear.hpp"
#include "glifr/ops/reshape.hpp"
#include "glifr/ops/scan.hpp"
#include "glifr/ops/wiring.hpp"

namespace glifr {

namespace detail {

/// A column block [rows, columns] of a matrix on the tape, in place.
template <Scalar T>
Var<T> column_block(const Var<T>& x, Index first, Index columns) {
  return x.tape().alias(x, {x.value().rows, columns}, first);
}

/// The neuron's physical parameters as tape values [1, neurons], through the transforms' own operations.
template <class N, Scalar T>
typename N::template Parameters<Var<T>> physical_parameters(const Layer<N, T>& layer) {
  const T dt = static_cast<T>(time_step(layer.constants));
  typename N::template Parameters<Var<T>> parameters;
  std::size_t field_index = 0;
  for_each_scalar(parameters, [&](Var<T>& member, const ScalarPlace& place) {
    const std::size_t index = place.index == 0 ? field_index++ : field_index - 1;
    const Var<T>& raw = layer.raw[index];
    member =
        to_physical(place.field.transform, raw.tape().alias(raw, {1, layer.neurons}, place.index * layer.neurons), dt);
  });
  return parameters;
}

/// A value [batch, neurons] of zeros without gradient.
template <Scalar T>
Var<T> zeros(Tape<T>& tape, Index batch, Index neurons) {
  return tape.constant({batch, neurons}, tape.memory().template allocate_zeroed<T>(batch * neurons));
}

/// A value without its gradient.
template <Scalar T>
Var<T> detached(const Var<T>& x) {
  return x.tape().adopt(x.shape(), x.value().stride, x.value().data, nullptr);
}

/// What neurons hear where each has a delay of its own: every step that is within reach, weighted by how near the delay
/// is to it.
template <Scalar T>
class ComposedDelays {
 public:
  template <class N>
  explicit ComposedDelays(const Layer<N, T>& layer) : shortest_(layer.delay) {
    if (layer.delays.is_empty()) return;
    Arena& arena = layer.delays.tape().arena();
    const Index count = layer.longest_delay - layer.delay + 1;
    weights_ = {arena.template allocate<Var<T>>(count), static_cast<std::size_t>(count)};
    Index steps = shortest_;
    for (Var<T>& weight : weights_) weight = max(1 - abs(layer.delays - steps++), 0.0);
  }

  [[nodiscard]] bool is_empty() const { return weights_.empty(); }
  /// `sent(t)`: the outputs of a step, or an empty value.
  template <class Sent>
  [[nodiscard]] Var<T> heard(Index t, Sent&& sent) const {
    Var<T> sum;
    Index steps = shortest_;
    for (const Var<T>& weight : weights_) {
      const Var<T> outputs = sent(t - steps++);
      if (!outputs.is_empty()) sum = sum.is_empty() ? outputs * weight : sum + outputs * weight;
    }
    return sum;
  }

 private:
  Index shortest_;
  std::span<Var<T>> weights_;
};

}  // namespace detail

/// What `scan` computes, one tape operation for every operation of every time step: slow and plain, to hold the fused
/// scan against.
template <class N, Scalar T>
ScanResult<N, T> scan_composed(const Layer<N, T>& layer, const Sequence<T>& input,
                               const InitialState<N, T>& initial = {}, const OutputMask<T>& mask = {},
                               const ScanOptions& options = {}) {
  constexpr auto states = state_count<N>;
  detail::check_scan(layer, input, initial, mask, options);
  Tape<T>& tape = layer.w_lateral.tape();
  const Index neurons = layer.neurons, delay = layer.delay, history_steps = layer.history_steps();
  const auto matrix = [&](const Var<T>& weights, const Var<T>& connections, Index senders) {
    return connections.is_empty() ? weights : place_weights(weights, connections, senders, neurons);
  };
  const Var<T> w_input = matrix(layer.w_input, layer.input_connections, input.features),
               w_lateral = matrix(layer.w_lateral, layer.lateral_connections, neurons);
  const detail::ComposedDelays<T> delays(layer);
  const auto parameters = detail::physical_parameters(layer);
  typename N::template Constants<T> constants;
  {
    std::array<T, constant_count<N> + 1> values{};
    auto given = layer.constants;
    for_each_scalar(given,
                    [&](double& value, const ScalarPlace& place) { values[place.number] = static_cast<T>(value); });
    for_each_scalar(constants, [&](T& value, const ScalarPlace& place) { value = values[place.number]; });
  }

  typename N::template State<Var<T>> state;
  for_each_scalar(state, [&](Var<T>& member, const ScalarPlace& place) {
    const std::size_t s = place.number;
    const bool given = s == 0 ? !initial.history.is_empty() : !initial.rest[s - 1].is_empty();
    member = !given   ? detail::zeros(tape, input.batch, neurons)
             : s == 0 ? step_of(initial.history, history_steps - 1)
                      : initial.rest[s - 1];
  });

  // Past handles, in the tape's arena as everything of a round: a ring is not needed, for the tape keeps every step
  // alive anyway.
  Arena& arena = tape.arena();
  const auto row = [&] {
    return std::span<Var<T>>(arena.template allocate<Var<T>>(input.steps), static_cast<std::size_t>(input.steps));
  };
  const std::span<Var<T>> outputs = row(), currents = options.track_states ? row() : std::span<Var<T>>{};
  std::array<std::span<Var<T>>, states> history;
  for (auto& rows : history) rows = options.track_states ? row() : std::span<Var<T>>{};

  Index first_of_reach = 0;  // no gradient passes from this step to those before it
  const auto sent = [&](Index t) -> Var<T> {
    if (t < 0) {
      if (initial.history.is_empty()) return {};
      const Var<T> outputs_before = step_of(initial.history, history_steps + t);
      return first_of_reach > 0 ? detail::detached(outputs_before) : outputs_before;
    }
    const Var<T>& output = at(outputs, t);
    return t < first_of_reach ? detail::detached(output) : output;
  };
  for (Index t = 0; t < input.steps; ++t) {
    if (options.truncate_steps > 0 && t > 0 && t % options.truncate_steps == 0) {
      first_of_reach = t;
      for_each_scalar(state, [](Var<T>& member, const ScalarPlace&) { member = detail::detached(member); });
    }
    Var<T> synaptic = input.is_sparse() ? sparse_matmul(input.active + t * input.batch, input.batch, w_input)
                                        : matmul(step_of(input.dense, t), w_input);
    const Var<T> heard = delays.is_empty() ? sent(t - delay) : delays.heard(t, sent);
    if (!heard.is_empty()) synaptic = synaptic + matmul(heard, w_lateral);
    std::array<Var<T>, static_cast<std::size_t>(input_count<N>)> parts;
    for (std::size_t g = 0; g < parts.size(); ++g)
      parts[g] = detail::column_block(synaptic, static_cast<Index>(g) * neurons, neurons);
    call_step<N>(state, parameters, constants, parts);
    for_each_scalar(state, [&](Var<T>& member, const ScalarPlace& place) {
      const std::size_t s = place.number;
      if (s == 0) {
        if (mask.is_active()) member = member * mask.at(tape, t, input.steps, input.batch, neurons);
        at(outputs, t) = member;
      }
      if (options.track_states) at(history[s], t) = member;
    });
    if (options.track_states) at(currents, t) = synaptic;
  }

  ScanResult<N, T> result;
  const auto asked = options.last_only ? outputs.last(std::min<std::size_t>(1, outputs.size())) : outputs;
  result.output = asked.empty() ? tape.make({0, input.batch, neurons}) : stack<T>(tape, asked);
  if (options.track_states) {
    const auto track = [&](std::span<Var<T>> steps, Index columns) {
      if (steps.empty()) return tape.adopt({0, input.batch, columns}, columns, nullptr, nullptr);
      const Var<T> all = stack<T>(tape, steps);
      return tape.adopt(all.shape(), all.value().stride, all.value().data, nullptr);
    };
    for (std::size_t k = 0; k < states; ++k) result.states[k] = track(history[k], neurons);
    result.synaptic = track(currents, input_count<N> * neurons);
  }
  return result;
}

}  // namespace glifr
