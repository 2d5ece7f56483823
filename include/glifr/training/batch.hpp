#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "glifr/ops/sequence.hpp"

namespace glifr {

/// Samples as a network and its loss take them. Everything lies where the tape computes.
template <Scalar T>
struct Batch {
  Sequence<T> inputs{};                     ///< of all time steps
  std::span<const Index> samples{};         ///< their numbers within the data set
  std::span<const std::int32_t> labels{};   ///< a label a sample; empty where the targets are values
  View<const T> targets{};                  ///< of the steps that the network's outputs cover, [steps * samples, width]
  std::span<const std::int32_t> lengths{};  ///< valid steps of each sample; empty: all steps of all samples
  /// Factors on the losses of the rows of the network's output, [steps * samples]: a row's share in the mean over its
  /// sample's valid steps (0 behind them), times the weight of its class. Null: all rows count alike.
  const T* weights = nullptr;
  Index whole = 0;  ///< samples of the whole batch of which this is a part
};

/// A custom loss: the part of the batch's loss that these samples contribute, a value of size 1 on the tape
/// of `output` ([time or 1, samples, output_size]). Parts are added up, so a mean over samples divides by
/// `batch.whole`. Called from several threads at once.
template <Scalar T>
using LossFunction = std::function<Var<T>(const Var<T>& output, const Batch<T>& batch)>;

}  // namespace glifr
