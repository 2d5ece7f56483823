#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "glifr/analysis/ablation.hpp"
#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/results.hpp"
#include "glifr/experiment/build.hpp"
#include "session.hpp"

namespace glifr::apps {

/// A trained network with what is known of its run.
struct TrainedRun {
  std::string model;
  glifr::Index trial = 0;
  glifr::Settings settings;
  std::uint64_t seed = 0;            ///< of the run: noise and permutations of the data follow it
  std::filesystem::path checkpoint;  ///< after training
};

/// What config.json of a trial says; task and model are called as their folders are. Throws DataError where it does not
/// describe a run.
[[nodiscard]] TrainedRun describe(const glifr::analysis::Trial& trial);
/// The run that a checkpoint in a trial's folder belongs to.
[[nodiscard]] TrainedRun describe_checkpoint(const std::filesystem::path& checkpoint);

/// Makes copies of a run's trained network (of `checkpoint`, if it is not the last), with the constants that it was
/// left with. Throws DataError where the checkpoint is missing, damaged or of another network.
template <glifr::Scalar T>
[[nodiscard]] glifr::analysis::MakeNetwork<T> network_maker(const TrainedRun& run,
                                                            std::filesystem::path checkpoint = {});

/// The first of a model's trials whose network can be made, of number `only` where that is not negative; nothing where
/// there is none. Warns of those that are left out.
[[nodiscard]] std::optional<TrainedRun> first_usable(const glifr::analysis::ModelTrials& group, glifr::Index only = -1);

/// The outputs of sine networks beside their targets; all runs are of one task. Warns of those that learned other waves
/// than the first and leaves them out.
template <glifr::Scalar T>
[[nodiscard]] glifr::analysis::SineResponses sine_responses(std::span<const TrainedRun> runs, glifr::DataStore& data);

/// The course and the outcome of a run of the realizable task.
template <glifr::Scalar T>
[[nodiscard]] glifr::analysis::RealizableRun realizable_run(const glifr::analysis::Trial& trial,
                                                            glifr::DataStore& data);

}  // namespace glifr::apps
