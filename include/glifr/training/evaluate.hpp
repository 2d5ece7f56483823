#pragma once

#include <span>

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

/// The score of a network on samples of a data set, without dropout. ConfigError where the two do not go together.
template <Scalar T>
[[nodiscard]] GLIFR_API Score evaluate(const RecurrentNetwork<T>& network, const Dataset<T>& data, Workers& workers,
                                       const EvaluationOptions<T>& options = {});

}  // namespace glifr
