#include <algorithm>
#include <cmath>
#include <cstdio>

#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/style.hpp"
#include "glifr/io/csv.hpp"
#include "thinned.hpp"

namespace glifr::analysis {
namespace {

std::vector<double> times(Index steps, double dt) {
  std::vector<double> t;
  for (Index step = 0; step < steps; ++step) t.push_back(static_cast<double>(step) * dt);
  return t;
}

std::vector<double> sample_of(const std::vector<double>& values, Index samples, Index sample) {
  std::vector<double> result;
  for (auto i = static_cast<std::size_t>(sample); i < values.size(); i += static_cast<std::size_t>(samples)) {
    result.push_back(values[i]);
  }
  return result;
}

/// Three digits are enough for a title.
std::string rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

}  // namespace

Figure sine_figure(const SineResponses& responses) {
  Figure figure;
  figure.name = "sine_responses";
  figure.caption =
      "Outputs of trained networks on the sine task (colours) and their targets (black, dashed), a panel a sample.";
  Table table{"sine_responses", {{"time", times(responses.steps(), responses.dt)}}};
  for (Index sample = 0; sample < responses.samples; ++sample) {
    const std::string number = std::to_string(sample + 1);
    Panel& panel = figure.panels.emplace_back();
    panel.title = "f = " + rounded(responses.frequencies[static_cast<std::size_t>(sample)]) + " /ms";
    for (const SineResponses::Output& output : responses.outputs) {
      const std::string name = output.model + "_" + number;
      table.columns.push_back({name, sample_of(output.values, responses.samples, sample)});
      Ink ink = model_ink(output.model);
      ink.dash = 1;
      panel.series.push_back({.mark = Mark::line,
                              .table = "sine_responses",
                              .x = "time",
                              .y = {name},
                              .ink = ink,
                              .title = model_label(output.model)});
    }
    const std::string name = "target_" + number;
    table.columns.push_back({name, sample_of(responses.targets, responses.samples, sample)});
    Ink ink = reference_ink();
    ink.dash = 2;
    panel.series.push_back(
        {.mark = Mark::line, .table = "sine_responses", .x = "time", .y = {name}, .ink = ink, .title = "target"});
    panel.x.label = "time (ms)";
    panel.y.label = "output";
  }
  figure.columns = std::min<Index>(3, responses.samples);
  figure.has_key = true;
  figure.width = 300.0 * static_cast<double>(figure.columns);
  figure.aspect = 0.6;
  figure.tables.push_back(std::move(table));
  return figure;
}

Figure trace_figure(std::span<const double> input, std::span<const SigmaTrace> traces, double dt) {
  Figure figure;
  figure.name = "trace";
  figure.caption = "Response of one neuron: input, synaptic current, after-spike currents, voltage and firing.";
  Table table{"trace",
              {{"time", times(static_cast<Index>(input.size()), dt)},
               {"input", std::vector<double>(input.begin(), input.end())}}};
  const std::size_t columns = traces.size();
  std::vector<std::vector<Panel>> panels;  // by column
  for (std::size_t c = 0; c < columns; ++c) {
    const Trace& trace = traces[c].trace;
    const std::string suffix = columns > 1 ? "_sigma_" + format_number(traces[c].sigma_v) : "";
    std::vector<Panel>& column = panels.emplace_back();
    const auto add_panel = [&](const char* label) -> Panel& {
      Panel& panel = column.emplace_back();
      panel.x.hides_numbers = true;
      panel.y.label = label;
      return panel;
    };
    const auto add_series = [&](Panel& panel, const std::string& name, const std::vector<double>& values, Ink ink,
                                const std::string& title = {}) {
      table.columns.push_back({name + suffix, values});
      panel.series.push_back(
          {.mark = Mark::line, .table = "trace", .x = "time", .y = {name + suffix}, .ink = ink, .title = title});
    };
    Panel& first = add_panel("input");
    first.title = "σ_v = " + rounded(traces[c].sigma_v) + " mV";
    first.series.push_back({.mark = Mark::line, .table = "trace", .x = "time", .y = {"input"}, .ink = reference_ink()});
    add_series(add_panel("I_{syn} (mV)"), "synaptic_current", trace.synaptic, cluster_ink(0));
    if (trace.states() > 2) {
      Panel& currents = add_panel("I_j (pA)");
      currents.has_key = true;
      for (Index state = 2; state < trace.states(); ++state) {
        const std::string index = std::to_string(state - 1);
        add_series(currents, "after_spike_current_" + index, trace.state(state), cluster_ink(state - 1), "I_" + index);
      }
    }
    add_series(add_panel("V (mV)"), "voltage", trace.state(1), cluster_ink(4));
    Panel& last = add_panel("S");
    last.y.lower = 0;
    last.y.upper = 1;
    last.x.label = "time (ms)";
    last.x.hides_numbers = false;
    add_series(last, "firing", trace.state(0), reference_ink());
  }
  for (std::size_t row = 0; columns > 0 && row < panels[0].size(); ++row) {
    for (std::size_t c = 0; c < columns; ++c) figure.panels.push_back(panels[c][row]);
  }
  figure.columns = static_cast<Index>(columns);
  figure.width = columns > 1 ? 380.0 * static_cast<double>(columns) : 520;
  figure.aspect = 0.2;
  figure.least_panel_width = 0;  // panels of one neuron stand below each other
  figure.tables.push_back(std::move(table));
  return figure;
}

Figure realizable_figure(const RealizableRun& run) {
  Figure figure;
  figure.name = "realizable";
  figure.caption =
      "A neuron learns the output of another of its kind: training loss, outputs before and after training beside the "
      "target, and "
      "the distance of each trained parameter to the teacher's.";
  Table training{"loss", {{"epoch", detail::thinned(run.loss_epoch)}, {"loss", detail::thinned(run.loss)}}};
  Table distances{"distances", {{"epoch", detail::thinned(run.distance_epoch)}}};
  for (const Column& column : run.distances) {
    distances.columns.push_back({column.name, detail::thinned(std::get<0>(column.values))});
  }
  Table outputs{"outputs",
                {{"time", times(static_cast<Index>(run.target.size()), run.dt)},
                 {"initial", run.initial},
                 {"learned", run.learned},
                 {"target", run.target}}};

  const Axis epochs{.label = "epoch", .is_count = true};
  Panel loss;
  loss.x = epochs;
  loss.y = {.label = "training loss", .least = 0};
  if (!run.loss.empty()) {
    const auto [low, high] = std::ranges::minmax(run.loss);
    loss.y.is_logarithmic = low > 0 && high > 10 * low;
  }
  loss.series.push_back({.mark = Mark::line, .table = "loss", .x = "epoch", .y = {"loss"}, .ink = cluster_ink(0)});

  Panel signal;
  signal.x.label = "time (ms)";
  signal.y.label = "output S";
  signal.has_key = true;
  Ink dashed = reference_ink();
  dashed.dash = 2;
  signal.series.push_back({.mark = Mark::line,
                           .table = "outputs",
                           .x = "time",
                           .y = {"initial"},
                           .ink = cluster_ink(1),
                           .title = "before training"});
  signal.series.push_back({.mark = Mark::line,
                           .table = "outputs",
                           .x = "time",
                           .y = {"learned"},
                           .ink = cluster_ink(0),
                           .title = "learned"});
  signal.series.push_back(
      {.mark = Mark::line, .table = "outputs", .x = "time", .y = {"target"}, .ink = dashed, .title = "target"});

  Panel distance;
  distance.x = epochs;
  distance.y = {.label = "distance to the teacher's", .lower = 0};
  distance.has_key = true;
  for (std::size_t i = 0; i < run.distances.size(); ++i) {
    const std::string& name = run.distances[i].name;
    distance.series.push_back({.mark = Mark::line,
                               .table = "distances",
                               .x = "epoch",
                               .y = {name},
                               .ink = cluster_ink(static_cast<Index>(i)),
                               .title = quantity_symbol(name)});
  }
  figure.tables = {std::move(training), std::move(outputs), std::move(distances)};
  figure.panels = {std::move(loss), std::move(signal), std::move(distance)};
  figure.columns = 3;
  figure.width = 900;
  figure.aspect = 0.7;
  figure.least_panel_width = 200;
  return figure;
}

}  // namespace glifr::analysis
