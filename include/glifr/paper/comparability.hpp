#pragma once

#include <vector>

#include "glifr/analysis/results.hpp"
#include "glifr/experiment/differences.hpp"
#include "glifr/export.hpp"

namespace glifr::paper {

/// The settings in which trials of a model are not what the published results of the task were made with (those that
/// the task has built in), of the first trial that differs in each: ours, then the published value. The number of
/// samples tested counts as a setting. Settings that change no result do not count; keys
/// that the version of a trial did not have yet had their defaults.
[[nodiscard]] GLIFR_API std::vector<SettingDifference> differences_from_published(const analysis::ModelTrials& trials);

}  // namespace glifr::paper
