#pragma once

#include <span>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// Samples that a worker takes through the network at a time: enough rows in each window's product to be efficient, few
/// enough for what they need to stay in its cache, and at least two micro-batches where there are two samples.
/// `delay`, `carries_state` and `neurons` are the layer's; `last_step_only` where its last output alone is asked for.
/// Where no cache holds the gradient of the lateral weights, which each micro-batch reads and writes once, a
/// micro-batch has more steps to sum up. std::logic_error where `batch`, `time_steps` or `delay` is not positive.
[[nodiscard]] GLIFR_API Index choose_micro_batch(Index batch, Index time_steps, Index delay, bool carries_state,
                                                 bool last_step_only, Index neurons);

/// What decides how many rows a layer's products have.
struct LayerLoad {
  Index neurons = 1;          ///< of the layer
  Index delay = 1;            ///< of its synapses, in steps
  bool carries_state = true;  ///< see `NetworkLayer`
};

/// The same for a network: its layer that wants most samples decides. `last_step_only` is about the last layer. 1 where
/// there is no layer.
[[nodiscard]] GLIFR_API Index choose_micro_batch(std::span<const LayerLoad> layers, Index batch, Index time_steps,
                                                 bool last_step_only);

/// Most shares of a batch.
inline constexpr Index most_shares = 1024;

/// Parts of a batch whose gradients are computed by themselves and summed by a fixed binary tree: so many workers, on
/// however many machines, can help. `micro_batch` samples of `time_steps` are computed at a time. Chosen such that the
/// time to sum the shares is small beside the time to compute them.
[[nodiscard]] GLIFR_API Index choose_shares(Index batch, Index micro_batch, Index time_steps);

}  // namespace glifr
