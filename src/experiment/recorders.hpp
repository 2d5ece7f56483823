#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <exception>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "glifr/analysis/results.hpp"
#include "glifr/distributed/group.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/settings.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/experiment/trial.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/event_file.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/trial_folder.hpp"
#include "glifr/training/checkpoint.hpp"
#include "glifr/training/schedule.hpp"

/// The callbacks that write a trial's files while it is trained.
namespace glifr {

/// What is known of an epoch that is over.
struct EpochResult {
  double train_loss = 0;             ///< mean over samples
  std::optional<double> val_loss{};  ///< where it was validated
  std::optional<double> val_acc{};   ///< where it was validated and there are classes
};

/// The first epochs of a trial, from its metrics.csv. DataError where it holds fewer.
inline std::vector<EpochResult> read_epochs(const TrialFolder& folder, Index epochs) {
  const analysis::Metrics metrics = analysis::read_metrics(folder.metrics());
  if (const Index there = std::ssize(metrics.epoch); there < epochs) {
    throw DataError(folder.metrics().string(),
                    "holds " + std::to_string(there) + " epochs; the checkpoint needs " + std::to_string(epochs));
  }
  std::vector<EpochResult> results(static_cast<std::size_t>(epochs));
  const auto known = [](double value) { return std::isnan(value) ? std::nullopt : std::optional(value); };
  for (std::size_t e = 0; e < results.size(); ++e)
    results[e] = {metrics.train_loss[e], known(metrics.val_loss[e]), known(metrics.val_acc[e])};
  return results;
}

/// Epochs from `epoch` (counted from 0) to the next whole number of `every`.
inline Index epochs_to_next(Index epoch, Index every) {
  return every - epoch % every;
}

/// Takes the score on the validation data, every so many epochs and after the last.
template <Scalar T>
class Validation final : public Callback<T> {
 public:
  /// `evaluate`: the score of the network as it is; empty where there is no validation.
  Validation(const Settings& settings, bool has_classes, std::function<Score()> evaluate)
      : settings_(settings), has_classes_(has_classes), evaluate_(std::move(evaluate)) {}

  bool after_epoch(const EpochReport& report, const Position&) override {
    result_ = {.train_loss = report.loss};
    const bool is_due =
        report.epoch % settings_.training.validation_every == 0 || report.epoch == settings_.training.max_epochs;
    if (!evaluate_ || !is_due) return true;
    const Score score = evaluate_();
    result_.val_loss = score.loss();
    if (has_classes_) result_.val_acc = score.accuracy();
    return true;
  }

  [[nodiscard]] Index epochs_at_once(Index epoch) const override {
    return evaluate_ ? epochs_to_next(epoch, settings_.training.validation_every) : Callback<T>::any_number;
  }

  /// Whether there is validation.
  [[nodiscard]] bool is_there() const { return static_cast<bool>(evaluate_); }
  /// Of the last epoch.
  [[nodiscard]] const EpochResult& result() const { return result_; }

 private:
  const Settings& settings_;
  bool has_classes_;
  std::function<Score()> evaluate_;
  EpochResult result_;
};

/// metrics.csv: a row an epoch; with validation, two columns more.
template <Scalar T>
class MetricsRecorder final : public Recorder<T> {
 public:
  MetricsRecorder(const TrialFolder& folder, bool resumes, Index epochs, const Validation<T>& validation)
      : file_(resumes ? CsvAppender::resume(folder.metrics(), 1 + epochs)
                      : CsvAppender::start(folder.metrics(), analysis::metrics_header(validation.is_there()))),
        validation_(validation) {}

  bool after_epoch(const EpochReport& report, const Position&) override {
    row_.clear();
    row_.cell(report.epoch).cell(report.loss);
    add(report.accuracy);
    row_.cell(report.seconds);
    if (validation_.is_there()) {
      add(validation_.result().val_loss);
      add(validation_.result().val_acc);
    }
    row_.end_row();
    file_.append(row_);
    return true;
  }
  [[nodiscard]] Index epochs_at_once(Index) const override { return Callback<T>::any_number; }
  void sync() override { file_.sync(); }

 private:
  void add(const std::optional<double>& value) { value ? row_.cell(*value) : row_.empty_cell(); }

