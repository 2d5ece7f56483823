#include "glifr/analysis/fi_curve.hpp"

#include "glifr/analysis/figures.hpp"
#include "neurons.hpp"
#include "subcommands.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

namespace {

void write_curves(const Session& session, const analysis::FiCurves& curves, bool has_header) {
  std::vector<std::string> names;
  for (glifr::Index neuron = 0; neuron < curves.neurons; ++neuron) names.push_back("neuron_" + std::to_string(neuron));
  glifr::CsvRows currents = start_table(has_header, {"current"}), rates = start_table(has_header, names);
  for (std::size_t i = 0; i < curves.currents.size(); ++i) {
    currents.cell(curves.currents[i]).end_row();
    const auto neurons = static_cast<std::size_t>(curves.neurons);
    rates.row(std::span(curves.rates).subspan(i * neurons, neurons));
  }
  session.write(currents, "isyns.csv");
  session.write(rates, "frates.csv");
}

void run(const Session& session, const NeuronOptions& options) {
  const Neurons neurons = read_neurons(options);
  const std::vector<double> currents = analysis::standard_currents();
  const analysis::FiCurves curves =
      analysis::fi_curves(neurons.learned, neurons.constants, currents, session.is_float32());
  write_curves(session, curves, options.has_header);
  session.draw(analysis::fi_figure(curves, {}, analysis::fi_curves(neurons.reference(), neurons.constants, currents),
                                   neurons.reference_title()));
}

}  // namespace

void add_fi_curve(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand(
      "fi-curve",
      "Mean firing over 100 steps under background currents of -10000 to 9900 pA: isyns.csv, frates.csv and a figure");
  auto options = std::make_shared<NeuronOptions>();
  add_neuron_options(*command, *options);
  session.add_options(*command);
  command->callback([&session, options] { session.set_action([&session, options] { run(session, *options); }); });
}

}  // namespace glifr::apps
