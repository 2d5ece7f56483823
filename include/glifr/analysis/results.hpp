#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/trial_folder.hpp"

/// What training leaves behind: RESULTS/TASK/MODEL/trial_N/ with config.json, metrics.csv, test.json, parameters/ and
/// checkpoints/.
namespace glifr::analysis {

/// The course of a training, a value an epoch.
struct GLIFR_API Metrics {
  std::vector<double> epoch;       ///< counted from 1
  std::vector<double> train_loss;  ///< mean over samples
  std::vector<double> train_acc;   ///< NaN where the task has none
  std::vector<double> seconds;     ///< NaN where the file has none
  std::vector<double> val_loss;    ///< mean over the validation samples; NaN in epochs without validation
  std::vector<double> val_acc;     ///< NaN in epochs without validation, or where the task has none

  /// Whether every epoch has a training accuracy.
  [[nodiscard]] bool has_accuracy() const;
};

/// The result on the test set.
struct TestResult {
  double loss = 0;                   ///< mean over samples
  std::optional<double> accuracy{};  ///< fraction of the samples, where the task has classes
  std::optional<Index> samples{};    ///< tested, where that is recorded
  std::string checkpoint{};          ///< which one was tested, last or best; empty where that is not recorded
  std::optional<Index> epoch{};      ///< after which it was written, where that is recorded
};

/// What one training left behind.
struct GLIFR_API Trial {
  std::string task;              ///< by its own name
  std::string model;             ///< by its name
  Index number = 0;              ///< N of trial_N
  std::filesystem::path folder;  ///< in which it lies
  boost::json::object config;    ///< config.json
  Metrics metrics;               ///< metrics.csv; without epochs where the network was imported
  /// test.json. Only trials whose network was imported, or that are not finished, may have none.
  std::optional<TestResult> test{};

  /// "lmnist/rnn/trial_0"
  [[nodiscard]] std::string name() const;
  /// The task of which its task is a variation, or the same name.
  [[nodiscard]] std::string base_task() const;
  /// Whether its network comes from another program, so that nothing is known of its training.
  [[nodiscard]] bool is_imported() const;
  /// The checkpoint of the network that was tested: the last one, or the best.
  [[nodiscard]] std::filesystem::path tested_checkpoint() const;
  /// The files in it.
  [[nodiscard]] TrialFolder files() const { return TrialFolder(folder); }
};

/// What is left out, and why: a trial, several that are missing in a row, or a folder or link that cannot be looked
/// into.
struct Rejected {
  std::string name;    ///< as `Trial::name`, "sine/rnn/trial_3 to trial_7", or the path within the results folder
  std::string reason;  ///< in one line
};

/// The whole trials, by task, model (in training order, unknown ones last) and number, and those that are not whole.
struct Results {
  std::vector<Trial> trials;       ///< the whole ones
  std::vector<Rejected> rejected;  ///< the others
};

/// Reads every trial at or below `folder` (a results folder, or that of one task, model or trial). A trial that is
/// unfinished, damaged, or missing between others goes to `rejected` with the reason; it is no error. So does a folder
/// that may not be read and a link to what is not there. Links are followed, but not upwards; a trial to which several
/// ways lead is read once. `takes_unfinished`: a trial that has epochs, but was not tested yet, is one of the trials.
/// Throws DataError where there is no such folder or no whole trial in it; std::system_error where folders cannot be
/// looked into because the machine fails: too many open files, no memory, a disk that cannot be read.
[[nodiscard]] GLIFR_API Results read_results(const std::filesystem::path& folder, bool takes_unfinished = false);

/// Whether a config.json says that the training loss weighs classes; losses of validation and test never do.
[[nodiscard]] GLIFR_API bool weighs_classes(const boost::json::object& config);

/// Reads metrics.csv. Throws DataError where it is missing, lacks a column, holds something other than a finite number,
/// or holds no epoch, or where its epochs do not ascend from 1.
[[nodiscard]] GLIFR_API Metrics read_metrics(const std::filesystem::path& file);

/// The columns of metrics.csv, the last two of them where there is validation.
[[nodiscard]] GLIFR_API CsvRows metrics_header(bool has_validation);

/// Reads test.json. Throws DataError where it is missing, is no JSON object, or a member is missing or out of range.
[[nodiscard]] GLIFR_API TestResult read_test(const std::filesystem::path& file);

/// Writes what `read_test` reads; see `write_file_atomically`.
GLIFR_API void write_test(const TestResult& result, const std::filesystem::path& file);

/// How often samples of each class were taken for each: confusion.csv.
struct GLIFR_API Confusion {
  /// With more classes there is no confusion.csv: it would have a number for every two of them.
  static constexpr Index most_classes = 1000;
  /// With more classes there is no figure of it: squares would be smaller than a pixel.
  static constexpr Index most_classes_drawn = 200;

  Index classes = 0;           ///< labels 0 … classes - 1
  std::vector<double> counts;  ///< [classes, classes]: a row a label, a column a prediction

  /// Samples of class `label` that were taken for `prediction`.
  [[nodiscard]] double operator()(Index label, Index prediction) const {
    return counts[static_cast<std::size_t>(label * classes + prediction)];
  }
};

/// Reads confusion.csv. Throws DataError where it is missing, is no square of labels, or holds something other than
/// counts.
[[nodiscard]] GLIFR_API Confusion read_confusion(const std::filesystem::path& file);

/// The tasks that were trained, in alphabetical order, variations of a sweep by the values of what was swept.
[[nodiscard]] GLIFR_API std::vector<std::string> tasks(const Results& results);

/// A model with all its trials on one task.
struct ModelTrials {
  std::string model;                 ///< by its name
  std::vector<const Trial*> trials;  ///< those of the `Results`, which must outlive this
};

/// The models trained on a task, in the order of the trials.
[[nodiscard]] GLIFR_API std::vector<ModelTrials> models_of(const Results& results, const std::string& task);

}  // namespace glifr::analysis
