#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "glifr/analysis/results.hpp"
#include "glifr/analysis/statistics.hpp"

namespace glifr::analysis {

/// What the trials of one model gave on the test set of a task.
struct ModelSummary {
  std::string model;
  std::vector<double> losses;      ///< a value a trial
  std::vector<double> accuracies;  ///< a fraction a trial; empty where the task has no classes

  [[nodiscard]] bool has_accuracy() const { return !accuracies.empty(); }
  /// The values by which models are compared: accuracies where there are such, else losses.
  [[nodiscard]] const std::vector<double>& values() const { return has_accuracy() ? accuracies : losses; }
};

/// The difference between two models, `first` minus `second`.
struct Comparison {
  std::string first, second;
  Moments first_moments, second_moments;
  std::optional<TTest> pooled, welch;
  std::optional<double> effect;  ///< Cohen's d
};

[[nodiscard]] Comparison compare(const std::string& first, std::span<const double> first_values,
                                 const std::string& second, std::span<const double> second_values);

struct TaskSummary {
  std::string task;
  std::vector<ModelSummary> models;
  std::vector<Comparison> comparisons;  ///< all ordered pairs of models

  [[nodiscard]] bool has_accuracy() const { return !models.empty() && models.front().has_accuracy(); }
};

/// The test results of every task, models in training order.
[[nodiscard]] std::vector<TaskSummary> summarize(const Results& results);

/// Mean and sd over trials of the course of a training, an epoch a value; epochs that not every trial reached are left
/// out.
struct TrainingCurve {
  std::string model;
  Index trials = 0;
  std::vector<double> epoch;
  std::vector<double> loss_mean, loss_sd;  ///< sd NaN for a single trial
  std::vector<double> acc_mean, acc_sd;    ///< empty where the task has no classes
};

[[nodiscard]] std::vector<TrainingCurve> training_curves(const Results& results, const std::string& task);

/// What is left of a model when some of its neurons are silenced: accuracies (fractions) or losses, over draws and
/// trials.
struct ModelAblation {
  std::string model;
  std::vector<double> ratios;               ///< of the neurons, ascending
  std::vector<std::vector<double>> values;  ///< of each ratio
};

struct TaskAblation {
  std::string task;
  bool has_accuracy = false;
  std::vector<ModelAblation> models;
};

}  // namespace glifr::analysis
