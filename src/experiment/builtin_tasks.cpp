#include "builtin_tasks.hpp"

#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "builtin_configs.hpp"
#include "config_values.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/io/json.hpp"

namespace glifr {

namespace json = boost::json;

namespace detail {
namespace {

BuiltinTask parse_builtin(const std::string& name, std::string_view text) {
  json::value document = parse_json(text, name + ".json");
  if (!document.is_object()) throw ConfigError("task", "the configuration of " + name + " is no JSON object");
  json::object values = std::move(document.get_object());
  const std::string base = take_text(values, "base", name).value_or("");
  const std::string description = take_text(values, "description", name).value_or("");
  return {{name, base, description}, std::move(values)};
}

/// The tasks that are known, then the built-in variations.
std::vector<BuiltinTask> builtin() {
  std::vector<BuiltinTask> list;
  for (const Task* task : known_tasks()) list.push_back(parse_builtin(task->name(), task->configuration()));
  for (const BuiltinConfig& config : builtin_configs()) {
    BuiltinTask variation = parse_builtin(std::string(config.name), config.text);
    if (!variation.info.base.empty()) list.push_back(std::move(variation));
  }
  return list;
}

}  // namespace

BuiltinTask find_builtin(std::string_view task) {
  std::string names;
  for (BuiltinTask& candidate : builtin()) {
    if (candidate.info.name == task) return std::move(candidate);
    names.append(names.empty() ? "" : ", ").append(candidate.info.name);
  }
  throw ConfigError("task", "found '" + std::string(task) + "'; accepted: " + names + ", or a variation in a file");
}

}  // namespace detail

std::vector<TaskInfo> builtin_tasks() {
  std::vector<TaskInfo> result;
  for (const detail::BuiltinTask& task : detail::builtin()) result.push_back(task.info);
  return result;
}

}  // namespace glifr
