#include <algorithm>
#include <cmath>
#include <cstdio>

#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/style.hpp"
#include "glifr/io/csv.hpp"

namespace glifr::analysis {
namespace {

std::vector<double> times(Index steps, double dt) {
  std::vector<double> t;
  for (Index step = 0; step < steps; ++step) t.push_back(static_cast<double>(step) * dt);
  return t;
}

/// Three digits are enough for a title.
std::string rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

constexpr Index most_samples = 6, most_outputs = 3;  // that a figure shows

/// "0" of the only output, "0_1" of the second of several.
std::string suffix(const Responses& responses, Index sample, Index output) {
  const std::string number = std::to_string(sample);
  return responses.outputs == 1 ? number : number + "_" + std::to_string(output);
}

/// The course of one output in one sample.
std::vector<double> course_of(const Responses& responses, const std::vector<double>& values, Index sample,
                              Index output) {
  std::vector<double> course;
  for (Index step = 0; step < responses.steps() && responses.is_valid(step, sample); ++step)
    course.push_back(values[responses.place(step, sample, output)]);
  return course;
}

std::string panel_title(const Responses& responses, Index sample, Index output) {
  const std::string of_output = responses.outputs == 1 ? "" : ", output " + std::to_string(output);
  if (responses.frequencies.empty()) return "sample " + std::to_string(sample) + of_output;
  return "f = " + rounded(responses.frequencies[static_cast<std::size_t>(sample)]) + " /ms" + of_output;
}

Ink solid(Ink ink) {
  ink.dash = 1;
  return ink;
}

/// Target and outputs over time.
Figure course_figure(const Responses& responses) {
  const bool are_waves = !responses.frequencies.empty();
  const Index samples = std::min(responses.samples, most_samples), outputs = std::min(responses.outputs, most_outputs);
  Figure figure;
  figure.name = are_waves ? "sine_responses" : "responses_and_targets";
  figure.caption = std::string("Outputs of trained networks") + (are_waves ? " on the sine task" : "") +
                   " (colours) and their targets (black, dashed), a panel a sample" +
                   (outputs > 1 ? " and output." : ".");
  Table table{figure.name, {{"time", times(responses.steps(), responses.dt)}}};
  const auto add = [&](Panel& panel, const std::string& name, std::vector<double> course, Ink ink,
                       const std::string& title) {
    table.columns.push_back({name, std::move(course)});
    panel.series.push_back(
        {.mark = Mark::line, .table = figure.name, .x = "time", .y = {name}, .ink = ink, .title = title});
  };
  for (Index sample = 0; sample < samples; ++sample) {
    for (Index output = 0; output < outputs; ++output) {
      const std::string of_panel = "_" + suffix(responses, sample, output);
      Panel& panel = figure.panels.emplace_back();
      panel.title = panel_title(responses, sample, output);
      for (const Responses::Network& network : responses.networks) {
        add(panel, network.model + of_panel, course_of(responses, network.values, sample, output),
            solid(model_ink(network.model)), model_label(network.model));
      }
      Ink ink = reference_ink();
      ink.dash = 2;
      add(panel, "target" + of_panel, course_of(responses, responses.targets, sample, output), ink, "target");
      panel.x.label = "time (ms)";
      panel.y.label = "output";
    }
  }
  figure.columns = outputs > 1 ? outputs : std::min<Index>(3, samples);
  figure.has_key = true;
  figure.width = 300.0 * static_cast<double>(figure.columns);
  figure.aspect = 0.6;
  figure.tables.push_back(std::move(table));
  return figure;
}

/// Outputs against targets where there is one of a sample.
Figure last_step_figure(const Responses& responses) {
  const Index outputs = std::min(responses.outputs, most_outputs);
  Figure figure;
  figure.name = "responses_and_targets";
  figure.caption = "Outputs of trained networks in the last step against their targets, a point a sample.";
  Table table{figure.name, {}};
  const auto column = [&](const std::string& name, const std::vector<double>& values, Index output) {
    Column& added = table.columns.emplace_back(Column{name, {}});
    for (Index sample = 0; sample < responses.samples; ++sample)
      std::get<0>(added.values).push_back(values[responses.place(0, sample, output)]);
  };
  for (Index output = 0; output < outputs; ++output) {
    const std::string of_panel = "_" + std::to_string(output);
    Panel& panel = figure.panels.emplace_back();
    panel.title = responses.outputs == 1 ? "" : "output " + std::to_string(output);
    panel.x.label = "target";
    panel.y.label = "output";
    column("target" + of_panel, responses.targets, output);
    for (const Responses::Network& network : responses.networks) {
      column(network.model + of_panel, network.values, output);
      panel.series.push_back({.mark = Mark::points,
                              .table = figure.name,
                              .x = "target" + of_panel,
                              .y = {network.model + of_panel},
                              .ink = model_ink(network.model),
                              .title = model_label(network.model)});
    }
    Ink ink = reference_ink();
    ink.dash = 2;
    panel.series.push_back({.mark = Mark::line,
                            .table = figure.name,
                            .x = "target" + of_panel,
                            .y = {"target" + of_panel},
                            .ink = ink,
                            .title = "target"});
  }
  figure.columns = outputs;
  figure.has_key = true;
  figure.width = 340.0 * static_cast<double>(figure.columns);
  figure.aspect = 0.8;
  figure.tables.push_back(std::move(table));
  return figure;
}

}  // namespace

Figure responses_figure(const Responses& responses) {
  return responses.is_of_last_step ? last_step_figure(responses) : course_figure(responses);
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

}  // namespace glifr::analysis
