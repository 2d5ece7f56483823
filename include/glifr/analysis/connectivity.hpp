#pragma once

#include <complex>
#include <string>
#include <vector>

#include "glifr/analysis/plot.hpp"
#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/io/safetensors.hpp"

/// What the recurrent weights and the delays of a trained layer are like.
namespace glifr::analysis {

/// What a neuron receives from the others.
struct NeuronBalance {
  double excitation = 0;  ///< sum of its positive weights
  double inhibition = 0;  ///< sum of its negative weights, 0 or less

  /// (excitation + inhibition) / (excitation - inhibition): 1 where all is excitation, -1 where all is inhibition, 0
  /// where they cancel each other or there is neither.
  [[nodiscard]] double balance() const {
    const double sum = excitation - inhibition;
    return sum > 0 ? (excitation + inhibition) / sum : 0;
  }
};

/// A layer's recurrent weights.
struct RecurrentWeights {
  Index neurons = 0;                              ///< of the layer
  Index connections = 0;                          ///< pairs with a weight other than 0
  std::vector<std::complex<double>> eigenvalues;  ///< of the weights, the largest first
  std::vector<NeuronBalance> balance;             ///< of each neuron
  std::vector<double> delays;                     ///< of each sending neuron, ms; empty: one for all

  /// The largest absolute value of an eigenvalue: above 1, activity of linear neurons would grow.
  [[nodiscard]] double spectral_radius() const { return eigenvalues.empty() ? 0 : std::abs(eigenvalues.front()); }
};

/// Those of the first layer in a checkpoint of neurons with one synaptic current (see `single_layer` for others);
/// `name` stands for the file in messages. DataError where it holds no such weights.
[[nodiscard]] GLIFR_API RecurrentWeights recurrent_weights(const TensorFile& checkpoint, const std::string& name);

/// Eigenvalues in the complex plane, with the unit circle; excitation and inhibition of each neuron; with delays, their
/// histogram.
[[nodiscard]] GLIFR_API Figure connectivity_figure(const RecurrentWeights& weights);

/// The course of the delays over training: [epochs][neurons], ms, a row a recorded epoch.
[[nodiscard]] GLIFR_API Figure delays_figure(const std::vector<std::vector<double>>& course);

}  // namespace glifr::analysis
