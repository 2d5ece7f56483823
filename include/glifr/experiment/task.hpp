#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

#include "glifr/datasets/dataset.hpp"
#include "glifr/experiment/settings.hpp"
#include "glifr/export.hpp"
#include "glifr/io/safetensors.hpp"
#include "glifr/network/network.hpp"
#include "glifr/neurons/range.hpp"
#include "glifr/training/callback.hpp"

/// Tasks: what networks are trained on. Those that are built in (src/tasks) and those of a program are made known by
/// the same class.
namespace glifr {

/// What a setting decides. Two runs are the same experiment where all settings that decide results are the same.
enum class Decides {
  results,  ///< what comes out of training
  place,    ///< where data lie: the data themselves are compared
  nothing   ///< nothing that is recorded: speed, or when files are written
};

/// A key of configurations that a task has for itself.
struct TaskKey {
  std::string name;                    ///< as in files
  SettingValue value{};                ///< where the task's configuration gives none; it decides the type
  std::string help{};                  ///< what it means, in a line
  std::string unit{};                  ///< empty: none
  Range range{};                       ///< of numbers
  std::vector<std::string> choices{};  ///< of text that is one of several words
  Decides decides = Decides::results;  ///< what it decides
  bool may_be_empty = false;           ///< whether text may be empty
};

/// What was read from files already, by its type and a name that says what it is. Safe to use from several threads.
class GLIFR_API ReadData {
 public:
  /// What has that name; it is read where it is not there yet. `read` may ask for other things.
  template <class T, class Read>
  [[nodiscard]] std::shared_ptr<const T> get(const std::string& name, Read&& read) {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<const void>& held = held_[{typeid(T), name}];
    if (!held) held = std::make_shared<const T>(read());
    return std::static_pointer_cast<const T>(held);
  }
  /// Gives what was read another name, too.
  template <class T>
  void keep(const std::string& name, std::shared_ptr<const T> data) {
    const std::lock_guard lock(mutex_);
    held_[{typeid(T), name}] = std::move(data);
  }

 private:
  std::recursive_mutex mutex_;
  std::map<std::pair<std::type_index, std::string>, std::shared_ptr<const void>> held_;
};

/// Where data lie, and who hears of long reading.
struct DataFiles {
  /// What is done with decoded recordings where no folder is named for them: keep them beside the data, or leave the
  /// data's folder as it is.
  enum class Caching { beside_data, nowhere };

  std::filesystem::path root;     ///< of the data sets
  std::filesystem::path cache{};  ///< for decoded recordings; empty: as `caching` says
  std::function<void(const std::string&, Index, Index)> progress{};  ///< (what, done, total)
  Caching caching = Caching::beside_data;                            ///< see above
  std::shared_ptr<ReadData> read = std::make_shared<ReadData>();     ///< what was read already
};

/// A request for a part of a task's data.
struct DataRequest {
  const Settings& settings;                ///< of the trial
  std::uint64_t seed;                      ///< of the run: noise and permutations of the data follow it
  Split part;                              ///< which part
  bool is_alone;                           ///< the other parts are not looked at, so they need not be there
  const DataFiles& files;                  ///< where they lie
  const TensorFile* checkpoint = nullptr;  ///< of the network that the data are for; null: one that is to be trained
  std::string checkpoint_name = {};        ///< stands for its file in messages
};

/// What the random numbers of a trial follow.
struct TrialSeeds {
  std::uint64_t run;    ///< what all trials share: their data (`DataRequest::seed`)
  std::uint64_t trial;  ///< what is a trial's own: its initial values
};

/// What a task's recorder is made of.
template <Scalar T>
struct RecorderParts {
  RecurrentNetwork<T>& network;         ///< that is trained
  const Settings& settings;             ///< of the trial
  const std::filesystem::path& folder;  ///< of the trial
  bool resumes;                         ///< whether the files are there and go on
  Index epochs;                         ///< that are done
};

/// A callback that writes files in a trial's folder.
template <Scalar T>
class Recorder : public Callback<T> {
 public:
  /// Puts on the disk what was written, before a checkpoint that counts on it.
  virtual void sync() = 0;
};

/// A task. A custom one derives from `TaskOf`.
class GLIFR_API Task {
 public:
  /// `configuration`: a JSON object of the task's settings, as the files of the folder configs/ are, with a
  /// "description". Throws ConfigError where it is none.
  Task(std::string name, std::string configuration)
      : name_(std::move(name)), configuration_(std::move(configuration)) {}
  virtual ~Task() = default;

  /// As `--task` takes it.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// See the constructor.
  [[nodiscard]] const std::string& configuration() const { return configuration_; }

  /// The keys that the task has for itself.
  [[nodiscard]] virtual std::vector<TaskKey> keys() const { return {}; }
  /// Whether a key that tasks share means something to this one.
  [[nodiscard]] virtual bool knows(std::string_view /*key*/) const { return true; }
  /// The models that can learn it; empty: all.
  [[nodiscard]] virtual std::vector<std::string> models() const { return {}; }
  /// Throws ConfigError where settings do not fit the task. By default: input_size, output_size and loss_fn are those
  /// of its configuration.
  virtual void check(const Settings& settings) const;

  /// Takes from the data what they decide and settings leave open: sizes of inputs and outputs, time steps. DataError
  /// and ConfigError as the readers. By default the data decide nothing.
  virtual void complete(Settings& /*settings*/, const DataFiles& /*files*/) const {}

