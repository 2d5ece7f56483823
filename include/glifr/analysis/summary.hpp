#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "glifr/analysis/results.hpp"
#include "glifr/analysis/statistics.hpp"
#include "glifr/export.hpp"

namespace glifr::analysis {

/// What the trials of one model gave on the test set of a task.
struct ModelSummary {
  std::string model;               ///< by its name
  std::vector<double> losses;      ///< a value a trial
  std::vector<double> accuracies;  ///< a fraction a trial; empty where the task has no classes

  /// Whether the task has classes.
  [[nodiscard]] bool has_accuracy() const { return !accuracies.empty(); }
  /// The values by which models are compared: accuracies where there are such, else losses.
  [[nodiscard]] const std::vector<double>& values() const { return has_accuracy() ? accuracies : losses; }
};

/// The difference between two models, `first` minus `second`.
struct Comparison {
  std::string first;             ///< name of the one model
  std::string second;            ///< name of the other
  Moments first_moments;         ///< of the one's values over trials
  Moments second_moments;        ///< of the other's
  std::optional<TTest> pooled;   ///< Student's test with pooled variance, where it is defined
  std::optional<TTest> welch;    ///< Welch's test, where it is defined
  std::optional<double> effect;  ///< Cohen's d
};

/// Compares the values of two models; `first` and `second` are their names.
[[nodiscard]] GLIFR_API Comparison compare(const std::string& first, std::span<const double> first_values,
                                           const std::string& second, std::span<const double> second_values);

/// All models of a task.
struct TaskSummary {
  std::string task;                     ///< by its name
  std::vector<ModelSummary> models;     ///< in training order
  std::vector<Comparison> comparisons;  ///< all ordered pairs of models

  /// Whether the task has classes.
  [[nodiscard]] bool has_accuracy() const { return !models.empty() && models.front().has_accuracy(); }
};

/// The test results of every task, models in training order.
[[nodiscard]] GLIFR_API std::vector<TaskSummary> summarize(const Results& results);

/// Mean and sd over trials of the course of a training, an epoch a value; epochs that not every trial reached are left
/// out.
struct TrainingCurve {
  std::string model;              ///< by its name
  Index trials = 0;               ///< over which mean and sd are taken
  std::vector<double> epoch;      ///< counted from 1
  std::vector<double> loss_mean;  ///< of the training loss, by epoch
  std::vector<double> loss_sd;    ///< NaN for a single trial
  std::vector<double> acc_mean;   ///< of the training accuracy, by epoch; empty where the task has no classes
  std::vector<double> acc_sd;     ///< NaN for a single trial; empty as `acc_mean`
};

/// The training curves of every model of a task.
[[nodiscard]] GLIFR_API std::vector<TrainingCurve> training_curves(const Results& results, const std::string& task);

/// What is left of a model when some of its neurons are silenced: accuracies (fractions) or losses, over draws and
/// trials.
struct ModelAblation {
  std::string model;                        ///< by its name
  std::vector<double> ratios;               ///< of the neurons, ascending
  std::vector<std::vector<double>> values;  ///< of each ratio
};

/// All models of a task with neurons silenced.
struct TaskAblation {
  std::string task;                   ///< by its name
  bool has_accuracy = false;          ///< whether it has classes
  std::vector<ModelAblation> models;  ///< in training order
};

}  // namespace glifr::analysis
