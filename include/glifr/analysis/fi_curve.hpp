#pragma once

#include <span>
#include <vector>

#include "glifr/analysis/parameters.hpp"
#include "glifr/analysis/single_neurons.hpp"
#include "glifr/backend/parallel.hpp"
#include "glifr/export.hpp"
#include "glifr/neurons/constants.hpp"
#include "glifr/neurons/indexing.hpp"

namespace glifr::analysis {

/// Mean firing of neurons under constant background currents.
struct FiCurves {
  std::vector<double> currents;  ///< pA
  Index neurons = 0;             ///< columns of `rates`
  std::vector<double> rates;     ///< mean output over the steps, [currents, neurons]

  /// The mean output of a neuron under a current, both by number.
  [[nodiscard]] double operator()(Index current, Index neuron) const { return at(rates, current * neurons + neuron); }
};

/// -10000 … 9900 pA in steps of 100.
[[nodiscard]] GLIFR_API std::vector<double> standard_currents();

/// The steps over which rates are taken, whatever dt.
inline constexpr Index fi_steps = 100;

/// The mean output of every neuron over `fi_steps` steps from zero state for each current (pA), in parallel over the
/// currents. `constants` are the neurons' constants. A neuron with a constant called I0 gets the current as that and no
/// synaptic input; another gets it as its (first) synaptic current.
template <Scalar T, Neuron N>
[[nodiscard]] FiCurves fi_curves(std::span<const typename N::template Parameters<double>> neurons,
                                 const typename N::template Constants<double>& constants,
                                 std::span<const double> currents) {
  using Neurons = SingleNeurons<N, T>;
  const Neurons group(neurons);
  const Index stride = group.stride();
  const Index row = input_count<N> * stride;  // synaptic currents of a step
  FiCurves curves{{currents.begin(), currents.end()}, static_cast<Index>(neurons.size()), {}};
  curves.rates.resize(currents.size() * neurons.size());

  parallel_for(static_cast<Index>(currents.size()), [&](Index i) {
    Arena arena;
    std::array<T*, Neurons::states> state{};
    std::array<bool, Neurons::states> is_kept{true};  // the output alone
    for (std::size_t k = 0; k < Neurons::states; ++k) {
      state[k] = arena.template allocate<T>((is_kept[k] ? fi_steps + 1 : 1) * stride);
    }
    auto at_current = constants;
    T* synaptic = arena.template allocate_zeroed<T>(fi_steps * row);
    if (double* background = find_constant(at_current, "I0")) {
      *background = at(currents, i);
    } else {
      const T current = static_cast<T>(at(currents, i));
      for (Index t = 0; t < fi_steps; ++t) std::fill_n(synaptic + t * row, stride, current);
    }
    group.run(at_current, fi_steps, synaptic, state, is_kept);
    for (Index n = 0; n < curves.neurons; ++n) {
      double sum = 0;
      for (Index t = 1; t <= fi_steps; ++t) sum += static_cast<double>(state[0][t * stride + n]);
      at(curves.rates, i * curves.neurons + n) = sum / static_cast<double>(fi_steps);
    }
  });
  return curves;
}

/// The same for a table of GLIFR neurons (up to four after-spike currents), computed in float where `is_float32`, else
/// in double. Throws ConfigError for more after-spike currents.
[[nodiscard]] GLIFR_API FiCurves fi_curves(const NeuronTable& neurons, const GlifrConstants& constants,
                                           std::span<const double> currents, bool is_float32 = false);

}  // namespace glifr::analysis
