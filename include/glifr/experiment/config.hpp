#pragma once

#include <boost/json/fwd.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "glifr/error.hpp"
#include "glifr/experiment/keys.hpp"
#include "glifr/experiment/settings.hpp"
#include "glifr/export.hpp"
#include "glifr/network/models.hpp"

namespace glifr {

/// A task that is built in, or a variation of one.
struct TaskInfo {
  std::string name;         ///< as `--task` takes it
  std::string base;         ///< what it varies; empty for a task that varies none
  std::string description;  ///< in a line
};

/// The tasks that are known, then the built-in variations.
[[nodiscard]] GLIFR_API std::vector<TaskInfo> builtin_tasks();

inline constexpr std::string_view default_task = "sine";  ///< What is trained on where nobody says.

/// A name that is no configuration key of any task.
class GLIFR_API UnknownKey : public ConfigError {
 public:
  using ConfigError::ConfigError;
};

/// What is asked for, before a model is chosen: the configuration of a task and changes to it. A stack of layers, each
/// a JSON object of keys; a key has the value of the uppermost layer that gives one for the model in question.
class GLIFR_API Config {
 public:
  /// The configuration of a built-in task or variation. Throws ConfigError (key "task") where none has that name.
  explicit Config(std::string_view task);

  /// The configuration in a file, over that of a built-in task: the file's "base" or "task", or else `task`, or else
  /// the default task. A file with a base is a variation and a task by its own "name", or else by the name of the file;
  /// what is read from a pipe needs that "name", unless the task gets another one (`is_renamed`, see `rename`).
  ///
  /// What `to_json` wrote is such a file, also with what config.json of a trial records beside the settings (see
  /// `record`), and also for several models, one document after another. A file that names its "model" says what that
  /// model is like: a key that may differ by model has the file's value for this model; where that is not the task's
  /// own, it is a change, and holds for the other models, too.
  ///
  /// Throws DataError where the file cannot be read or is not JSON; ConfigError for an unknown key, a wrong type, a
  /// value out of range, a key that the task does not know, or a `task` that is another than the file's.
  static Config from_file(const std::filesystem::path& path, std::optional<std::string_view> task,
                          bool is_renamed = false);

  /// Changes one key, "lr=1e-3" or "hidden_size={\"rnn\": 64}". Throws ConfigError as `from_file` does.
  void set(std::string_view assignment);

  /// Files the results under another name than the task's, which makes this a variation of it. ConfigError where the
  /// name is no name of a folder or that of another built-in task.
  void rename(const std::string& name);

  /// The variations that a sweep makes: every combination of the values, in their order, the last key changing first.
  /// `sweeps`: "lr=1e-3,3e-4", a key and its values each. A variation is a task with its own name,
  /// "sine@lr=0.001,hidden_size=64". ConfigError as `set`, and where a key or a value stands twice or a value cannot be
  /// part of the name of a folder.
  [[nodiscard]] std::vector<Config> sweep(const std::vector<std::string>& sweeps) const;

  /// Throws ConfigError where a key that was set or swept has no effect on any of these models: all of them are
  /// described by their layers, which say themselves what hidden_size, num_ascs, train_dynamics and constants say of
  /// the models that are known. Also where a layer states the sigma_v that is to be annealed.
  void check_effect(const std::vector<Model>& models) const;

  /// The task's own name.
  [[nodiscard]] const std::string& task() const;
  /// The task of which it is a variation, or the same name; see `find_task`.
  [[nodiscard]] const std::string& base_task() const;

  /// The models that the file describes by their layers; see docs/configuration.md.
  [[nodiscard]] const std::vector<Model>& described_models() const;
  /// The models that the file names as its own; empty where it names none.
  [[nodiscard]] const std::vector<std::string>& models() const;
  /// What the file, a trial's config.json, records of that trial beside its settings, as its seed and device (all
  /// members: docs/configuration.md). None of it takes part in `resolve`.
  [[nodiscard]] const boost::json::object& record() const;

  /// The settings of one model. Throws ConfigError where settings contradict each other, as freq_min above freq_max.
  /// `files`: where the data lie, for tasks whose data decide sizes; without them, these stay open. DataError as the
  /// readers.
  [[nodiscard]] Settings resolve(const Model& model, const DataFiles* files = nullptr) const;

 private:
  struct Content;
  explicit Config(std::shared_ptr<const Content> content) : content_(std::move(content)) {}

  std::shared_ptr<const Content> content_;  // never changed, only replaced: copies may share it
};

/// The models that a request names, each once, in training order: names with commas, of models that are known and of
/// those that the configuration describes, or "all" alone (every known model that can learn the task). Throws
/// ConfigError (key "model") for an unknown name, an empty request, or a model that cannot learn the task; `also`: a
/// further request that the caller accepts, which the error then names.
[[nodiscard]] GLIFR_API std::vector<Model> select_models(std::string_view request, const Config& config,
                                                         const std::string& also = {});

/// Task, base_task, model and every key that the task knows, in the order of the table.
[[nodiscard]] GLIFR_API boost::json::object to_json(const Settings& settings);

/// Takes settings from an object that `to_json` wrote; other members (version, seed, …) are left alone. `name` stands
/// for the file in messages. Throws DataError where a key is missing or has a value that is not accepted.
[[nodiscard]] GLIFR_API Settings settings_from_json(const boost::json::object& object, const std::string& name);

/// A key by which two settings differ, and both values as JSON.
struct SettingDifference {
  std::string key;     ///< of both; of layers, that of the member: "layers[0].lateral.checksum (mask.npy)"
  std::string first;   ///< its value in the one
  std::string second;  ///< its value in the other
};

/// The first key by which they differ, or nothing.
[[nodiscard]] GLIFR_API std::optional<SettingDifference> first_difference(const Settings& first,
                                                                          const Settings& second);

/// The reference of all keys and of the values that the built-in tasks give them, as Markdown. docs/configuration.md is
/// this text.
[[nodiscard]] GLIFR_API std::string config_reference();

}  // namespace glifr
