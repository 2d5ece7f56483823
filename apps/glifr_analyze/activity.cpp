#include "glifr/analysis/activity.hpp"

#include <numeric>

#include "glifr/error.hpp"
#include "glifr/training/evaluate.hpp"
#include "subcommands.hpp"
#include "trained.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

namespace {

struct ActivityOptions {
  NetworkOptions network;
  glifr::Index samples = 20;
};

/// The network at a checkpoint, unless it is not one of those that --task and --model choose among several.
std::optional<TrainedRun> choose(const Session& session, const NetworkPlace& place, const NetworkOptions& options,
                                 const glifr::DataStore& data) {
  if (place.below.empty()) return describe_checkpoint(place.checkpoint, options, session.seed(), data);
  TrainedRun run = describe_checkpoint(place.checkpoint, {}, session.seed(), data);
  const bool is_chosen = (options.task.empty() || options.task == run.settings.task.name) &&
                         (options.model.empty() || options.model == run.model);
  return is_chosen ? std::optional(std::move(run)) : std::nullopt;
}

/// The class that the network takes each sample of the test set for.
template <glifr::Scalar T>
glifr::CsvRows predictions(const glifr::RecurrentNetwork<T>& network, const glifr::Dataset<T>& data,
                           glifr::Index threads) {
  glifr::Workers workers(threads);
  const glifr::Classification found = glifr::classify<T>(network, data, workers);
  const std::vector<std::int32_t> labels = glifr::labels_of(data);
  glifr::CsvRows table({"sample", "label", "predicted"});
  for (std::size_t i = 0; i < labels.size(); ++i)
    table.cell(static_cast<glifr::Index>(i))
        .cell(glifr::Index{labels[i]})
        .cell(glifr::Index{found.predicted[i]})
        .end_row();
  return table;
}

template <glifr::Scalar T>
void write_activity(const Session& session, const TrainedRun& run, glifr::DataStore& store, glifr::Index count) {
  const auto data = test_data<T>(run, store);
  const auto network = network_maker<T>(run)();
  std::vector<glifr::Index> samples(static_cast<std::size_t>(std::min(count, data->size())));
  std::iota(samples.begin(), samples.end(), glifr::Index{0});
  const analysis::Activity activity = analysis::activity<T>(*network, *data, samples, run.settings.model.dt);
  const auto file = session.output("activity.safetensors");
  glifr::write_safetensors(file, analysis::to_tensor_file(activity));
  session.say("wrote " + file.string());
  if (data->classes() > 0) {
    session.write(predictions<T>(*network, *data, session.threads()), "predictions.csv");
  } else {
    session.name_old("predictions.csv");
  }
  session.draw(analysis::activity_figure(activity));
}

void run(const Session& session, const ActivityOptions& options) {
  glifr::DataStore data = session.open_data();
  const NetworkOptions& network = options.network;
  if (!network.one_checkpoint()) network.settings.require_none("each trial in " + network.folder);
  session.for_each_network(network.one_checkpoint().value_or(network.folder),
                           [&](const Session& own, const NetworkPlace& place) {
                             const auto run = choose(own, place, network, data);
                             if (!run) return;
                             own.is_float32() ? write_activity<float>(own, *run, data, options.samples)
                                              : write_activity<double>(own, *run, data, options.samples);
                           });
}

}  // namespace

void add_activity(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand(
      "activity",
      "What trained networks do with samples of the test set: inputs, outputs and every state of the neurons over time "
      "(activity.safetensors) and a figure; on tasks with classes the class that each sample is taken for "
      "(predictions.csv)");
  auto options = std::make_shared<ActivityOptions>();
  add_network_options(*command, options->network);
  cli::add_integer(*command, "--samples", options->samples, cli::counts,
                   "States of the first N samples of the test set (default: 20)")
      ->type_name("N");
  session.add_options(*command, {"--data", "--cache", "--precision", "--seed"});
  command->callback([&session, options] { session.set_action([&session, options] { run(session, *options); }); });
}

}  // namespace glifr::apps
