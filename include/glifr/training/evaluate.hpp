#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "glifr/backend/parallel.hpp"
#include "glifr/datasets/dataset.hpp"
#include "glifr/export.hpp"
#include "glifr/network/network.hpp"
#include "glifr/training/batch.hpp"
#include "glifr/training/score.hpp"

namespace glifr {

/// How a network is tested.
template <Scalar T>
struct EvaluationOptions {
  std::span<const Index> samples{};  ///< their numbers; empty: all of the data set
  Engine engine = Engine::fused;     ///< fused, unless for comparison
  Index micro_batch = 0;             ///< samples at a time; 0: chosen by `choose_micro_batch`
  LossFunction<T> loss{};            ///< empty: cross entropy for labels, mean squared error for values
};

/// The score of a network on samples of a data set, without dropout and class weights. ConfigError where the two do not
/// go together.
template <Scalar T>
[[nodiscard]] GLIFR_API Score evaluate(const RecurrentNetwork<T>& network, const Dataset<T>& data, Workers& workers,
                                       const EvaluationOptions<T>& options = {});

/// What a classification gives.
struct Classification {
  Score score{};                          ///< as `evaluate` gives it
  Index classes = 0;                      ///< of the data set
  std::vector<std::int32_t> predicted{};  ///< the most likely class of each sample, in the order of the samples
  std::vector<Index> confusion{};         ///< [classes, classes]: samples with the label r whose prediction is c

  /// Samples with a label that were taken for some class.
  [[nodiscard]] Index count(Index label, Index prediction) const {
    return confusion[static_cast<std::size_t>(label * classes + prediction)];
  }
};

/// The same with the classes that the network predicts: of the largest outputs the first. ConfigError where the data
/// set has no classes or the network gives its outputs of every step.
template <Scalar T>
[[nodiscard]] GLIFR_API Classification classify(const RecurrentNetwork<T>& network, const Dataset<T>& data,
                                                Workers& workers, const EvaluationOptions<T>& options = {});

}  // namespace glifr
