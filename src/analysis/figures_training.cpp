#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

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
  TrainingCurve::Validation TrainingCurve::*validation;
  double factor;
};

/// One course of a metric: that of training or that of validation.
struct Course {
  const TrainingCurve& curve;
  const std::vector<double>&epoch, &mean, &sd;
};

/// Draws courses of models into a panel, each with its band below all lines. `dash`: of all of them; 0: each as its
/// model has it.
void add_courses(Figure& figure, Panel& panel, std::vector<Series>& lines, const std::string& name,
                 const std::vector<Course>& courses, double factor, int dash) {
  // Where the sd is above the mean, the band would fall through the floor of a logarithmic axis.
  const double floor = panel.y.is_logarithmic ? *panel.y.lower : std::numeric_limits<double>::lowest();
  detail::TableRows table(name, {"model", "epoch", "mean", "sd", "lower", "upper"});
  for (const Course& course : courses) {
    for (const std::size_t i : detail::drawn_points(course.mean.size())) {
      const double mean = factor * course.mean[i], sd = factor * course.sd[i];
      const double width = std::isnan(sd) ? 0 : sd;  // the band closes where a single trial is left
      table.add(course.curve.model, course.epoch[i], mean, sd, std::max(mean - width, floor), mean + width);
    }
    const Filter filter{"model", course.curve.model};
    Ink ink = model_ink(course.curve.model);
    if (dash > 0) ink.dash = dash;
    if (course.curve.trials.front() > 1) {
      panel.series.push_back({.mark = Mark::band,
                              .table = name,
                              .x = "epoch",
                              .y = {"lower", "upper"},
                              .ink = faded(ink, dash > 1 ? 0.1 : 0.18),
                              .where = filter});
    }
    // A line needs two epochs to be seen.
    lines.push_back({.mark = course.epoch.size() > 1 ? Mark::line : Mark::line_and_points,
                     .table = name,
                     .x = "epoch",
                     .y = {"mean"},
                     .ink = ink,
                     .title = dash > 1 ? "" : model_label(course.curve.model),
                     .where = filter});
  }
  figure.tables.push_back(table.take());
}

void add_metric(Figure& figure, std::span<const TrainingCurve> curves, const CurveMetric& metric) {
  std::vector<double> means;
  std::vector<Course> training, validation;
  for (const TrainingCurve& curve : curves) {
    const TrainingCurve::Validation& of_validation = curve.*metric.validation;
    for (const std::vector<double>* values : {&(curve.*metric.mean), &of_validation.mean})
      means.insert(means.end(), values->begin(), values->end());
    if (!(curve.*metric.mean).empty()) training.push_back({curve, curve.epoch, curve.*metric.mean, curve.*metric.sd});
    if (!of_validation.epoch.empty())
      validation.push_back({curve, of_validation.epoch, of_validation.mean, of_validation.sd});
  }
  if (means.empty()) return;
  Panel panel;
  panel.x = epochs();
  for (double& mean : means) mean *= metric.factor;
  panel.y = metric_axis(metric.label, metric.factor == percent, means);
  std::vector<Series> lines;  // on top of all bands
  add_courses(figure, panel, lines, "train_" + metric.name, training, metric.factor, validation.empty() ? 0 : 1);
  if (!validation.empty()) add_courses(figure, panel, lines, "val_" + metric.name, validation, metric.factor, 2);
  panel.series.insert(panel.series.end(), lines.begin(), lines.end());
  figure.panels.push_back(std::move(panel));
}

bool has_validation(const TrainingCurve& curve) {
  return !curve.val_loss.epoch.empty() || !curve.val_acc.epoch.empty();
}

