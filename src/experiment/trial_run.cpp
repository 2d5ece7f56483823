#include "trial_run.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "config_values.hpp"
#include "glifr/analysis/results.hpp"
#include "glifr/backend/cpu_target.hpp"
#include "glifr/distributed/device_links.hpp"
#include "glifr/distributed/group.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/confusion.hpp"
#include "glifr/io/detail/fnv1a.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/number.hpp"
#include "glifr/io/text.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/training/checkpoint.hpp"
#include "glifr/training/class_weights.hpp"
#include "glifr/training/evaluate.hpp"
#include "glifr/version.hpp"
#include "record.hpp"
#include "recorders.hpp"
#include "trial_checks.hpp"

namespace glifr {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

/// A seed for a trial of a model: different ones share nothing.
std::uint64_t trial_seed(std::uint64_t seed, const Model& model, Index trial) {
  const std::size_t place = place_of_model(model.name);
  // Described: by its name, apart from the places of the known ones.
  const std::uint32_t key =
      place < known_models().size() ? static_cast<std::uint32_t>(place) : detail::fnv1a_32(model.name) | 0x80000000u;
  const auto words = Random(seed, Stream::initialize, key).words(static_cast<std::uint64_t>(trial));
  return std::uint64_t{words[0]} << 32 | words[1];
}

/// Fills a network with values drawn from those of a trained one.
template <Scalar T>
void initialize_from(RecurrentNetwork<T>& network, const fs::path& checkpoint, std::uint64_t seed) {
  const TensorFile file = read_safetensors(checkpoint);
  std::vector<T> values;
  initialize_heterogeneous<T>(
      network,
      [&](const std::string& name) {
        const NamedTensor* tensor = file.find(name);
        if (!tensor || tensor->size() == 0)
          throw DataError(checkpoint.string(), "there is no tensor '" + name + "' to draw initial values from");
        values = values_of<T>(*tensor, checkpoint.string());
        if (!std::ranges::all_of(values, [](T value) { return std::isfinite(value); }))
          throw DataError(checkpoint.string(), "tensor '" + name + "' holds a value that is not finite");
        return std::span<const T>(values);
      },
      seed);
}

/// Gives all processes of a group the state of the first, which alone reads the results.
template <Scalar T>
void share_state(Trainer<T>& trainer, Group& group) {
  const auto share = [&](std::span<T> values) { broadcast(group, std::as_writable_bytes(values)); };
  for (Parameter<T>* parameter : trainer.network().parameters()) share(parameter->value.values());
  share(trainer.optimizer().first());
  share(trainer.optimizer().second());
  trainer.optimizer().set_steps(decided_by_first(&group, [&] { return trainer.optimizer().steps(); }));
  trainer.set_position(decided_by_first(&group, [&] { return trainer.position(); }));
}

/// "0, 3, 4, 5, 6 and 2 more"
std::string list_classes(const std::vector<Index>& classes) {
  constexpr std::size_t most = 5;
  const std::size_t listed = std::min(classes.size(), most), more = classes.size() - listed;
  const std::string text =
      joined(std::span(classes).first(listed), ", ", [](Index number) { return std::to_string(number); });
  return text + (more > 0 ? " and " + std::to_string(more) + " more" : "");
}

/// Says where the training samples are of one class, or of some classes none.
template <Scalar T>
std::optional<std::string> note_on_labels(const Dataset<T>& data) {
  if (data.classes() == 0) return std::nullopt;
  const std::vector<Index> counts = class_counts(data);
  const Index classes = std::ssize(counts);
  std::vector<Index> missing;
  for (Index number = 0; number < classes; ++number) {
    if (counts[static_cast<std::size_t>(number)] == 0) missing.push_back(number);
  }
  if (std::ssize(missing) == classes - 1) {
    const auto only = std::ranges::find_if(counts, [](Index samples) { return samples > 0; });
    return "the training data have one class, " + std::to_string(only - counts.begin()) +
           ", so that there is nothing to tell apart";
  }
  if (missing.empty()) return std::nullopt;
  return std::to_string(missing.size()) + " of the " + std::to_string(classes) +
         (missing.size() == 1 ? " classes has no training sample: " : " classes have no training sample: ") +
         list_classes(missing) + " (classes count from 0)";
}

void remove_part(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) throw OutputError(path.string(), "cannot be removed: " + error.message());
}

