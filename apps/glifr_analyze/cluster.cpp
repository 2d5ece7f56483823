#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>

#include "glifr/analysis/clustering.hpp"
#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/style.hpp"
#include "glifr/error.hpp"
#include "neurons.hpp"
#include "subcommands.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

namespace {

struct ClusterOptions {
  NeuronOptions neurons;
  std::optional<glifr::Index> max_clusters, clusters;
  std::vector<double> currents;  // as `currents_of` takes them
};

void draw(const Session& session, const Neurons& neurons, const analysis::Clustering& clustering,
          const std::vector<double>& currents) {
  const analysis::NeuronTable reference = neurons.reference();
  if (!neurons.groups.is_empty()) session.draw(analysis::cluster_groups_figure({clustering.labels}, neurons.groups));
  session.draw(analysis::cluster_index_figure(clustering));
  // Named apart from the figures of `parameters` and `fi-curve`, which may lie in the same folder.
  analysis::Figure scatter =
      analysis::parameter_scatter_figure(neurons.learned, {clustering.labels}, reference, neurons.reference_title());
  scatter.name = "cluster_scatter";
  session.draw(scatter);
  analysis::Figure curves = analysis::fi_figure(
      analysis::fi_curves(neurons.learned, neurons.constants, currents, session.is_float32()), {clustering.labels},
      analysis::fi_curves(reference, neurons.constants, currents), neurons.reference_title());
  curves.name = "cluster_fi_curves";
  session.draw(curves);
}

/// The most clusters that are tried. Refuses what cannot be divided into so many.
glifr::Index most_clusters(glifr::Index neurons, const ClusterOptions& options) {
  constexpr glifr::Index most = 11;
  constexpr glifr::Index least = 3;
  if (neurons < least) {
    const std::string& place =
        options.neurons.checkpoint.empty() ? options.neurons.parameters : options.neurons.checkpoint;
    throw glifr::DataError(place, "found " + analysis::counted(neurons, "neuron") + "; clusters are sought among " +
                                      std::to_string(least) + " or more");
  }
  if (options.clusters && *options.clusters > neurons) {
    throw glifr::ConfigError("--clusters", "found " + std::to_string(*options.clusters) + "; accepted for " +
                                               std::to_string(neurons) + " neurons: 1 to " + std::to_string(neurons));
  }
  const glifr::Index asked =
      options.max_clusters.value_or(std::min(std::max(most, options.clusters.value_or(1)), neurons - 1));
  if (asked >= neurons) {
    throw glifr::ConfigError("--max-clusters", "found " + std::to_string(asked) + "; accepted for " +
                                                   std::to_string(neurons) + " neurons: 2 to " +
                                                   std::to_string(neurons - 1));
  }
  return asked;
}

void run(const Session& session, const ClusterOptions& options) {
  const std::vector<double> currents = currents_of(options.currents);
  const Neurons neurons = read_neurons(options.neurons);
  const glifr::Index most = most_clusters(neurons.learned.neurons, options);
  const analysis::Clustering clustering = analysis::choose_clusters(neurons.learned.view(), most, options.clusters);
  const bool has_header = options.neurons.has_header;
  glifr::CsvRows scores = start_table(has_header, {"clusters", "index"}), labels = start_table(has_header, {"label"});
  for (std::size_t i = 0; i < clustering.counts.size(); ++i)
    scores.cell(clustering.counts[i]).cell(clustering.scores[i]).end_row();
  for (const glifr::Index label : clustering.labels) labels.cell(label).end_row();
  session.write(scores, "chscores.csv");
  session.write(labels, "cluster_labels.csv");
  if (!neurons.groups.is_empty()) {
    glifr::CsvRows groups({"layer", "group", "neuron", "label"});
    for (glifr::Index n = 0; n < neurons.learned.neurons; ++n) {
      begin_row(groups, options.neurons.layer, neurons.groups, n);
      groups.cell(clustering.labels[static_cast<std::size_t>(n)]).end_row();
    }
    session.write(groups, "cluster_neurons.csv");
  } else {
    session.name_old("cluster_neurons.csv", {options.neurons.parameters, options.neurons.initial});
  }

  std::printf("%s of %s%s\n", analysis::counted(clustering.best, "cluster").c_str(),
              analysis::counted(neurons.learned.neurons, "neuron").c_str(),
              !options.clusters && clustering.is_most_tried()
                  ? ": the most that were tried, more may fit better (--max-clusters)"
                  : "");
  if (!options.clusters && clustering.has_mostly_single_points())
    std::printf("most of the clusters hold a single neuron: the neurons are too few for the index to say more\n");
  if (!options.clusters && clustering.is_two_as_one())
    std::printf("the index is highest for 2 clusters, which count as 1 (--clusters 2 takes both)\n");
  if (session.draws_figures()) draw(session, neurons, clustering, currents);
}

}  // namespace

void add_cluster(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("cluster",
                                         "Ward clustering of neurons by their parameters: chscores.csv, "
                                         "cluster_labels.csv, scatter plots and f-I curves by cluster; of layers "
                                         "with groups also cluster_neurons.csv, the same with layer and group");
  auto options = std::make_shared<ClusterOptions>();
  add_neuron_options(*command, options->neurons);
  cli::add_integer(*command, "--max-clusters", options->max_clusters, {.lowest = 2, .highest = 1e6},
                   "The best number of clusters by the Calinski-Harabasz index is sought from 2 to this, which is less "
                   "than the number of neurons; 2 count as 1 (default: 11, or fewer where there are fewer neurons)")
      ->type_name("N");
  cli::add_integer(*command, "--clusters", options->clusters, {.lowest = 1, .highest = 1e6},
                   "Take so many clusters, whatever the index says")
      ->type_name("N")
      ->excludes("--max-clusters");
  add_currents_option(*command, options->currents);
  session.add_options(*command, {"--precision"});
  command->callback([&session, options] {
    session.set_action([&session, options] {
      for_each_network(session, options->neurons, [&](const Session& own, const NeuronOptions& neurons) {
        run(own, {neurons, options->max_clusters, options->clusters, options->currents});
      });
    });
  });
}

}  // namespace glifr::apps
