#include "comparability.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <string_view>

#include "glifr/experiment/config.hpp"
#include "glifr/io/json.hpp"
#include "glifr/paper/published.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;
namespace json = boost::json;

namespace {

constexpr const char* not_recorded = "not recorded";

/// What a result does not depend on: names, when files are written, and how a batch is cut.
constexpr std::array<std::string_view, 6> changes_no_result{
    "task", "description", "checkpoint_seconds", "parameter_every", "micro_batch", "shares"};

/// Equal as values: 1 and 1.0 are.
bool are_equal(const json::value& a, const json::value& b) {
  return a.is_number() && b.is_number() ? a.to_number<double>() == b.to_number<double>() : a == b;
}

/// Adds what differs between two settings in the keys of `second`, if the key is not there yet.
void add_differences(std::vector<Difference>& differences, const json::object& first, const json::object& second) {
  for (const json::key_value_pair& member : second) {
    const std::string key(member.key());
    if (std::ranges::find(changes_no_result, key) != changes_no_result.end()) continue;
    const json::value* value = first.if_contains(key);
    if (value && are_equal(*value, member.value())) continue;
    if (std::ranges::find(differences, key, &Difference::key) != differences.end()) continue;
    differences.push_back({key, value ? glifr::to_line(*value) : not_recorded, glifr::to_line(member.value())});
  }
}

/// The members of a config.json that are settings: not the seed, the version, or what was counted.
json::object settings_in(const json::object& config) {
  json::object settings;
  for (const glifr::ConfigKey& key : glifr::config_keys()) {
    if (const json::value* value = config.if_contains(key.name)) settings[key.name] = *value;
  }
  return settings;
}

json::value samples_tested(const analysis::Trial& trial) {
  return trial.test && trial.test->samples ? json::value(*trial.test->samples) : json::value(not_recorded);
}

}  // namespace

std::vector<Difference> differences_from_published(const analysis::ModelTrials& trials) {
  const analysis::Trial& any = *trials.trials.front();
  json::object published = glifr::to_json(glifr::Config(any.task).resolve(glifr::find_model(trials.model)));
  std::vector<Difference> differences;
  for (const analysis::Trial* trial : trials.trials) {
    if (trial->is_imported()) add_differences(differences, {}, {{"training", "as published"}});
    add_differences(differences, trial->config, published);
    add_differences(differences, {{"samples tested", samples_tested(*trial)}},
                    {{"samples tested", glifr::paper::published_test_samples(any.task)}});
  }
  return differences;
}

std::vector<Difference> differences_among(const analysis::ModelTrials& trials) {
  std::vector<Difference> differences;
  const json::object first = settings_in(trials.trials.front()->config);
  for (const analysis::Trial* trial : trials.trials) add_differences(differences, first, settings_in(trial->config));
  return differences;
}

std::string differences_text(const std::vector<Difference>& differences) {
  std::string text;
  for (const Difference& difference : differences) {
    text += (text.empty() ? "" : ", ") + difference.key + " (" + difference.first + ", " + difference.second + ")";
  }
  return text;
}

}  // namespace glifr::apps