  CsvAppender file_;
  const Validation<T>& validation_;
  CsvRows row_;
};

/// A trained parameter of the neurons whose physical values are recorded.
template <Scalar T>
struct TrackedParameter {
  std::string name;               ///< of its file
  const Parameter<T>* parameter;  ///< of the network

  /// Its physical values.
  [[nodiscard]] std::vector<T> physical(double dt) const { return physical_values(*parameter, dt); }
};

/// Those of a network.
template <Scalar T>
std::vector<TrackedParameter<T>> tracked_parameters(RecurrentNetwork<T>& network) {
  std::vector<TrackedParameter<T>> tracked;
  for (std::size_t k = 0; k < network.depth(); ++k) {
    for (const Parameter<T>* parameter : network.layer(k).parameters()) {
      if (!parameter->is_trained || !parameter->field || !has_physical_meaning(*parameter->field)) continue;
      tracked.push_back({(k ? layer_prefix(k) : "") + parameter->field->name, parameter});
    }
  }
  return tracked;
}

/// parameters/*.csv: the physical values of the neurons' trained parameters before training, every so many epochs, and
/// after the last.
template <Scalar T>
class ParameterRecorder final : public Recorder<T> {
 public:
  ParameterRecorder(RecurrentNetwork<T>& network, const Settings& settings, TrialFolder folder)
      : settings_(settings), folder_(std::move(folder)), tracked_(tracked_parameters(network)) {}

  void start(bool resumes, Index epochs) {
    if (tracked_.empty()) return;
    create_folder(folder_.parameters());
    const Index rows = 1 + epochs / settings_.output.parameter_every;
    for (const TrackedParameter<T>& tracked : tracked_) {
      const auto path = folder_.parameter(tracked.name);
      files_.push_back(resumes ? CsvAppender::resume(path, rows) : CsvAppender::start(path));
    }
    if (!resumes) append();
    last_epoch_ = epochs / settings_.output.parameter_every * settings_.output.parameter_every;
  }

  bool after_epoch(const EpochReport& report, const Position&) override {
    if (report.epoch % settings_.output.parameter_every != 0) return true;
    append();
    last_epoch_ = report.epoch;
    return true;
  }

  [[nodiscard]] Index epochs_at_once(Index epoch) const override {
    return tracked_.empty() ? Callback<T>::any_number : epochs_to_next(epoch, settings_.output.parameter_every);
  }

  void finish(Index epoch) {
    if (last_epoch_ != epoch) append();
  }
  void sync() override {
    for (CsvAppender& file : files_) file.sync();
  }

 private:
  void append() {
    for (std::size_t k = 0; k < tracked_.size(); ++k) {
      row_.clear();
      row_.row(tracked_[k].physical(settings_.model.dt));
      files_[k].append(row_);
    }
  }

  const Settings& settings_;
  TrialFolder folder_;
  std::vector<TrackedParameter<T>> tracked_;
  std::vector<CsvAppender> files_;
  CsvRows row_;
  Index last_epoch_ = 0;
};

/// Sets the width of the smooth threshold as the settings ask for it in each epoch.
template <Scalar T>
class SigmaAnnealing final : public Callback<T> {
 public:
  SigmaAnnealing(RecurrentNetwork<T>& network, const Settings& settings) : network_(network), settings_(settings) {}

  void begin_epoch(Index epoch) override {
    if (settings_.training.sigma_v_anneal) network_.set_constant("sigma_v", settings_.sigma_v_in(epoch));
  }
  [[nodiscard]] Index epochs_at_once(Index) const override {
    return settings_.training.sigma_v_anneal ? 1 : Callback<T>::any_number;
  }

 private:
  RecurrentNetwork<T>& network_;
  const Settings& settings_;
};

/// Compares epochs by what is monitored: keeps the best network, ends training early and lowers the learning rate where
/// the settings say so.
template <Scalar T>
class EpochComparison final : public Callback<T> {
 public:
  /// `best_checkpoint`: empty where it is another process that writes. `epochs`: those before, of a trial that resumes.
  EpochComparison(Trainer<T>& trainer, const Settings& settings, const Validation<T>& validation,
                  std::filesystem::path best_checkpoint, std::function<void(TensorFile&)> annotate,
                  const std::vector<EpochResult>& epochs)
      : trainer_(trainer),
        settings_(settings),
        validation_(validation),
        best_checkpoint_(std::move(best_checkpoint)),
        annotate_(std::move(annotate)),
        plateau_(settings.training.learning_rate) {
    Index epoch = 0;
    for (const EpochResult& result : epochs) see(result, ++epoch);
    trainer_.set_learning_rate_factor(plateau_.factor());
  }

