#pragma once

#include <array>
#include <cstddef>

#include "glifr/neurons/detail/derive/graph.hpp"
#include "glifr/neurons/detail/derive/prune.hpp"
#include "glifr/neurons/detail/derive/reverse.hpp"
#include "glifr/neurons/detail/derive/symbol.hpp"
#include "glifr/neurons/neuron.hpp"

/// The reverse step of a neuron, derived by the compiler.
namespace glifr::derive {

/// The reverse step of a neuron: a graph with the nodes at which its results stand.
template <class N>
struct Program {
  Graph graph;
  std::array<int, state_count<N>> old_state_adjoint{};                           // dL / d old state
  std::array<int, static_cast<std::size_t>(input_count<N>)> synaptic_adjoint{};  // dL / d synaptic current
  std::array<int, parameter_count<N>> parameter_sum{};  // dL / d parameter, with this step's share
  bool needs_old_state = false;                         // some result depends on the state that the step started from
  bool needs_synaptic = false;  // some result depends on the synaptic current, so that the forward pass must keep it
  bool carries_state = false;   // the new state depends on the old one: no step is independent of those before it
  bool sets_output = false;     // the step assigns the output
};

namespace detail {

/// Step of neuron N recorded on symbols; returns the nodes of its new state.
template <class N>
constexpr auto record(Graph& graph) {
  typename N::template State<Symbol> state;
  typename N::template Parameters<Symbol> parameters;
  typename N::template Constants<Symbol> constants;
  std::array<Symbol, static_cast<std::size_t>(input_count<N>)> synaptic;
  const auto leaves = [&](auto& object, Op op) {
    for_each_scalar(object, [&](Symbol& symbol, const ScalarPlace& place) {
      symbol = Symbol(graph, graph.leaf(op, static_cast<int>(place.number)));
    });
  };
  leaves(state, Op::old_state);
  leaves(parameters, Op::parameter);
  leaves(constants, Op::constant);
  for (std::size_t g = 0; g < synaptic.size(); ++g)
    synaptic[g] = Symbol(graph, graph.leaf(Op::synaptic, static_cast<int>(g)));
  call_step<N>(state, parameters, constants, synaptic);
  std::array<int, state_count<N>> outputs{};
  for_each_scalar(state, [&](Symbol& symbol, const ScalarPlace& place) { outputs[place.number] = symbol.in(graph); });
  return outputs;
}

}  // namespace detail

/// Derives the reverse step of neuron N. With `train_parameters` false, parameter sums are left as they are (dynamics
/// that are not trained).
template <class N>
constexpr Program<N> derive(bool train_parameters) {
  Graph forward;
  const auto new_state = detail::record<N>(forward);
  Program<N> program;
  program.sets_output = new_state[0] != forward.leaf(Op::old_state, 0);
  Reverse reverse(forward, new_state);
  reverse.sweep();
  const auto adjoints = [&](Op op, auto& ids) {
    int index = 0;
    for (int& id : ids) id = reverse.adjoint(op, index++);
  };
  adjoints(Op::old_state, program.old_state_adjoint);
  adjoints(Op::synaptic, program.synaptic_adjoint);
  adjoints(Op::parameter, program.parameter_sum);
  program.graph = reverse.graph();
  if (!train_parameters) {
    int index = 0;
    for (int& id : program.parameter_sum) id = program.graph.leaf(Op::parameter_sum, index++);
  }
  compact(program.graph, {program.old_state_adjoint, program.synaptic_adjoint, program.parameter_sum});
  for (int id = 0; id < program.graph.size; ++id) {
    program.needs_old_state |= program.graph.is(id, Op::old_state);
    program.needs_synaptic |= program.graph.is(id, Op::synaptic);
  }
  const auto live = live_nodes(forward, new_state);
  for (int id = 0; id < forward.size; ++id) {
    program.carries_state |= at(live, id) && forward.is(id, Op::old_state);
  }
  return program;
}

/// The reverse step of neuron N, derived once, by the compiler.
template <class N, bool TrainParameters = true>
inline constexpr Program<N> program = derive<N>(TrainParameters);

}  // namespace glifr::derive
