#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "glifr/analysis/parameters.hpp"
#include "glifr/analysis/single_neurons.hpp"
#include "glifr/export.hpp"

namespace glifr::analysis {

/// The states of one neuron at every step.
struct GLIFR_API Trace {
  std::vector<double> synaptic;  ///< synaptic current at each step
  std::vector<std::string>
      names;  ///< of the states: "firing", "voltage", "after_spike_current", "after_spike_current_2", …
  std::vector<double> values;  ///< [steps, states]

  /// Time steps.
  [[nodiscard]] Index steps() const { return static_cast<Index>(synaptic.size()); }
  /// States of the neuron.
  [[nodiscard]] Index states() const { return static_cast<Index>(names.size()); }
  /// One state at one step, both by number.
  [[nodiscard]] double operator()(Index step, Index state) const {
    return values[static_cast<std::size_t>(step * states() + state)];
  }
  /// One state over time.
  [[nodiscard]] std::vector<double> state(Index index) const;
  /// The first step (from 0) at which a state is not finite, or nothing.
  [[nodiscard]] std::optional<Index> first_overflow() const;
};

/// The response of one neuron, from zero state, to synaptic currents (a value a step), computed in T.
template <Scalar T, Neuron N>
requires(input_count<N> == 1) [[nodiscard]] Trace
    trace(const typename N::template Parameters<double>& parameters,
          const typename N::template Constants<double>& constants, std::span<const double> synaptic) {
  using Neurons = SingleNeurons<N, T>;
  const Neurons group(std::span(&parameters, 1));
  const Index stride = group.stride();
  const auto steps = static_cast<Index>(synaptic.size());

  Arena arena;
  T* currents = arena.template allocate_zeroed<T>(steps * stride);
  for (Index t = 0; t < steps; ++t) currents[t * stride] = static_cast<T>(synaptic[static_cast<std::size_t>(t)]);
  std::array<T*, Neurons::states> state{};
  std::array<bool, Neurons::states> is_kept{};
  is_kept.fill(true);
  for (T*& rows : state) rows = arena.template allocate<T>((steps + 1) * stride);
  group.run(constants, steps, currents, state, is_kept);

  Trace result{{synaptic.begin(), synaptic.end()}, {}, {}};
  typename N::template State<double> named{};
  for_each_scalar(named, [&](double&, const ScalarPlace& place) { result.names.push_back(scalar_name(place)); });
  for (Index t = 1; t <= steps; ++t) {
    for (const T* rows : state) result.values.push_back(static_cast<double>(rows[t * stride]));
  }
  return result;
}

/// A single GLIFR neuron with its input weight: what params.json describes.
struct SingleGlifr {
  NeuronTable neuron;          ///< one row
  GlifrConstants constants{};  ///< with its time step
  double weight_in = 1;        ///< by which the input reaches it
};

/// Reads params.json: dt, tau (ms), sigma_v (mV), R (GOhm), I0 (pA), v_reset (mV), weight_in, thresh (mV), k_m (1/ms)
/// and, J values each, r, a (pA), k (1/ms). Throws DataError where a key is missing, unknown or of the wrong kind, or
/// the lists differ in length.
[[nodiscard]] GLIFR_API SingleGlifr read_single_glifr(const std::filesystem::path& file);

/// The response of a GLIFR neuron to an input (a value a step), which reaches it through its weight. Float where
/// `is_float32`, else double.
[[nodiscard]] GLIFR_API Trace trace(const SingleGlifr& neuron, std::span<const double> input, bool is_float32 = false);

}  // namespace glifr::analysis
