#include "glifr/paper/realizable_figure.hpp"

#include <span>
#include <string>
#include <utility>

#include "analysis/metric_axis.hpp"
#include "analysis/thinned.hpp"
#include "glifr/analysis/ablation.hpp"
#include "glifr/analysis/style.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/neurons/indexing.hpp"
#include "glifr/paper/realizable.hpp"

namespace glifr::paper {
namespace {

using analysis::detail::thinned;

std::vector<double> column_of(const CsvNumbers& numbers, Index column) {
  std::vector<double> values;
  for (Index row = 0; row < numbers.rows; ++row) values.push_back(numbers(row, column));
  return values;
}

std::vector<double> targets_of(const Dataset<double>& data) {
  std::vector<double> targets(static_cast<std::size_t>(data.time_steps()));
  const Index only = 0;
  data.targets(std::span(&only, 1), targets.data());
  return targets;
}

analysis::Axis epoch_axis() {
  return {.label = "epoch", .is_count = true};
}

analysis::Series line(const char* table, const char* x, const std::string& y, analysis::Ink ink,
                      std::string title = {}) {
  return {.mark = analysis::Mark::line, .table = table, .x = x, .y = {y}, .ink = ink, .title = std::move(title)};
}

analysis::Panel loss_panel(const RealizableRun& run) {
  analysis::Panel panel;
  panel.x = epoch_axis();
  panel.y = {.label = "training loss", .least = 0, .is_logarithmic = analysis::detail::needs_logarithm(run.loss)};
  panel.series = {line("loss", "epoch", "loss", analysis::cluster_ink(0))};
  return panel;
}

analysis::Panel output_panel() {
  analysis::Panel panel;
  panel.x.label = "time (ms)";
  panel.y.label = "output S";
  panel.has_key = true;
  analysis::Ink dashed = analysis::reference_ink();
  dashed.dash = 2;
  panel.series = {line("outputs", "time", "initial", analysis::cluster_ink(1), "before training"),
                  line("outputs", "time", "learned", analysis::cluster_ink(0), "learned"),
                  line("outputs", "time", "target", dashed, "target")};
  return panel;
}

analysis::Panel distance_panel(const RealizableRun& run) {
  analysis::Panel panel;
  panel.x = epoch_axis();
  panel.y = {.label = "distance to the teacher's", .lower = 0};
  panel.has_key = true;
  for (Index i = 0; i < std::ssize(run.distances); ++i) {
    const std::string& name = at(run.distances, i).name;
    panel.series.push_back(line("distances", "epoch", name, analysis::cluster_ink(i), analysis::quantity_symbol(name)));
  }
  return panel;
}

/// What the panels draw.
std::vector<analysis::Table> tables_of(const RealizableRun& run) {
  analysis::Table distances{"distances", {{"epoch", thinned(run.distance_epoch)}}};
  for (const analysis::Column& column : run.distances)
    distances.columns.push_back({column.name, thinned(std::get<0>(column.values))});
  return {{"loss", {{"epoch", thinned(run.loss_epoch)}, {"loss", thinned(run.loss)}}},
          {"outputs", {{"time", run.time}, {"initial", run.initial}, {"learned", run.learned}, {"target", run.target}}},
          std::move(distances)};
}

}  // namespace

RealizableRun realizable_run(const analysis::Trial& trial, const Settings& settings,
                             const RecurrentNetwork<double>& initial, const RecurrentNetwork<double>& learned,
                             const Dataset<double>& data) {
  RealizableRun run;
  run.loss_epoch = trial.metrics.epoch;
  run.loss = trial.metrics.train_loss;
  for (Index step = 0; step < data.time_steps(); ++step)
    run.time.push_back(static_cast<double>(step) * settings.model.dt);
  run.initial = analysis::outputs(initial, data);
  run.learned = analysis::outputs(learned, data);
  run.target = targets_of(data);
  const CsvNumbers distances = read_csv_numbers(trial.folder / realizable_file, {.has_header = true});
  run.distance_epoch = column_of(distances, 0);
  for (Index c = 1; c < distances.columns; ++c)
    run.distances.push_back({at(distances.header, c), column_of(distances, c)});
  return run;
}

analysis::Figure realizable_figure(const RealizableRun& run) {
  analysis::Figure figure;
  figure.name = "realizable";
  figure.caption =
      "A neuron learns the output of another of its kind: training loss, outputs before and after training beside the "
      "target, and the distance of each trained parameter to the teacher's.";
  figure.tables = tables_of(run);
  figure.panels = {loss_panel(run), output_panel(), distance_panel(run)};
  figure.columns = 3;
  figure.width = 900;
  figure.aspect = 0.7;
  figure.least_panel_width = 200;
  return figure;
}

}  // namespace glifr::paper
