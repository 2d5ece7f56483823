#pragma once

#include "glifr/analysis/ablation.hpp"
#include "glifr/analysis/summary.hpp"
#include "trained.hpp"

namespace glifr::apps {

/// Silences neurons of the trained networks of a task: of one model or, where `only_model` is empty, of all; of the
/// first `trials` trials of each, or of all where that is 0. Trials whose checkpoint is damaged are left out with a
/// warning.
[[nodiscard]] glifr::analysis::TaskAblation ablate_task(const Session& session, const glifr::analysis::Results& results,
                                                        const std::string& task, const std::string& only_model,
                                                        glifr::Index trials,
                                                        const glifr::analysis::AblationSettings& settings,
                                                        glifr::DataStore& data);

}  // namespace glifr::apps
