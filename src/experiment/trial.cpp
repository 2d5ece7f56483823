#include "glifr/experiment/trial.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "glifr/distributed/group.hpp"
#include "glifr/io/files.hpp"
#include "trial_checks.hpp"
#include "trial_run.hpp"

namespace glifr {

namespace fs = std::filesystem;

TrialFolder Trial::folder(const fs::path& out) const {
  return {out, settings.task.name, settings.model.name, number};
}

std::string Trial::label() const {
  return settings.task.name + " " + settings.model.name + " trial " + std::to_string(number);
}

namespace {

/// The lock of a folder; that of a trial which another run trains, too, is waited for. Nothing where `stop` is set
/// meanwhile.
void lock_folder(const TrialFolder& folder, const Trial& trial, const RunOptions& options,
                 const std::atomic<bool>& stop, TrialObserver& observer, std::optional<FolderLock>& lock) {
  if (!options.is_prerequisite && !options.waits) {
    lock.emplace(folder.path());
    return;
  }
  for (bool waits = false; !stop; std::this_thread::sleep_for(std::chrono::milliseconds(100))) {
    if (auto free = FolderLock::attempt(folder.path())) {
      lock.emplace(std::move(*free));
      return;
    }
    if (!std::exchange(waits, true)) observer.note(trial, "waits for the run that is training it already");
  }
}

/// Says once in a process that the file system has no locks.
void note_missing_locks(const FolderLock& lock, const Trial& trial, TrialObserver& observer) {
  static std::atomic_flag is_said;
  if (lock.problem().empty() || is_said.test_and_set()) return;
  observer.note(trial, "this file system gives no locks (" + lock.problem() +
                           "): nothing keeps another run from writing into the same folder");
}

/// Says of a complete trial where what it started from has been trained again since.
void note_other_source(const Trial& trial, const RunOptions& options, TrialObserver& observer) {
  const auto difference = difference_to_present_source(read_record(trial.folder(options.out).record()), trial, options);
  if (!difference) return;
  const std::string& source = trial.source->model.name;
  observer.note(trial, "started from another " + source + " than the one that there is now (" + difference->key + ": " +
                           difference->there + ", now " + difference->here + "); --overwrite trains it from that one");
}

/// What becomes of a trial before it is trained.
enum class Start { skipped, interrupted, trained };

/// Takes the trial's folder, where there is something to do.
Start take_folder(const Trial& trial, const RunOptions& options, const std::atomic<bool>& stop, TrialObserver& observer,
                  std::optional<FolderLock>& lock) {
  const auto skip = [&] {
    note_other_source(trial, options, observer);
    return Start::skipped;
  };
  // Before the folder is locked: it may be one that cannot be written.
  if (is_done(trial, options)) return skip();
  const TrialFolder folder = trial.folder(options.out);
  create_folder(folder.path());
  lock_folder(folder, trial, options, stop, observer, lock);
  if (!lock) return Start::interrupted;
  note_missing_locks(*lock, trial, observer);
  if (is_done(trial, options)) return skip();  // by another run in the meantime
  check_folder(trial, options);
  return Start::trained;
}

/// Removes the folder of a trial that failed before anything was written, and those of its model and task, where
/// nothing is in them; likewise that of all results, where this run made it.
void remove_empty(fs::path folder, bool has_made_results) {
  const int levels = has_made_results ? 4 : 3;
  std::error_code error;
  for (int level = 0; level < levels && fs::remove(folder, error); ++level) folder = folder.parent_path();
}

/// `lock`: of the folder, in the first process of a group.
TrialOutcome run_in_folder(const Trial& trial, const RunOptions& options, DataStore& data, Workers& workers,
                           const std::atomic<bool>& stop, TrialObserver& observer, std::optional<FolderLock>& lock) {
  std::error_code unknown;
  const bool makes_results = !fs::exists(options.out, unknown);
  const Start start =
      decided_by_first(options.group, [&] { return take_folder(trial, options, stop, observer, lock); });
  if (start == Start::skipped) return {TrialOutcome::State::skipped};
  if (start == Start::interrupted) return {TrialOutcome::State::interrupted};
  try {
    if (options.precision == Precision::float32)
      return run_in_own_folder<float>(trial, options, data, workers, stop, observer);
    return run_in_own_folder<double>(trial, options, data, workers, stop, observer);
  } catch (...) {
    observer.fail(trial);
    if (lock) {
      lock.reset();  // whose file is in the folder
      remove_empty(trial.folder(options.out).path(), makes_results);
    }
    throw;
  }
}

}  // namespace

TrialOutcome run_trial(const Trial& trial, const RunOptions& options, DataStore& data, Workers& workers,
                       const std::atomic<bool>& stop, TrialObserver& observer) {
  check_device(options);
  TrialObserver nobody;
  TrialObserver& told = options.group && options.group->rank() > 0 ? nobody : observer;
  std::optional<FolderLock> lock;  // until the observer, too, has written what it writes into the folder
  const TrialOutcome outcome = run_in_folder(trial, options, data, workers, stop, told, lock);
  told.end(trial, outcome);
  return outcome;
}

}  // namespace glifr
