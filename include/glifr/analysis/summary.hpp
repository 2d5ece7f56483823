#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "glifr/analysis/results.hpp"
#include "glifr/analysis/statistics.hpp"
#include "glifr/export.hpp"

namespace glifr::analysis {

/// What the trials of one model gave on the test set of a task.
struct GLIFR_API ModelSummary {
  std::string model;               ///< by its name
  std::vector<double> losses;      ///< a value a trial
  std::vector<double> accuracies;  ///< a fraction a trial; empty where not every trial has one

  /// Takes the result of a trial, if it was tested.
  void add(const Trial& trial);
  /// Whether every trial has an accuracy.
  [[nodiscard]] bool has_accuracy() const { return !accuracies.empty(); }
  /// The accuracies, or the losses.
  [[nodiscard]] const std::vector<double>& values(bool are_accuracies) const {
    return are_accuracies ? accuracies : losses;
  }
};

/// By what results are compared that share a table, a mean, an axis or a test: by accuracies where every one that was
/// tested has them, otherwise by the losses of all. `summary_of` gives the ModelSummary of each of `compared`.
template <class Range, class SummaryOf = std::identity>
[[nodiscard]] bool have_accuracies(const Range& compared, SummaryOf summary_of = {}) {
  bool is_any_tested = false;
  for (const auto& each : compared) {
    const ModelSummary& summary = std::invoke(summary_of, each);
    if (summary.losses.empty()) continue;
    if (!summary.has_accuracy()) return false;
    is_any_tested = true;
  }
  return is_any_tested;
}

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
  std::string task;                  ///< by its name
  std::vector<ModelSummary> models;  ///< in training order
  /// Ordered pairs of models, by their accuracies or losses as `has_accuracy` says; but for pairs of which one alone
  /// has accuracies, whose losses are of different kinds.
  std::vector<Comparison> comparisons;

  /// Whether the models are compared by their accuracies.
  [[nodiscard]] bool has_accuracy() const { return have_accuracies(models); }
};

/// Whether any model of a task has a test result.
[[nodiscard]] GLIFR_API bool is_tested(const TaskSummary& summary);

/// The test results of every task, models in training order. A model without test results, of which only imported
/// networks are there, has no values.
[[nodiscard]] GLIFR_API std::vector<TaskSummary> summarize(const Results& results);

/// The tasks of one base task, a model on each of them against the same model on each other.
struct VariationComparison {
  std::string base_task;          ///< of both tasks
  std::string model;              ///< by its name
  bool has_accuracy = false;      ///< whether accuracies are compared, or losses
  Comparison comparison{};        ///< `first` and `second` are the names of the tasks
  Index pairs = 0;                ///< of trials with the same number and seed, which share batches and random numbers
  std::optional<TTest> paired{};  ///< the test of these pairs, where it is defined
};

/// All ordered pairs of tasks of each base task, for every model that was tested on both; but for pairs that have a
/// training in common (see `summarize_by`), which would be tested against itself.
[[nodiscard]] GLIFR_API std::vector<VariationComparison> compare_variations(const Results& results);

/// The settings in config.json of at least one trial that are a number, a text, true or false; in the order in which
/// they are met. Of a described model also hidden_size and num_ascs, which its layers say.
[[nodiscard]] GLIFR_API std::vector<std::string> setting_names(const Results& results);

/// A setting of a trial as tables write it; empty where config.json has none of that name, or a list or an object. Of
/// several layers hidden_size and num_ascs are those of each: "30+12".
[[nodiscard]] GLIFR_API std::string setting_text(const Trial& trial, std::string_view name);

/// Trials of one model, and of tasks with the same base task, that have the same values of some settings.
struct SettingGroup {
  std::string base_task;            ///< of their tasks
  std::vector<std::string> values;  ///< of the settings, in their order
  ModelSummary results{};           ///< of the trials
};

