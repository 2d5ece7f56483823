#pragma once

#include <string>
#include <vector>

#include "glifr/analysis/results.hpp"

namespace glifr::apps {

/// A setting that is not the same, with both values as JSON; "not recorded" where there is none.
struct Difference {
  std::string key, first, second;
};

/// The settings in which trials of a model are not what the published results of the task were made with (those that
/// the task has built in), of the first trial that differs in each: ours, then the published value. The number of
/// samples tested counts as a setting. Settings that change no result do not count.
[[nodiscard]] std::vector<Difference> differences_from_published(const glifr::analysis::ModelTrials& trials);

/// The settings, seeds aside, in which later trials of a model differ from its first: its value, then that of the first
/// trial that has another.
[[nodiscard]] std::vector<Difference> differences_among(const glifr::analysis::ModelTrials& trials);

/// "lr (0.01, 0.001), max_epochs (3, 30)"; empty where nothing differs.
[[nodiscard]] std::string differences_text(const std::vector<Difference>& differences);

}  // namespace glifr::apps
