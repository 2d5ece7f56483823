#include "trained.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <numeric>
#include <set>

#include "glifr/error.hpp"
#include "glifr/experiment/task.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

TrainedRun describe(const analysis::Trial& trial) {
  TrainedRun run{glifr::read_trained(trial), trial.model, trial.number};
  run.settings.task.name = trial.task;
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

std::optional<std::string> NetworkOptions::one_checkpoint() const {
  if (!checkpoint.empty()) return checkpoint;
  return std::filesystem::is_regular_file(folder) ? std::optional(folder) : std::nullopt;
}

void check_choice(const NetworkOptions& options, const analysis::Results& results) {
  const auto require = [&](const char* option, const std::string& asked, const std::vector<std::string>& there) {
    if (asked.empty() || std::ranges::find(there, asked) != there.end()) return;
    std::string names;
    for (const std::string& name : there) names += (names.empty() ? "" : ", ") + name;
    throw glifr::ConfigError(option, "found '" + asked + "'; accepted for " + options.folder + ": " + names);
  };
  const std::vector<std::string> all_tasks = tasks(results);
  require("--task", options.task, all_tasks);
  std::vector<std::string> models;
  for (const std::string& task : options.task.empty() ? all_tasks : std::vector{options.task}) {
    for (const analysis::ModelTrials& group : models_of(results, task)) {
      if (std::ranges::find(models, group.model) == models.end()) models.push_back(group.model);
    }
  }
  require("--model", options.model, models);
}

void add_network_options(CLI::App& command, NetworkOptions& options) {
  add_results_option(command, options.folder);
  cli::add_text(
      command, "--checkpoint", options.checkpoint,
      "One network, instead of RESULTS: a checkpoint in a trial's folder or, with --task or --config, anywhere")
      ->type_name("FILE")
      ->excludes("RESULTS");
  cli::add_text(command, "--task", options.task,
                "Only this task (default: all); of a checkpoint without config.json: what it was trained on")
      ->type_name("NAME");
  cli::add_text(command, "--model", options.model,
                "Only this model (default: all); of a checkpoint without config.json: what it is")
      ->type_name("NAME");
  add_setting_options(command, options.settings,
                      "Of a checkpoint without config.json: JSON file of settings over the task's",
                      "Of a checkpoint without config.json: change one setting, e.g. --set test_data=test.npz; it "
                      "counts more than what the checkpoint says; repeatable");
}

TrainedRun describe_checkpoint(const std::string& place, const NetworkOptions& options, std::uint64_t seed,
                               const glifr::DataStore& data) {
  const std::filesystem::path checkpoint = find_checkpoint(place);
  if (!std::filesystem::is_regular_file(checkpoint))
    throw glifr::DataError(checkpoint.string(), "there is no such file");
  require_checkpoint(checkpoint);
  const auto file = glifr::TrialFolder::of_checkpoint(checkpoint).record();
  if (!std::filesystem::exists(file)) {
    if (options.task.empty() && options.settings.config.empty()) {
      throw glifr::ConfigError("--task", "is missing: there is no config.json of a trial that says what " +
                                             checkpoint.string() + " was trained on");
    }
    TrainedRun run;
    run.foreign = std::make_shared<const ForeignNetwork>(
        read_foreign({.file = checkpoint,
                      .task = options.task,
                      .model = options.model.empty() ? std::nullopt : std::optional(options.model),
                      .settings = options.settings},
                     data));
    run.settings = run.foreign->settings;
    const bool is_named = !options.model.empty() || !run.settings.model.layers.empty();
    run.model = is_named ? run.settings.model.name : checkpoint.stem().string();
    run.seed = seed;
    run.checkpoint = checkpoint;
    return run;
  }
  options.settings.require_none(checkpoint.string());
  TrainedRun run{glifr::read_trained(checkpoint)};
  run.model = run.settings.model.name;
  const auto require_same = [&](const char* option, const std::string& asked, const std::string& found) {
    if (!asked.empty() && asked != found)
      throw glifr::ConfigError(option, "found '" + asked + "', " + file.string() + " has " + found);
  };
  require_same("--task", options.task, run.settings.task.name);
  require_same("--model", options.model, run.model);
  return run;
}

template <glifr::Scalar T>
analysis::MakeNetwork<T> network_maker(const TrainedRun& run, std::filesystem::path checkpoint) {
  if (run.foreign && checkpoint.empty()) {
    (void)run.foreign->make<T>();
    return [foreign = run.foreign] { return foreign->make<T>(); };
  }
  glifr::TrainedNetwork trained = run;
  if (!checkpoint.empty()) trained.checkpoint = std::move(checkpoint);
  return glifr::trained_maker<T>(trained);
}

namespace {

/// Says where the test data of a run, read in the precision T that it was trained in, are others than it was trained
/// with.
template <glifr::Scalar T>
void compare_test_data(const TrainedRun& run, glifr::DataStore& store, const glifr::TensorFile& checkpoint) {
  const auto data = store.load_test<T>(run.settings, run.seed, &checkpoint, run.checkpoint.string());
  const auto difference = glifr::difference_of_test_data(run.record, store.digest<T>(data));
  static std::set<std::string> said;
  if (difference && said.insert(run.settings.task.name + " " + *difference).second) {
    Session::warn("the test data of " + run.settings.task.name + " are not those that " + run.model + "/trial_" +
                  std::to_string(run.trial) + " was tested on when it was trained (" + *difference + ")");
  }
}

}  // namespace

template <glifr::Scalar T>
std::shared_ptr<const glifr::Dataset<T>> test_data(const TrainedRun& run, glifr::DataStore& store) {
  const glifr::TensorFile checkpoint = glifr::read_safetensors(run.checkpoint);
  // Data that a network makes differ by rounding from one processor to another.
  if (glifr::find_task(run.settings.task.base).serves_all_models() && run.record.contains("data")) {
    const boost::json::value* precision = run.record.if_contains("precision");
    precision&&* precision == "float64" ? compare_test_data<double>(run, store, checkpoint)
                                        : compare_test_data<float>(run, store, checkpoint);
  }
  return store.load_test<T>(run.settings, run.seed, &checkpoint, run.checkpoint.string());
}

namespace {

/// The samples of a test set that are looked at, and their targets.
template <glifr::Scalar T>
struct Targets {
  std::shared_ptr<const glifr::Dataset<T>> data;
  std::vector<glifr::Index> samples;
  std::vector<T> values;  // [target steps, samples, width]

  Targets(std::shared_ptr<const glifr::Dataset<T>> set, glifr::Index count) : data(std::move(set)) {
    samples.resize(static_cast<std::size_t>(count > 0 ? std::min(count, data->size()) : data->size()));
    std::iota(samples.begin(), samples.end(), glifr::Index{0});
    values.resize(samples.size() * static_cast<std::size_t>(data->target_steps() * data->target_size()));
    data->targets(samples, values.data());
  }

  friend bool operator==(const Targets& a, const Targets& b) {
    return a.data == b.data || (a.data->target_steps() == b.data->target_steps() &&
                                a.data->target_size() == b.data->target_size() && a.values == b.values);
  }
};

/// The outputs of a network, some samples at a time: [steps, samples, width].
template <glifr::Scalar T>
std::vector<double> outputs_of(const glifr::RecurrentNetwork<T>& network, const Targets<T>& targets) {
  constexpr std::size_t at_once = 256;
  const std::size_t count = targets.samples.size();
  const auto width = static_cast<std::size_t>(targets.data->target_size());
  std::vector<double> all(targets.values.size());
  for (std::size_t first = 0; first < count; first += at_once) {
    const std::size_t size = std::min(at_once, count - first);
    const auto part = analysis::outputs<T>(network, *targets.data,
                                           std::span<const glifr::Index>(targets.samples).subspan(first, size));
    for (std::size_t step = 0; step * size * width < part.size(); ++step) {
      std::copy_n(part.begin() + static_cast<std::ptrdiff_t>(step * size * width), size * width,
                  all.begin() + static_cast<std::ptrdiff_t>((step * count + first) * width));
    }
  }
  return all;
}

}  // namespace

template <glifr::Scalar T>
analysis::Responses responses_of(std::span<const TrainedRun> runs, glifr::DataStore& store, glifr::Index samples) {
  const glifr::Settings& settings = runs.front().settings;
  const Targets<T> targets(test_data<T>(runs.front(), store), samples);
  const glifr::Dataset<T>& data = *targets.data;
  analysis::Responses responses;
  responses.dt = settings.model.dt;
  responses.samples = std::ssize(targets.samples);
  responses.outputs = data.target_size();
  responses.is_of_last_step = data.target_steps() != data.time_steps();
  responses.frequencies = glifr::find_task(settings.task.base).frequencies(settings);
  if (data.has_lengths()) {
    std::vector<std::int32_t> lengths(targets.samples.size());
    data.lengths(targets.samples, lengths.data());
    responses.lengths.assign(lengths.begin(), lengths.end());
  } else if (responses.is_of_last_step) {
    responses.lengths.assign(targets.samples.size(), data.time_steps());
  }
  responses.targets.assign(targets.values.begin(), targets.values.end());
  for (const TrainedRun& run : runs) {
    const Targets<T> own(test_data<T>(run, store), samples);
    if (run.settings.model.dt != settings.model.dt || own != targets) {
      Session::warn("left out " + settings.task.name + "/" + run.model + "/trial_" + std::to_string(run.trial) +
                    ": it learned other targets than " + runs.front().model + "/trial_" +
                    std::to_string(runs.front().trial));
      continue;
    }
    responses.networks.push_back({run.model, outputs_of<T>(*network_maker<T>(run)(), own)});
  }
  return responses;
}

glifr::paper::RealizableRun realizable_run(const analysis::Trial& trial, glifr::DataStore& store) {
  const TrainedRun run = describe(trial);
  const auto data = store.load<double>(run.settings, run.seed).train;
  const auto initial = network_maker<double>(run, trial.files().initial_checkpoint())();
  const auto learned = network_maker<double>(run)();
  return glifr::paper::realizable_run(trial, run.settings, *initial, *learned, *data);
}

#define GLIFR_INSTANTIATE(T)                                                                            \
  template analysis::MakeNetwork<T> network_maker<T>(const TrainedRun&, std::filesystem::path);         \
  template std::shared_ptr<const glifr::Dataset<T>> test_data<T>(const TrainedRun&, glifr::DataStore&); \
  template analysis::Responses responses_of<T>(std::span<const TrainedRun>, glifr::DataStore&, glifr::Index)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr::apps
