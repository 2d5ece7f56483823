#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "glifr/backend/cpu/pack.hpp"
#include "glifr/backend/kernels.hpp"
#include "glifr/backend/memory.hpp"
#include "glifr/neurons/neuron.hpp"

namespace glifr::analysis {

/// Neurons on their own, without a network: each follows its equations from zero state under currents that are given.
/// They run through the same scan as a network's, many at a time.
template <Neuron N, Scalar T>
class LoneNeurons {
 public:
  using Parameters = typename N::template Parameters<double>;
  using Constants = typename N::template Constants<double>;
  static constexpr auto states = static_cast<std::size_t>(derive::states_of<N>);

  explicit LoneNeurons(std::span<const Parameters> neurons)
      : stride_(cpu::padded<T>(static_cast<Index>(neurons.size()))),
        parameters_(arena_.template allocate_zeroed<T>(derive::parameters_of<N> * stride_)) {
    for (std::size_t n = 0; n < neurons.size(); ++n) {
      Index k = 0;
      auto neuron = neurons[n];
      for_each_scalar(neuron, [&](double value, const Field&, int) {
        parameters_[k++ * stride_ + static_cast<Index>(n)] = static_cast<T>(value);
      });
    }
  }

  /// Neurons a row of synaptic currents and of states has room for: their number, rounded up.
  [[nodiscard]] Index stride() const { return stride_; }

  /// Runs `steps` steps. `synaptic` holds [steps, inputs * stride] currents; `state[k]` takes state k (in the order of
  /// the neuron's `State`, the output first) as [steps + 1, stride], row 0 being the initial zeros, or, where
  /// `is_kept[k]` is false, as [1, stride], the last only.
  void run(const Constants& constants, Index steps, const T* synaptic, const std::array<T*, states>& state,
           const std::array<bool, states>& is_kept) const {
    std::array<T, static_cast<std::size_t>(derive::constants_of<N>) + 1> constant_values{};
    std::size_t next = 0;
    auto copy = constants;
    for_each_scalar(copy, [&](double value, const Field&, int) { constant_values[next++] = static_cast<T>(value); });

    ScanWindow<N, T> window;
    window.steps = steps;
    window.batch = 1;
    window.neurons = stride_;
    window.stride = stride_;
    window.synaptic_stride = Index{input_count<N>} * stride_;
    window.parameters = parameters_;
    window.constants = constant_values.data();
    window.synaptic = synaptic;
    window.state = state;
    for (std::size_t k = 0; k < states; ++k) {
      window.state_step[k] = is_kept[k] ? stride_ : 0;
      std::fill_n(state[k], stride_, T(0));
    }
    kernels::scan_forward(window);
  }

 private:
  Arena arena_;
  Index stride_;
  T* parameters_;
};

}  // namespace glifr::analysis
