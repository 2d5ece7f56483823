#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "glifr/cells/composed.hpp"
#include "glifr/ops/scan.hpp"
#include "support/tensors.hpp"

namespace glifr::test {

enum class Form { fused, composed };

/// How a layer is run in a test.
struct LayerCase {
  Index steps = 4, delay = 1, batch = 2, neurons = 3, features = 2;
  double dropout = 0;
  bool is_silenced = false, last_only = false, has_initial_state = false, is_sparse = false;
  double largest_lateral = 1;  // weights are drawn from [-largest_lateral, largest_lateral)
};

inline std::string to_string(const LayerCase& c) {
  return std::to_string(c.steps) + " steps, delay " + std::to_string(c.delay) + ", batch " + std::to_string(c.batch) +
         ", " + std::to_string(c.neurons) + " neurons, " + std::to_string(c.features) + " features, dropout " +
         std::to_string(c.dropout) + (c.is_silenced ? ", silenced" : "") +
         (c.last_only ? ", last step" : ", every step") + (c.has_initial_state ? ", initial state" : "") +
         (c.is_sparse ? ", sparse" : "");
}

/// A layer of neurons N with random numbers for everything that its gradients are taken by: the same for float and
/// double, but for rounding.
template <class N, Scalar T>
class LayerProblem {
 public:
  explicit LayerProblem(const LayerCase& layer_case) : case_(layer_case) {
    const LayerCase& c = case_;
    add("w_input", {c.features, input_count<N> * c.neurons});
    add("w_lateral", {c.neurons, input_count<N> * c.neurons}, c.largest_lateral);
    for (const FieldExtent& f : fields) add(f.field.name, {f.extent, 1, c.neurons});
    if (c.is_sparse) {
      add_sparse_input();
    } else {
      add("input", {c.steps, c.batch, c.features});
    }
    if (c.has_initial_state) {
      add("history", {c.delay, c.batch, c.neurons});
      for (std::size_t k = 1; k < state_count<N>; ++k) add("initial state " + std::to_string(k), {c.batch, c.neurons});
    }
    double value = 0.3;  // all different, so that none can stand for another
    for_each_scalar(constants_, [&](double& constant, const ScalarPlace&) { constant = value += 0.1; });
    for (Index b = 0; b < c.batch; ++b) samples_.push_back(7 * b + 2);
    for (Index n = 0; n < c.neurons; ++n) silencing_.push_back(n % 3 == 1 ? T(0) : T(1));
  }

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] const std::vector<Tensor<T>>& tensors() const { return tensors_; }

  /// Runs the layer on tape values that stand for `tensors()`.
  [[nodiscard]] ScanResult<N, T> run(Form form, const std::vector<Var<T>>& vars, bool track_states = false) const {
    auto next = vars.begin();
    Layer<N, T> layer;
    layer.w_input = *next++;
    layer.w_lateral = *next++;
    for (Var<T>& raw : layer.raw) raw = *next++;
    layer.constants = constants_;
    layer.neurons = case_.neurons;
    layer.delay = case_.delay;
    Tape<T>& tape = layer.w_input.tape();
    const Sequence<T> input = case_.is_sparse
                                  ? Sequence<T>{case_.steps, case_.batch, case_.features, {}, active_on(tape)}
                                  : Sequence<T>::from(*next++);
    InitialState<N, T> initial;
    if (case_.has_initial_state) {
      initial.history = *next++;
      for (Var<T>& rest : initial.rest) rest = *next++;
    }
    const Index* samples = tape.to_memory(std::span<const Index>(samples_));
    OutputMask<T> mask{
        .dropout = case_.dropout, .random = Random(5, Stream::dropout), .samples = {samples, samples_.size()}};
    if (case_.is_silenced) mask.silencing = silencing_;
    const ScanOptions options{case_.last_only, track_states};
    return form == Form::fused ? scan(layer, input, initial, mask, options)
                               : scan_composed(layer, input, initial, mask, options);
  }

 private:
  static constexpr auto fields = list_fields<typename N::template Parameters<double>>();

  void add(const std::string& name, const Shape& shape, double largest = 1) {
    names_.push_back(name);
    tensors_.push_back(random_tensor<T>(shape, static_cast<std::uint32_t>(names_.size()), -largest, largest));
  }

  /// None, some or all of the features, other ones for every step and sample.
  void add_sparse_input() {
    const Random random(2, Stream::data);
    std::vector<Index> offsets{0};
    for (Index row = 0; row < case_.steps * case_.batch; ++row) {
      for (Index i = 0; i < case_.features; ++i) {
        if (random.uniform(static_cast<std::uint64_t>(row * case_.features + i)) < 0.5)
          ones_.push_back(static_cast<std::uint16_t>(i));
      }
      offsets.push_back(static_cast<Index>(ones_.size()));
    }
    for (std::size_t row = 0; row + 1 < offsets.size(); ++row) {
      active_.push_back({ones_.data() + offsets[row], offsets[row + 1] - offsets[row]});
    }
  }

  /// The lists of active inputs where the tape's values are.
  const ActiveInputs* active_on(Tape<T>& tape) const {
    if (!tape.device()) return active_.data();
    const std::uint16_t* ones = tape.to_memory(std::span<const std::uint16_t>(ones_));
    std::vector<ActiveInputs> lists = active_;
    for (ActiveInputs& list : lists) list.indices = ones + (list.indices - ones_.data());
    return tape.to_memory(std::span<const ActiveInputs>(lists));
  }

  LayerCase case_;
  typename N::template Constants<double> constants_{};
  std::vector<std::string> names_;
  std::vector<Tensor<T>> tensors_;
  std::vector<std::uint16_t> ones_;
  std::vector<ActiveInputs> active_;
  std::vector<Index> samples_;
  std::vector<T> silencing_;
};

}  // namespace glifr::test
