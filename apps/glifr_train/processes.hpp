#pragma once

#include <functional>
#include <string>
#include <vector>

#include "glifr/distributed/launch.hpp"
#include "glifr/experiment/plan.hpp"
#include "options.hpp"

/// What processes that mpirun or srun started together agree on before they share out work.
namespace glifr::apps {

/// `cli::default_threads` of a process of a group, or of none: those that may use the same processors share them.
[[nodiscard]] glifr::Index default_threads(glifr::LaunchedGroup* group);

/// ConfigError where some process runs another build of glifr, or kernels for another instruction set, or was asked
/// for something else: what they compute would not fit together.
void require_same_run(glifr::LaunchedGroup& group, const Options& options,
                      const std::vector<glifr::PlannedTrial>& plan);

/// Whether the processes take whole trials; otherwise they share the batches of each.
[[nodiscard]] bool shares_trials(const glifr::LaunchedGroup& group, const Options& options,
                                 const std::vector<glifr::PlannedTrial>& plan);

/// Runs f on another thread, while a stop that one process of the group is asked for reaches all, until all are done.
/// Where f throws in one process, all throw, as `agree` does.
void run_beside_others(glifr::LaunchedGroup& group, std::atomic<bool>& stop, const std::function<void()>& f);

}  // namespace glifr::apps
