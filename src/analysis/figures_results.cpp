#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/style.hpp"
#include "glifr/io/number.hpp"
#include "metric_axis.hpp"
#include "table_rows.hpp"

namespace glifr::analysis {
namespace {

using detail::percent;
using detail::TableRows;

/// "test accuracy" or "test loss", as the axis along which they are shown.
Axis test_axis(bool has_accuracy, const std::vector<double>& values) {
  return detail::metric_axis(has_accuracy ? "test accuracy (%)" : "test loss", has_accuracy, values);
}

/// The same at the beginning of a caption.
std::string test_metric(bool has_accuracy) {
  return has_accuracy ? "Test accuracy" : "Test loss";
}

/// Spreads the trials of a model a little, so that equal results do not hide each other.
double jitter(std::size_t trial, std::size_t trials) {
  return trials < 2 ? 0 : 0.3 * (static_cast<double>(trial) / static_cast<double>(trials - 1) - 0.5);
}

/// A model's mean with its standard deviation, where there is one, and the single trials, at its place along the axis.
void add_model(Panel& panel, const std::string& model, bool has_sd) {
  const Filter filter{"model", model};
  Ink bar = model_ink(model);
  bar.dash = 1;
  Ink circle = bar;
  circle.point = 6;
  circle.width = 1;
  bar.width = 2;
  bar.point_size = 0.9;
  panel.series.push_back({.mark = has_sd ? Mark::error_bars : Mark::points,
                          .table = "means",
                          .x = "position",
                          .y = has_sd ? std::vector<std::string>{"mean", "sd"} : std::vector<std::string>{"mean"},
                          .ink = bar,
                          .where = filter});
  panel.series.push_back(
      {.mark = Mark::points, .table = "trials", .x = "position", .y = {"value"}, .ink = circle, .where = filter});
}

}  // namespace

Figure summary_figure(const TaskSummary& summary) {
  const double factor = summary.has_accuracy() ? percent : 1;
  Figure figure;
  figure.name = "summary_" + summary.task;
  figure.caption =
      test_metric(summary.has_accuracy()) + " on " + summary.task +
      ": mean and standard deviation over the trials of each model (bars) and the single trials (open circles).";
  figure.width = std::max(640.0, 120 + 40.0 * static_cast<double>(summary.models.size()));
  Panel panel;
  panel.x.lower = -0.6;
  panel.x.upper = static_cast<double>(summary.models.size()) - 0.4;

  TableRows means("means", {"model", "position", "trials", "mean", "sd"});
  TableRows trials("trials", {"model", "position", "value"});
  std::vector<double> all;
  for (std::size_t m = 0; m < summary.models.size(); ++m) {
    const ModelSummary& model = summary.models[m];
    const std::vector<double> values = detail::scaled(model.values(summary.has_accuracy()), factor);
    const Moments over_trials = moments(values);
    const auto position = static_cast<double>(m);
    panel.x.tics.push_back({model_label(model.model), position});
    if (values.empty()) continue;
    means.add(model.model, position, static_cast<double>(over_trials.count), over_trials.mean, over_trials.sd);
    for (std::size_t i = 0; i < values.size(); ++i)
      trials.add(model.model, position + jitter(i, values.size()), values[i]);
    all.insert(all.end(), values.begin(), values.end());
    add_model(panel, model.model, over_trials.count > 1);
  }
  panel.y = test_axis(summary.has_accuracy(), all);
  figure.tables = {means.take(), trials.take()};
  figure.panels.push_back(std::move(panel));
  return figure;
}

namespace {

/// The shares of silenced neurons of all models, side by side.
class Ratios {
 public:
  explicit Ratios(const TaskAblation& ablation) {
    for (const ModelAblation& model : ablation.models)
      ratios_.insert(ratios_.end(), model.ratios.begin(), model.ratios.end());
    std::ranges::sort(ratios_);
    const auto repeated = std::ranges::unique(ratios_);
    ratios_.erase(repeated.begin(), repeated.end());
  }

  [[nodiscard]] double place(double ratio) const {
    return static_cast<double>(std::ranges::lower_bound(ratios_, ratio) - ratios_.begin());
  }
  [[nodiscard]] Axis axis() const {
    Axis axis{.label = "neurons silenced (%)"};
    for (const double ratio : ratios_)
      axis.tics.push_back({format_number(std::round(1000 * percent * ratio) / 1000), place(ratio)});
    axis.lower = -0.5;
    axis.upper = static_cast<double>(ratios_.size()) - 0.5;
    return axis;
  }

