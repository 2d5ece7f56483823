#include <algorithm>
#include <cmath>
#include <limits>

#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/style.hpp"
#include "glifr/io/csv.hpp"
#include "table_rows.hpp"
#include "thinned.hpp"

namespace glifr::analysis {
namespace {

constexpr double percent = 100;

std::vector<double> scaled(std::vector<double> values, double factor) {
  for (double& value : values) value *= factor;
  return values;
}

Axis epochs() {
  return {.label = "epoch", .is_count = true};
}

/// A loss that falls by more than a factor of ten is seen better on a logarithmic axis.
bool needs_logarithm(const std::vector<double>& values) {
  if (values.empty()) return false;
  const auto [low, high] = std::ranges::minmax(values);
  return low > 0 && high > 10 * low;
}

/// An axis of accuracies in percent, or of losses, of which `values` are some.
Axis metric_axis(std::string label, bool is_accuracy, const std::vector<double>& values) {
  Axis axis{.label = std::move(label)};
  const bool is_negative = std::ranges::any_of(values, [](double value) { return value < 0; });
  if (!is_negative) axis.least = 0;
  if (is_accuracy) axis.greatest = percent;
  if (is_accuracy || !needs_logarithm(values)) return axis;
  const auto [low, high] = std::ranges::minmax(values);
  axis.is_logarithmic = true;
  axis.lower = 0.7 * low;
  axis.upper = 1.4 * high;
  return axis;
}

/// Spreads the trials of a model a little, so that equal results do not hide each other.
double jitter(std::size_t trial, std::size_t trials) {
  return trials < 2 ? 0 : 0.3 * (static_cast<double>(trial) / static_cast<double>(trials - 1) - 0.5);
}

/// A metric of training curves, and how it is shown.
struct CurveMetric {
  std::string name, label;
  std::vector<double> TrainingCurve::*mean;
  std::vector<double> TrainingCurve::*sd;
  double factor;
};

void add_metric(Figure& figure, std::span<const TrainingCurve> curves, const CurveMetric& metric) {
  std::vector<double> means;
  for (const TrainingCurve& curve : curves) {
    means.insert(means.end(), (curve.*metric.mean).begin(), (curve.*metric.mean).end());
  }
  if (means.empty()) return;
  Panel panel;
  panel.x = epochs();
  panel.y = metric_axis(metric.label, metric.factor == percent, means);
  // Where the sd is above the mean, the band would fall through the floor of a logarithmic axis.
  const double floor = panel.y.is_logarithmic ? *panel.y.lower : std::numeric_limits<double>::lowest();

  detail::TableRows table(metric.name, {"model", "epoch", "mean", "sd", "lower", "upper"});
  std::vector<Series> lines;  // on top of all bands
  for (const TrainingCurve& curve : curves) {
    for (const std::size_t i : detail::drawn_points((curve.*metric.mean).size())) {
      const double mean = metric.factor * (curve.*metric.mean)[i];
      const double sd = metric.factor * (curve.*metric.sd)[i];
      table.add(curve.model, curve.epoch[i], mean, sd, std::max(mean - sd, floor), mean + sd);
    }
    const Filter filter{"model", curve.model};
    if (curve.trials > 1) {
      panel.series.push_back({.mark = Mark::band,
                              .table = metric.name,
                              .x = "epoch",
                              .y = {"lower", "upper"},
                              .ink = faded(model_ink(curve.model), 0.18),
                              .where = filter});
    }
    // A line needs two epochs to be seen.
    lines.push_back({.mark = curve.epoch.size() > 1 ? Mark::line : Mark::line_and_points,
                     .table = metric.name,
                     .x = "epoch",
                     .y = {"mean"},
                     .ink = model_ink(curve.model),
                     .title = model_label(curve.model),
                     .where = filter});
  }
  panel.series.insert(panel.series.end(), lines.begin(), lines.end());
  figure.tables.push_back(table.take());
  figure.panels.push_back(std::move(panel));
}

}  // namespace

Figure summary_figure(const TaskSummary& summary) {
  const double factor = summary.has_accuracy() ? percent : 1;
  const std::string metric = summary.has_accuracy() ? "Test accuracy" : "Test loss";
  Figure figure;
  figure.name = "summary_" + summary.task;
  figure.caption =
      metric + " on " + summary.task +
      ": mean and standard deviation over the trials of each model (bars) and the single trials (open circles).";
  figure.width = std::max(640.0, 120 + 40.0 * static_cast<double>(summary.models.size()));
  Panel panel;
  panel.x.lower = -0.6;
  panel.x.upper = static_cast<double>(summary.models.size()) - 0.4;

  detail::TableRows means("means", {"model", "position", "trials", "mean", "sd"});
  detail::TableRows trials("trials", {"model", "position", "value"});
  std::vector<double> all;
  for (std::size_t m = 0; m < summary.models.size(); ++m) {
    const ModelSummary& model = summary.models[m];
    const std::vector<double> values = scaled(model.values(), factor);
    const Moments over_trials = moments(values);
    const auto position = static_cast<double>(m);
    panel.x.tics.push_back({model_label(model.model), position});
    means.add(model.model, position, static_cast<double>(over_trials.count), over_trials.mean, over_trials.sd);
    for (std::size_t i = 0; i < values.size(); ++i)
      trials.add(model.model, position + jitter(i, values.size()), values[i]);
    all.insert(all.end(), values.begin(), values.end());

    const Filter filter{"model", model.model};
    Ink ink = model_ink(model.model);
    ink.dash = 1;
    Ink circle = ink;
    circle.point = 6;
    circle.width = 1;
    ink.width = 2;
    ink.point_size = 0.9;
    const bool has_sd = over_trials.count > 1;
    panel.series.push_back({.mark = has_sd ? Mark::error_bars : Mark::points,
                            .table = "means",
                            .x = "position",
                            .y = has_sd ? std::vector<std::string>{"mean", "sd"} : std::vector<std::string>{"mean"},
                            .ink = ink,
                            .where = filter});
    panel.series.push_back(
        {.mark = Mark::points, .table = "trials", .x = "position", .y = {"value"}, .ink = circle, .where = filter});
  }
  panel.y = metric_axis(summary.has_accuracy() ? "test accuracy (%)" : "test loss", summary.has_accuracy(), all);
  figure.tables = {means.take(), trials.take()};
  figure.panels.push_back(std::move(panel));
  return figure;
}

Figure training_curves_figure(const std::string& task, std::span<const TrainingCurve> curves) {
  Figure figure;
  figure.name = "curves_" + task;
  figure.caption =
      "Training on " + task +
      ": mean over the trials of each model, a value an epoch. Bands are one standard deviation to either side.";
  add_metric(figure, curves, {"train_loss", "training loss", &TrainingCurve::loss_mean, &TrainingCurve::loss_sd, 1});
  add_metric(figure, curves,
             {"train_acc", "training accuracy (%)", &TrainingCurve::acc_mean, &TrainingCurve::acc_sd, percent});
  figure.columns = static_cast<Index>(figure.panels.size());
  figure.width = figure.columns > 1 ? 760 : 640;
  figure.aspect = figure.columns > 1 ? 0.7 : 0.5;
  figure.least_panel_width = 240;
  figure.has_key = true;
  return figure;
}

Figure training_curve_figure(const Metrics& metrics, const std::string& model) {
  Figure figure;
  figure.name = "training_curve";
  figure.caption = "Training of " + model_name(model) + ": a value an epoch, the mean over its samples.";
  Table table{"training_curve",
              {{"epoch", detail::thinned(metrics.epoch)}, {"train_loss", detail::thinned(metrics.train_loss)}}};
  Ink ink = model_ink(model);
  ink.dash = 1;
  const auto add_panel = [&](const char* column, Axis axis) {
    Panel& panel = figure.panels.emplace_back();
    panel.x = epochs();
    panel.y = std::move(axis);
    const Mark mark = metrics.epoch.size() > 60 ? Mark::line : Mark::line_and_points;
    panel.series.push_back({.mark = mark, .table = "training_curve", .x = "epoch", .y = {column}, .ink = ink});
  };
  add_panel("train_loss", metric_axis("training loss", false, metrics.train_loss));
  if (metrics.has_accuracy()) {
    const std::vector<double> accuracies = scaled(metrics.train_acc, percent);
    table.columns.push_back({"train_acc_percent", detail::thinned(accuracies)});
    add_panel("train_acc_percent", metric_axis("training accuracy (%)", true, accuracies));
  }
  figure.columns = static_cast<Index>(figure.panels.size());
  figure.width = figure.columns > 1 ? 760 : 480;
  figure.aspect = 0.6;
  figure.least_panel_width = 240;
  figure.tables.push_back(std::move(table));
  return figure;
}

Drawing draw_training_curve(const std::filesystem::path& metrics, const std::string& model,
                            const std::filesystem::path& folder) {
  return draw(training_curve_figure(read_metrics(metrics), model), folder);
}

Figure ablation_figure(const TaskAblation& ablation) {
  const double factor = ablation.has_accuracy ? percent : 1;
  Figure figure;
  figure.name = "ablation_" + ablation.task;
  figure.caption =
      std::string(ablation.has_accuracy ? "Test accuracy" : "Test loss") + " on " + ablation.task +
      " with a share of the neurons, drawn at random, silenced: mean and standard deviation over draws and trials.";
  figure.width = 760;
  figure.aspect = 0.45;
  figure.has_key = true;
  Panel panel;
  panel.x.label = "neurons silenced (%)";

  std::vector<double> ratios;
  for (const ModelAblation& model : ablation.models)
    ratios.insert(ratios.end(), model.ratios.begin(), model.ratios.end());
  std::ranges::sort(ratios);
  const auto repeated = std::ranges::unique(ratios);
  ratios.erase(repeated.begin(), repeated.end());
  const auto group = [&](double ratio) {
    return static_cast<double>(std::ranges::lower_bound(ratios, ratio) - ratios.begin());
  };
  for (const double ratio : ratios)
    panel.x.tics.push_back({format_number(std::round(1000 * percent * ratio) / 1000), group(ratio)});
  panel.x.lower = -0.5;
  panel.x.upper = static_cast<double>(ratios.size()) - 0.5;

  const auto models = static_cast<double>(ablation.models.size());
  const double width = 0.84 / std::max(models, 3.0);
  detail::TableRows table("ablation", {"model", "ratio", "position", "mean", "sd"});
  std::vector<double> means;
  for (std::size_t m = 0; m < ablation.models.size(); ++m) {
    const ModelAblation& model = ablation.models[m];
    const double offset = width * (static_cast<double>(m) - (models - 1) / 2);
    for (std::size_t i = 0; i < model.ratios.size(); ++i) {
      const Moments result = moments(scaled(model.values[i], factor));
      table.add(model.model, model.ratios[i], group(model.ratios[i]) + offset, result.mean, result.sd);
      means.push_back(result.mean);
    }
    const Filter filter{"model", model.model};
    panel.series.push_back({.mark = Mark::boxes,
                            .table = "ablation",
                            .x = "position",
                            .y = {"mean"},
                            .ink = model_ink(model.model),
                            .title = model_label(model.model),
                            .where = filter,
                            .box_width = 0.92 * width});
    panel.series.push_back({.mark = Mark::error_bars,
                            .table = "ablation",
                            .x = "position",
                            .y = {"mean", "sd"},
                            .ink = {.color = 0x222222, .width = 1, .point = 0},
                            .where = filter});
  }
  panel.y = metric_axis(ablation.has_accuracy ? "test accuracy (%)" : "test loss", ablation.has_accuracy, means);
  figure.tables.push_back(table.take());
  figure.panels.push_back(std::move(panel));
  return figure;
}

}  // namespace glifr::analysis
