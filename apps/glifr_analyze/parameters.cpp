#include "glifr/analysis/parameters.hpp"

#include <span>

#include "glifr/analysis/figures.hpp"
#include "neurons.hpp"
#include "session.hpp"
#include "subcommands.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

namespace {

/// Neurons with their layer, group and delay; `names` and `values` are those of their parameters, `values` [parameters,
/// neurons].
glifr::CsvRows neuron_table(std::span<const std::string> names, std::span<const std::vector<double>> values,
                            glifr::Index layer, const analysis::NeuronParts& groups,
                            const std::vector<double>& delays) {
  std::vector<std::string> header{"layer", "group", "neuron"};
  header.insert(header.end(), names.begin(), names.end());
  if (!delays.empty()) header.emplace_back("synaptic_delay");
  glifr::CsvRows table = start_table(true, header);
  for (std::size_t n = 0; n < values.front().size(); ++n) {
    begin_row(table, layer, groups, static_cast<glifr::Index>(n));
    for (const std::vector<double>& parameter : values) table.cell(parameter[n]);
    if (!delays.empty()) table.cell(delays[n]);
    table.end_row();
  }
  return table;
}

void write_parameters(const Session& session, const NeuronOptions& options) {
  if (const auto others = read_other_neurons(options)) {
    std::vector<std::string> names;
    std::vector<std::vector<double>> values;
    for (const auto& column : others->learned.columns) {
      names.push_back(column.name);
      values.push_back(column.values);
    }
    session.write(neuron_table(names, values, options.layer, others->groups, others->delays), "neurons.csv");
    session.name_old("learnedparams.csv", {options.initial});
    session.draw(analysis::parameter_histogram_figure(others->learned, others->initial, others->groups));
    return;
  }
  const Neurons neurons = read_neurons(options);
  session.write(to_csv(neurons.learned, options.has_header), "learnedparams.csv");
  if (options.parameters.empty()) {
    std::vector<std::vector<double>> values;
    for (glifr::Index c = 0; c < neurons.learned.columns(); ++c) values.push_back(neurons.learned.column(c));
    session.write(neuron_table(analysis::column_names(neurons.learned.num_ascs), values, options.layer, neurons.groups,
                               neurons.delays),
                  "neurons.csv");
  } else {
    session.name_old("neurons.csv", {options.parameters, options.initial});
  }
  session.draw(analysis::parameter_histogram_figure(neurons.learned, neurons.initial, neurons.groups));
  session.draw(analysis::parameter_scatter_figure(neurons.learned, neurons.groups, neurons.initial));
}

}  // namespace

void add_parameters(CLI::App& app, Session& session) {
  CLI::App* command =
      app.add_subcommand("parameters",
                         "Physical parameters of a network's neurons: learnedparams.csv "
                         "(thresh,k_m,r_1,r_2,k_1,k_2,a_1,a_2), neurons.csv (the same with layer, "
                         "group and delay), histograms against the initial values, scatter plots; of custom "
                         "neurons neurons.csv and histograms of their own parameters");
  auto options = std::make_shared<NeuronOptions>();
  add_neuron_options(*command, *options);
  session.add_options(*command, {});
  command->callback([&session, options] {
    session.set_action([&session, options] { for_each_network(session, *options, write_parameters); });
  });
}

}  // namespace glifr::apps