  bool after_epoch(const EpochReport& report, const Position&) override {
    const bool is_best = see(validation_.result(), report.epoch);
    if (is_best && validation_.is_there() && !best_checkpoint_.empty()) {
      TensorFile file = to_tensor_file(trainer_.network());
      annotate_(file);
      file.metadata["epoch"] = std::to_string(report.epoch);
      write_safetensors(best_checkpoint_, file);
    }
    trainer_.set_learning_rate_factor(plateau_.factor());
    return !is_reached();
  }

  [[nodiscard]] Index epochs_at_once(Index) const override {
    const TrialTraining& t = settings_.training;
    const bool may_stop = t.early_stop_loss > 0 || t.early_stop_patience > 0;
    const bool may_change_the_rate = t.learning_rate.schedule == LearningRate::Schedule::plateau;
    const bool may_keep_any = validation_.is_there() && t.monitor == Monitor::train_loss;
    return may_stop || may_change_the_rate || may_keep_any ? 1 : Callback<T>::any_number;
  }

  /// Whether training is over; it may be already where it resumes.
  [[nodiscard]] bool is_reached() const {
    const TrialTraining& t = settings_.training;
    const bool is_low_enough = t.early_stop_loss > 0 && last_loss_ <= t.early_stop_loss;
    return is_low_enough || (t.early_stop_patience > 0 && epochs_without_ >= t.early_stop_patience);
  }
  /// The best epoch so far, counted from 1.
  [[nodiscard]] Index best_epoch() const { return best_epoch_; }

 private:
  /// Whether this epoch is better than all before.
  bool see(const EpochResult& result, Index epoch) {
    const Monitor monitor = settings_.training.monitor;
    const std::optional<double> loss = monitor == Monitor::train_loss ? result.train_loss : result.val_loss;
    if (!loss) return false;
    last_loss_ = *loss;
    const double watched = monitor == Monitor::val_acc ? -result.val_acc.value_or(0) : *loss;
    const bool is_best = watched < lowest_;
    const Index epochs = epoch - std::exchange(watched_epoch_, epoch);
    epochs_without_ = is_best ? 0 : epochs_without_ + epochs;
    if (is_best) {
      lowest_ = watched;
      best_epoch_ = epoch;
    }
    plateau_.see(watched, epochs);
    return is_best;
  }

  Trainer<T>& trainer_;
  const Settings& settings_;
  const Validation<T>& validation_;
  std::filesystem::path best_checkpoint_;
  std::function<void(TensorFile&)> annotate_;
  PlateauSchedule plateau_;
  double lowest_ = std::numeric_limits<double>::infinity(), last_loss_ = lowest_;
  Index watched_epoch_ = 0, epochs_without_ = 0, best_epoch_ = 0;
};

/// The event file of TensorBoard: loss, accuracy and learning rate of every epoch, and histograms of the physical
/// values of the neurons' trained parameters, in the epochs of the parameter files.
template <Scalar T>
class EventRecorder final : public Recorder<T> {
 public:
  EventRecorder(const TrialFolder& folder, bool resumes, Index epochs, const Settings& settings,
                const Validation<T>& validation, std::vector<TrackedParameter<T>> parameters)
      : file_(resumes ? EventAppender::resume(folder.events(), epochs,
                                              epochs - epochs % settings.output.parameter_every, wall_time())
                      : EventAppender::start(folder.events(), wall_time())),
        settings_(settings),
        validation_(validation),
        parameters_(std::move(parameters)) {
    if (!resumes) append_histograms(0);
  }

  /// After the last epoch.
  void finish(Index epoch) {
    if (epoch % settings_.output.parameter_every != 0) append_histograms(epoch);
  }

