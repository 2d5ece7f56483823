#include "glifr/experiment/task.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "config_values.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/number.hpp"
#include "glifr/io/text.hpp"

namespace glifr {

namespace {

std::vector<std::unique_ptr<Task>>& tasks() {
  static std::vector<std::unique_ptr<Task>> list = detail::make_built_in_tasks();
  return list;
}

/// Tasks in whose place others stand now: somebody may still hold them.
std::vector<std::unique_ptr<Task>>& replaced_tasks() {
  static std::vector<std::unique_ptr<Task>> list;
  return list;
}

}  // namespace

void Task::check(const Settings& settings) const {
  for (const char* key : {"input_size", "output_size", "loss_fn"}) require_as_configured(settings, key);
}

void Task::require_as_configured(const Settings& settings, std::string_view name) const {
  const std::vector<ConfigKey> keys = config_keys(*this);
  const auto key = std::ranges::find(keys, name, &ConfigKey::name);
  const boost::json::value configured = parse_json(configuration_, name_);
  const boost::json::value* needed = configured.as_object().if_contains(name);
  const boost::json::value found = detail::value_of(*key, settings);
  if (!needed || found == *needed) return;
  const auto text_of = [](const boost::json::value& value) {
    return value.is_string() ? std::string(value.get_string()) : to_line(value);
  };
  throw ConfigError(key->name,
                    "found " + text_of(found) + "; accepted for task " + settings.task.name + ": " + text_of(*needed));
}

void check_steps(const char* key, const Settings& settings, double duration, Index fewest) {
  const double steps = duration / settings.model.dt;
  if (steps <= most_steps && steps >= static_cast<double>(fewest) * (1 - 1e-9)) return;
  throw ConfigError(key, "found " + format_number(duration) + " ms with a time step (dt) of " +
                             format_number(settings.model.dt) + " ms; accepted: " + std::to_string(fewest) + " to " +
                             std::to_string(most_steps) + " steps");
}

bool validates(const Settings& settings) {
  return settings.training.validation_fraction > 0 || find_task(settings.task.base).has_validation_set(settings);
}

bool Task::initialize(RecurrentNetwork<float>&, const Settings&, const TrialSeeds&) const {
  return false;
}
bool Task::initialize(RecurrentNetwork<double>&, const Settings&, const TrialSeeds&) const {
  return false;
}

std::unique_ptr<Recorder<float>> Task::make_recorder(const RecorderParts<float>&) const {
  return nullptr;
}
std::unique_ptr<Recorder<double>> Task::make_recorder(const RecorderParts<double>&) const {
  return nullptr;
}

void add_task(std::unique_ptr<Task> task) {
  if (!detail::is_folder_name(task->name()))
    throw ConfigError("task", "found the name '" + task->name() + "'; accepted: letters, digits, '-', '_', '.'");
  const std::string name = task->name();
  const auto found = std::ranges::find(tasks(), name, [](const auto& known) { return known->name(); });
  const std::size_t place = static_cast<std::size_t>(found - tasks().begin());
  const bool is_new = found == tasks().end();
  is_new ? tasks().push_back(std::move(task)) : tasks()[place].swap(task);
  try {
    static_cast<void>(Config(name));
  } catch (...) {  // what is wrong with its configuration shows here
    is_new ? tasks().pop_back() : tasks()[place].swap(task);
    throw;
  }
  if (task) replaced_tasks().push_back(std::move(task));
}

const Task& find_task(std::string_view name) {
  const auto found =
      std::ranges::find(tasks(), name, [](const auto& known) { return std::string_view(known->name()); });
  if (found != tasks().end()) return **found;
  throw ConfigError("base_task", "found '" + std::string(name) + "'; accepted: " +
                                     joined(tasks(), ", ", [](const auto& task) { return task->name(); }));
}

std::vector<const Task*> known_tasks() {
  std::vector<const Task*> list;
  for (const auto& task : tasks()) list.push_back(task.get());
  return list;
}

}  // namespace glifr
