#pragma once

#include <cstdint>
#include <vector>

#include "glifr/network/engine.hpp"
#include "glifr/training/optimizer.hpp"
#include "glifr/training/schedule.hpp"

namespace glifr {

/// How a network is trained; independent of what it is trained on.
struct TrainingSettings {
  OptimizerSettings optimizer{};  ///< how parameters follow gradients
  LearningRate learning_rate{};   ///< over the epochs
  Index batch_size = 1;           ///< samples a step
  Index micro_batch = 0;          ///< samples that a worker takes at a time; 0: chosen by `choose_micro_batch`
  Index shares = 0;               ///< parts of a batch whose gradients are summed; 0: chosen by `choose_shares`
  Index device_shares = 0;        ///< the same on devices; 0: one for each device that shares the batch
  Index max_epochs = 1;           ///< passes over the data
  /// Truncated backpropagation through time: steps after which gradients end, while states go on; 0: never.
  Index truncate_steps = 0;
  /// Memory that the micro-batches in progress may take together, in 10^6 bytes; 0: no limit. Where they need more,
  /// they become smaller, and their backward pass computes states again instead of keeping them.
  double memory_mb = 0;
  double dropout = 0;             ///< probability, of the neurons' outputs
  Engine engine = Engine::fused;  ///< fused, unless for comparison
  std::uint64_t seed = 0;         ///< of shuffling and dropout
  /// A factor, 0 or more, on the loss of the samples of each class: training minimises the mean over samples of factor
  /// times loss, and reports that; evaluation reports losses without these factors. Empty: none.
  std::vector<double> class_weights{};
};

}  // namespace glifr