  /// Adds to a checkpoint what a task's data need to be used with the network in it. By default there is nothing.
  virtual void annotate(TensorFile& /*checkpoint*/, const Settings&, const DataFiles&) const {}

  /// Whether the data are as what `annotate` added to the network's checkpoint says. By default they are the same for
  /// all checkpoints.
  [[nodiscard]] virtual bool follows_checkpoint(const Settings& /*settings*/) const { return false; }

  /// What users should know of the data, a sentence each. By default there is nothing.
  [[nodiscard]] virtual std::vector<std::string> notes(const Settings&, const DataFiles&) const { return {}; }

  /// Time steps of a sample. Where the data decide, what is expected of them.
  [[nodiscard]] virtual Index time_steps(const Settings& settings) const = 0;
  /// Whether networks are tested on other data than they are trained on.
  [[nodiscard]] virtual bool has_test_set(const Settings& /*settings*/) const { return true; }
  /// Whether there are data for validation, apart from those that a share of the training data may be set aside for.
  [[nodiscard]] virtual bool has_validation_set(const Settings& /*settings*/) const { return false; }
  /// Whether the same data serve all models; false where they depend on the network.
  [[nodiscard]] virtual bool serves_all_models() const { return true; }
  /// Whether networks have a readout behind their last layer.
  [[nodiscard]] virtual bool has_readout() const { return true; }
  /// Frequencies of the samples, 1/ms, where these are waves; empty where they are none.
  [[nodiscard]] virtual std::vector<double> frequencies(const Settings& /*settings*/) const { return {}; }
  /// Share of ones in the inputs of a benchmark where inputs are binary and sparse; nothing where they are values.
  [[nodiscard]] virtual std::optional<double> input_density(const Settings& /*settings*/) const { return {}; }

  /// A part of the data, in float and double. DataError and ConfigError as the readers.
  [[nodiscard]] virtual std::shared_ptr<const Dataset<float>> load_float(const DataRequest& request) const = 0;
  [[nodiscard]] virtual std::shared_ptr<const Dataset<double>> load_double(const DataRequest& request) const = 0;

  /// Gives a network its initial values where the task does so itself; false: it leaves that to the model.
  virtual bool initialize(RecurrentNetwork<float>& /*network*/, const Settings&, const TrialSeeds&) const;
  virtual bool initialize(RecurrentNetwork<double>& /*network*/, const Settings&, const TrialSeeds&) const;
  /// Writes files of the task's own in a trial's folder; by default there are none.
  [[nodiscard]] virtual std::unique_ptr<Recorder<float>> make_recorder(const RecorderParts<float>& parts) const;
  [[nodiscard]] virtual std::unique_ptr<Recorder<double>> make_recorder(const RecorderParts<double>& parts) const;
  /// The names of these files.
  [[nodiscard]] virtual std::vector<std::string> files() const { return {}; }

 protected:
  /// Throws ConfigError where the value of a key is another than that of the task's configuration.
  void require_as_configured(const Settings& settings, std::string_view key) const;

 private:
  std::string name_, configuration_;
};

/// A task whose class has a template `load`, for float and double:
///
///     struct Waves final : glifr::TaskOf<Waves> {
///       Waves() : TaskOf("waves", R"({"description": "…", "input_size": 1, "output_size": 1})") {}
///       glifr::Index time_steps(const glifr::Settings&) const override { return 100; }
///       template <glifr::Scalar T>
///       std::shared_ptr<const glifr::Dataset<T>> load(const glifr::DataRequest& request) const { … }
///     };
template <class Own>
class TaskOf : public Task {
 public:
  using Task::Task;

  [[nodiscard]] std::shared_ptr<const Dataset<float>> load_float(const DataRequest& request) const final {
    return static_cast<const Own&>(*this).template load<float>(request);
  }
  [[nodiscard]] std::shared_ptr<const Dataset<double>> load_double(const DataRequest& request) const final {
    return static_cast<const Own&>(*this).template load<double>(request);
  }
};

/// ConfigError, naming the key, where a duration (ms) is not `fewest` to a million time steps.
GLIFR_API void check_steps(const char* key, const Settings& settings, double duration, Index fewest);

/// Makes a task known by its name, in place of one that is known by this name. Call it before any configuration is read
/// and while no other thread looks for tasks. ConfigError where its configuration is not accepted, or one of its keys
/// is the constant of a neuron that is known: it is not known then.
GLIFR_API void add_task(std::unique_ptr<Task> task);
/// The same for a task of class T.
template <std::derived_from<Task> T>
void register_task() {
  add_task(std::make_unique<T>());
}

/// The task of that name; valid until the program ends, also where another one takes its place. ConfigError (key
/// "base_task") where there is none.
[[nodiscard]] GLIFR_API const Task& find_task(std::string_view name);

/// Whether there are data to validate by, of the task's own or set aside from those for training.
[[nodiscard]] GLIFR_API bool validates(const Settings& settings);
/// All tasks that are known, the built-in ones first.
[[nodiscard]] GLIFR_API std::vector<const Task*> known_tasks();

namespace detail {

/// Those of src/tasks, and that of the paper.
[[nodiscard]] std::vector<std::unique_ptr<Task>> make_built_in_tasks();

}  // namespace detail

}  // namespace glifr
