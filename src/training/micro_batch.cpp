#include "glifr/training/micro_batch.hpp"

#include <algorithm>
#include <stdexcept>

#include "pieces.hpp"

namespace glifr {

Index choose_micro_batch(Index batch, Index time_steps, Index delay, bool carries_state, bool last_step_only,
                         Index neurons) {
  if (std::min({batch, time_steps, delay}) < 1)
    throw std::logic_error("choose_micro_batch: a size or the delay is below 1");
  const bool skips_steps = !carries_state && last_step_only;
  const Index rows_a_sample = skips_steps ? 1 : std::min(delay, time_steps);
  // Steps to sum up for each time that weights and their gradients are read: of 1 MiB, which second-level cache does
  // not hold beside all else, and of 8 MiB, which it does not hold at all.
  const Index wanted_sum = neurons < 512 ? 0 : neurons < 1448 ? 448 : 896;
  const Index steps_a_sample = std::max<Index>(1, skips_steps ? ceil_divide(time_steps, delay) : time_steps);
  // Rows of a product: fewer where second-level cache would not hold what is kept of so many samples.
  const auto samples_for = [&](Index rows) { return ceil_divide(rows, rows_a_sample); };
  const Index samples = samples_for(samples_for(160) * steps_a_sample > 2560 ? 64 : 160);
  const Index efficient = std::max(samples, ceil_divide(wanted_sum, steps_a_sample));
  const Index pieces = std::max<Index>(std::min<Index>(batch, 2), ceil_divide(batch, efficient));
  return std::max<Index>(1, ceil_divide(batch, pieces));  // all of a size, so that no worker waits for another
}

Index choose_micro_batch(std::span<const LayerLoad> layers, Index batch, Index time_steps, bool last_step_only) {
  Index size = 1;
  for (const LayerLoad& layer : layers) {
    const bool skips = last_step_only && &layer == &layers.back();
    size =
        std::max(size, choose_micro_batch(batch, time_steps, layer.delay, layer.carries_state, skips, layer.neurons));
  }
  return size;
}

Index choose_shares(Index batch, Index micro_batch, Index time_steps) {
  constexpr Index cheap = 16;          // are summed at once, by all workers
  constexpr Index wanted_rows = 2048;  // of a share, where there are more: clearing and adding a gradient takes less
  const Index pieces = ceil_divide(batch, std::max<Index>(1, micro_batch));
  return std::min({pieces, most_shares, std::max(cheap, batch * time_steps / wanted_rows)});
}

}  // namespace glifr
