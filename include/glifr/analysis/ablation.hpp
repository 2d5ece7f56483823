#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <span>
#include <vector>

#include "glifr/datasets/dataset.hpp"
#include "glifr/export.hpp"
#include "glifr/network/network.hpp"
#include "glifr/training/trainer.hpp"

namespace glifr::analysis {

/// How networks are tested with some of their neurons silenced.
struct AblationSettings {
  std::vector<double> ratios{0, 0.2, 0.4, 0.6, 0.8, 1};  ///< of the neurons of all layers together, 0 to 1
  Index draws = 10;        ///< random choices of neurons for each ratio that leaves a choice
  Index samples = 0;       ///< of the data, the first ones; 0: all
  std::uint64_t seed = 0;  ///< of the draws: same seed, same neurons
};

/// What a network does with `silenced` of its neurons silenced, draw by draw.
struct AblationResult {
  double ratio = 0;           ///< share of the neurons that is silenced
  Index silenced = 0;         ///< int(ratio * neurons)
  std::vector<Score> scores;  ///< a value a draw; one where all draws are the same (no neuron silenced, or all)
};

/// Makes a trained network; called once a draw, from several threads.
template <Scalar T>
using MakeNetwork = std::function<std::unique_ptr<RecurrentNetwork<T>>()>;

/// Which neurons a draw silences, drawn without replacement: factors of 0 or 1, one a neuron. A function of seed, draw
/// and sizes alone.
[[nodiscard]] GLIFR_API std::vector<bool> draw_silenced(Index neurons, Index silenced, Index draw, std::uint64_t seed);

/// Tests a network with neurons silenced, all ratios and draws in parallel, on the fused forward pass. Throws
/// ConfigError for a ratio outside 0 to 1 or named twice, no draws, or a network and data that do not go together.
template <Scalar T>
[[nodiscard]] GLIFR_API std::vector<AblationResult> ablate(const MakeNetwork<T>& make_network, const Dataset<T>& data,
                                                           const AblationSettings& settings);

/// The outputs of a network for samples of a data set: [steps, samples, output_size], or [1, samples, output_size]
/// where the network gives that of the last (valid) step alone.
template <Scalar T>
[[nodiscard]] GLIFR_API std::vector<double> outputs(const RecurrentNetwork<T>& network, const Dataset<T>& data,
                                                    std::span<const Index> samples);
/// The same for all samples.
template <Scalar T>
[[nodiscard]] std::vector<double> outputs(const RecurrentNetwork<T>& network, const Dataset<T>& data) {
  std::vector<Index> samples(static_cast<std::size_t>(data.size()));
  std::iota(samples.begin(), samples.end(), Index{0});
  return outputs<T>(network, data, std::span<const Index>(samples));
}

}  // namespace glifr::analysis
