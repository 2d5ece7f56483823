#pragma once

#include <algorithm>
#include <vector>

#include "device_step.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/datasets/dataset.hpp"
#include "glifr/network/network.hpp"
#include "glifr/training/batch.hpp"
#include "lengths.hpp"

namespace glifr {

/// Takes samples out of a data set into the arena of a tape, as the network and its loss want them.
template <Scalar T>
class HostBatches {
 public:
  HostBatches(const Dataset<T>& data, Outputs outputs) : data_(data), outputs_(outputs), lengths_(lengths_of(data)) {}

  /// Whether some sample is shorter than others.
  [[nodiscard]] bool has_lengths() const { return !lengths_.empty(); }

  /// `whole`: samples of the batch of which these are a part. `class_weights`: a class's; empty: none.
  [[nodiscard]] Batch<T> load(Tape<T>& tape, std::span<const Index> samples, Index whole,
                              std::span<const T> class_weights) const {
    Arena& arena = tape.arena();
    const Index count = std::ssize(samples), steps = data_.time_steps(), features = data_.input_size();
    Batch<T> batch{.inputs = {steps, count, features}, .samples = samples, .whole = whole};
    if (has_lengths()) batch.lengths = lengths_of_samples(arena, samples);
    if (data_.is_sparse()) {
      auto* active = arena.template allocate<ActiveInputs>(steps * count);
      data_.active_inputs(samples, active);
      clear_padding(batch, active, 1);
      batch.inputs.active = active;
    } else {
      T* x = arena.template allocate<T>(steps * count * features);
      data_.inputs(samples, x);
      clear_padding(batch, x, features);
      batch.inputs.dense = tape.constant({steps, count, features}, x);
    }
    if (data_.classes() > 0) {
      auto* labels = arena.template allocate<std::int32_t>(count);
      data_.labels(samples, labels);
      batch.labels = {labels, samples.size()};
    } else if (data_.target_size() > 0) {
      batch.targets = load_targets(arena, batch);
    }
    weigh(arena, batch, class_weights);
    return batch;
  }

 private:
  [[nodiscard]] std::span<const std::int32_t> lengths_of_samples(Arena& arena, std::span<const Index> samples) const {
    auto* lengths = arena.template allocate<std::int32_t>(std::ssize(samples));
    for (std::size_t b = 0; b < samples.size(); ++b) lengths[b] = lengths_[static_cast<std::size_t>(samples[b])];
    return {lengths, samples.size()};
  }

  /// What a data set has behind the valid steps, such as NaN, is not to enter any product.
  template <class Value>
  static void clear_padding(const Batch<T>& batch, Value* rows, Index columns) {
    const Index count = batch.inputs.batch;
    for (Index b = 0; b < std::ssize(batch.lengths); ++b) {
      for (Index t = batch.lengths[static_cast<std::size_t>(b)]; t < batch.inputs.steps; ++t)
        std::fill_n(rows + (t * count + b) * columns, columns, Value{});
    }
  }

  /// Those of the steps that the network's outputs cover.
  [[nodiscard]] View<const T> load_targets(Arena& arena, const Batch<T>& batch) const {
    const Index count = batch.inputs.batch, steps = data_.target_steps(), width = data_.target_size();
    T* targets = arena.template allocate<T>(steps * count * width);
    data_.targets(batch.samples, targets);
    if (outputs_ == Outputs::every_step) return {targets, steps * count, width};
    if (batch.lengths.empty() || steps == 1) return {targets + (steps - 1) * count * width, count, width};
    T* last = arena.template allocate<T>(count * width);
    for (Index b = 0; b < count; ++b) {
      const Index step = batch.lengths[static_cast<std::size_t>(b)] - 1;
      std::copy_n(targets + (step * count + b) * width, width, last + b * width);
    }
    return {last, count, width};
  }

  void weigh(Arena& arena, Batch<T>& batch, std::span<const T> class_weights) const {
    const bool covers_steps = outputs_ == Outputs::every_step;
    if (class_weights.empty() && !(has_lengths() && covers_steps)) return;
    const Index count = batch.inputs.batch, steps = covers_steps ? batch.inputs.steps : 1;
    if (!class_weights.empty()) check_labels(batch.labels, data_.classes());
    T* weights = arena.template allocate<T>(steps * count);
    for_each_element(
        nullptr, steps, count,
        device::RowWeights<T>{batch.lengths.data(), batch.labels.data(),
                              class_weights.empty() ? nullptr : class_weights.data(), steps, weights, count});
    batch.weights = weights;
  }

  const Dataset<T>& data_;
  Outputs outputs_;
  std::vector<std::int32_t> lengths_;  // a sample; empty: all have all steps
};

}  // namespace glifr
