#include "glifr/experiment/trial.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cmath>

#include "glifr/experiment/config.hpp"
#include "glifr/experiment/realizable.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/json.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/training/checkpoint.hpp"
#include "glifr/training/device_runner.hpp"
#include "glifr/version.hpp"
#include "recorders.hpp"

namespace glifr {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

/// A seed for a trial of a model: different ones share nothing.
std::uint64_t trial_seed(std::uint64_t seed, const Model& model, Index trial) {
  const auto place = static_cast<std::uint32_t>(&model - models.data());
  const auto words = Random(seed, Stream::initialize, place).words(static_cast<std::uint64_t>(trial));
  return std::uint64_t{words[0]} << 32 | words[1];
}

std::string name_of(Precision precision) {
  return precision == Precision::float32 ? "float32" : "float64";
}

/// Refuses a folder whose trial was started with other settings.
void require_same_settings(const fs::path& config, const Trial& trial, const RunOptions& options) {
  const json::value document = read_json_file(config);
  if (!document.is_object()) throw DataError(config.string(), "expected an object of settings");
  const json::object& object = document.as_object();
  const auto refuse = [&](const std::string& key, const std::string& there, const std::string& here) {
    throw ConfigError(key, "the trial in " + config.parent_path().string() + " was started with " + there +
                               ", this run has " + here + "; use the same settings, or --overwrite to start afresh");
  };
  if (const auto difference = first_difference(settings_from_json(object, config.string()), trial.settings)) {
    refuse(difference->key, difference->first, difference->second);
  }
  const json::value* seed = object.if_contains("seed");
  if (!seed || json::value_to<std::uint64_t>(*seed) != options.seed) {
    refuse("seed", seed ? json::serialize(*seed) : "none", std::to_string(options.seed));
  }
  const json::value* precision = object.if_contains("precision");
  if (!precision || precision->as_string() != name_of(options.precision)) {
    refuse("precision", precision ? json::serialize(*precision) : "none", name_of(options.precision));
  }
}

template <Scalar T>
void initialize(RecurrentNetwork<T>& network, const Trial& trial, const RunOptions& options, const Model& model,
                std::uint64_t seed) {
  if (trial.settings.data == Settings::Data::realizable) return initialize_learner(network, trial.settings, seed);
  if (!model.is_heterogeneous()) return initialize_homogeneous(network, seed);
  Trial source = trial;
  source.settings.model = std::string(model.starts_from);
  const fs::path folder = source.folder(options.out);
  if (!is_complete(folder)) {
    throw ConfigError("model", trial.settings.model + " starts from the trained " + source.settings.model +
                                   " of the same trial, and " + folder.string() + " holds no complete one");
  }
  const fs::path path = folder / "checkpoints" / "last.safetensors";
  const TensorFile file = read_safetensors(path);
  std::vector<T> values;
  initialize_heterogeneous<T>(
      network,
      [&](const std::string& name) {
        const NamedTensor* tensor = file.find(name);
        if (!tensor || tensor->size() == 0)
          throw DataError(path.string(), "there is no tensor '" + name + "' to draw initial values from");
        values = values_of<T>(*tensor);
        return std::span<const T>(values);
      },
      seed);
}

/// A trial in one precision, from its folder to its test.
template <Scalar T>
class TrialRun {
 public:
  TrialRun(const Trial& trial, const RunOptions& options, DataStore& store, Workers& workers,
           const std::atomic<bool>& stop, TrialObserver& observer)
      : trial_(trial),
        options_(options),
        folder_(trial.folder(options.out)),
        seed_(trial_seed(options.seed, find_model(trial.settings.model), trial.number)),
        workers_(workers),
        device_(options.open_device ? options.open_device() : nullptr),
        stop_(stop),
        observer_(observer),
        data_(store.load<T>(trial.settings, options.seed)),
        network_(make_network<T>(trial.settings)),
        resumes_(options.existing == Existing::resume && fs::exists(checkpoint())) {
    initialize(*network_, trial, options, find_model(trial.settings.model), seed_);
  }

  TrialOutcome run() {
    describe_samples();
    Trainer<T> trainer(*network_, *data_.train, training_settings(trial_.settings, seed_, options_.engine), workers_,
                       device_.get());
    if (!resumes_) start_folder();
    ParameterRecorder<T> parameters(*network_, trial_.settings, folder_);
    const TensorFile initial = resumes_ ? TensorFile{} : to_tensor_file(*network_);
    if (resumes_) {
      load_training_state(trainer, read_safetensors(checkpoint()), checkpoint().string());
      observer_.note(trial_,
                     "resumed after epoch " + std::to_string(trainer.position().epoch) +
                         (trainer.position().step > 0 ? ", step " + std::to_string(trainer.position().step) : ""));
    } else {
      write_safetensors(folder_ / "checkpoints" / "initial.safetensors", initial);
    }

    MetricsRecorder<T> metrics(folder_, resumes_, trainer.position().epoch);
    parameters.start(resumes_, trainer.position().epoch);
    DistanceRecorder<T> distances(*network_, trial_.settings, folder_, resumes_, trainer.position().epoch);
    SigmaAnnealing<T> annealing(*network_, trial_.settings);
    EarlyStop<T> early_stop(trial_.settings, folder_, resumes_);
    CheckpointWriter<T> checkpoints(trainer, checkpoint(), trial_.settings.checkpoint_seconds, stop_);
    checkpoints.before_writing([&] {
      metrics.sync();
      parameters.sync();
      distances.sync();
    });
    ObserverCallback<T> watching(trial_, observer_);
    if (!resumes_) checkpoints.write();

    observer_.begin(trial_, trainer.steps_per_epoch(), data_.train->size());
    Callback<T>* const callbacks[] = {&annealing, &metrics,    &parameters, &distances,
                                      &watching,  &early_stop, &checkpoints};
    if (!trainer.fit(callbacks)) return {TrialOutcome::State::interrupted};
    parameters.finish(trainer.position().epoch);
    annealing.set_last();
    checkpoints.write();
    return finish();
  }

