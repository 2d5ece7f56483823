#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "glifr/experiment/settings.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/experiment/trial.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/trial_folder.hpp"
#include "glifr/training/checkpoint.hpp"

/// The callbacks that write a trial's files while it is trained.
namespace glifr {

/// metrics.csv: a row an epoch.
template <Scalar T>
class MetricsRecorder final : public Recorder<T> {
 public:
  MetricsRecorder(const TrialFolder& folder, bool resumes, Index epochs)
      : file_(resumes
                  ? CsvAppender::resume(folder.metrics(), 1 + epochs)
                  : CsvAppender::start(folder.metrics(), CsvRows({"epoch", "train_loss", "train_acc", "seconds"}))) {}

  bool after_epoch(const EpochReport& report, const Position&) override {
    row_.clear();
    row_.cell(report.epoch).cell(report.loss);
    report.accuracy ? row_.cell(*report.accuracy) : row_.empty_cell();
    row_.cell(report.seconds).end_row();
    file_.append(row_);
    return true;
  }
  void sync() override { file_.sync(); }

 private:
  CsvAppender file_;
  CsvRows row_;
};

/// parameters/*.csv: the physical values of the neurons' trained parameters before training, every so many epochs, and
/// after the last.
template <Scalar T>
class ParameterRecorder final : public Recorder<T> {
 public:
  ParameterRecorder(RecurrentNetwork<T>& network, const Settings& settings, TrialFolder folder)
      : settings_(settings), folder_(std::move(folder)) {
    for (std::size_t k = 0; k < network.depth(); ++k) {
      for (const Parameter<T>* parameter : network.layer(k).parameters()) {
        if (!parameter->is_trained || !parameter->field || !has_physical_meaning(*parameter->field)) continue;
        tracked_.push_back({(k ? layer_prefix(k) : "") + parameter->field->name, parameter});
      }
    }
  }

  void start(bool resumes, Index epochs) {
    if (tracked_.empty()) return;
    create_folder(folder_.parameters());
    const Index rows = 1 + epochs / settings_.output.parameter_every;
    for (const Tracked& tracked : tracked_) {
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

  void finish(Index epoch) {
    if (last_epoch_ != epoch) append();
  }
  void sync() override {
    for (CsvAppender& file : files_) file.sync();
  }

 private:
  struct Tracked {
    std::string name;  // of the file
    const Parameter<T>* parameter;
  };

  void append() {
    for (std::size_t k = 0; k < tracked_.size(); ++k) {
      physical_.clear();
      for (const T raw : tracked_[k].parameter->value.values()) {
        physical_.push_back(
            to_physical(tracked_[k].parameter->field->transform, raw, static_cast<T>(settings_.model.dt)));
      }
      row_.clear();
      row_.row(physical_);
      files_[k].append(row_);
    }
  }

  const Settings& settings_;
  TrialFolder folder_;
  std::vector<Tracked> tracked_;
  std::vector<CsvAppender> files_;
  std::vector<T> physical_;
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
  /// Tests and analyses use the last epoch's.
  void set_last() {
    if (settings_.training.sigma_v_anneal)
      network_.set_constant("sigma_v", settings_.sigma_v_in(settings_.training.max_epochs - 1));
  }

 private:
  RecurrentNetwork<T>& network_;
  const Settings& settings_;
};

/// Ends training early where the settings say so: at a loss low enough, or after too many epochs without a lower one.
template <Scalar T>
class EarlyStop final : public Callback<T> {
 public:
  /// On resuming, what was seen so far is read from metrics.csv, which holds the epochs of the checkpoint and no more
  /// by now.
  EarlyStop(const Settings& settings, const TrialFolder& folder, bool resumes) : settings_(settings) {
    if (!resumes) return;
    const CsvNumbers metrics = read_csv_numbers(folder.metrics(), {.has_header = true, .allows_empty_cells = true});
    for (Index r = 0; r < metrics.rows; ++r) see(metrics(r, 1));
  }

  bool after_epoch(const EpochReport& report, const Position&) override {
    see(report.loss);
    return !is_reached();
  }

  /// Whether training is over; it may be already where it resumes.
  [[nodiscard]] bool is_reached() const {
    const bool is_low_enough = settings_.training.early_stop_loss > 0 && last_ <= settings_.training.early_stop_loss;
    return is_low_enough ||
           (settings_.training.early_stop_patience > 0 && epochs_without_ >= settings_.training.early_stop_patience);
  }

 private:
  void see(double loss) {
    epochs_without_ = loss < lowest_ ? 0 : epochs_without_ + 1;
    lowest_ = std::min(lowest_, loss);
    last_ = loss;
  }

  const Settings& settings_;
  double lowest_ = std::numeric_limits<double>::infinity(), last_ = lowest_;
  Index epochs_without_ = 0;
};

/// Writes last.safetensors when so many seconds have passed (0: after every epoch), and when the run is asked to stop.
template <Scalar T>
class CheckpointWriter final : public Callback<T> {
 public:
  CheckpointWriter(Trainer<T>& trainer, std::filesystem::path path, double seconds, const std::atomic<bool>& stop)
      : trainer_(trainer), path_(std::move(path)), seconds_(seconds), stop_(stop) {}

  /// What has to be on the disk before a checkpoint that counts on it.
  void before_writing(std::function<void()> sync) { sync_ = std::move(sync); }

  void write() {
    if (sync_) sync_();
    TensorFile file = to_tensor_file(trainer_.network());
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
  bool after_epoch(const EpochReport&, const Position&) override {
    if (is_due()) write();
    return true;
  }

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] bool is_due() const {
    return std::chrono::duration<double>(Clock::now() - written_).count() >= seconds_;
  }

  Trainer<T>& trainer_;
  std::filesystem::path path_;
  double seconds_;
  const std::atomic<bool>& stop_;
  std::function<void()> sync_;
  Clock::time_point written_ = Clock::now();
};

/// Hands on what happens to the observer of the trial.
template <Scalar T>
class ObserverCallback final : public Callback<T> {
 public:
  ObserverCallback(const Trial& trial, TrialObserver& observer) : trial_(trial), observer_(observer) {}

  bool after_step(const Position& position) override {
    observer_.after_step(trial_, position);
    return true;
  }
  bool after_epoch(const EpochReport& report, const Position&) override {
    observer_.after_epoch(trial_, report);
    return true;
  }

 private:
  const Trial& trial_;
  TrialObserver& observer_;
};

}  // namespace glifr
