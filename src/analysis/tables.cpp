#include "glifr/analysis/tables.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "glifr/error.hpp"

namespace glifr::analysis {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

void add_words(CsvRows& csv, std::span<const std::string_view> words) {
  for (const std::string_view word : words) csv.cell(word);
}

void add_words(CsvRows& csv, std::initializer_list<std::string_view> words) {
  add_words(csv, std::span(words.begin(), words.size()));
}

void add_number(CsvRows& csv, double value) {
  std::isfinite(value) ? csv.cell(value) : csv.empty_cell();
}

/// mean, sd, lower and upper end of the confidence interval; empty cells where there are no values.
void add_moments(CsvRows& csv, const std::vector<double>& values, const Interval& possible) {
  const Moments group = moments(values);
  const auto interval = confidence_interval(group, 0.95, possible);
  for (const double value :
       {group.mean, group.sd, interval ? interval->lower : undefined, interval ? interval->upper : undefined}) {
    add_number(csv, value);
  }
}

void add_test(CsvRows& csv, const std::optional<TTest>& test) {
  for (const double value :
       {test ? test->t : undefined, test ? test->degrees_of_freedom : undefined, test ? test->p : undefined}) {
    add_number(csv, value);
  }
}

constexpr std::array<std::string_view, 13> comparison_columns{
    "first", "second", "n_first", "n_second", "mean_first", "mean_second", "t",
    "df",    "p",      "welch_t", "welch_df", "welch_p",    "cohens_d"};

void add_comparison(CsvRows& csv, const Comparison& comparison) {
  add_words(csv, {comparison.first, comparison.second});
  csv.cell(comparison.first_moments.count).cell(comparison.second_moments.count);
  add_number(csv, comparison.first_moments.mean);
  add_number(csv, comparison.second_moments.mean);
  add_test(csv, comparison.pooled);
  add_test(csv, comparison.welch);
  add_number(csv, comparison.effect.value_or(undefined));
}

constexpr std::array<std::string_view, 9> moments_columns{
    "trials",         "test_acc_mean", "test_acc_sd",          "test_acc_ci95_lower", "test_acc_ci95_upper",
    "test_loss_mean", "test_loss_sd",  "test_loss_ci95_lower", "test_loss_ci95_upper"};

/// The cells under `moments_columns`, which end the row.
void add_results(CsvRows& csv, const ModelSummary& results) {
  csv.cell(static_cast<Index>(results.losses.size()));
  add_moments(csv, results.accuracies, possible_accuracies);
  add_moments(csv, results.losses, possible_losses);
  csv.end_row();
}

/// The last value that there is, NaN where there is none.
double last(const std::vector<double>& values) {
  const auto found = std::find_if(values.rbegin(), values.rend(), [](double value) { return !std::isnan(value); });
  return found == values.rend() ? undefined : *found;
}

std::string_view metric_name(bool has_accuracy) {
  return has_accuracy ? "test_acc" : "test_loss";
}

}  // namespace

CsvRows summary_table(std::span<const TaskSummary> summaries) {
  CsvRows csv;
  add_words(csv, {"task", "model"});
  add_words(csv, moments_columns);
  csv.end_row();
  for (const TaskSummary& summary : summaries) {
    for (const ModelSummary& model : summary.models) {
      add_words(csv, {summary.task, model.model});
      add_results(csv, model);
    }
  }
  return csv;
}

CsvRows trials_table(const Results& results) {
  constexpr std::array<std::string_view, 5> identity{"task", "base_task", "model", "trial", "seed"};
  constexpr std::array<std::string_view, 12> outcome{"epochs",          "train_loss", "train_acc",          "val_loss",
                                                     "val_acc",         "test_loss",  "test_acc",           "samples",
                                                     "test_checkpoint", "epoch",      "trained_parameters", "seconds"};
  std::vector<std::string> settings = setting_names(results);
  std::erase_if(settings, [&](const std::string& name) {
    return std::ranges::find(identity, name) != identity.end() || std::ranges::find(outcome, name) != outcome.end();
  });
  CsvRows csv;
  add_words(csv, identity);
  for (const std::string& name : settings) csv.cell(std::string_view(name));
  add_words(csv, outcome);
  csv.end_row();
  const auto add_text = [&](const std::string& text) {
    text.empty() ? csv.empty_cell() : csv.cell(std::string_view(text));
  };
  const auto add_count = [&](const std::optional<Index>& count) { count ? csv.cell(*count) : csv.empty_cell(); };
  for (const Trial& trial : results.trials) {
    const std::string base = trial.base_task();
    add_words(csv, {trial.task, base, trial.model});
    csv.cell(trial.number);
    add_text(setting_text(trial, "seed"));
    for (const std::string& name : settings) add_text(setting_text(trial, name));
    const Metrics& metrics = trial.metrics;
    const TestResult test = trial.test.value_or(TestResult{.loss = undefined});
    if (metrics.epoch.empty()) {
      csv.empty_cell();
    } else {
      csv.cell(metrics.epoch.back());
    }
    for (const std::vector<double>* values :
         {&metrics.train_loss, &metrics.train_acc, &metrics.val_loss, &metrics.val_acc})
      add_number(csv, last(*values));
    add_number(csv, test.loss);
    add_number(csv, test.accuracy.value_or(undefined));
    add_count(test.samples);
    add_text(test.checkpoint);
    add_count(test.epoch);
    add_text(setting_text(trial, "trained_parameters"));
    add_number(csv, metrics.seconds.empty() ? undefined
                                            : std::accumulate(metrics.seconds.begin(), metrics.seconds.end(), 0.0));
    csv.end_row();
  }
  return csv;
}

