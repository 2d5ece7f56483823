#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "config_values.hpp"
#include "consistency.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/io/json.hpp"
#include "layer_json.hpp"

namespace glifr {

namespace json = boost::json;

namespace {

/// Whether the layers of a described model say what a key says of a model that is known.
bool is_in_layers(const ConfigKey& key, const Settings& settings) {
  constexpr auto keys =
      std::to_array<std::string_view>({"hidden_size", "num_ascs", "train_dynamics", "synaptic_delay"});
  return !settings.model.layers.empty() && std::ranges::find(keys, key.name) != keys.end();
}

}  // namespace

json::object to_json(const Settings& settings) {
  json::object object;
  object["task"] = settings.task.name;
  object["base_task"] = settings.task.base;
  object["model"] = settings.model.name;
  if (!settings.model.layers.empty()) object["layers"] = detail::to_json(settings.model.layers);
  for (const ConfigKey& key : config_keys(find_task(settings.task.base))) {
    if (key.is_recorded && !is_in_layers(key, settings)) object[key.name] = detail::value_of(key, settings);
  }
  return object;
}

Settings settings_from_json(const json::object& object, const std::string& name) {
  const auto member = [&](std::string_view key) -> const json::value& {
    const json::value* value = object.if_contains(key);
    if (!value) throw DataError(name, "has no " + std::string(key));
    return *value;
  };
  const auto text = [&](std::string_view key) {
    const json::value& value = member(key);
    if (!value.is_string()) throw DataError(name, std::string(key) + ": found " + to_line(value) + "; accepted: text");
    return std::string(value.get_string());
  };
  const std::string task_name = text("task"), model = text("model"), base_task = text("base_task");
  try {
    const Task& task = find_task(base_task);
    Settings settings = default_settings(task);
    settings.task.name = task_name;
    settings.model.name = model;
    if (const json::value* layers = object.if_contains("layers")) {
      settings.model.layers = detail::layers_from_json(*layers, "");
    } else {
      const Model& known = find_model(model);
      settings.model.num_ascs = known.num_ascs;
      settings.model.train_dynamics = known.trains_dynamics;
    }
    for (const ConfigKey& key : config_keys(task)) {
      if (!key.is_recorded || is_in_layers(key, settings)) continue;
      if (key.is_recent && !object.contains(key.name)) continue;
      detail::assign(key, member(key.name), {}, settings);
    }
    if (!settings.model.layers.empty()) detail::follow_layers(settings.model);
    detail::check_consistency(settings);
    return settings;
  } catch (const ConfigError& error) {
    throw DataError(name, error.what());
  }
}

namespace {

/// The first member, or member of a member, in which two values differ. `file`: that the value around them was read
/// from; empty: none.
std::optional<SettingDifference> first_difference(const std::string& key, const json::value* one,
                                                  const json::value* other, std::string file) {
  if (one && other && *one == *other) return std::nullopt;
  if (one && other && one->is_object() && other->is_object()) {
    if (const json::value* name = one->get_object().if_contains("file"); name && name->is_string())
      file = name->get_string();
    const auto differs = [&](const json::object& members, const json::object& others) -> const json::key_value_pair* {
      for (const json::key_value_pair& member : members) {
        const json::value* counterpart = others.if_contains(member.key());
        if (!counterpart || *counterpart != member.value()) return &member;
      }
      return nullptr;
    };
    const json::key_value_pair* found = differs(one->get_object(), other->get_object());
    if (!found) found = differs(other->get_object(), one->get_object());
    return first_difference((key.empty() ? "" : key + ".") + std::string(found->key()),
                            one->get_object().if_contains(found->key()), other->get_object().if_contains(found->key()),
                            file);
  }
  const bool are_lists = one && other && one->is_array() && other->is_array();
  if (are_lists && one->get_array().size() == other->get_array().size()) {
    const json::array &list = one->get_array(), &others = other->get_array();
    const auto k = static_cast<std::size_t>(std::ranges::mismatch(list, others).in1 - list.begin());
    return first_difference(key + "[" + std::to_string(k) + "]", &list[k], &others[k], file);
  }
  const auto shown = [](const json::value* value) { return value ? to_line(*value) : "nothing"; };
  return SettingDifference{key + (file.empty() ? "" : " (" + file + ")"), shown(one), shown(other)};
}

}  // namespace

std::optional<SettingDifference> first_difference(const Settings& first, const Settings& second) {
  const json::value one = to_json(first), other = to_json(second);
  return first_difference("", &one, &other, "");
}

}  // namespace glifr
