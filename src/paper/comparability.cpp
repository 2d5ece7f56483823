#include "glifr/paper/comparability.hpp"

#include <boost/json.hpp>

#include "glifr/error.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/paper/published.hpp"

namespace glifr::paper {

namespace json = boost::json;

namespace {

/// The settings in config.json, with those that its version did not have yet; as they are where they cannot be read.
json::object settings_of(const analysis::Trial& trial) {
  try {
    return to_json(settings_from_json(trial.config, trial.name()));
  } catch (const Error&) {
    return trial.config;
  }
}

json::value samples_tested(const analysis::Trial& trial) {
  return trial.test && trial.test->samples ? json::value(*trial.test->samples) : json::value("not recorded");
}

}  // namespace

std::vector<SettingDifference> differences_from_published(const analysis::ModelTrials& trials) {
  const analysis::Trial& any = *trials.trials.front();
  const json::object published = to_json(Config(any.task).resolve(find_model(trials.model)));
  std::vector<SettingDifference> differences;
  for (const analysis::Trial* trial : trials.trials) {
    if (trial->is_imported()) add_differences(differences, {}, {{"training", "as published"}});
    add_differences(differences, settings_of(*trial), published);
    add_differences(differences, {{"samples tested", samples_tested(*trial)}},
                    {{"samples tested", published_test_samples(any.task)}});
  }
  return differences;
}

}  // namespace glifr::paper
