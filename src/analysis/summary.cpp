#include "glifr/analysis/summary.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace glifr::analysis {
namespace {

/// Where metrics.csv of a trial has an epoch.
struct Row {
  const Metrics* metrics;
  std::size_t at;
};

/// The rows of the trials by epoch. An epoch is left out where a trial that goes on has no row of it.
std::map<double, std::vector<Row>> rows_by_epoch(const ModelTrials& group) {
  std::map<double, std::vector<Row>> rows;
  std::vector<double> ends;
  for (const Trial* trial : group.trials) {
    const std::vector<double>& epochs = trial->metrics.epoch;
    for (std::size_t i = 0; i < epochs.size(); ++i) rows[epochs[i]].push_back({&trial->metrics, i});
    ends.push_back(std::ranges::max(epochs));
  }
  std::erase_if(rows, [&](const auto& row) {
    const auto& [epoch, of_trials] = row;
    return std::ranges::count_if(ends, [&](double end) { return end >= epoch; }) != std::ssize(of_trials);
  });
  return rows;
}

/// Mean and sd of one metric over the trials, epoch by epoch.
void collect(const std::map<double, std::vector<Row>>& rows, std::vector<double> Metrics::*metric,
             std::vector<double>& mean, std::vector<double>& sd) {
  for (const auto& [epoch, of_trials] : rows) {
    std::vector<double> values;
    for (const Row& row : of_trials) values.push_back((row.metrics->*metric)[row.at]);
    const Moments over_trials = moments(values);
    mean.push_back(over_trials.mean);
    sd.push_back(over_trials.sd);
  }
}

/// The same of validation, in the epochs in which every trial has a value.
TrainingCurve::Validation collect_validation(const std::map<double, std::vector<Row>>& rows,
                                             std::vector<double> Metrics::*metric) {
  std::vector<double> mean, sd;
  collect(rows, metric, mean, sd);
  TrainingCurve::Validation validation;
  std::size_t i = 0;
  for (const auto& [epoch, of_trials] : rows) {
    if (!std::isnan(mean[i])) {
      validation.epoch.push_back(epoch);
      validation.mean.push_back(mean[i]);
      validation.sd.push_back(sd[i]);
    }
    ++i;
  }
  return validation;
}

}  // namespace

void ModelSummary::add(const Trial& trial) {
  if (!trial.test) return;
  const bool have_all = accuracies.size() == losses.size() && trial.test->accuracy;
  losses.push_back(trial.test->loss);
  have_all ? accuracies.push_back(*trial.test->accuracy) : accuracies.clear();
}

bool is_tested(const TaskSummary& summary) {
  return std::ranges::any_of(summary.models, [](const ModelSummary& model) { return !model.losses.empty(); });
}

Comparison compare(const std::string& first, std::span<const double> first_values, const std::string& second,
                   std::span<const double> second_values) {
  const Moments a = moments(first_values);
  const Moments b = moments(second_values);
  return {first, second, a, b, pooled_t_test(a, b), welch_t_test(a, b), cohens_d(a, b)};
}

std::vector<TaskSummary> summarize(const Results& results) {
  std::vector<TaskSummary> summaries;
  for (const std::string& task : tasks(results)) {
    TaskSummary& summary = summaries.emplace_back(TaskSummary{task, {}, {}});
    for (const ModelTrials& group : models_of(results, task)) {
      ModelSummary& model = summary.models.emplace_back(ModelSummary{group.model, {}, {}});
      for (const Trial* trial : group.trials) model.add(*trial);
    }
    const bool has_accuracy = summary.has_accuracy();
    for (const ModelSummary& first : summary.models) {
      for (const ModelSummary& second : summary.models) {
        if (first.model == second.model || first.has_accuracy() != second.has_accuracy()) continue;
        if (first.losses.empty() || second.losses.empty()) continue;
        summary.comparisons.push_back(
            compare(first.model, first.values(has_accuracy), second.model, second.values(has_accuracy)));
      }
    }
  }
  return summaries;
}

bool TaskAblation::has_several_trials() const {
  return std::ranges::any_of(models, [](const ModelAblation& model) {
    return std::ranges::any_of(model.trials, [](const std::vector<Index>& trials) {
      return std::ranges::any_of(trials, [&](Index trial) { return trial != trials.front(); });
    });
  });
}

std::vector<double> independent_values(const TaskAblation& ablation, const ModelAblation& model, std::size_t ratio) {
  const std::vector<double>& values = model.values[ratio];
  if (!ablation.has_several_trials()) return values;
  std::map<Index, std::vector<double>> by_trial;
  for (std::size_t i = 0; i < values.size(); ++i)
    by_trial[model.trials.empty() ? 0 : model.trials[ratio][i]].push_back(values[i]);
  std::vector<double> means;
  for (const auto& [trial, draws] : by_trial) means.push_back(moments(draws).mean);
  return means;
}

std::vector<TrainingCurve> training_curves(const Results& results, const std::string& task) {
  std::vector<TrainingCurve> curves;
  for (ModelTrials& group : models_of(results, task)) {
    std::erase_if(group.trials, [](const Trial* trial) { return trial->metrics.epoch.empty(); });
    if (group.trials.empty()) continue;
    TrainingCurve& curve = curves.emplace_back();
    curve.model = group.model;
    curve.weighs_classes =
        std::ranges::any_of(group.trials, [](const Trial* trial) { return weighs_classes(trial->config); });
    const auto rows = rows_by_epoch(group);
    for (const auto& [epoch, of_trials] : rows) {
      curve.epoch.push_back(epoch);
      curve.trials.push_back(std::ssize(of_trials));
    }
    collect(rows, &Metrics::train_loss, curve.loss_mean, curve.loss_sd);
    const bool has_accuracy =
        std::ranges::all_of(group.trials, [](const Trial* trial) { return trial->metrics.has_accuracy(); });
    if (has_accuracy) collect(rows, &Metrics::train_acc, curve.acc_mean, curve.acc_sd);
    curve.val_loss = collect_validation(rows, &Metrics::val_loss);
    curve.val_acc = collect_validation(rows, &Metrics::val_acc);
  }
  return curves;
}

}  // namespace glifr::analysis
