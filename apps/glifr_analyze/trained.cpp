#include "trained.hpp"

#include <boost/json.hpp>

#include "glifr/datasets/sine.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/io/json.hpp"
#include "glifr/tasks/sine.hpp"
#include "glifr/training/checkpoint.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

namespace {

TrainedRun describe(const boost::json::object& config, const std::filesystem::path& file,
                    const std::filesystem::path& checkpoint) {
  TrainedRun run;
  run.settings = glifr::settings_from_json(config, file.string());
  run.model = run.settings.model.name;
  run.checkpoint = checkpoint;
  const boost::json::value* seed = config.if_contains("seed");
  if (!seed) throw glifr::DataError(file.string(), "key seed is missing");
  boost::json::error_code problem;
  run.seed = seed->to_number<std::uint64_t>(problem);
  if (problem) {
    throw glifr::DataError(
        file.string(), "key seed is " + glifr::to_line(*seed) + ", expected an integer from 0 to 18446744073709551615");
  }
  return run;
}

/// Whether two runs learned the same waves.
bool have_same_targets(const TrainedRun& first, const TrainedRun& second) {
  const glifr::TaskSettings &a = first.settings.task, &b = second.settings.task;
  const bool has_noise = a.number("noise_mean") != 0 || a.number("noise_std") != 0;
  return first.settings.model.dt == second.settings.model.dt && a.values == b.values &&
         (!has_noise || first.seed == second.seed);
}

/// What a checkpoint says of the neurons' constants: the width of the threshold, for one, may have been annealed.
template <glifr::Scalar T>
void load_constants(glifr::RecurrentNetwork<T>& network, const glifr::TensorFile& file, const std::string& file_name) {
  for (const auto& [name, value] : network.constants()) {
    if (file.metadata.contains(name)) network.set_constant(name, glifr::metadata_number(file, name, file_name));
  }
}

}  // namespace

TrainedRun describe(const analysis::Trial& trial) {
  TrainedRun run = describe(trial.config, trial.files().record(), trial.files().last_checkpoint());
  run.trial = trial.number;
  run.settings.task.name = trial.task;
  run.model = trial.model;
  return run;
}

std::optional<TrainedRun> first_usable(const analysis::ModelTrials& group, glifr::Index only) {
  for (const analysis::Trial* trial : group.trials) {
    if (only >= 0 && trial->number != only) continue;
    try {
      TrainedRun run = describe(*trial);
      (void)network_maker<float>(run);
      return run;
    } catch (const glifr::DataError& error) {
      Session::warn("left out " + trial->name() + ": " + error.what());
    }
  }
  return std::nullopt;
}

TrainedRun describe_checkpoint(const std::filesystem::path& checkpoint) {
  if (!std::filesystem::is_regular_file(checkpoint))
    throw glifr::DataError(checkpoint.string(), "there is no such file");
  const auto file = glifr::TrialFolder::of_checkpoint(checkpoint).record();
  const boost::json::value document = glifr::read_json_file(file);
  if (!document.is_object()) throw glifr::DataError(file.string(), "found no JSON object");
  return describe(document.as_object(), file, checkpoint);
}

template <glifr::Scalar T>
analysis::MakeNetwork<T> network_maker(const TrainedRun& run, std::filesystem::path checkpoint) {
  if (checkpoint.empty()) checkpoint = run.checkpoint;
  const auto file = std::make_shared<const glifr::TensorFile>(glifr::read_safetensors(checkpoint));
  const auto make = [settings = run.settings, file, name = checkpoint.string()] {
    auto network = glifr::make_network<T>(settings);
    glifr::load_parameters(*network, *file, name);
    load_constants(*network, *file, name);
    return network;
  };
  (void)make();  // what is wrong with the checkpoint shows here, not in the middle of an analysis
  return make;
}

template <glifr::Scalar T>
analysis::SineResponses sine_responses(std::span<const TrainedRun> runs, glifr::DataStore& store) {
  const glifr::Settings& settings = runs.front().settings;
  const auto data = store.load_test<T>(settings, runs.front().seed);
  analysis::SineResponses responses;
  responses.dt = settings.model.dt;
  responses.samples = data->size();
  responses.frequencies = glifr::sine_frequencies(glifr::sine_settings(settings));
  std::vector<glifr::Index> samples;
  for (glifr::Index i = 0; i < data->size(); ++i) samples.push_back(i);
  std::vector<T> targets(static_cast<std::size_t>(data->time_steps() * data->size()));
  data->targets(samples, targets.data());
  responses.targets.assign(targets.begin(), targets.end());
  for (const TrainedRun& run : runs) {
    if (!have_same_targets(runs.front(), run)) {
      Session::warn("left out " + settings.task.name + "/" + run.model + "/trial_" + std::to_string(run.trial) +
                    ": it learned other waves than " + runs.front().model + "/trial_" +
                    std::to_string(runs.front().trial));
      continue;
    }
    responses.outputs.push_back({run.model, analysis::outputs(*network_maker<T>(run)(), *data)});
  }
  return responses;
}

template <glifr::Scalar T>
analysis::RealizableRun realizable_run(const analysis::Trial& trial, glifr::DataStore& store) {
  const TrainedRun run = describe(trial);
  const auto data = store.load<T>(run.settings, run.seed).train;
  analysis::RealizableRun result;
  result.dt = run.settings.model.dt;
  result.loss_epoch = trial.metrics.epoch;
  result.loss = trial.metrics.train_loss;
  result.initial = analysis::outputs(*network_maker<T>(run, trial.files().initial_checkpoint())(), *data);
  result.learned = analysis::outputs(*network_maker<T>(run)(), *data);
  std::vector<T> target(static_cast<std::size_t>(data->time_steps()));
  const glifr::Index only = 0;
  data->targets(std::span(&only, 1), target.data());
  result.target.assign(target.begin(), target.end());
  const glifr::CsvNumbers distances = glifr::read_csv_numbers(trial.folder / "realizable.csv", {.has_header = true});
  for (glifr::Index c = 0; c < distances.columns; ++c) {
    std::vector<double> values;
    for (glifr::Index row = 0; row < distances.rows; ++row) values.push_back(distances(row, c));
    if (c == 0) {
      result.distance_epoch = std::move(values);
    } else {
      result.distances.push_back({distances.header[static_cast<std::size_t>(c)], std::move(values)});
    }
  }
  return result;
}

#define GLIFR_INSTANTIATE(T)                                                                          \
  template analysis::MakeNetwork<T> network_maker<T>(const TrainedRun&, std::filesystem::path);       \
  template analysis::SineResponses sine_responses<T>(std::span<const TrainedRun>, glifr::DataStore&); \
  template analysis::RealizableRun realizable_run<T>(const analysis::Trial&, glifr::DataStore&)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr::apps
