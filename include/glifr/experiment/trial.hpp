#pragma once

#include <atomic>
#include <boost/json/fwd.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "glifr/experiment/data.hpp"
#include "glifr/experiment/settings.hpp"
#include "glifr/export.hpp"
#include "glifr/io/trial_folder.hpp"
#include "glifr/training/trainer.hpp"

namespace glifr {

class Group;

/// The numbers that are computed with.
enum class Precision { float32, float64 };

/// "float32" or "float64", as options and records name it.
[[nodiscard]] constexpr std::string_view to_string(Precision precision) {
  return precision == Precision::float32 ? "float32" : "float64";
}

/// What to do with a trial's folder in which there is something already.
enum class Existing { refuse, resume, overwrite };

/// What is the same for all trials of a run.
struct RunOptions {
  std::filesystem::path out = "results";     ///< folder of the results
  std::uint64_t seed = 0;                    ///< of all random numbers
  Precision precision = Precision::float32;  ///< float, unless asked for more
  Engine engine = Engine::fused;             ///< fused, unless for comparison
  Existing existing = Existing::refuse;      ///< where there is something already
  std::string device = "cpu";                ///< what records call the device: "cpu" where `open_device` is empty
  /// The trial is needed by another one and was not asked for itself: a complete one is taken as it is, whatever
  /// `existing` says, and one that another run is training is waited for.
  bool is_prerequisite = false;
  /// A trial that another run is training is waited for, and one that is complete is taken as it is, unless `existing`
  /// says that it is trained afresh.
  bool waits = false;
  /// Opens the device to compute on; empty: the workers compute.
  std::function<std::unique_ptr<Device>()> open_device{};
  /// The processes that train each trial together, by parts of its batches. All call `run_plan` with the same plan and
  /// options; the first one alone reads and writes results and tells its observer. Null: this process trains alone.
  Group* group = nullptr;
};

/// One trial: a model, trained on a task from its own seed.
struct GLIFR_API Trial {
  Settings settings;  ///< resolved
  Index number = 0;   ///< N of trial_N
  /// Of a heterogeneous model: the resolved settings of the model that it starts from.
  std::optional<Settings> source{};

  /// results/TASK/MODEL/trial_N under `out`.
  [[nodiscard]] TrialFolder folder(const std::filesystem::path& out) const;
  /// "lmnist glifr_rheta trial 3", for people.
  [[nodiscard]] std::string label() const;
};

/// How a trial ended.
struct TrialOutcome {
  /// Whether it went to its end, was complete already, or was stopped.
  enum class State { complete, skipped, interrupted };
  State state = State::complete;     ///< which of them
  Score test{};                      ///< of a complete trial
  std::optional<double> accuracy{};  ///< where the task has classes
};

/// Looks on while trials run; called from the thread that a trial runs on.
class GLIFR_API TrialObserver {
 public:
  virtual ~TrialObserver() = default;

  /// Something that a user should know of this trial, in one line.
  virtual void note(const Trial& /*trial*/, const std::string& /*text*/) {}
  /// Before the first step.
  virtual void begin(const Trial& /*trial*/, Index /*steps_per_epoch*/, Index /*samples*/) {}
  /// After every step; on a device, after some or after several short epochs.
  virtual void after_step(const Trial& /*trial*/, const Position& /*position*/) {}
  /// After every epoch; on a device, of several short ones behind the last of them.
  virtual void after_epoch(const Trial& /*trial*/, const EpochReport& /*report*/) {}
  /// After an epoch that was validated.
  virtual void after_validation(const Trial& /*trial*/, double /*loss*/, std::optional<double> /*accuracy*/) {}
  /// After the trial, unless it failed.
  virtual void end(const Trial& /*trial*/, const TrialOutcome& /*outcome*/) {}
  /// In place of `end` where reading, training or testing fails; `run_trial` throws the error.
  virtual void fail(const Trial& /*trial*/) {}
};

/// Whether a trial's folder holds a complete trial: a test result and a checkpoint, both of which can be read, and
/// the table of its epochs, which only an imported network lacks.
[[nodiscard]] GLIFR_API bool is_complete(const TrialFolder& folder);

/// Whether a run would go on from a trial's own checkpoint, so that it needs nothing to start from.
[[nodiscard]] GLIFR_API bool can_be_resumed(const Trial& trial, const RunOptions& options);

/// config.json of a trial as far as the data do not matter: its settings, what the run asks for, and where it is
/// computed.
[[nodiscard]] GLIFR_API boost::json::object make_record(const Trial& trial, const RunOptions& options,
                                                        Index trained_parameters);

/// Refuses what `run_trial` would refuse, as far as the folders of the trial and of its source tell, and writes nothing
/// there. `source_is_planned`: the source will be trained before this trial, so that what its folder holds now is not
/// looked at. ConfigError, DataError as `run_trial`.
GLIFR_API void check_trial(const Trial& trial, const RunOptions& options, bool source_is_planned);

/// Trains, tests and records one trial in its folder, on the given workers. `stop` is looked at where
/// `TrialObserver::after_step` is called: where it is set, in any process of a group, a checkpoint is written and the
/// outcome is `interrupted`. FolderHeld: another run holds the folder. ConfigError: it holds a partial trial and
/// `existing` is refuse, or one of other settings or data; or what a heterogeneous trial starts from was trained with
/// others. DataError: missing or damaged data or checkpoint. NumericError: training diverged; the last good checkpoint
/// stays, as it does with a DeviceFailure: a device that failed. OutputError: a full disk. std::logic_error: the name
/// of the device is not "cpu" where none is opened, or is where one is.
GLIFR_API TrialOutcome run_trial(const Trial& trial, const RunOptions& options, DataStore& data, Workers& workers,
                                 const std::atomic<bool>& stop, TrialObserver& observer);

/// What the loss cannot see, in one sentence, or nothing where it sees all of the input: a network without state hears
/// of the past through its synapses alone, so that a loss on the last step reaches every delay-th step back only.
/// `steps`: time steps of a sample.
[[nodiscard]] GLIFR_API std::optional<std::string> temporal_reach(const Settings& settings, Index steps);
/// That no recurrent weight acts, in one sentence, where all synaptic delays are as long as the samples or longer;
/// otherwise, and where there are no such weights, nothing. `steps`: time steps of a sample.
[[nodiscard]] GLIFR_API std::optional<std::string> silent_recurrence(const Settings& settings, Index steps);
/// That some of the delays that synapses can have are as long as the samples or longer, in one sentence; nothing where
/// none is, or where there are no recurrent weights. `steps`: time steps of a sample.
[[nodiscard]] GLIFR_API std::optional<std::string> unheard_delays(const Settings& settings, Index steps);

}  // namespace glifr
