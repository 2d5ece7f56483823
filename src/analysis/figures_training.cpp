#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/style.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/json.hpp"
#include "metric_axis.hpp"
#include "table_rows.hpp"
#include "thinned.hpp"

namespace glifr::analysis {
namespace {

using detail::metric_axis;
using detail::percent;
using detail::scaled;

Axis epochs() {
  return {.label = "epoch", .is_count = true};
}

/// What a caption says where training losses weigh classes, since those of validation in the same panel do not.
std::string weighing_text(bool is_weighed, bool is_validated) {
  if (!is_weighed) return "";
  return std::string(" The training loss weighs classes (class_weights)") +
         (is_validated ? ", the validation loss does not." : ".");
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
  if (!validation.empty()) {
    add_courses(figure, panel, lines, "val_" + metric.name, validation, metric.factor, 2);
    // Of no model, so that nothing is drawn: for the key.
    lines.push_back({.mark = Mark::line,
                     .table = "val_" + metric.name,
                     .x = "epoch",
                     .y = {"mean"},
                     .ink = {.color = 0x444444, .dash = 2},
                     .title = "validation",
                     .where = Filter{"model", ""}});
  }
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
           : "") +
      weighing_text(std::ranges::any_of(curves, &TrainingCurve::weighs_classes), is_validated);
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

namespace {

/// Both columns of a metric in a trial's metrics.csv, and how it is shown.
struct TrialMetric {
  std::string name, label;
  const std::vector<double>&training, &validated;  // by epochs; validated: NaN where it was not
  double factor;
};

/// Draws the training of one trial, a metric a panel.
class TrialCurves {
 public:
  TrialCurves(const Metrics& metrics, const std::string& model, bool is_validated)
      : metrics_(metrics), is_validated_(is_validated), ink_(model_ink(model)) {
    ink_.dash = 1;
    table_.columns.push_back({"epoch", detail::thinned(metrics.epoch)});
  }

  void add(Figure& figure, const TrialMetric& metric) {
    Panel& panel = figure.panels.emplace_back();
    panel.x = epochs();
    const std::string column = "train_" + metric.name;
    table_.columns.push_back({column, detail::thinned(scaled(metric.training, metric.factor))});
    panel.series.push_back({.mark = mark(),
                            .table = table_.name,
                            .x = "epoch",
                            .y = {column},
                            .ink = ink_,
                            .title = is_validated_ ? "training" : ""});
    add_validation(panel, metric);
    std::vector<double> all = metric.training;
    std::ranges::copy_if(metric.validated, std::back_inserter(all), is_there);
    panel.y = metric_axis((is_validated_ ? "" : "training ") + metric.label, metric.factor == percent,
                          scaled(all, metric.factor));
  }

  void take_tables(Figure& figure) {
    figure.tables.push_back(std::move(table_));
    if (!validation_.columns.empty()) figure.tables.push_back(std::move(validation_));
  }

  static bool is_there(double value) { return !std::isnan(value); }

 private:
  [[nodiscard]] Mark mark() const { return metrics_.epoch.size() > 60 ? Mark::line : Mark::line_and_points; }

  void add_validation(Panel& panel, const TrialMetric& metric) {
    std::vector<double> epoch, values;
    for (std::size_t i = 0; i < metric.validated.size(); ++i) {
      if (!is_there(metric.validated[i])) continue;
      epoch.push_back(metrics_.epoch[i]);
      values.push_back(metric.factor * metric.validated[i]);
    }
    if (values.empty()) return;
    const std::string epoch_column = "epoch_of_" + metric.name, column = "val_" + metric.name;
    validation_.columns.push_back({epoch_column, detail::thinned(epoch)});
    validation_.columns.push_back({column, detail::thinned(values)});
    Ink dashed = ink_;
    dashed.dash = 2;
    panel.series.push_back({.mark = mark(),
                            .table = validation_.name,
                            .x = epoch_column,
                            .y = {column},
                            .ink = dashed,
                            .title = "validation"});
  }

  const Metrics& metrics_;
  bool is_validated_;
  Ink ink_;
  Table table_{"training_curve", {}};
  Table validation_{"validation", {}};
};

}  // namespace

Figure training_curve_figure(const Metrics& metrics, const std::string& model, bool is_weighed) {
  const bool is_validated = std::ranges::any_of(metrics.val_loss, TrialCurves::is_there);
  Figure figure;
  figure.name = "training_curve";
  figure.caption = "Training of " + model_name(model) + ": a value an epoch, the mean over its samples" +
                   (is_validated ? "; solid: training, dashed: validation." : ".") +
                   weighing_text(is_weighed, is_validated);
  TrialCurves curves(metrics, model, is_validated);
  curves.add(figure, {"loss", "loss", metrics.train_loss, metrics.val_loss, 1});
  if (metrics.has_accuracy())
    curves.add(figure, {"acc_percent", "accuracy (%)", metrics.train_acc, metrics.val_acc, percent});
  figure.columns = static_cast<Index>(figure.panels.size());
  figure.width = figure.columns > 1 ? 760 : 480;
  figure.aspect = 0.6;
  figure.least_panel_width = 240;
  figure.has_key = true;
  curves.take_tables(figure);
  return figure;
}

Drawing draw_trial(const TrialFolder& folder, const std::string& task, const std::string& model) {
  const boost::json::value config = read_json_file(folder.record());
  const bool is_weighed = config.is_object() && weighs_classes(config.get_object());
  const Drawing curve = draw(training_curve_figure(read_metrics(folder.metrics()), model, is_weighed), folder.path());
  if (!std::filesystem::exists(folder.confusion())) return curve;
  const Confusion confusion = read_confusion(folder.confusion());
  if (confusion.classes > Confusion::most_classes_drawn) return curve;
  const Drawing squares = draw(confusion_figure(task, model, confusion), folder.path());
  return curve.is_drawn ? squares : curve;
}

}  // namespace glifr::analysis