CsvRows setting_table(const SettingSummary& summary) {
  CsvRows csv;
  add_words(csv, {"base_task", "model"});
  for (const std::string& key : summary.keys) csv.cell(std::string_view(key));
  add_words(csv, moments_columns);
  csv.end_row();
  for (const SettingGroup& group : summary.groups) {
    add_words(csv, {group.base_task, group.results.model});
    for (const std::string& value : group.values) value.empty() ? csv.empty_cell() : csv.cell(std::string_view(value));
    add_results(csv, group.results);
  }
  return csv;
}

CsvRows variation_table(std::span<const VariationComparison> comparisons) {
  CsvRows csv;
  add_words(csv, {"base_task", "model", "metric"});
  add_words(csv, comparison_columns);
  add_words(csv, {"n_pairs", "paired_t", "paired_df", "paired_p"});
  csv.end_row();
  for (const VariationComparison& each : comparisons) {
    add_words(csv, {each.base_task, each.model, metric_name(each.has_accuracy)});
    add_comparison(csv, each.comparison);
    csv.cell(each.pairs);
    add_test(csv, each.paired);
    csv.end_row();
  }
  return csv;
}

CsvRows confusion_table(const Confusion& confusion) {
  CsvRows csv;
  csv.cell("label");
  for (Index prediction = 0; prediction < confusion.classes; ++prediction) csv.cell(prediction);
  csv.end_row();
  for (Index label = 0; label < confusion.classes; ++label) {
    csv.cell(label);
    for (Index prediction = 0; prediction < confusion.classes; ++prediction)
      csv.cell(static_cast<Index>(confusion(label, prediction)));
    csv.end_row();
  }
  return csv;
}

CsvRows comparison_table(std::span<const TaskSummary> summaries) {
  CsvRows csv;
  add_words(csv, {"task", "metric"});
  add_words(csv, comparison_columns);
  csv.end_row();
  for (const TaskSummary& summary : summaries) {
    for (const Comparison& comparison : summary.comparisons) {
      add_words(csv, {summary.task, metric_name(summary.has_accuracy())});
      add_comparison(csv, comparison);
      csv.end_row();
    }
  }
  return csv;
}

CsvRows curves_table(std::span<const std::pair<std::string, std::vector<TrainingCurve>>> curves_of_tasks) {
  CsvRows csv({"task", "model", "trials", "epoch", "train_loss_mean", "train_loss_sd", "train_acc_mean", "train_acc_sd",
               "val_loss_mean", "val_loss_sd", "val_acc_mean", "val_acc_sd"});
  for (const auto& [task, curves] : curves_of_tasks) {
    for (const TrainingCurve& curve : curves) {
      for (std::size_t i = 0; i < curve.epoch.size(); ++i) {
        add_words(csv, {task, curve.model});
        csv.cell(curve.trials[i]).cell(curve.epoch[i]);
        add_number(csv, curve.loss_mean[i]);
        add_number(csv, curve.loss_sd[i]);
        add_number(csv, curve.acc_mean.empty() ? undefined : curve.acc_mean[i]);
        add_number(csv, curve.acc_sd.empty() ? undefined : curve.acc_sd[i]);
        for (const TrainingCurve::Validation* validation : {&curve.val_loss, &curve.val_acc}) {
          const auto found = std::ranges::lower_bound(validation->epoch, curve.epoch[i]);
          const bool is_there = found != validation->epoch.end() && *found == curve.epoch[i];
          const auto at = static_cast<std::size_t>(found - validation->epoch.begin());
          add_number(csv, is_there ? validation->mean[at] : undefined);
          add_number(csv, is_there ? validation->sd[at] : undefined);
        }
        csv.end_row();
      }
    }
  }
  return csv;
}