  bool after_epoch(const EpochReport& report, const Position&) override {
    records_.clear();
    const EventTime time{report.epoch, wall_time()};
    records_.scalar("loss/train", time, report.loss);
    if (report.accuracy) records_.scalar("accuracy/train", time, *report.accuracy);
    const EpochResult& result = validation_.result();
    if (result.val_loss) records_.scalar("loss/validation", time, *result.val_loss);
    if (result.val_acc) records_.scalar("accuracy/validation", time, *result.val_acc);
    records_.scalar("learning_rate", time, report.learning_rate);
    file_.append(records_);
    if (report.epoch % settings_.output.parameter_every == 0) append_histograms(report.epoch);
    return true;
  }
  [[nodiscard]] Index epochs_at_once(Index epoch) const override {
    return parameters_.empty() ? Callback<T>::any_number : epochs_to_next(epoch, settings_.output.parameter_every);
  }
  void sync() override { file_.sync(); }

 private:
  static double wall_time() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  void append_histograms(Index epoch) {
    records_.clear();
    for (const TrackedParameter<T>& parameter : parameters_)
      records_.histogram("parameters/" + parameter.name, {epoch, wall_time()}, parameter.physical(settings_.model.dt));
    file_.append(records_);
  }

  EventAppender file_;
  const Settings& settings_;
  const Validation<T>& validation_;
  std::vector<TrackedParameter<T>> parameters_;
  EventRecords records_;
};

/// Writes last.safetensors when so many seconds have passed (0: after every epoch), and when the run is asked to stop.
template <Scalar T>
class CheckpointWriter final : public Callback<T> {
 public:
  /// `annotate` adds what the task's data need.
  CheckpointWriter(Trainer<T>& trainer, std::filesystem::path path, std::function<void(TensorFile&)> annotate,
                   double seconds, const std::atomic<bool>& stop)
      : trainer_(trainer), path_(std::move(path)), annotate_(std::move(annotate)), seconds_(seconds), stop_(stop) {}

  /// What has to be on the disk before a checkpoint that counts on it.
  void before_writing(std::function<void()> sync) { sync_ = std::move(sync); }

  void write() {
    if (sync_) sync_();
    TensorFile file = to_tensor_file(trainer_.network());
    annotate_(file);
    add_training_state(file, trainer_);
    write_safetensors(path_, file);
    written_ = Clock::now();
  }

  bool after_step(const Position& position) override {
    if (stop_) {
      write();
      return false;
    }
    // After the last step of an epoch, the epoch's own turn comes.
    if (seconds_ > 0 && position.step < trainer_.steps_per_epoch() && is_due()) write();
    return true;
  }
  bool after_epoch(const EpochReport&, const Position& position) override {
    if (trainer_.is_at(position) && is_due()) write();
    return true;
  }
  [[nodiscard]] Index epochs_at_once(Index) const override { return seconds_ > 0 ? Callback<T>::any_number : 1; }

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] bool is_due() const {
    return std::chrono::duration<double>(Clock::now() - written_).count() >= seconds_;
  }

  Trainer<T>& trainer_;
  std::filesystem::path path_;
  std::function<void(TensorFile&)> annotate_;
  double seconds_;
  const std::atomic<bool>& stop_;
  std::function<void()> sync_;
  Clock::time_point written_ = Clock::now();
};

/// Hands on what happens to the observer of the trial.
template <Scalar T>
class ObserverCallback final : public Callback<T> {
 public:
  ObserverCallback(const Trial& trial, TrialObserver& observer, const Validation<T>& validation)
      : trial_(trial), observer_(observer), validation_(validation) {}

  bool after_step(const Position& position) override {
    observer_.after_step(trial_, position);
    return true;
  }
  bool after_epoch(const EpochReport& report, const Position&) override {
    observer_.after_epoch(trial_, report);
    const EpochResult& result = validation_.result();
    if (result.val_loss) observer_.after_validation(trial_, *result.val_loss, result.val_acc);
    return true;
  }
  [[nodiscard]] Index epochs_at_once(Index) const override { return Callback<T>::any_number; }

 private:
  const Trial& trial_;
  TrialObserver& observer_;
  const Validation<T>& validation_;
};

