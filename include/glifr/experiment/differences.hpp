#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "glifr/analysis/results.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// Adds what differs between two settings in the keys of `second`, if the key is not there yet; "not recorded" stands
/// for a value that `first` lacks. Settings that change no result do not count: names, when files are written, and how
/// a batch is cut.
GLIFR_API void add_differences(std::vector<SettingDifference>& differences, const boost::json::object& first,
                               const boost::json::object& second);

/// The settings, seeds aside, in which later trials of a model differ from its first: its value, then that of the first
/// trial that has another.
[[nodiscard]] GLIFR_API std::vector<SettingDifference> differences_among(const analysis::ModelTrials& trials);

/// "lr (0.01, 0.001), max_epochs (3, 30)"; empty where nothing differs.
[[nodiscard]] GLIFR_API std::string differences_text(const std::vector<SettingDifference>& differences);

}  // namespace glifr
