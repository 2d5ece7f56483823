#pragma once

#include <complex>
#include <string>
#include <vector>

#include "glifr/analysis/parts.hpp"
#include "glifr/analysis/plot.hpp"
#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/io/safetensors.hpp"

/// What the recurrent weights and the delays of a trained layer are like.
namespace glifr::analysis {

/// What a neuron receives from the others, or sends to them.
struct NeuronBalance {
  double excitation = 0;  ///< sum of the positive weights
  double inhibition = 0;  ///< sum of the negative weights, 0 or less

  /// (excitation + inhibition) / (excitation - inhibition): 1 where all is excitation, -1 where all is inhibition, 0
  /// where they cancel each other or there is neither.
  [[nodiscard]] double balance() const {
    const double sum = excitation - inhibition;
    return sum > 0 ? (excitation + inhibition) / sum : 0;
  }
};

/// A layer's recurrent weights.
struct GLIFR_API RecurrentWeights {
  Index neurons = 0;                              ///< of the layer
  Index connections = 0;                          ///< pairs with a weight other than 0
  std::vector<std::complex<double>> eigenvalues;  ///< of the weights, the largest first
  std::vector<NeuronBalance> balance;             ///< of each neuron, of what it receives
  std::vector<NeuronBalance> sent;                ///< of each neuron, of what it sends
  std::vector<double> delays;                     ///< of each sending neuron, ms; empty: one for all

  /// The largest absolute value of an eigenvalue: above 1, activity of linear neurons would grow.
  [[nodiscard]] double spectral_radius() const { return eigenvalues.empty() ? 0 : std::abs(eigenvalues.front()); }
  /// Neurons all of whose weights are 0 or more, all 0 or less, and those that have weights of both signs. Neurons that
  /// send to none count with neither.
  struct Senders {
    Index excitatory = 0, inhibitory = 0, both = 0;
  };
  /// How many neurons are of which kind.
  [[nodiscard]] Senders senders() const;
};

/// The delays of a checkpoint's first layer, ms, one for each of its `neurons`; empty where all have the same. `name`
/// stands for the file in messages. DataError where they are no numbers.
[[nodiscard]] GLIFR_API std::vector<double> neuron_delays(const TensorFile& checkpoint, Index neurons,
                                                          const std::string& name);

/// Those of the first layer in a checkpoint of neurons with one synaptic current (see `single_layer` for others);
/// `name` stands for the file in messages. DataError where it holds no such weights.
[[nodiscard]] GLIFR_API RecurrentWeights recurrent_weights(const TensorFile& checkpoint, const std::string& name);

/// Eigenvalues in the complex plane, with the unit circle; excitation and inhibition of each neuron, coloured by group;
/// with delays, their histogram, beside that of `initial_delays` where these differ from them.
[[nodiscard]] GLIFR_API Figure connectivity_figure(const RecurrentWeights& weights, const NeuronParts& groups = {},
                                                   const std::vector<double>& initial_delays = {});

/// The course of the delays over training, coloured by group: [epochs][neurons], ms, a row a recorded epoch; `epochs`:
/// that of each row, empty where they are not known. std::invalid_argument where there are more or fewer.
[[nodiscard]] GLIFR_API Figure delays_figure(const std::vector<std::vector<double>>& course,
                                             const NeuronParts& groups = {}, const std::vector<double>& epochs = {});

}  // namespace glifr::analysis