/// What `summarize_by` gives.
struct SettingSummary {
  std::vector<std::string> keys;     ///< the settings
  std::vector<SettingGroup> groups;  ///< by base task, model in training order, and values, numbers by size
};

/// The groups of a base task.
[[nodiscard]] GLIFR_API std::vector<SettingGroup> groups_of(const SettingSummary& summary,
                                                            const std::string& base_task);

/// Groups trials by base task, model and the values of settings, whether these were swept or set otherwise. Trials of a
/// group with the same number, seed, training losses and test results are one training, under several names since what
/// was set otherwise has no effect on the model, and count once. ConfigError (key "--by") where no trial has a setting
/// of such a name.
[[nodiscard]] GLIFR_API SettingSummary summarize_by(const Results& results, const std::vector<std::string>& keys);

/// The settings that a sweep changed, by the name of its task: of "sine@lr=0.001,hidden_size=64" lr and hidden_size;
/// none of a task that is no part of a sweep.
[[nodiscard]] GLIFR_API std::vector<std::string> swept_settings(std::string_view task);

/// The trials of a sweep: those of tasks that are called `task` and an @.
[[nodiscard]] GLIFR_API Results sweep_of(const Results& results, std::string_view task);

/// Mean and sd over trials of the course of a training, an epoch a value: of the trials that had not ended before it.
/// Epochs that one of these has no row of are left out (metrics.csv may be thinned), and of validation those in which
/// one of them has no value.
struct TrainingCurve {
  std::string model;              ///< by its name
  std::vector<Index> trials;      ///< over which mean and sd are taken, by epoch; fewer once trials have ended
  std::vector<double> epoch;      ///< counted from 1, ascending
  std::vector<double> loss_mean;  ///< of the training loss, by epoch
  std::vector<double> loss_sd;    ///< NaN for a single trial
  std::vector<double> acc_mean;   ///< of the training accuracy, by epoch; empty where the task has no classes
  std::vector<double> acc_sd;     ///< NaN for a single trial; empty as `acc_mean`

  /// Mean and sd over trials in some of the epochs.
  struct Validation {
    std::vector<double> epoch;  ///< those that were validated
    std::vector<double> mean;   ///< by epoch
    std::vector<double> sd;     ///< NaN for a single trial
  };
  Validation val_loss{};  ///< of the validation loss; empty without validation
  Validation val_acc{};   ///< of the validation accuracy; empty without validation or classes

  bool weighs_classes = false;  ///< whether the training loss of any of the trials weighs classes
};

/// The training curves of every model of a task.
[[nodiscard]] GLIFR_API std::vector<TrainingCurve> training_curves(const Results& results, const std::string& task);

/// What is left of a model when some of its neurons are silenced: accuracies (fractions) or losses.
struct ModelAblation {
  std::string model;           ///< by its name
  std::vector<double> ratios;  ///< of the neurons, ascending
  /// Of each ratio a value a draw, trial by trial; NaN where the network's loss was not finite.
  std::vector<std::vector<double>> values;
  std::vector<std::vector<Index>> trials{};  ///< the number of each value's trial; empty: all are of one
  /// Of each ratio the neurons that were silenced; none where trials differ in them. Empty: not known.
  std::vector<std::optional<Index>> silenced{};
};

/// All models of a task with neurons silenced.
struct GLIFR_API TaskAblation {
  std::string task;                   ///< by its name
  bool has_accuracy = false;          ///< whether the values are accuracies: all trials have them
  std::vector<ModelAblation> models;  ///< in training order

  /// Whether any model has several trials.
  [[nodiscard]] bool has_several_trials() const;
};

/// The values of a model's ratio that count as independent of each other: the draws, where all models have a single
/// trial; otherwise of each trial the mean over its draws.
[[nodiscard]] GLIFR_API std::vector<double> independent_values(const TaskAblation& ablation, const ModelAblation& model,
                                                               std::size_t ratio);

}  // namespace glifr::analysis
