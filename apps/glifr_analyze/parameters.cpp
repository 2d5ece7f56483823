#include "glifr/analysis/parameters.hpp"

#include "glifr/analysis/figures.hpp"
#include "neurons.hpp"
#include "session.hpp"
#include "subcommands.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

namespace {

/// The neurons with their layer, group and delay.
glifr::CsvRows neuron_table(const Neurons& neurons, glifr::Index layer) {
  std::vector<std::string> names{"layer", "group", "neuron"};
  for (const std::string& name : analysis::column_names(neurons.learned.num_ascs)) names.push_back(name);
  if (!neurons.delays.empty()) names.emplace_back("synaptic_delay");
  glifr::CsvRows table = start_table(true, names);
  for (glifr::Index n = 0; n < neurons.learned.neurons; ++n) {
    begin_row(table, layer, neurons.groups, n);
    for (glifr::Index c = 0; c < neurons.learned.columns(); ++c) table.cell(neurons.learned(n, c));
    if (!neurons.delays.empty()) table.cell(neurons.delays[static_cast<std::size_t>(n)]);
    table.end_row();
  }
  return table;
}

}  // namespace

void add_parameters(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("parameters",
                                         "Physical parameters of a checkpoint's neurons: learnedparams.csv "
                                         "(thresh,k_m,r_1,r_2,k_1,k_2,a_1,a_2), neurons.csv (the same with layer, "
                                         "group and delay), histograms against the initial values, scatter plots");
  auto options = std::make_shared<NeuronOptions>();
  add_neuron_options(*command, *options);
  session.add_options(*command);
  command->callback([&session, options] {
    session.set_action([&session, options] {
      const Neurons neurons = read_neurons(*options);
      session.write(to_csv(neurons.learned, options->has_header), "learnedparams.csv");
      if (options->parameters.empty()) session.write(neuron_table(neurons, options->layer), "neurons.csv");
      session.draw(analysis::parameter_histogram_figure(neurons.learned, neurons.initial, neurons.groups));
      session.draw(analysis::parameter_scatter_figure(neurons.learned, neurons.groups, neurons.initial));
    });
  });
}

}  // namespace glifr::apps
