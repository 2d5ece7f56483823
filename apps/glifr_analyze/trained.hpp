#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "glifr/analysis/ablation.hpp"
#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/results.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/data.hpp"
#include "session.hpp"

namespace glifr::apps {

/// A trained network with what is known of its run.
struct TrainedRun {
  std::string model;
  glifr::Index trial = 0;
  glifr::Settings settings;
  std::uint64_t seed = 0;            ///< of the run: noise and permutations of the data follow it
  std::filesystem::path checkpoint;  ///< after training, that which was tested
  boost::json::object record{};      ///< config.json; empty: there is none
};

/// What config.json of a trial says; task and model are called as their folders are. Throws DataError where it does not
/// describe a run.
[[nodiscard]] TrainedRun describe(const glifr::analysis::Trial& trial);
/// What one checkpoint is of, where it was asked for by its file.
struct CheckpointRequest {
  std::filesystem::path checkpoint;  ///< the file
  std::string task{};                ///< on which it was trained; empty: as config.json beside it says
  std::string model{};               ///< what it is; empty: as config.json says, or by its neurons
  std::uint64_t seed = 0;            ///< where no config.json says it
};

/// The run that a checkpoint belongs to, by config.json of the trial in whose folder it lies or, where there is none,
/// by the task that is named. ConfigError (key "--task") where neither says it, or they disagree; DataError as
/// `describe`.
[[nodiscard]] TrainedRun describe_checkpoint(const CheckpointRequest& request, const glifr::DataStore& data);

/// Adds --task and --model to a subcommand that takes RESULTS or a checkpoint.
void add_selection_options(CLI::App& command, std::string& task, std::string& model);

/// Makes copies of a run's trained network (of `checkpoint`, if it is not the last), with the constants that it was
/// left with. Throws DataError where the checkpoint is missing, damaged or of another network.
template <glifr::Scalar T>
[[nodiscard]] glifr::analysis::MakeNetwork<T> network_maker(const TrainedRun& run,
                                                            std::filesystem::path checkpoint = {});

/// The test data of a run, without its training data; inputs are scaled as its checkpoint says. Says where they are
/// others than those that it was tested on when it was trained, once for all runs that differ alike.
template <glifr::Scalar T>
[[nodiscard]] std::shared_ptr<const glifr::Dataset<T>> test_data(const TrainedRun& run, glifr::DataStore& data);

/// The first of a model's trials whose network can be made, of number `only` where that is not negative; nothing where
/// there is none. Warns of those that are left out.
[[nodiscard]] std::optional<TrainedRun> first_usable(const glifr::analysis::ModelTrials& group, glifr::Index only = -1);

/// Whether the task of a run has target values, and not classes.
[[nodiscard]] inline bool has_target_values(const TrainedRun& run) {
  return run.settings.training.loss == glifr::LossKind::mse;
}

/// The outputs of networks beside their targets, of the first `samples` samples or, where that is 0, of all; all runs
/// are of one task. Warns of those that have other targets than the first and leaves them out.
template <glifr::Scalar T>
[[nodiscard]] glifr::analysis::Responses responses_of(std::span<const TrainedRun> runs, glifr::DataStore& data,
                                                      glifr::Index samples);

/// The course and the outcome of a run of the realizable task.
template <glifr::Scalar T>
[[nodiscard]] glifr::analysis::RealizableRun realizable_run(const glifr::analysis::Trial& trial,
                                                            glifr::DataStore& data);

}  // namespace glifr::apps