 private:
  [[nodiscard]] fs::path checkpoint() const { return folder_ / "checkpoints" / "last.safetensors"; }

  /// Says what is unusual about the samples and about what the network can see of them.
  void describe_samples() const {
    const Index steps = data_.train->time_steps();
    if (steps != trial_.settings.time_steps()) {
      observer_.note(trial_, "the samples are " + std::to_string(steps) + " x " +
                                 std::to_string(data_.train->input_size()) + " (time steps x inputs)");
    }
    if (const auto reach = temporal_reach(trial_.settings, steps)) observer_.note(trial_, *reach);
  }

  void start_folder() {
    for (const char* part :
         {"checkpoints", "parameters", "figures", "realizable.csv", "responses.csv", "metrics.csv", "test.json"}) {
      fs::remove_all(folder_ / part);
    }
    create_folder(folder_ / "checkpoints");
    json::object config = to_json(trial_.settings);
    config["version"] = std::string(version());
    config["seed"] = options_.seed;
    config["trial"] = trial_.number;
    config["precision"] = name_of(options_.precision);
    config["device"] = options_.device;
    config["trained_parameters"] = count_trained<T>(network_->parameters());
    write_file_atomically(folder_ / "config.json", to_text(config) + "\n");
  }

  TrialOutcome finish() {
    TrialOutcome outcome;
    outcome.test = device_ ? test_on_device() : test_on_workers();
    if (data_.test->classes() > 0) outcome.accuracy = outcome.test.accuracy();
    if (!std::isfinite(outcome.test.loss())) throw NumericError("the test loss", trial_.settings.max_epochs, 0);
    json::object test;
    test["test_loss"] = outcome.test.loss();
    test["test_acc"] = outcome.accuracy ? json::value(*outcome.accuracy) : json::value(nullptr);
    test["samples"] = outcome.test.samples;
    write_file_atomically(folder_ / "test.json", to_text(test) + "\n");
    return outcome;
  }

  Score test_on_workers() {
    BatchRunner<T> runner(*network_, *data_.test, workers_.threads(), trial_.settings.micro_batch);
    return workers_.run([&] { return runner.evaluate(options_.engine); });
  }
  Score test_on_device() {
    DeviceRunner<T> runner(*network_, *data_.test, training_settings(trial_.settings, seed_, options_.engine),
                           *device_);
    runner.load_parameters();
    return runner.evaluate();
  }

  const Trial& trial_;
  const RunOptions& options_;
  fs::path folder_;
  std::uint64_t seed_;
  Workers& workers_;
  std::unique_ptr<Device> device_;  // null: the workers compute
  const std::atomic<bool>& stop_;
  TrialObserver& observer_;
  TaskData<T> data_;
  std::unique_ptr<RecurrentNetwork<T>> network_;
  bool resumes_;
};

}  // namespace

fs::path Trial::folder(const fs::path& out) const {
  return out / settings.task / settings.model / ("trial_" + std::to_string(number));
}

std::string Trial::label() const {
  return settings.task + " " + settings.model + " trial " + std::to_string(number);
}

bool is_complete(const fs::path& folder) {
  return fs::exists(folder / "test.json") && fs::exists(folder / "checkpoints" / "last.safetensors");
}

std::optional<std::string> temporal_reach(const Settings& settings, Index steps) {
  const bool carries_state = find_model(settings.model).cell != CellKind::rnn;
  const Index delay = settings.delay_steps();
  if (carries_state || settings.final_reduction != Settings::Reduction::last || delay < 2) return std::nullopt;
  const Index seen = (steps - 1) / delay + 1;
  return "the loss sees " + std::to_string(seen) + " of the " + std::to_string(steps) +
         " input steps: " + settings.model + " keeps no state, so with a synaptic delay of " + std::to_string(delay) +
         " steps its last output depends on every " + std::to_string(delay) +
         "th step before it and on nothing between";
}

namespace {

TrialOutcome run_in_folder(const Trial& trial, const RunOptions& options, DataStore& data, Workers& workers,
                           const std::atomic<bool>& stop, TrialObserver& observer) {
  const fs::path folder = trial.folder(options.out);
  create_folder(folder);
  const FolderLock lock(folder);
  const fs::path config = folder / "config.json";
  if (options.existing == Existing::resume && fs::exists(config)) require_same_settings(config, trial, options);
  if (options.existing == Existing::resume && is_complete(folder)) return {TrialOutcome::State::skipped};
  if (options.existing == Existing::refuse && fs::exists(config)) {
    throw ConfigError(folder.string(),
                      std::string(is_complete(folder) ? "holds a complete trial" : "holds a partial trial") +
                          " already; go on with it by --resume, or start it afresh by --overwrite");
  }
  if (options.precision == Precision::float32)
    return TrialRun<float>(trial, options, data, workers, stop, observer).run();
  return TrialRun<double>(trial, options, data, workers, stop, observer).run();
}

}  // namespace

TrialOutcome run_trial(const Trial& trial, const RunOptions& options, DataStore& data, Workers& workers,
                       const std::atomic<bool>& stop, TrialObserver& observer) {
  const TrialOutcome outcome = run_in_folder(trial, options, data, workers, stop, observer);
  observer.end(trial, outcome);
  return outcome;
}

}  // namespace glifr
