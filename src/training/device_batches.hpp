#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "device_step.hpp"
#include "glifr/backend/dispatch.hpp"
#include "glifr/datasets/dataset.hpp"
#include "glifr/error.hpp"
#include "glifr/network/network.hpp"
#include "glifr/training/batch.hpp"

namespace glifr {

/// A data set in a device's memory, from which batches are taken there.
template <Scalar T>
class DeviceBatches {
 public:
  DeviceBatches(const Dataset<T>& data, Outputs outputs, Device& device)
      : memory_(&device), outputs_(outputs), steps_(data.time_steps()) {
    features_ = data.input_size();
    if (data.is_sparse()) {
      copy_frames(data);
    } else {
      inputs_ = copy_values(data, features_, [&](std::span<const Index> one, T* to) { data.inputs(one, to); });
    }
    if (data.classes() > 0) {
      copy_labels(data);
    } else if (data.target_size() > 0) {
      width_ = data.target_size();
      targets_ = copy_values(data, width_, [&](std::span<const Index> one, T* to) { data.targets(one, to); });
    }
  }

  /// The next `count` samples of the order.
  Batch<T> load(Tape<T>& tape, const device::StepState* state, const Index* order, Index count) const {
    Arena& memory = tape.memory();
    Index* samples = memory.template allocate<Index>(count);
    std::int32_t* labels = labels_ ? memory.template allocate<std::int32_t>(count) : nullptr;
    for_each_element(tape.device(), 1, count, device::TakeSamples{state, order, labels_, samples, labels});
    const auto size = static_cast<std::size_t>(count);
    Batch<T> batch{.inputs = {steps_, count, features_},
                   .samples = {samples, size},
                   .labels = {labels, labels ? size : 0},
                   .whole = count};
    if (inputs_) {
      batch.inputs.dense =
          tape.constant({steps_, count, features_}, values(tape, inputs_, features_, 0, batch.samples).data);
    } else {
      auto* rows = memory.template allocate<ActiveInputs>(steps_ * count);
      for_each_element(tape.device(), steps_ * count, 1,
                       device::TakeFrames{ones_, offsets_, steps_, samples, count, rows});
      batch.inputs.active = rows;
    }
    if (targets_) {
      const Index skipped = outputs_ == Outputs::last_step ? steps_ - 1 : 0;
      batch.targets = values(tape, targets_, width_, skipped, batch.samples);
    }
    return batch;
  }

 private:
  View<T> values(Tape<T>& tape, const T* all, Index width, Index first_step, std::span<const Index> samples) const {
    const auto count = static_cast<Index>(samples.size());
    const Index rows = (steps_ - first_step) * count;
    const View<T> y(tape.memory().template allocate<T>(rows * width), rows, width);
    for_each_element(tape.device(), rows, width,
                     device::TakeValues<T>{all, steps_, first_step, samples.data(), count, y});
    return y;
  }

  /// [samples, steps, width]: what `fetch` gives for one sample after another, by way of a buffer of some.
  template <class Fetch>
  const T* copy_values(const Dataset<T>& data, Index width, const Fetch& fetch) {
    constexpr Index most = 256;
    const Index size = steps_ * width;
    T* all = memory_.template allocate<T>(data.size() * size);
    std::vector<T> buffer(static_cast<std::size_t>(std::min(most, data.size()) * size));
    for (Index first = 0; first < data.size(); first += most) {
      const Index count = std::min(most, data.size() - first);
      for (Index i = 0; i < count; ++i) {
        const std::array<Index, 1> one{first + i};
        fetch(one, buffer.data() + i * size);
      }
      kernels::copy_in(memory_, all + first * size, buffer.data(), count * size);
    }
    return all;
  }

  void copy_labels(const Dataset<T>& data) {
    std::vector<Index> all(static_cast<std::size_t>(data.size()));
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Index>(i);
    std::vector<std::int32_t> labels(all.size());
    data.labels(all, labels.data());
    for (const std::int32_t label : labels) {
      if (label < 0 || label >= data.classes())
        throw ShapeError("labels", "0 to " + std::to_string(data.classes() - 1), std::to_string(label));
    }
    auto* copy = memory_.template allocate<std::int32_t>(data.size());
    kernels::copy_in(memory_, copy, labels.data(), data.size());
    labels_ = copy;
  }

  void copy_frames(const Dataset<T>& data) {
    std::vector<std::uint16_t> ones;
    std::vector<Index> offsets{0};
    std::vector<ActiveInputs> frames(static_cast<std::size_t>(steps_));
    for (Index sample = 0; sample < data.size(); ++sample) {
      const std::array<Index, 1> one{sample};
      data.active_inputs(one, frames.data());
      for (const ActiveInputs& frame : frames) {
        ones.insert(ones.end(), frame.indices, frame.indices + frame.count);
        offsets.push_back(static_cast<Index>(ones.size()));
      }
    }
    auto* ones_there = memory_.template allocate<std::uint16_t>(std::ssize(ones));
    kernels::copy_in(memory_, ones_there, ones.data(), std::ssize(ones));
    auto* offsets_there = memory_.template allocate<Index>(std::ssize(offsets));
    kernels::copy_in(memory_, offsets_there, offsets.data(), std::ssize(offsets));
    ones_ = ones_there;
    offsets_ = offsets_there;
  }

  Arena memory_;
  Outputs outputs_;
  Index steps_, features_ = 0, width_ = 0;
  const T *inputs_ = nullptr, *targets_ = nullptr;
  const std::uint16_t* ones_ = nullptr;
  const Index* offsets_ = nullptr;
  const std::int32_t* labels_ = nullptr;
};

}  // namespace glifr
