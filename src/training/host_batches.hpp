#pragma once

#include "glifr/core/tape.hpp"
#include "glifr/datasets/dataset.hpp"
#include "glifr/network/network.hpp"
#include "glifr/training/batch.hpp"

namespace glifr {

/// Takes samples out of a data set into the arena of a tape, as the network and its loss want them.
template <Scalar T>
class HostBatches {
 public:
  HostBatches(const Dataset<T>& data, Outputs outputs) : data_(data), outputs_(outputs) {}

  /// `whole`: samples of the batch of which these are a part.
  [[nodiscard]] Batch<T> load(Tape<T>& tape, std::span<const Index> samples, Index whole) const {
    Arena& arena = tape.arena();
    const Index count = std::ssize(samples), steps = data_.time_steps(), features = data_.input_size();
    Batch<T> batch{.inputs = {steps, count, features}, .samples = samples, .whole = whole};
    if (data_.is_sparse()) {
      auto* active = arena.template allocate<ActiveInputs>(steps * count);
      data_.active_inputs(samples, active);
      batch.inputs.active = active;
    } else {
      T* x = arena.template allocate<T>(steps * count * features);
      data_.inputs(samples, x);
      batch.inputs.dense = tape.constant({steps, count, features}, x);
    }
    if (data_.classes() > 0) {
      auto* labels = arena.template allocate<std::int32_t>(count);
      data_.labels(samples, labels);
      batch.labels = {labels, samples.size()};
    } else if (const Index width = data_.target_size(); width > 0) {
      T* targets = arena.template allocate<T>(steps * count * width);
      data_.targets(samples, targets);
      const Index skipped = outputs_ == Outputs::last_step ? steps - 1 : 0;
      batch.targets = {targets + skipped * count * width, (steps - skipped) * count, width};
    }
    return batch;
  }

 private:
  const Dataset<T>& data_;
  Outputs outputs_;
};

}  // namespace glifr