/// Whether some trials were trained for fewer epochs than others.
bool loses_trials(const TrainingCurve& curve) {
  return curve.trials.back() < curve.trials.front();
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
    const std::vector<double> values = scaled(model.values(summary.has_accuracy()), factor);
    const Moments over_trials = moments(values);
    const auto position = static_cast<double>(m);
    panel.x.tics.push_back({model_label(model.model), position});
    if (values.empty()) continue;
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
  const bool is_validated = std::ranges::any_of(curves, has_validation);
  figure.caption =
      "Training on " + task + ": mean over the trials of each model, a value an epoch" +
      (is_validated ? "; solid: training, dashed: validation." : ".") +
      " Bands are one standard deviation to either side." +
      (std::ranges::any_of(curves, loses_trials)
           ? " Trials ended after different numbers of epochs: from where one ended, the mean is over those "
             "that went on."
           : "");
  add_metric(figure, curves,
             {"loss", is_validated ? "loss" : "training loss", &TrainingCurve::loss_mean, &TrainingCurve::loss_sd,
              &TrainingCurve::val_loss, 1});
  add_metric(figure, curves,
             {"acc", is_validated ? "accuracy (%)" : "training accuracy (%)", &TrainingCurve::acc_mean,
              &TrainingCurve::acc_sd, &TrainingCurve::val_acc, percent});
  figure.columns = static_cast<Index>(figure.panels.size());
  figure.width = figure.columns > 1 ? 760 : 640;
  figure.aspect = figure.columns > 1 ? 0.7 : 0.5;
  figure.least_panel_width = 240;
  figure.has_key = true;
  return figure;
}

Figure training_curve_figure(const Metrics& metrics, const std::string& model) {
  const auto is_there = [](double value) { return !std::isnan(value); };
  const bool is_validated = std::ranges::any_of(metrics.val_loss, is_there);
  Figure figure;
  figure.name = "training_curve";
  figure.caption = "Training of " + model_name(model) + ": a value an epoch, the mean over its samples" +
                   (is_validated ? "; solid: training, dashed: validation." : ".");
  Table table{"training_curve", {{"epoch", detail::thinned(metrics.epoch)}}};
  Table validation{"validation", {}};
  Ink ink = model_ink(model);
  ink.dash = 1;
  const auto add_panel = [&](const std::string& name, const std::string& label, const std::vector<double>& training,
                             const std::vector<double>& validated, double factor) {
    Panel& panel = figure.panels.emplace_back();
    panel.x = epochs();
    table.columns.push_back({"train_" + name, detail::thinned(scaled(training, factor))});
    const Mark mark = metrics.epoch.size() > 60 ? Mark::line : Mark::line_and_points;
    panel.series.push_back({.mark = mark, .table = "training_curve", .x = "epoch", .y = {"train_" + name}, .ink = ink});
    std::vector<double> all = training, epoch, values;
    for (std::size_t i = 0; i < validated.size(); ++i) {
      if (!is_there(validated[i])) continue;
      epoch.push_back(metrics.epoch[i]);
      values.push_back(factor * validated[i]);
      all.push_back(validated[i]);
    }
    if (!values.empty()) {
      const std::string epoch_name = "epoch_of_" + name;
      validation.columns.push_back({epoch_name, detail::thinned(epoch)});
      validation.columns.push_back({"val_" + name, detail::thinned(values)});
      Ink dashed = ink;
      dashed.dash = 2;
      panel.series.push_back(
          {.mark = mark, .table = "validation", .x = epoch_name, .y = {"val_" + name}, .ink = dashed});
    }
    panel.y = metric_axis((is_validated ? "" : "training ") + label, factor == percent, scaled(all, factor));
  };
  add_panel("loss", "loss", metrics.train_loss, metrics.val_loss, 1);
  if (metrics.has_accuracy()) add_panel("acc_percent", "accuracy (%)", metrics.train_acc, metrics.val_acc, percent);
  figure.columns = static_cast<Index>(figure.panels.size());
  figure.width = figure.columns > 1 ? 760 : 480;
  figure.aspect = 0.6;
  figure.least_panel_width = 240;
  figure.tables.push_back(std::move(table));
  if (!validation.columns.empty()) figure.tables.push_back(std::move(validation));
  return figure;
}

Drawing draw_trial(const TrialFolder& folder, const std::string& task, const std::string& model) {
  const Drawing curve = draw(training_curve_figure(read_metrics(folder.metrics()), model), folder.path());
  if (!std::filesystem::exists(folder.confusion())) return curve;
  const Drawing confusion = draw(confusion_figure(task, model, read_confusion(folder.confusion())), folder.path());
  return curve.is_drawn ? confusion : curve;
}

