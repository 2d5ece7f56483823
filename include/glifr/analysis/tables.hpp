#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "glifr/analysis/summary.hpp"
#include "glifr/export.hpp"
#include "glifr/io/csv.hpp"

/// The results of the analyses as CSV with a header line. What is not defined (the sd of a single trial, the accuracy
/// of a regression) is an empty cell.
namespace glifr::analysis {

/// A row a task and model: number of trials and, of test accuracy (a fraction) and loss, mean, sd and the 95 %
/// confidence interval of the mean.
[[nodiscard]] GLIFR_API CsvRows summary_table(std::span<const TaskSummary> summaries);

/// A row a trial: what it is, its settings (see `setting_names`), and its results. train_loss, train_acc, val_loss and
/// val_acc are the last ones, seconds the sum over the epochs.
[[nodiscard]] GLIFR_API CsvRows trials_table(const Results& results);

/// A row a group of trials: its settings, and the columns of `summary_table`.
[[nodiscard]] GLIFR_API CsvRows setting_table(const SettingSummary& summary);

/// A row a model and ordered pair of tasks of a base task: t has the sign of the first task's mean minus the second's.
/// Behind the columns of `comparison_table` the number of pairs of trials and the paired test.
[[nodiscard]] GLIFR_API CsvRows variation_table(std::span<const VariationComparison> comparisons);

/// A row a label, a column a prediction, as confusion.csv.
[[nodiscard]] GLIFR_API CsvRows confusion_table(const Confusion& confusion);

/// A row an ordered pair of models of a task: t has the sign of the first mean minus the second.
[[nodiscard]] GLIFR_API CsvRows comparison_table(std::span<const TaskSummary> summaries);

/// A row a task, model and epoch.
[[nodiscard]] GLIFR_API CsvRows
curves_table(std::span<const std::pair<std::string, std::vector<TrainingCurve>>> curves_of_tasks);

/// A row a task, model and ratio of silenced neurons.
[[nodiscard]] GLIFR_API CsvRows ablation_table(std::span<const TaskAblation> ablations);

/// A row a task, model, ratio of silenced neurons and draw: the values behind `ablation_table`.
[[nodiscard]] GLIFR_API CsvRows ablation_draws_table(std::span<const TaskAblation> ablations);

/// Reads what `ablation_draws_table` wrote. Throws DataError where the file is missing, lacks a column or holds
/// something other than numbers in the columns of numbers.
[[nodiscard]] GLIFR_API std::vector<TaskAblation> read_ablation_draws(const std::filesystem::path& file);

/// A row a task, ratio of silenced neurons and ordered pair of models.
[[nodiscard]] GLIFR_API CsvRows ablation_comparison_table(std::span<const TaskAblation> ablations);

}  // namespace glifr::analysis
