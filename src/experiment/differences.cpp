#include "glifr/experiment/differences.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <string_view>

#include "glifr/experiment/config.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/text.hpp"

namespace glifr {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 8> changes_no_result{
    "task",        "description", "checkpoint_seconds", "parameter_every", "tensorboard",
    "micro_batch", "shares",      "device_shares"};

/// Equal as values: 1 and 1.0 are.
bool are_equal(const json::value& a, const json::value& b) {
  return a.is_number() && b.is_number() ? a.to_number<double>() == b.to_number<double>() : a == b;
}

/// The members of a config.json that are settings: not the seed, the version, or what was counted.
json::object settings_in(const json::object& config) {
  json::object settings;
  for (const ConfigKey& key : config_keys()) {
    if (const json::value* value = config.if_contains(key.name)) settings[key.name] = *value;
  }
  return settings;
}

}  // namespace

void add_differences(std::vector<SettingDifference>& differences, const json::object& first,
                     const json::object& second) {
  for (const json::key_value_pair& member : second) {
    const std::string key(member.key());
    if (std::ranges::find(changes_no_result, key) != changes_no_result.end()) continue;
    const json::value* value = first.if_contains(key);
    if (value && are_equal(*value, member.value())) continue;
    if (std::ranges::find(differences, key, &SettingDifference::key) != differences.end()) continue;
    differences.push_back({key, value ? to_line(*value) : "not recorded", to_line(member.value())});
  }
}

std::vector<SettingDifference> differences_among(const analysis::ModelTrials& trials) {
  std::vector<SettingDifference> differences;
  const json::object first = settings_in(trials.trials.front()->config);
  for (const analysis::Trial* trial : trials.trials) add_differences(differences, first, settings_in(trial->config));
  return differences;
}

std::string differences_text(const std::vector<SettingDifference>& differences) {
  return joined(differences, ", ", [](const SettingDifference& difference) {
    return difference.key + " (" + difference.first + ", " + difference.second + ")";
  });
}

}  // namespace glifr
