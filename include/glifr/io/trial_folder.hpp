#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "glifr/io/event_file.hpp"

namespace glifr {

/// The folder of a trial, RESULTS/TASK/MODEL/trial_N, and the names of the files in it.
class TrialFolder {
 public:
  /// A folder that may be there or not.
  explicit TrialFolder(std::filesystem::path path) : path_(std::move(path)) {}
  /// That of a trial of a model on a task under a folder of results.
  TrialFolder(const std::filesystem::path& results, const std::string& task, const std::string& model,
              std::ptrdiff_t number)
      : path_(results / task / model / ("trial_" + std::to_string(number))) {}
  /// That to which a checkpoint belongs.
  [[nodiscard]] static TrialFolder of_checkpoint(const std::filesystem::path& checkpoint) {
    return TrialFolder(std::filesystem::absolute(checkpoint).parent_path().parent_path());
  }

  /// The folder.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// What the trial was started with.
  [[nodiscard]] std::filesystem::path record() const { return path_ / "config.json"; }
  /// A row an epoch.
  [[nodiscard]] std::filesystem::path metrics() const { return path_ / "metrics.csv"; }
  /// The result on the test set; it makes a trial complete.
  [[nodiscard]] std::filesystem::path test() const { return path_ / "test.json"; }
  /// Outputs beside their targets, where a program wrote them.
  [[nodiscard]] std::filesystem::path responses() const { return path_ / "responses.csv"; }
  /// Figures of the trial.
  [[nodiscard]] std::filesystem::path figures() const { return path_ / "figures"; }
  /// Whether a file in it is part of a figure that a trial leaves beside its tables.
  [[nodiscard]] static bool is_of_figure(const std::filesystem::path& file) {
    const std::string name = file.filename().string();
    return name.starts_with("training_curve") || name.starts_with("confusion_");
  }
  /// The checkpoints.
  [[nodiscard]] std::filesystem::path checkpoints() const { return path_ / "checkpoints"; }
  /// The checkpoint before training.
  [[nodiscard]] std::filesystem::path initial_checkpoint() const { return checkpoints() / "initial.safetensors"; }
  /// The latest checkpoint; after training, that of the trained network.
  [[nodiscard]] std::filesystem::path last_checkpoint() const { return checkpoints() / "last.safetensors"; }
  /// The checkpoint of the epoch that validation found best.
  [[nodiscard]] std::filesystem::path best_checkpoint() const { return checkpoints() / "best.safetensors"; }
  /// How often samples of each class were taken for each.
  [[nodiscard]] std::filesystem::path confusion() const { return path_ / "confusion.csv"; }
  /// What TensorBoard reads.
  [[nodiscard]] std::filesystem::path events() const { return path_ / event_file_name; }
  /// The courses of parameters.
  [[nodiscard]] std::filesystem::path parameters() const { return path_ / "parameters"; }
  /// The course of one of them.
  [[nodiscard]] std::filesystem::path parameter(const std::string& name) const {
    return parameters() / (name + ".csv");
  }

 private:
  std::filesystem::path path_;
};

}  // namespace glifr
