#pragma once

#include <array>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "glifr/ops/loss.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"

/// Everything that comes out of a layer, to hold one way of running it against another.
namespace glifr::test {

/// Which of a layer's tensors receive no gradient.
enum class Frozen { nothing, dynamics, weights, everything_but_input };

inline bool is_frozen(Frozen frozen, const std::string& name) {
  const bool is_weight = name == "w_input" || name == "w_lateral";
  const bool is_given = name == "input" || name == "history" || name.starts_with("initial state");
  switch (frozen) {
    case Frozen::dynamics:
      return !is_weight && !is_given;
    case Frozen::weights:
      return is_weight;
    case Frozen::everything_but_input:
      return name != "input";
    case Frozen::nothing:
      break;
  }
  return false;
}

/// All that comes out of a layer, by name.
template <Scalar T>
using Outcome = std::vector<std::pair<std::string, Tensor<T>>>;

/// The synaptic currents of a scan without the padding between those of several inputs.
template <class N, Scalar T>
Tensor<T> synaptic_of(const ScanResult<N, T>& result, Index neurons) {
  const Tensor<T> values = copy_of(result.synaptic.value(), result.synaptic.tape().device());
  const View<const T> all = values.view();
  const Index stride = all.columns / input_count<N>;
  Tensor<T> currents({all.rows, input_count<N> * neurons});
  for (Index r = 0; r < all.rows; ++r) {
    for (Index g = 0; g < input_count<N>; ++g) {
      for (Index n = 0; n < neurons; ++n) currents.view()(r, g * neurons + n) = all(r, g * stride + n);
    }
  }
  return currents;
}

template <class N, Scalar T>
Outcome<T> run(const LayerCase& c, Form form, Frozen frozen = Frozen::nothing, bool track = true,
               typename Tape<T>::Mode mode = Tape<T>::Mode::record, Device* device = nullptr) {
  const LayerProblem<N, T> problem(c);
  Tape<T> tape(mode, device);
  // A tape's memory holds what earlier rounds left there.
  constexpr Index leftover = 1 << 16;
  kernels::fill(tape.memory(), View<T>(tape.memory().template allocate<T>(leftover), 1, leftover),
                std::numeric_limits<T>::quiet_NaN());
  tape.clear();
  std::vector<Var<T>> vars;
  for (std::size_t i = 0; i < problem.tensors().size(); ++i) {
    const Tensor<T>& tensor = problem.tensors()[i];
    const bool has_grad = mode == Tape<T>::Mode::record && !is_frozen(frozen, problem.names()[i]);
    vars.push_back(tape.make(tensor.shape(), 0, has_grad));
    set(vars.back(), tensor);
  }
  const ScanResult<N, T> result = problem.run(form, vars, track);
  const Tensor<T> target = random_tensor<T>(result.output.shape(), 77);
  const View<const T> asked(tape.to_memory(target.values()), target.view().rows, target.view().columns);
  const Loss<T> loss = mean_squared_error(result.output, asked);

  Outcome<T> outcome;
  outcome.emplace_back("output", copy_of(result.output.value(), device));
  outcome.emplace_back("loss", copy_of(loss.value.value(), device));
  if (track) {
    for (const Var<T>& state : result.states) outcome.emplace_back("state", copy_of(state.value(), device));
  }
  tape.backward(loss.value);
  if (track) outcome.emplace_back("synaptic", synaptic_of(result, c.neurons));
  for (std::size_t i = 0; i < vars.size(); ++i) {
    if (vars[i].has_grad()) outcome.emplace_back("gradient of " + problem.names()[i], copy_of(vars[i].grad(), device));
  }
  return outcome;
}

template <Scalar A, Scalar B>
void compare(const LayerCase& c, const Outcome<A>& a, const Outcome<B>& b, double tolerance) {
  INFO(to_string(c));
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    INFO(a[i].first);
    REQUIRE(a[i].first == b[i].first);
    CHECK(relative_difference(a[i].second, b[i].second) <= tolerance);
  }
}

/// visit(case) for a grid over time and delay (shorter, equal, k delays and one step, k delays, no delay), sizes (odd
/// ones, whole vectors, one more), masks, loss on the last or on every step, initial state, kind of input.
template <class Visit>
void for_each_case(Visit&& visit) {
  for (const auto& [steps, delay] : {std::array<Index, 2>{1, 1}, {5, 1}, {1, 4}, {3, 5}, {4, 4}, {7, 3}, {6, 2}}) {
    for (const auto& [batch, neurons] : {std::array<Index, 2>{1, 1}, {3, 5}, {2, 16}, {3, 17}, {1, 33}}) {
      for (const auto& [dropout, is_silenced] :
           {std::pair<double, bool>{0, false}, {0, true}, {0.3, false}, {0.3, true}, {1, false}}) {
        for (int bits = 0; bits < 8; ++bits) {
          visit(LayerCase{.steps = steps,
                          .delay = delay,
                          .batch = batch,
                          .neurons = neurons,
                          .features = neurons % 3 + 1,
                          .dropout = dropout,
                          .is_silenced = is_silenced,
                          .last_only = (bits & 1) != 0,
                          .has_initial_state = (bits & 2) != 0,
                          .is_sparse = (bits & 4) != 0});
        }
      }
    }
  }
}

}  // namespace glifr::test
