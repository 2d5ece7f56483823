#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "device_step.hpp"
#include "glifr/backend/detail/dispatch.hpp"
#include "glifr/datasets/dataset.hpp"
#include "glifr/error.hpp"
#include "glifr/network/network.hpp"
#include "glifr/training/batch.hpp"
#include "lengths.hpp"

namespace glifr {

/// A data set in a device's memory, from which batches are taken there.
template <Scalar T>
class DeviceBatches {
 public:
  /// `class_weights`: of the loss in training.
  DeviceBatches(const Dataset<T>& data, Outputs outputs, Device& device, const std::vector<double>& class_weights)
      : memory_(&device), outputs_(outputs), steps_(data.time_steps()) {
    features_ = data.input_size();
    const std::vector<std::int32_t> lengths = lengths_of(data);
    if (!lengths.empty()) lengths_ = copy(lengths);
    const auto valid_steps = [&](Index sample) {
      return lengths.empty() ? steps_ : Index{lengths[static_cast<std::size_t>(sample)]};
    };
    if (data.is_sparse()) {
      copy_frames(data, valid_steps);
    } else {
      inputs_ = copy_values(data, steps_, features_, [&](Index sample, T* to) {
        data.inputs(std::array{sample}, to);
        // What a data set has behind the valid steps, such as NaN, is not to enter any product.
        std::fill(to + valid_steps(sample) * features_, to + steps_ * features_, T(0));
      });
    }
    if (data.classes() > 0) {
      copy_labels(data);
    } else if (data.target_size() > 0) {
      width_ = data.target_size();
      target_steps_ = data.target_steps();
      targets_ =
          copy_values(data, target_steps_, width_, [&](Index sample, T* to) { data.targets(std::array{sample}, to); });
    }
    if (!class_weights.empty()) class_weights_ = copy(std::vector<T>(class_weights.begin(), class_weights.end()));
  }

  /// The next `count` samples of the order, which are a part of a batch of `whole`.
  Batch<T> load(Tape<T>& tape, const device::StepState* state, const Index* order, Index count, Index whole) const {
    Arena& memory = tape.memory();
    Index* samples = memory.template allocate<Index>(count);
    std::int32_t* labels = labels_ ? memory.template allocate<std::int32_t>(count) : nullptr;
    std::int32_t* lengths = lengths_ ? memory.template allocate<std::int32_t>(count) : nullptr;
    const device::NextSamples next{state, order, count};
    device::TakeBatch<T> take{.samples = {next, labels_, lengths_, samples, labels, lengths}};
    const auto size = static_cast<std::size_t>(count);
    Batch<T> batch{.inputs = {steps_, count, features_},
                   .samples = {samples, size},
                   .labels = {labels, labels ? size : 0},
                   .lengths = {lengths, lengths ? size : 0},
                   .whole = whole};
    if (inputs_) {
      const View<T> x(memory.template allocate<T>(steps_ * count * features_), steps_ * count, features_);
      take.inputs = {next, inputs_, steps_, 0, nullptr, x};
      batch.inputs.dense = tape.constant({steps_, count, features_}, x.data);
    } else {
      auto* rows = memory.template allocate<ActiveInputs>(steps_ * count);
      take.frames = {next, ones_, offsets_, steps_, rows};
      batch.inputs.active = rows;
    }
    const bool gives_last = outputs_ == Outputs::last_step;
    if (targets_) {
      const Index first_step = gives_last ? target_steps_ - 1 : 0, rows = (target_steps_ - first_step) * count;
      const View<T> y(memory.template allocate<T>(rows * width_), rows, width_);
      take.targets = {next, targets_, target_steps_, first_step, gives_last && target_steps_ > 1 ? lengths_ : nullptr,
                      y};
      batch.targets = y;
    }
    for_each_element(tape.device(), 1,
                     std::max({take.samples.size(), take.inputs.size(), take.targets.size(), take.frames.size()}),
                     take);
    const T* const class_weights = tape.is_recording() ? class_weights_ : nullptr;
    if (class_weights || (lengths && !gives_last)) {
      const Index steps = gives_last ? 1 : steps_;
      T* weights = memory.template allocate<T>(steps * count);
      for_each_element(tape.device(), steps, count,
                       device::RowWeights<T>{lengths, labels, class_weights, steps, weights, count});
      batch.weights = weights;
    }
    return batch;
  }

 private:
  /// Numbers of the host, on the device.
  template <class S>
  const S* copy(const std::vector<S>& values) {
    auto* there = memory_.template allocate<S>(std::ssize(values));
    kernels::copy_in(memory_, there, values.data(), std::ssize(values));
    return there;
  }

  /// [samples, steps, width]: what `fetch` gives for one sample after another, by way of a buffer of some.
  template <class Fetch>
  const T* copy_values(const Dataset<T>& data, Index steps, Index width, const Fetch& fetch) {
    constexpr Index most = 256;
    const Index size = steps * width;
    T* all = memory_.template allocate<T>(data.size() * size);
    std::vector<T> buffer(static_cast<std::size_t>(std::min(most, data.size()) * size));
    for (Index first = 0; first < data.size(); first += most) {
      const Index count = std::min(most, data.size() - first);
      for (Index i = 0; i < count; ++i) fetch(first + i, buffer.data() + i * size);
      kernels::copy_in(memory_, all + first * size, buffer.data(), count * size);
    }
    return all;
  }

  void copy_labels(const Dataset<T>& data) { labels_ = copy(labels_of(data)); }

  template <class ValidSteps>
  void copy_frames(const Dataset<T>& data, const ValidSteps& valid_steps) {
    std::vector<std::uint16_t> ones;
    std::vector<Index> offsets{0};
    std::vector<ActiveInputs> frames(static_cast<std::size_t>(steps_));
    for (Index sample = 0; sample < data.size(); ++sample) {
      const std::array<Index, 1> one{sample};
      data.active_inputs(one, frames.data());
      std::fill(frames.begin() + valid_steps(sample), frames.end(), ActiveInputs{});
      for (const ActiveInputs& frame : frames) {
        ones.insert(ones.end(), frame.indices, frame.indices + frame.count);
        offsets.push_back(static_cast<Index>(ones.size()));
      }
    }
    ones_ = copy(ones);
    offsets_ = copy(offsets);
  }

  Arena memory_;
  Outputs outputs_;
  Index steps_, features_ = 0, width_ = 0, target_steps_ = 0;
  const T *inputs_ = nullptr, *targets_ = nullptr;
  const std::uint16_t* ones_ = nullptr;
  const Index* offsets_ = nullptr;
  const std::int32_t *labels_ = nullptr, *lengths_ = nullptr;
  const T* class_weights_ = nullptr;
};

}  // namespace glifr
