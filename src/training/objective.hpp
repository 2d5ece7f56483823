#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "device_step.hpp"
#include "glifr/datasets/dataset.hpp"
#include "glifr/error.hpp"
#include "glifr/io/number.hpp"
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

/// The same on a device, in a step that the engine takes.
template <Scalar T>
struct Tallied {
  Var<T> loss;  ///< to be differentiated; empty: the gradient of the output is there already
  kernels::FewTerms<device::Tally> tallies;
  double terms_per_sample = 1;  ///< in the sum of their losses
};

/// What training minimises: cross entropy for labels, mean squared error for values, or a custom function.
/// The one place where outputs meet targets, whatever the engine.
template <Scalar T>
class Objective {
 public:
  explicit Objective(LossFunction<T> own = {}) : own_(std::move(own)) {}

  /// ConfigError where a network's outputs and a data set's targets do not go together, or the weights are not one for
  /// each class.
  void check(const RecurrentNetwork<T>& network, const Dataset<T>& data,
             const std::vector<double>& class_weights = {}) const {
    check_weights(data.classes(), class_weights);
    const auto require_equal = [](const char* key, Index expected, Index found) {
      if (expected != found)
        throw ConfigError(key, "the data has " + std::to_string(expected) + ", the network " + std::to_string(found));
    };
    require_equal("input_size", data.input_size(), network.input_size());
    if (own_) return;
    require_equal("output_size", data.classes() > 0 ? data.classes() : data.target_size(), network.output_size());
    if (network.outputs() == Outputs::last_step) return;
    const auto refuse = [](const std::string& what) {
      throw ConfigError("final_reduction",
                        what + " needs Outputs::last_step ('last'), found Outputs::every_step ('none')");
    };
    if (data.classes() > 0) refuse("a label a sample");
    if (data.target_steps() != data.time_steps()) refuse("a target for the last step only");
  }

  /// The loss of a network's output for a batch.
  [[nodiscard]] Measured<T> measure(const Var<T>& output, const Batch<T>& batch) const {
    if (own_) return measure_own(output, batch);
    if (batch.labels.empty()) {
      const Index terms = terms_of(output, batch);
      return {mean_squared_error<T>(output, batch.targets, terms * batch.whole, batch.weights),
              static_cast<double>(terms), nullptr};
    }
    const Var<T> logits = logits_of(output, batch);
    return {softmax_cross_entropy<T>(logits, batch.labels, batch.whole, batch.weights), 1,
            count_correct(logits, batch)};
  }

  /// The same on a device: loss, count of the correct and gradient of the output (which is zero before) in one launch.
  [[nodiscard]] Tallied<T> tally(const Var<T>& output, const Batch<T>& batch) const {
    Arena& memory = output.tape().memory();
    if (own_) {
      const Measured<T> measured = measure_own(output, batch);
      auto* tally = memory.template allocate<device::Tally>(1);
      for_each_element(memory.device(), 1, 1, device::TallyWhole{measured.loss.sum_at, measured.correct, tally});
      return {measured.loss.value, {tally, 1}, measured.terms_per_sample};
    }
    if (batch.labels.empty()) {
      const View<T> x = output.value();
      const Index terms = terms_of(output, batch);
      const T weight = T(1) / static_cast<T>(terms * batch.whole);
      const device::TallyValue<T> term{{x, batch.targets, batch.weights},
                                       {x, batch.targets, weight, output.grad(), batch.weights}};
      return {{}, kernels::sum_to_few<device::Tally>(memory, x.rows * x.columns, term), static_cast<double>(terms)};
    }
    const Var<T> logits = logits_of(output, batch);
    const T weight = T(1) / static_cast<T>(batch.whole);
    const Index chunks = std::min(logits.value().rows, kernels::FewTerms<device::Tally>::most);
    auto* tallies = memory.template allocate<device::Tally>(chunks);
    const kernels::CrossEntropy<T> loss{logits.value(), batch.labels.data(), weight, logits.grad(), batch.weights};
    for_each_element(memory.device(), 1, chunks, device::TallyRows<T>{loss, chunks, tallies});
    return {{}, {tallies, chunks}, 1};
  }

 private:
  /// Terms of a sample in the sum of squares; the weights of its steps add up to 1.
  static Index terms_of(const Var<T>& output, const Batch<T>& batch) {
    return (batch.weights ? 1 : output.shape()[0]) * batch.targets.columns;
  }
  /// A row of the output for each sample.
  static Var<T> logits_of(const Var<T>& output, const Batch<T>& batch) {
    return output.tape().alias(output, {std::ssize(batch.samples), output.shape().columns()}, 0);
  }

  static void check_weights(Index classes, const std::vector<double>& weights) {
    if (weights.empty()) return;
    const auto refuse = [](const std::string& found) {
      throw ConfigError("class_weights", "expected a number of 0 or more for each class, found " + found);
    };
    if (std::ssize(weights) != classes)
      refuse(std::to_string(weights.size()) + " for " + std::to_string(classes) + " classes");
    for (const double weight : weights) {
      if (!(weight >= 0 && std::isfinite(weight))) refuse(format_number(weight));
    }
  }

  static const double* count_correct(const Var<T>& logits, const Batch<T>& batch) {
    Arena& memory = logits.tape().memory();
    const Index rows = logits.value().rows;
    auto* correct = memory.template allocate_zeroed<double>(1);
    auto* marks = memory.template allocate<double>(rows);
    for_each_element(memory.device(), rows, 1, device::MarkCorrect<T>{logits.value(), batch.labels.data(), marks});
    kernels::add_sums(memory, rows, 1, kernels::Numbers{marks}, View<double>(correct, 1, 1));
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