/// Everything that is written while a trial is trained.
template <Scalar T>
class TrialRecorders {
 public:
  /// Begins the files or, where the trial resumes, goes on with them.
  TrialRecorders(Trainer<T>& trainer, const Settings& settings, const TrialFolder& folder, bool resumes,
                 const Validation<T>& validation, std::function<void(TensorFile&)> annotate,
                 const std::atomic<bool>& stop)
      : metrics_(folder, resumes, trainer.position().epoch, validation),
        own_(find_task(settings.task.base)
                 .make_recorder(
                     RecorderParts<T>{trainer.network(), settings, folder.path(), resumes, trainer.position().epoch})),
        parameters_(trainer.network(), settings, folder),
        checkpoints_(trainer, folder.last_checkpoint(), std::move(annotate), settings.output.checkpoint_seconds, stop) {
    parameters_.start(resumes, trainer.position().epoch);
    if (settings.output.tensorboard) {
      events_.emplace(folder, resumes, trainer.position().epoch, settings, validation,
                      tracked_parameters(trainer.network()));
    }
    checkpoints_.before_writing([this] {
      metrics_.sync();
      parameters_.sync();
      if (own_) own_->sync();
      if (events_) events_->sync();
    });
  }
  TrialRecorders(const TrialRecorders&) = delete;
  TrialRecorders& operator=(const TrialRecorders&) = delete;

  /// What goes before the checkpoints.
  void add_to(std::vector<Callback<T>*>& callbacks) {
    callbacks.insert(callbacks.end(), {&metrics_, &parameters_});
    if (own_) callbacks.push_back(own_.get());
    if (events_) callbacks.push_back(&*events_);
  }
  [[nodiscard]] Callback<T>& checkpoints() { return checkpoints_; }
  void write_checkpoint() { checkpoints_.write(); }

  /// After the last epoch.
  void finish(Index epoch) {
    parameters_.finish(epoch);
    if (events_) events_->finish(epoch);
    checkpoints_.write();
  }

 private:
  MetricsRecorder<T> metrics_;
  std::unique_ptr<Recorder<T>> own_;
  ParameterRecorder<T> parameters_;
  std::optional<EventRecorder<T>> events_;
  CheckpointWriter<T> checkpoints_;
};

/// Runs the callbacks of all processes of a group as one: a stop that one of them is asked for, and what fails in one,
/// ends the training of all after the same step.
template <Scalar T>
class Together final : public Callback<T> {
 public:
  /// `group`: null where this process is alone. `stop`: what this process is asked.
  Together(Group* group, const std::atomic<bool>& stop) : group_(group), stop_(stop) {}

  /// What the callbacks are to look at.
  [[nodiscard]] const std::atomic<bool>& stop() const { return group_ ? agreed_stop_ : stop_; }

  /// These callbacks, as `Trainer::fit` takes them.
  [[nodiscard]] std::span<Callback<T>* const> around(std::span<Callback<T>* const> callbacks) {
    callbacks_ = callbacks;
    return group_ ? std::span<Callback<T>* const>(self_) : callbacks;
  }

  void begin_epoch(Index epoch) override {
    for (Callback<T>* callback : callbacks_) callback->begin_epoch(epoch);
  }
  bool after_step(const Position& position) override {
    if (!agree(*group_, error_, !stop_)) agreed_stop_ = true;  // what failed in the last step is heard of here
    const bool goes_on = run([&](Callback<T>& callback) { return callback.after_step(position); });
    if (agreed_stop_) agree(*group_, error_);
    return goes_on && !agreed_stop_;
  }
  bool after_epoch(const EpochReport& report, const Position& position) override {
    agree(*group_, error_);
    const bool goes_on = run([&](Callback<T>& callback) { return callback.after_epoch(report, position); });
    agree(*group_, error_);
    return goes_on;
  }

 private:
  template <class Call>
  bool run(Call call) {
    bool goes_on = true;
    try {
      for (Callback<T>* callback : callbacks_) goes_on = call(*callback) && goes_on;
    } catch (...) {
      error_ = std::current_exception();
    }
    return goes_on;
  }

  Group* group_;
  const std::atomic<bool>& stop_;
  std::atomic<bool> agreed_stop_ = false;
  std::exception_ptr error_;  // of this process's callbacks
  std::span<Callback<T>* const> callbacks_;
  Callback<T>* const self_[1] = {this};
};

}  // namespace glifr
