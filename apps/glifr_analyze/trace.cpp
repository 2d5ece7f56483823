#include "glifr/analysis/trace.hpp"

#include "glifr/analysis/figures.hpp"
#include "glifr/error.hpp"
#include "subcommands.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

namespace {

struct TraceOptions {
  std::string neuron, input;
  std::vector<double> sigma_v{1, 1e-3};
  bool has_header = false;
};

std::vector<double> read_input(const std::string& file) {
  glifr::CsvNumbers table = glifr::read_csv_numbers(file, {});
  if (table.columns != 1) {
    throw glifr::DataError(file, "found " + std::to_string(table.columns) + " columns, expected one: a value a step");
  }
  return std::move(table.values);
}

void write_states(const Session& session, const TraceOptions& options, const analysis::Trace& trace) {
  const bool has_header = options.has_header;
  std::vector<std::string> names;
  for (glifr::Index j = 1; j <= trace.states() - 2; ++j) names.push_back("asc_" + std::to_string(j));
  glifr::CsvRows firing = start_table(has_header, {"firing"}), voltage = start_table(has_header, {"voltage"});
  glifr::CsvRows currents = start_table(has_header, names);
  for (glifr::Index t = 0; t < trace.steps(); ++t) {
    firing.cell(trace(t, 0)).end_row();
    voltage.cell(trace(t, 1)).end_row();
    for (glifr::Index state = 2; state < trace.states(); ++state) currents.cell(trace(t, state));
    currents.end_row();
  }
  session.write(firing, "firing.csv");
  session.write(voltage, "voltage.csv");
  if (trace.states() > 2) {
    session.write(currents, "asc.csv");
  } else {
    session.name_old("asc.csv", {options.input});
  }
}

void run(const Session& session, const TraceOptions& options) {
  const analysis::SingleGlifr neuron = analysis::read_single_glifr(options.neuron);
  const std::vector<double> input = read_input(options.input);
  const analysis::Trace trace = analysis::trace(neuron, input, session.is_float32());
  write_states(session, options, trace);
  if (const auto step = trace.first_overflow()) {
    Session::warn(options.neuron + ": a state overflowed in step " + std::to_string(*step + 1) + " of " +
                  std::to_string(trace.steps()) + "; from there on it is written as it is");
  }
  std::vector<analysis::SigmaTrace> traces;
  for (const double sigma_v : options.sigma_v) {
    analysis::SingleGlifr other = neuron;
    other.constants.sigma_v = sigma_v;
    traces.push_back({sigma_v, analysis::trace(other, input, session.is_float32())});
  }
  if (!traces.empty()) session.draw(analysis::trace_figure(input, traces, neuron.constants.dt));
}

}  // namespace

void add_trace(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand(
      "trace", "The response of one neuron to an input: firing.csv, voltage.csv, asc.csv and a figure");
  auto options = std::make_shared<TraceOptions>();
  cli::add_text(*command, "--neuron", options->neuron,
                "JSON file of the neuron: dt, tau (ms), sigma_v (mV), R (GOhm), I0 (pA), v_reset (mV), weight_in, "
                "thresh (mV), "
                "k_m (1/ms), r[], a[] (pA), k[] (1/ms)")
      ->type_name("FILE")
      ->required();
  cli::add_text(*command, "--input", options->input, "CSV file of the input, a value a step, no header")
      ->type_name("FILE")
      ->required();
  cli::add_numbers(
      *command, "--figure-sigma-v", options->sigma_v, glifr::Range::above(0),
      "Widths of the threshold (mV) that the figure shows side by side; the tables are of the neuron's own")
      ->type_name("S[,S...]")
      ->capture_default_str();
  add_header_option(*command, options->has_header);
  session.add_options(*command, {"--precision"});
  command->callback([&session, options] { session.set_action([&session, options] { run(session, *options); }); });
}

}  // namespace glifr::apps
