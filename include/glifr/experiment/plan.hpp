#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "glifr/experiment/config.hpp"
#include "glifr/experiment/trial.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// A trial among others, and the one whose result it starts from.
struct PlannedTrial {
  Trial trial;                       ///< what is to be run
  std::optional<std::size_t> after;  ///< place in the plan of a trial that must be complete first
  bool is_prerequisite = false;      ///< nobody asked for it, but one that was asked for starts from it
};

/// All trials of a request in the order in which they may be started: trial by trial, models in training order. Models
/// that others start from are added where they were not asked for, they are needed (a trial that is resumed has no need
/// of them) and `options.out` holds no complete trial of them.
[[nodiscard]] GLIFR_API std::vector<PlannedTrial> make_plan(const Config& config, const std::vector<Model>& chosen,
                                                            Index first_trial, Index trials, const RunOptions& options,
                                                            const DataFiles& files);

/// Throws ConfigError where two variations of a sweep are the same but for their names: what was swept has no effect on
/// any of these models.
GLIFR_API void check_variations(const std::vector<Config>& variations, const std::vector<Model>& models,
                                const DataFiles& files);

/// The chain of each planned trial, counted from 0 in the order of the plan: trials that start from each other, or from
/// the same one, make a chain. Does not depend on what is trained already.
[[nodiscard]] GLIFR_API std::vector<std::size_t> chains_of(const std::vector<PlannedTrial>& plan);

/// Part `part` (from 0) of `parts` of a plan: of its chains, each `parts`-th one from `part` on.
[[nodiscard]] GLIFR_API std::vector<PlannedTrial> part_of(const std::vector<PlannedTrial>& plan, std::size_t part,
                                                          std::size_t parts);

/// Trials side by side, sharing `threads`, that a plan runs best with: one a thread where a step is too short to be
/// shared out, else one.
[[nodiscard]] GLIFR_API Index choose_jobs(const std::vector<PlannedTrial>& plan, Index threads);

/// The same on a device, whose launches serve several trials of one shape (`Fleet`): as many as there are of a shape,
/// up to 32, where a step is too small to keep a GPU busy, else one.
[[nodiscard]] GLIFR_API Index choose_lanes(const std::vector<PlannedTrial>& plan);

/// How a planned trial ended.
struct PlannedOutcome {
  std::optional<TrialOutcome> outcome;  ///< nothing: it was not run or failed
  std::string failure;                  ///< of one that diverged, or could not start because the one before it did
};

/// Does `check_trial` for each trial of a plan: what will be refused is refused before anything is trained.
GLIFR_API void check_plan(const std::vector<PlannedTrial>& plan, const RunOptions& options);

/// Runs a plan with `jobs` trials side by side, one of them on the calling thread, after `check_plan`; fewer, where the
/// system has no thread for each. On a device, these are lanes of a `Fleet`, and trials of one shape are started one
/// after another. A trial that diverges is reported in its outcome and the others go on; any other error stops all
/// (running ones write a checkpoint) and is thrown on. Outcomes are in the plan's order.
GLIFR_API std::vector<PlannedOutcome> run_plan(const std::vector<PlannedTrial>& plan, const RunOptions& options,
                                               DataStore& data, Index threads, Index jobs, std::atomic<bool>& stop,
                                               TrialObserver& observer);

}  // namespace glifr