 private:
  std::vector<double> ratios_;
};

/// The bars of a model and the standard deviations upon them.
void add_bars(Panel& panel, const std::string& model, double width) {
  const Filter filter{"model", model};
  panel.series.push_back({.mark = Mark::boxes,
                          .table = "ablation",
                          .x = "position",
                          .y = {"mean"},
                          .ink = model_ink(model),
                          .title = model_label(model),
                          .where = filter,
                          .box_width = 0.92 * width});
  panel.series.push_back({.mark = Mark::error_bars,
                          .table = "ablation",
                          .x = "position",
                          .y = {"mean", "sd"},
                          .ink = {.color = 0x222222, .width = 1, .point = 0},
                          .where = filter});
}

}  // namespace

Figure ablation_figure(const TaskAblation& ablation) {
  Figure figure;
  figure.name = "ablation_" + ablation.task;
  figure.caption =
      test_metric(ablation.has_accuracy) + " on " + ablation.task +
      " with a share of the neurons, drawn at random, silenced: mean and standard deviation over " +
      (ablation.has_several_trials() ? "trials, of each of which the mean over draws is taken." : "draws.");
  figure.width = 760;
  figure.aspect = 0.45;
  figure.has_key = true;
  const Ratios ratios(ablation);
  Panel panel;
  panel.x = ratios.axis();

  const auto models = static_cast<double>(ablation.models.size());
  const double width = 0.84 / std::max(models, 3.0);
  TableRows table("ablation", {"model", "ratio", "position", "mean", "sd"});
  std::vector<double> means;
  for (std::size_t m = 0; m < ablation.models.size(); ++m) {
    const ModelAblation& model = ablation.models[m];
    const double offset = width * (static_cast<double>(m) - (models - 1) / 2);
    for (std::size_t i = 0; i < model.ratios.size(); ++i) {
      const Moments result =
          moments(detail::scaled(independent_values(ablation, model, i), ablation.has_accuracy ? percent : 1));
      table.add(model.model, model.ratios[i], ratios.place(model.ratios[i]) + offset, result.mean, result.sd);
      if (std::isfinite(result.mean)) means.push_back(result.mean);
    }
    add_bars(panel, model.model, width);
  }
  panel.y = test_axis(ablation.has_accuracy, means);
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

  [[nodiscard]] bool is_numeric() const { return is_numeric_; }
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

/// The settings of a group behind the first, which name its panel.
std::string panel_of(const SettingGroup& group, const std::vector<std::string>& keys) {
  std::string name;
  for (std::size_t k = 1; k < keys.size(); ++k) name += (k > 1 ? ", " : "") + keys[k] + " = " + group.values[k];
  return name;
}

/// A model's means over the values of the first setting, with their standard deviations. `line`: its rows in the table.
/// Between words there is nothing for a line to lead through.
void add_means(Panel& panel, const std::string& table, const std::string& line, const std::string& model,
               bool is_numeric) {
  Ink ink = model_ink(model);
  ink.dash = 1;
  ink.point_size = 0.8;
  const Filter filter{"panel", line};
  if (is_numeric)
    panel.series.push_back(
        {.mark = Mark::line, .table = table, .x = "position", .y = {"mean"}, .ink = ink, .where = filter});
  panel.series.push_back({.mark = Mark::error_bars,
                          .table = table,
                          .x = "position",
                          .y = {"mean", "sd"},
                          .ink = ink,
                          .title = model_label(model),
                          .where = filter});
}

}  // namespace

Figure settings_figure(const SettingSummary& summary, const std::string& base_task) {
  std::vector<SettingGroup> groups = groups_of(summary, base_task);
  const bool has_accuracy = have_accuracies(groups, &SettingGroup::results);
  const double factor = has_accuracy ? percent : 1;
  const auto panel_name = [&](const SettingGroup& group) { return panel_of(group, summary.keys); };
  std::vector<std::string> firsts, panels;
  for (const SettingGroup& group : groups) {
    firsts.push_back(group.values.front());
    panels.push_back(panel_name(group));
  }
  const Scale scale(distinct(firsts));
  Figure figure;
  figure.name = "summary_by_" + base_task;
  figure.caption = test_metric(has_accuracy) + " on " + base_task + " by " + summary.keys.front() +
                   ": mean and standard deviation over the trials of each model" +
                   (summary.keys.size() > 1 ? ", a panel for each of the other values." : ".");
  TableRows table(figure.name, {"panel", "model", "value", "position", "trials", "mean", "sd"});
  std::vector<double> ends;
  // The rows of a line stand together: others between them would break it.
  std::ranges::stable_sort(groups, [&](const SettingGroup& a, const SettingGroup& b) {
    return std::tuple(panel_name(a), a.results.model) < std::tuple(panel_name(b), b.results.model);
  });
  for (const SettingGroup& group : groups) {
    const Moments m = moments(group.results.values(has_accuracy));
    const double sd = m.count > 1 ? factor * m.sd : 0;
    table.add(panel_name(group) + "/" + group.results.model, group.results.model, group.values.front(),
              scale.place(group.values.front()), static_cast<double>(m.count), factor * m.mean, sd);
    ends.push_back(factor * m.mean - sd);
    ends.push_back(factor * m.mean + sd);
  }
  for (const std::string& name : distinct(panels)) {
    Panel& panel = figure.panels.emplace_back();
    panel.title = literal(name);
    panel.x = scale.axis(summary.keys.front());
    panel.y = test_axis(has_accuracy, ends);
    std::vector<std::string> models;  // in the order of the groups, which is that of training
    for (const SettingGroup& group : summary.groups) {
      if (group.base_task == base_task && panel_name(group) == name) models.push_back(group.results.model);
    }
    for (const std::string& model : distinct(models))
      add_means(panel, figure.name, name + "/" + model, model, scale.is_numeric());
  }
  figure.columns = std::min<Index>(3, static_cast<Index>(figure.panels.size()));
  figure.width = figure.columns > 1 ? 760 : 520;
  figure.aspect = 0.65;
  figure.least_panel_width = 220;
  figure.has_key = true;
  figure.shares_y = true;
  figure.tables.push_back(table.take());
  return figure;
}

namespace {

/// The most classes of which each has a number on the axes, and in its squares.
constexpr Index most_tics = 12;

/// Whether an area on white is dark.
bool is_dark(const Ink& ink) {
  const auto part = [&](int shift) { return static_cast<double>(ink.color >> shift & 0xFF) / 0xFF; };
  const double lightness = 0.3 * part(16) + 0.59 * part(8) + 0.11 * part(0);
  return 1 - ink.opacity * (1 - lightness) < 0.5;
}

/// Axes of classes from 0 on, the first in the top left corner.
void set_class_axes(Panel& panel, Index classes) {
  panel.x.label = "predicted class";
  panel.y.label = "class";
  for (Axis* axis : {&panel.x, &panel.y}) {
    axis->lower = -0.5;
    axis->upper = static_cast<double>(classes) - 0.5;
  }
  const Index stride = (classes + most_tics - 1) / most_tics;
  for (Index c = 0; c < classes; c += stride) {
    panel.x.tics.push_back({std::to_string(c), static_cast<double>(c)});
    panel.y.tics.push_back({std::to_string(c), static_cast<double>(classes - 1 - c)});
  }
}

}  // namespace

Figure confusion_figure(const std::string& task, const std::string& model, const Confusion& confusion) {
  constexpr int steps = 20;  // of opacity
  Figure figure;
  figure.name = "confusion_" + task + "_" + model;
  figure.caption =
      model_name(model) + " on " + task +
      ": share of the test samples of each class (row) that were taken for each class (column). The darker "
      "a square, the larger the share";
  const bool has_numbers = confusion.classes <= most_tics;
  figure.caption += has_numbers ? ", which stands in it in percent." : ".";
  figure.width = 420;
  figure.aspect = 1;
  Panel panel;
  set_class_axes(panel, confusion.classes);
  TableRows table(figure.name, {"label", "prediction", "count", "share", "height", "opacity", "percent"});
  std::vector<bool> is_used(steps + 1);
  for (Index label = 0; label < confusion.classes; ++label) {
    double samples = 0;
    for (Index c = 0; c < confusion.classes; ++c) samples += confusion(label, c);
    const auto height = static_cast<double>(confusion.classes - 1 - label);
    for (Index c = 0; c < confusion.classes; ++c) {
      const double share = samples > 0 ? confusion(label, c) / samples : 0;
      const double opacity = std::ceil(steps * share);  // 0: nothing is drawn
      is_used[static_cast<std::size_t>(opacity)] = true;
      table.add(static_cast<double>(label), static_cast<double>(c), confusion(label, c), share, height, opacity,
                percent * share);
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
    if (!has_numbers) continue;
    panel.series.push_back({.mark = Mark::numbers,
                            .table = figure.name,
                            .x = "prediction",
                            .y = {"height", "percent"},
                            .ink = {.color = is_dark(ink) ? 0xFFFFFFu : 0u},
                            .where = Filter{"opacity", static_cast<double>(step)}});
  }
  figure.tables.push_back(table.take());
  figure.panels.push_back(std::move(panel));
  return figure;
}

}  // namespace glifr::analysis
