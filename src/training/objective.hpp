#pragma once

#include <string>
#include <utility>

#include "device_step.hpp"
#include "glifr/datasets/dataset.hpp"
#include "glifr/error.hpp"
#include "glifr/network/network.hpp"
#include "glifr/ops/loss.hpp"
#include "glifr/training/batch.hpp"

namespace glifr {

/// What the loss of a part of a batch is, where the tape computes.
template <Scalar T>
struct Measured {
  Loss<T> loss;                     ///< to be differentiated
  double terms_per_sample = 1;      ///< in the loss's sum
  const double* correct = nullptr;  ///< samples whose most likely class is their label; null where there are no labels
};

/// What training minimises: cross entropy for labels, mean squared error for values, or a custom function.
/// The one place where outputs meet targets, whatever the engine.
template <Scalar T>
class Objective {
 public:
  explicit Objective(LossFunction<T> own = {}) : own_(std::move(own)) {}

  /// ConfigError where a network's outputs and a data set's targets do not go together.
  void check(const RecurrentNetwork<T>& network, const Dataset<T>& data) const {
    const auto require_equal = [](const char* key, Index expected, Index found) {
      if (expected != found)
        throw ConfigError(key, "the data has " + std::to_string(expected) + ", the network " + std::to_string(found));
    };
    require_equal("input_size", data.input_size(), network.input_size());
    if (own_) return;
    require_equal("output_size", data.classes() > 0 ? data.classes() : data.target_size(), network.output_size());
    if (data.classes() > 0 && network.outputs() != Outputs::last_step)
      throw ConfigError("final_reduction", "a label a sample needs Outputs::last_step ('last'), found Outputs::every_step ('none')");
  }

  /// The loss of a network's output for a batch.
  [[nodiscard]] Measured<T> measure(const Var<T>& output, const Batch<T>& batch) const {
    if (own_) return measure_own(output, batch);
    const Index compared = output.shape()[0];
    if (batch.labels.empty()) {
      const Index width = batch.targets.columns;
      return {mean_squared_error<T>(output, batch.targets, compared * batch.whole * width),
              static_cast<double>(compared * width), nullptr};
    }
    const Var<T> logits = output.tape().alias(output, {std::ssize(batch.samples), output.shape().columns()}, 0);
    return {softmax_cross_entropy<T>(logits, batch.labels, batch.whole), 1, count_correct(logits, batch)};
  }

 private:
  static const double* count_correct(const Var<T>& logits, const Batch<T>& batch) {
    Arena& memory = logits.tape().memory();
    auto* correct = memory.template allocate_zeroed<double>(1);
    kernels::add_sums(memory, logits.value().rows, 1, device::IsCorrect<T>{logits.value(), batch.labels.data()},
                      View<double>(correct, 1, 1));
    return correct;
  }

  Measured<T> measure_own(const Var<T>& output, const Batch<T>& batch) const {
    const Var<T> value = own_(output, batch);
    if (value.shape().size() != 1) throw ShapeError("a loss function", "a value of size 1", to_string(value.shape()));
    Arena& memory = output.tape().memory();
    auto* sum = memory.template allocate<double>(1);
    for_each_element(memory.device(), 1, 1,
                     device::WidenLoss<T>{value.value().data, static_cast<double>(batch.whole), sum});
    const bool is_classified = !batch.labels.empty() && output.value().rows == std::ssize(batch.samples);
    return {{value, sum}, 1, is_classified ? count_correct(output, batch) : nullptr};
  }

  LossFunction<T> own_;
};

}  // namespace glifr
