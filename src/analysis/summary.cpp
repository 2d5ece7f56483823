#include "glifr/analysis/summary.hpp"

#include <algorithm>
#include <cmath>

namespace glifr::analysis {
namespace {

ModelSummary summarize_model(const ModelTrials& group) {
  ModelSummary summary{group.model, {}, {}};
  for (const Trial* trial : group.trials) {
    if (!trial->test) continue;
    summary.losses.push_back(trial->test->loss);
    if (trial->test->accuracy) summary.accuracies.push_back(*trial->test->accuracy);
  }
  if (summary.accuracies.size() != summary.losses.size()) summary.accuracies.clear();
  return summary;
}

/// Mean and sd of one metric over the trials, epoch by epoch.
void collect(const ModelTrials& group, std::vector<double> Metrics::*metric, std::size_t epochs,
             std::vector<double>& mean, std::vector<double>& sd) {
  std::vector<double> values(group.trials.size());
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    std::ranges::transform(group.trials, values.begin(),
                           [&](const Trial* trial) { return (trial->metrics.*metric)[epoch]; });
    const Moments over_trials = moments(values);
    mean.push_back(over_trials.mean);
    sd.push_back(over_trials.sd);
  }
}

/// The same of validation, in the epochs in which every trial has a value.
TrainingCurve::Validation collect_validation(const ModelTrials& group, std::vector<double> Metrics::*metric,
                                             const std::vector<double>& epochs) {
  std::vector<double> mean, sd;
  collect(group, metric, epochs.size(), mean, sd);
  TrainingCurve::Validation validation;
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    if (std::isnan(mean[i])) continue;
    validation.epoch.push_back(epochs[i]);
    validation.mean.push_back(mean[i]);
    validation.sd.push_back(sd[i]);
  }
  return validation;
}

}  // namespace

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
    for (const ModelTrials& group : models_of(results, task)) summary.models.push_back(summarize_model(group));
    for (const ModelSummary& first : summary.models) {
      for (const ModelSummary& second : summary.models) {
        if (first.model == second.model || first.has_accuracy() != second.has_accuracy()) continue;
        if (first.losses.empty() || second.losses.empty()) continue;
        summary.comparisons.push_back(compare(first.model, first.values(), second.model, second.values()));
      }
    }
  }
  return summaries;
}

std::vector<TrainingCurve> training_curves(const Results& results, const std::string& task) {
  std::vector<TrainingCurve> curves;
  for (ModelTrials& group : models_of(results, task)) {
    std::erase_if(group.trials, [](const Trial* trial) { return trial->metrics.epoch.empty(); });
    if (group.trials.empty()) continue;
    TrainingCurve& curve = curves.emplace_back();
    curve.model = group.model;
    curve.trials = static_cast<Index>(group.trials.size());
    const auto shortest =
        std::ranges::min_element(group.trials, {}, [](const Trial* trial) { return trial->metrics.epoch.size(); });
    curve.epoch = (*shortest)->metrics.epoch;
    collect(group, &Metrics::train_loss, curve.epoch.size(), curve.loss_mean, curve.loss_sd);
    const bool has_accuracy =
        std::ranges::all_of(group.trials, [](const Trial* trial) { return trial->metrics.has_accuracy(); });
    if (has_accuracy) collect(group, &Metrics::train_acc, curve.epoch.size(), curve.acc_mean, curve.acc_sd);
    curve.val_loss = collect_validation(group, &Metrics::val_loss, curve.epoch);
    curve.val_acc = collect_validation(group, &Metrics::val_acc, curve.epoch);
  }
  return curves;
}

}  // namespace glifr::analysis