void remove_figures(const fs::path& folder) {
  std::vector<fs::path> figures;
  std::error_code error;  // the folder may not be there
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (TrialFolder::is_of_figure(entry->path())) figures.push_back(entry->path());
  }
  std::ranges::for_each(figures, remove_part);
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
        seed_(trial_seed(options.seed, model_of(trial.settings), trial.number)),
        workers_(workers),
        device_(options.open_device ? options.open_device() : nullptr),
        group_(options.group),
        links_(device_ && group_ ? link_devices(*device_, *group_) : nullptr),
        stop_(stop),
        observer_(observer),
        files_(store.files()),
        data_(load(trial, options, store)),
        digest_(store.digest(data_)),
        network_(make_network<T>(trial.settings)),
        evaluation_settings_(training_settings(trial.settings, seed_, options.engine)),
        nothing_to_move_({}, evaluation_settings_.optimizer),
        resumes_(decided_by_first(group_, [&] { return can_be_resumed(trial, options); })),
        device_shares_(decided_by_first(group_, [&] { return choose_device_shares(); })) {
    evaluation_settings_.device_shares = device_shares_;
  }

  TrialOutcome run() {
    require_same_data();
    describe_samples();
    if (links_ && !links_->can_be_recorded())
      observer_.note(trial_, "the devices exchange gradients through " + links_->description());
    initialize();
    Trainer<T> trainer(*network_, *data_.train, settings_for_training(),
                       [&](const EngineParts<T>& parts) { return make_engine(parts); });
    on_first(group_, [&] { resumes_ ? take_up(trainer) : start_folder(); });
    if (group_) share_state(trainer, *group_);

    const auto annotate = [&](TensorFile& file) { task().annotate(file, trial_.settings, files_); };
    std::unique_ptr<TrainingEngine<T>> validating;
    Validation<T> validation(trial_.settings, data_.train->classes() > 0, make_validation(validating));
    SigmaAnnealing<T> annealing(*network_, trial_.settings);
    Together<T> together(group_, stop_);
    std::optional<TrialRecorders<T>> recorders;  // of the first process of a group
    on_first(group_, [&] {
      hinting([&] {
        recorders.emplace(trainer, trial_.settings, folder_, resumes_, validation, annotate, together.stop());
      });
      if (!resumes_) recorders->write_checkpoint();
    });
    EpochComparison<T> comparison(trainer, trial_.settings, validation,
                                  is_first() ? folder_.best_checkpoint() : fs::path(), annotate,
                                  earlier_epochs(trainer.position().epoch));
    if (resumes_) on_first(group_, [&] { reopen(comparison.best_epoch()); });
    ObserverCallback<T> watching(trial_, observer_, validation);

    if (is_first()) observer_.begin(trial_, trainer.steps_per_epoch(), data_.train->size());
    std::vector<Callback<T>*> callbacks{&annealing, &validation};
    if (recorders) recorders->add_to(callbacks);
    if (is_first()) callbacks.push_back(&watching);
    callbacks.push_back(&comparison);
    if (recorders) callbacks.push_back(&recorders->checkpoints());
    if (!comparison.is_reached() && !trainer.fit(together.around(callbacks))) return {TrialOutcome::State::interrupted};
    annealing.begin_epoch(trainer.position().epoch - 1);  // a trial that was complete has not begun any
    return decided_by_first(group_, [&] {
      recorders->finish(trainer.position().epoch);
      return finish(comparison.best_epoch(), trainer.position().epoch);
    });
  }

 private:
  [[nodiscard]] bool is_first() const { return !group_ || group_->rank() == 0; }

  /// Parts of a batch on devices: as asked for, as the trial was started that is gone on with, or one a device.
  [[nodiscard]] Index choose_device_shares() const {
    const Index asked = trial_.settings.training.device_shares;
    if (asked > 0 || !device_) return asked;
    if (resumes_) {
      const json::object record = read_record(folder_.record());
      const json::value* there = record.if_contains("device_shares");
      if (there && there->is_int64() && there->get_int64() > 0) return there->get_int64();
    }
    return group_ ? group_->size() : 1;
  }

  /// Reads the data, in the first process of a group before the others: it may write a cache that these read.
  static TaskData<T> load(const Trial& trial, const RunOptions& options, DataStore& store) {
    TaskData<T> data;
    on_first(options.group, [&] { data = store.load<T>(trial.settings, options.seed); });
    if (!data.train) data = store.load<T>(trial.settings, options.seed);
    return data;
  }

  /// The processes of a group read the data for themselves.
  void require_same_data() const {
    if (!group_) return;
    const std::vector<std::string> digests = group_->gather_texts(to_line(to_json(digest_)));
    for (std::size_t r = 1; r < digests.size(); ++r) {
      if (digests[r] != digests.front())
        throw ConfigError("--data", "process " + std::to_string(r) + " reads other data than process 0: " + digests[r] +
                                        ", and " + digests.front());
    }
  }

  /// Gives the network its initial values. Those of a resumed trial are loaded over them, but an engine is made of a
  /// network that can be run, and a task may freeze weights here.
  void initialize() {
    if (task().initialize(*network_, trial_.settings, {.run = options_.seed, .trial = seed_})) return;
    const bool is_drawn = !resumes_ && model_of(trial_.settings).is_heterogeneous();
    if (!is_drawn || !is_first()) {
      detail::name_place(" of model " + trial_.settings.model.name, [&] { initialize_homogeneous(*network_, seed_); });
    }
    if (is_drawn) on_first(group_, [&] { draw_from_source(); });
  }

  void draw_from_source() {
    const json::object record = checked_source(trial_, options_);
    const TrialFolder folder = source_of(trial_).folder(options_.out);
    if (const auto difference = difference_of_data(record, digest_, false))
      refuse_to_start(*difference, trial_, folder);
    source_ = describe_source(*trial_.source, folder);
    initialize_from(*network_, folder.last_checkpoint(), seed_);
  }

  /// The epochs before this run, which all processes of a group get to know.
  [[nodiscard]] std::vector<EpochResult> earlier_epochs(Index epochs) const {
    std::vector<EpochResult> results(static_cast<std::size_t>(epochs));
    if (results.empty()) return results;
    on_first(group_, [&] { hinting([&] { results = read_epochs(folder_, epochs); }); });
    if (group_) broadcast(*group_, std::as_writable_bytes(std::span(results)));
    return results;
  }

  /// Reads what a trial left. Where it is missing or damaged, the error says how to start without it.
  template <class Read>
  static void hinting(Read read) {
    try {
      read();
    } catch (const DataError& error) {
      throw ConfigError("--resume", error.what() + std::string("; --overwrite starts the trial afresh"));
    }
  }

  /// Takes up training where the checkpoint was written, if it is of the same settings, data and source.
  void take_up(Trainer<T>& trainer) {
    record_ = read_record(folder_.record());
    if (const auto difference = difference_of_data(record_, digest_, true)) refuse_to_go_on(*difference, folder_);
    // What a heterogeneous model started from may be gone by now, but it may not be another.
    if (const auto difference = difference_to_present_source(record_, trial_, options_))
      refuse_to_go_on(*difference, folder_);
    hinting([&] {
      load_training_state(trainer, read_safetensors(folder_.last_checkpoint()), folder_.last_checkpoint().string());
    });
    const Position position = trainer.position();
    const Index planned = planned_epochs();
    if (position.epoch > planned) {
      throw DataError(folder_.last_checkpoint().string(), "was written after epoch " + std::to_string(position.epoch) +
                                                              " of a trial of " + std::to_string(planned) +
                                                              "; --overwrite starts the trial afresh");
    }
    note_what_may_differ();
    observer_.note(trial_, "resumed after epoch " + std::to_string(position.epoch) +
                               (position.step > 0 ? ", step " + std::to_string(position.step) : ""));
  }

  [[nodiscard]] bool tests_best() const { return trial_.settings.training.test_checkpoint == TestedCheckpoint::best; }

  /// The network of the best epoch. DataError where the file holds that of an earlier one, or of a later one unless it
  /// `may_be_later`: a run that was killed may have met a better epoch after its last checkpoint.
  [[nodiscard]] TensorFile read_best(Index epoch, bool may_be_later) const {
    const fs::path path = folder_.best_checkpoint();
    TensorFile best = read_safetensors(path);
    const double found = metadata_number(best, "epoch", path.string());
    const auto expected = static_cast<double>(epoch);
    if (found < expected || (found > expected && !may_be_later)) {
      throw DataError(path.string(), "is of epoch " + format_number(found) + ", the best of metrics.csv is epoch " +
                                         std::to_string(epoch));
    }
    return best;
  }

  /// What may change the results of a resumed trial by rounding, or is not known of it.
  void note_what_may_differ() {
    note_where_it_began("device", options_.device);
    if (device_) note_where_it_began("device_shares", device_shares_);
    note_where_it_began("cpu_target", std::string(to_string(cpu_target())));
    note_where_it_began("version", std::string(version()));
    if (!record_.contains("shares") && trial_.settings.training.shares > 2) {
      observer_.note(trial_,
                     folder_.record().string() +
                         " does not name the shares of a batch, whose sum may have been taken in another order: "
                         "the results may differ by rounding");
    }
    if (!names_data(record_)) {
      observer_.note(trial_,
                     folder_.record().string() + " does not name the data, so whether they are the same is not known");
    }
  }

  /// Marks a resumed trial as one that is not complete, of as many epochs as are asked for now and of data where they
  /// lie now. Refuses it where the network that is to be tested will not be there unless a later epoch is better.
  void reopen(Index best_epoch) {
    if (tests_best() && best_epoch > 0) hinting([&] { static_cast<void>(read_best(best_epoch, true)); });
    remove_part(folder_.test());
    const bool is_longer = planned_epochs() != trial_.settings.training.max_epochs;
    record_["max_epochs"] = trial_.settings.training.max_epochs;
    if (take_places(record_, trial_.settings) || is_longer) write_record(folder_.record(), record_);
  }

  [[nodiscard]] Index planned_epochs() const {
    return settings_from_json(record_, folder_.record().string()).training.max_epochs;
  }

  /// What changes a result by rounding only is no reason to refuse, but to say so.
  void note_where_it_began(const char* what, const auto& here) {
    const json::value* there = record_.if_contains(what);
    const json::value value(here);
    if (!there || to_line(*there) == to_line(value)) return;
    const std::string shown = value.is_string() ? std::string(value.get_string()) : to_line(value);
    observer_.note(trial_, std::string(what) + " " + shown + ", but the trial was started with " + to_line(*there) +
                               ": the results may differ by rounding");
  }

  /// Says what is unusual about the samples and about what the network can see of them.
  void describe_samples() const {
    const Index steps = data_.train->time_steps();
    if (steps != trial_.settings.time_steps()) {
      observer_.note(trial_, "the samples are " + std::to_string(steps) + " x " +
                                 std::to_string(data_.train->input_size()) + " (time steps x inputs)");
    }
    for (const std::string& note : task().notes(trial_.settings, files_)) observer_.note(trial_, note);
    if (const auto note = note_on_labels(*data_.train)) observer_.note(trial_, *note);
    if (const auto reach = temporal_reach(trial_.settings, steps)) {
      observer_.note(trial_, *reach);
    } else if (const auto silence = silent_recurrence(trial_.settings, steps)) {
      observer_.note(trial_, *silence);
    } else if (const auto unheard = unheard_delays(trial_.settings, steps)) {
      observer_.note(trial_, *unheard);
    }
  }

  void start_folder() {
    remove_part(folder_.record());  // first: a folder without it is of no trial
    for (const fs::path& part : {folder_.checkpoints(), folder_.parameters(), folder_.figures(), folder_.responses(),
                                 folder_.metrics(), folder_.events(), folder_.confusion(), folder_.test()}) {
      remove_part(part);
    }
    for (const std::string& file : task().files()) remove_part(folder_.path() / file);
    remove_figures(folder_.path());
    create_folder(folder_.checkpoints());
    json::object record = make_record(trial_, options_, count_trained<T>(network_->parameters()));
    record["data"] = to_json(digest_);
    if (source_) record["starts_from"] = to_json(*source_);
    if (json::value* shares = record.if_contains("device_shares")) *shares = device_shares_;
    write_record(folder_.record(), record);
    TensorFile initial = to_tensor_file(*network_);
    task().annotate(initial, trial_.settings, files_);
    write_safetensors(folder_.initial_checkpoint(), initial);
  }

  TrialOutcome finish(Index best_epoch, Index last_epoch) {
    if (tests_best()) {
      hinting([&] { load_parameters(*network_, read_best(best_epoch, false), folder_.best_checkpoint().string()); });
      SigmaAnnealing<T>(*network_, trial_.settings).begin_epoch(best_epoch - 1);
    }
    TrialOutcome outcome;
    outcome.test = test();
    if (data_.test->classes() > 0) outcome.accuracy = outcome.test.accuracy();
    if (!std::isfinite(outcome.test.loss())) throw NumericError("the test loss", last_epoch, 0);
    analysis::write_test({.loss = outcome.test.loss(),
                          .accuracy = outcome.accuracy,
                          .samples = outcome.test.samples,
                          .checkpoint = tests_best() ? "best" : "last",
                          .epoch = tests_best() ? best_epoch : last_epoch},
                         folder_.test());
    return outcome;
  }

  /// The engine of this run: the workers or the device, together with those of the group.
  [[nodiscard]] std::unique_ptr<TrainingEngine<T>> make_engine(const EngineParts<T>& parts) {
    if (!group_) return make_own_engine(parts);
    return device_ ? make_device_engine<T>(parts, *device_, links_.get())
                   : make_group_engine<T>(parts, workers_, *group_);
  }
  /// The engine of this process alone.
  [[nodiscard]] std::unique_ptr<TrainingEngine<T>> make_own_engine(const EngineParts<T>& parts) {
    return device_ ? make_device_engine<T>(parts, *device_) : make_worker_engine<T>(parts, workers_);
  }

  [[nodiscard]] TrainingSettings settings_for_training() const {
    TrainingSettings settings = training_settings(trial_.settings, seed_, options_.engine);
    settings.device_shares = device_shares_;
    if (trial_.settings.training.weights == ClassWeights::balanced)
      settings.class_weights = balanced_class_weights(*data_.train);
    return settings;
  }

  /// What takes the score on the validation data; empty where there are none. `engine` is kept from epoch to epoch.
  [[nodiscard]] std::function<Score()> make_validation(std::unique_ptr<TrainingEngine<T>>& engine) {
    if (!data_.validation) return {};
    engine = make_engine({*network_, *data_.validation, evaluation_settings_, nothing_to_move_});
    return [&engine] { return engine->evaluate(); };
  }

  /// Tests the network; where there are classes, records how often each was taken for which.
  Score test() {
    const auto score = record_confusion<T>(*network_, *data_.test, workers_,
                                           {.engine = options_.engine, .micro_batch = evaluation_settings_.micro_batch},
                                           folder_, [&](const std::string& note) { observer_.note(trial_, note); });
    if (score && !device_) return *score;
    return make_own_engine({*network_, *data_.test, evaluation_settings_, nothing_to_move_})->evaluate();
  }

  [[nodiscard]] const Task& task() const { return find_task(trial_.settings.task.base); }

  const Trial& trial_;
  const RunOptions& options_;
  TrialFolder folder_;
  std::uint64_t seed_;
  Workers& workers_;
  std::unique_ptr<Device> device_;      // null: the workers compute
  Group* group_;                        // null: this process alone
  std::unique_ptr<DeviceLinks> links_;  // of a device and a group
  const std::atomic<bool>& stop_;
  TrialObserver& observer_;
  const DataFiles& files_;
  TaskData<T> data_;
  TaskDigest digest_;
  std::unique_ptr<RecurrentNetwork<T>> network_;
  TrainingSettings evaluation_settings_;
  Optimizer<T> nothing_to_move_;
  bool resumes_;
  Index device_shares_;
  json::object record_;           // of a trial that is resumed
  std::optional<Source> source_;  // of a heterogeneous trial that starts
};

}  // namespace

template <Scalar T>
TrialOutcome run_in_own_folder(const Trial& trial, const RunOptions& options, DataStore& data, Workers& workers,
                               const std::atomic<bool>& stop, TrialObserver& observer) {
  return TrialRun<T>(trial, options, data, workers, stop, observer).run();
}

template TrialOutcome run_in_own_folder<float>(const Trial&, const RunOptions&, DataStore&, Workers&,
                                               const std::atomic<bool>&, TrialObserver&);
template TrialOutcome run_in_own_folder<double>(const Trial&, const RunOptions&, DataStore&, Workers&,
                                                const std::atomic<bool>&, TrialObserver&);

}  // namespace glifr
