#include "glifr/analysis/fi_curve.hpp"

#include <algorithm>
#include <cmath>

#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/statistics.hpp"
#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
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

/// Mean and standard deviation over the neurons of each group.
void write_groups(const Session& session, const analysis::FiCurves& curves, const analysis::NeuronParts& groups,
                  glifr::Index layer) {
  glifr::CsvRows table({"layer", "group", "neurons", "current", "mean", "sd"});
  for (glifr::Index group = 0; group < groups.count(); ++group) {
    const std::vector<glifr::Index> members = groups.members(group, curves.neurons);
    for (std::size_t i = 0; i < curves.currents.size(); ++i) {
      std::vector<double> rates;
      for (const glifr::Index neuron : members) rates.push_back(curves(static_cast<glifr::Index>(i), neuron));
      const analysis::Moments rate = analysis::moments(rates);
      table.cell(layer).cell(std::string_view(groups.name(group))).cell(rate.count);
      table.cell(curves.currents[i]).cell(rate.mean);
      rate.count > 1 ? table.cell(rate.sd) : table.empty_cell();
      table.end_row();
    }
  }
  session.write(table, "fi_groups.csv");
}

void require_finite(const analysis::FiCurves& curves) {
  const auto found = std::ranges::find_if(curves.rates, [](double rate) { return !std::isfinite(rate); });
  if (found == curves.rates.end()) return;
  const glifr::Index place = found - curves.rates.begin();
  throw glifr::ConfigError("fi-curve",
                           "the firing of neuron " + std::to_string(place % curves.neurons) + " at " +
                               glifr::format_number(curves.currents[static_cast<std::size_t>(place / curves.neurons)]) +
                               " pA is no finite number: its parameters, or the constants, are too large");
}

void write_fi_curves(const Session& session, const NeuronOptions& options, const std::vector<double>& currents) {
  const Neurons neurons = read_neurons(options);
  const analysis::FiCurves curves =
      analysis::fi_curves(neurons.learned, neurons.constants, currents, session.is_float32());
  require_finite(curves);
  write_curves(session, curves, options.has_header);
  if (neurons.groups.is_empty()) {
    session.name_old("fi_groups.csv", {options.parameters, options.initial});
  } else {
    write_groups(session, curves, neurons.groups, options.layer);
  }
  session.draw(analysis::fi_figure(curves, neurons.groups,
                                   analysis::fi_curves(neurons.reference(), neurons.constants, currents),
                                   neurons.reference_title()));
}

}  // namespace

void add_fi_curve(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("fi-curve",
                                         "Mean firing over 100 steps under constant background currents: isyns.csv, "
                                         "frates.csv and a figure; of layers with "
                                         "groups also fi_groups.csv, the means over each");
  auto options = std::make_shared<NeuronOptions>();
  auto currents = std::make_shared<std::vector<double>>();
  add_neuron_options(*command, *options);
  add_currents_option(*command, *currents);
  session.add_options(*command, {"--precision"});
  command->callback([&session, options, currents] {
    session.set_action([&session, options, currents] {
      const std::vector<double> values = currents_of(*currents);
      for_each_network(session, *options, [&](const Session& own, const NeuronOptions& neurons) {
        write_fi_curves(own, neurons, values);
      });
    });
  });
}

}  // namespace glifr::apps
