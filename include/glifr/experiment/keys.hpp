#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "glifr/experiment/settings.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/export.hpp"
#include "glifr/neurons/range.hpp"

namespace glifr {

/// What there is to know about one configuration key. Checking, `--set`, the resolved JSON and the reference page all
/// follow from it.
struct GLIFR_API ConfigKey {
  /// Where a key's value stands in settings; its type is the key's. An enumeration is written as one of `choices`.
  using Place = std::variant<bool*, Index*, double*, std::string*, OptimizerSettings::Kind*, LearningRate::Schedule*,
                             LossKind*, FinalReduction*, Monitor*, TestedCheckpoint*, ClassWeights*>;

  std::string group;                      ///< heading of the reference page
  std::string name;                       ///< as in files
  std::function<Place(Settings&)> place;  ///< in given settings
  std::string help;                       ///< what it means, in a line
  std::string unit = {};                  ///< empty: none
  Range range = {};                       ///< of numbers
  std::vector<std::string> choices = {};  ///< of an enumeration, in its order, or of text
  bool is_by_model = false;   ///< whether it may be an object of values by model name, with "default" for the rest
  bool may_be_empty = false;  ///< whether text may be empty
  bool is_recent = false;     ///< whether records of earlier versions do not name it; it then had its default
  Decides decides = Decides::results;  ///< what it decides
  /// Whether resolved settings name it; constants of custom neurons stand in the layers alone.
  bool is_recorded = true;

  /// "a number > 0", "an integer >= 0 and <= 4", "true or false", "adam or sgd", "text, not empty".
  [[nodiscard]] std::string accepted() const;
};

/// The keys of a task, in the order in which they are written: those of the network (constants that are a neuron's are
/// made of its `fields`), of the task's data, of training and of output. ConfigError where a key that the task has for
/// itself is the constant of a neuron that is known.
[[nodiscard]] GLIFR_API std::vector<ConfigKey> config_keys(const Task& task);
/// The keys of all tasks that are known, each once.
[[nodiscard]] GLIFR_API std::vector<ConfigKey> config_keys();

/// Settings with the defaults of a task's keys, before its configuration.
[[nodiscard]] GLIFR_API Settings default_settings(const Task& task);

}  // namespace glifr