CsvRows ablation_table(std::span<const TaskAblation> ablations) {
  CsvRows csv({"task", "model", "ratio_silenced", "silenced", "n", "mean", "sd", "ci95_lower", "ci95_upper", "metric"});
  for (const TaskAblation& ablation : ablations) {
    for (const ModelAblation& model : ablation.models) {
      for (std::size_t i = 0; i < model.ratios.size(); ++i) {
        add_words(csv, {ablation.task, model.model});
        const std::vector<double> values = independent_values(ablation, model, i);
        csv.cell(model.ratios[i]);
        const std::optional<Index> silenced = model.silenced.empty() ? std::nullopt : model.silenced[i];
        silenced ? csv.cell(*silenced) : csv.empty_cell();
        csv.cell(static_cast<Index>(values.size()));
        add_moments(csv, values, ablation.has_accuracy ? possible_accuracies : possible_losses);
        csv.cell(metric_name(ablation.has_accuracy));
        csv.end_row();
      }
    }
  }
  return csv;
}

CsvRows ablation_draws_table(std::span<const TaskAblation> ablations) {
  CsvRows csv({"task", "model", "trial", "ratio_silenced", "metric", "value"});
  for (const TaskAblation& ablation : ablations) {
    for (const ModelAblation& model : ablation.models) {
      for (std::size_t i = 0; i < model.ratios.size(); ++i) {
        for (std::size_t k = 0; k < model.values[i].size(); ++k) {
          add_words(csv, {ablation.task, model.model});
          model.trials.empty() ? csv.empty_cell() : csv.cell(model.trials[i][k]);
          csv.cell(model.ratios[i]).cell(metric_name(ablation.has_accuracy));
          add_number(csv, model.values[i][k]);
          csv.end_row();
        }
      }
    }
  }
  return csv;
}

std::vector<TaskAblation> read_ablation_draws(const std::filesystem::path& file) {
  const CsvCells table = read_csv_cells(file);
  const auto column = [&](std::string_view name) {
    const auto found = table.column(name);
    if (!found) throw DataError(file.string(), "column " + std::string(name) + " is missing");
    return *found;
  };
  const std::size_t task = column("task"), model = column("model"), ratio = column("ratio_silenced"),
                    metric = column("metric"), value = column("value");
  const std::optional<std::size_t> trial = table.column("trial");
  std::vector<TaskAblation> ablations;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const std::vector<std::string>& cells = table.rows[row];
    const auto number = [&](std::size_t at) {
      const std::optional<double> parsed = parse_number(cells[at]);
      if (!parsed || !std::isfinite(*parsed)) {
        throw DataError(file.string(), "line " + std::to_string(row + 2) + ": found '" + cells[at] + "' in column " +
                                           table.header[at] + "; a finite number is needed");
      }
      return *parsed;
    };
    if (ablations.empty() || ablations.back().task != cells[task])
      ablations.push_back({cells[task], cells[metric] == metric_name(true), {}});
    std::vector<ModelAblation>& models = ablations.back().models;
    if (models.empty() || models.back().model != cells[model]) models.push_back({cells[model], {}, {}});
    if (models.back().ratios.empty() || models.back().ratios.back() != number(ratio)) {
      models.back().ratios.push_back(number(ratio));
      models.back().values.emplace_back();
      if (trial) models.back().trials.emplace_back();
    }
    models.back().values.back().push_back(cells[value].empty() ? undefined : number(value));
    if (trial) models.back().trials.back().push_back(cells[*trial].empty() ? 0 : static_cast<Index>(number(*trial)));
  }
  return ablations;
}

CsvRows ablation_comparison_table(std::span<const TaskAblation> ablations) {
  CsvRows csv;
  add_words(csv, {"task", "metric", "ratio_silenced"});
  add_words(csv, comparison_columns);
  csv.end_row();
  for (const TaskAblation& ablation : ablations) {
    for (const ModelAblation& first : ablation.models) {
      for (const ModelAblation& second : ablation.models) {
        if (&first == &second) continue;
        for (std::size_t i = 0; i < first.ratios.size(); ++i) {
          const auto same = std::ranges::find(second.ratios, first.ratios[i]);
          if (same == second.ratios.end()) continue;
          const auto at = static_cast<std::size_t>(same - second.ratios.begin());
          add_words(csv, {ablation.task, metric_name(ablation.has_accuracy)});
          csv.cell(first.ratios[i]);
          add_comparison(csv, compare(first.model, independent_values(ablation, first, i), second.model,
                                      independent_values(ablation, second, at)));
          csv.end_row();
        }
      }
    }
  }
  return csv;
}

}  // namespace glifr::analysis