Figure ablation_figure(const TaskAblation& ablation) {
  const double factor = ablation.has_accuracy ? percent : 1;
  Figure figure;
  figure.name = "ablation_" + ablation.task;
  figure.caption =
      std::string(ablation.has_accuracy ? "Test accuracy" : "Test loss") + " on " + ablation.task +
      " with a share of the neurons, drawn at random, silenced: mean and standard deviation over " +
      (ablation.has_several_trials() ? "trials, of each of which the mean over draws is taken." : "draws.");
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
      const Moments result = moments(scaled(independent_values(ablation, model, i), factor));
      table.add(model.model, model.ratios[i], group(model.ratios[i]) + offset, result.mean, result.sd);
      if (std::isfinite(result.mean)) means.push_back(result.mean);
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

namespace {

/// The places of a setting's values along an axis: numbers where they are, words side by side.
class Scale {
 public:
  explicit Scale(std::vector<std::string> values) : values_(std::move(values)) {
    for (const std::string& value : values_) {
      const std::optional<double> number = parse_number(value);
      is_numeric_ = is_numeric_ && number;
      if (number) numbers_.push_back(*number);
    }
  }

  [[nodiscard]] double place(const std::string& value) const {
    if (is_numeric_) return *parse_number(value);
    return static_cast<double>(std::ranges::find(values_, value) - values_.begin());
  }
  [[nodiscard]] Axis axis(const std::string& label) const {
    Axis axis{.label = literal(label)};
    if (!is_numeric_) {
      for (const std::string& value : values_)
        axis.tics.push_back({value.empty() ? "(none)" : literal(value), place(value)});
      axis.lower = -0.5;
      axis.upper = static_cast<double>(values_.size()) - 0.5;
      return axis;
    }
    const auto [low, high] = std::ranges::minmax(numbers_);
    axis.is_logarithmic = low > 0 && high >= 10 * low;
    if (!axis.is_logarithmic) {
      const double margin = high > low ? 0.06 * (high - low) : low != 0 ? std::abs(low) / 2 : 1;
      axis.lower = low - margin;
      axis.upper = high + margin;
    }
    return axis;
  }

 private:
  std::vector<std::string> values_;
  std::vector<double> numbers_;
  bool is_numeric_ = true;
};

std::vector<std::string> distinct(std::vector<std::string> values) {
  std::vector<std::string> kept;
  for (std::string& value : values) {
    if (std::ranges::find(kept, value) == kept.end()) kept.push_back(std::move(value));
  }
  return kept;
}

}  // namespace

Figure settings_figure(const SettingSummary& summary, const std::string& base_task) {
  std::vector<SettingGroup> groups = groups_of(summary, base_task);
  const bool has_accuracy = have_accuracies(groups, &SettingGroup::results);
  const double factor = has_accuracy ? percent : 1;
  const auto panel_of = [&](const SettingGroup& group) {
    std::string name;
    for (std::size_t k = 1; k < summary.keys.size(); ++k)
      name += (k > 1 ? ", " : "") + summary.keys[k] + " = " + group.values[k];
    return name;
  };
  std::vector<std::string> firsts, panels;
  for (const SettingGroup& group : groups) {
    firsts.push_back(group.values.front());
    panels.push_back(panel_of(group));
  }
  const Scale scale(distinct(firsts));
  Figure figure;
  figure.name = "summary_by_" + base_task;
  figure.caption = std::string(has_accuracy ? "Test accuracy" : "Test loss") + " on " + base_task + " by " +
                   summary.keys.front() + ": mean and standard deviation over the trials of each model" +
                   (summary.keys.size() > 1 ? ", a panel for each of the other values." : ".");
  detail::TableRows table(figure.name, {"panel", "model", "value", "position", "trials", "mean", "sd"});
  std::vector<double> ends;
  // The rows of a line stand together: others between them would break it.
  std::ranges::stable_sort(groups, [&](const SettingGroup& a, const SettingGroup& b) {
    return std::tuple(panel_of(a), a.results.model) < std::tuple(panel_of(b), b.results.model);
  });
  for (const SettingGroup& group : groups) {
    const Moments m = moments(group.results.values(has_accuracy));
    const double sd = m.count > 1 ? factor * m.sd : 0;
    table.add(panel_of(group) + "/" + group.results.model, group.results.model, group.values.front(),
              scale.place(group.values.front()), static_cast<double>(m.count), factor * m.mean, sd);
    ends.push_back(factor * m.mean - sd);
    ends.push_back(factor * m.mean + sd);
  }
  for (const std::string& name : distinct(panels)) {
    Panel& panel = figure.panels.emplace_back();
    panel.title = literal(name);
    panel.x = scale.axis(summary.keys.front());
    panel.y = metric_axis(has_accuracy ? "test accuracy (%)" : "test loss", has_accuracy, ends);
    std::vector<std::string> models;  // in the order of the groups, which is that of training
    for (const SettingGroup& group : summary.groups) {
      if (group.base_task == base_task && panel_of(group) == name) models.push_back(group.results.model);
    }
    for (const std::string& model : distinct(models)) {
      Ink ink = model_ink(model);
      ink.dash = 1;
      ink.point_size = 0.8;
      const Filter filter{"panel", name + "/" + model};
      panel.series.push_back(
          {.mark = Mark::line, .table = figure.name, .x = "position", .y = {"mean"}, .ink = ink, .where = filter});
      panel.series.push_back({.mark = Mark::error_bars,
                              .table = figure.name,
                              .x = "position",
                              .y = {"mean", "sd"},
                              .ink = ink,
                              .title = model_label(model),
                              .where = filter});
    }
  }
  figure.columns = std::min<Index>(3, static_cast<Index>(figure.panels.size()));
  figure.width = figure.columns > 1 ? 760 : 520;
  figure.aspect = 0.65;
  figure.least_panel_width = 220;
  figure.has_key = true;
  figure.tables.push_back(table.take());
  return figure;
}

Figure confusion_figure(const std::string& task, const std::string& model, const Confusion& confusion) {
  constexpr int steps = 20;  // of opacity
  constexpr Index most_tics = 12;
  Figure figure;
  figure.name = "confusion_" + task + "_" + model;
  figure.caption =
      model_name(model) + " on " + task +
      ": share of the test samples of each class (row) that were taken for each class (column). The darker "
      "a square, the larger the share.";
  figure.width = 420;
  figure.aspect = 1;
  Panel panel;
  panel.x.label = "predicted class";
  panel.y.label = "class";
  const auto classes = static_cast<double>(confusion.classes);
  for (Axis* axis : {&panel.x, &panel.y}) {
    axis->lower = -0.5;
    axis->upper = classes - 0.5;
  }
  // The first class stands on top.
  const auto height = [&](Index label) { return classes - 1 - static_cast<double>(label); };
  const Index stride = (confusion.classes + most_tics - 1) / most_tics;
  for (Index c = 0; c < confusion.classes; c += stride) {
    panel.x.tics.push_back({std::to_string(c), static_cast<double>(c)});
    panel.y.tics.push_back({std::to_string(c), height(c)});
  }
  detail::TableRows table(figure.name, {"label", "prediction", "count", "share", "height", "opacity"});
  std::vector<bool> is_used(steps + 1);
  for (Index label = 0; label < confusion.classes; ++label) {
    double samples = 0;
    for (Index c = 0; c < confusion.classes; ++c) samples += confusion(label, c);
    for (Index c = 0; c < confusion.classes; ++c) {
      const double share = samples > 0 ? confusion(label, c) / samples : 0;
      const double opacity = std::ceil(steps * share);  // 0: nothing is drawn
      is_used[static_cast<std::size_t>(opacity)] = true;
      table.add(static_cast<double>(label), static_cast<double>(c), confusion(label, c), share, height(label), opacity);
    }
  }
  for (int step = 1; step <= steps; ++step) {
    if (!is_used[static_cast<std::size_t>(step)]) continue;
    Ink ink = model_ink(model);
    ink.opacity = static_cast<double>(step) / steps;
    panel.series.push_back({.mark = Mark::cells,
                            .table = figure.name,
                            .x = "prediction",
                            .y = {"height"},
                            .ink = ink,
                            .where = Filter{"opacity", static_cast<double>(step)}});
  }
  figure.tables.push_back(table.take());
  figure.panels.push_back(std::move(panel));
  return figure;
}

}  // namespace glifr::analysis
