#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "foreign.hpp"
#include "glifr/analysis/ablation.hpp"
#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/results.hpp"
#include "glifr/experiment/data.hpp"
#include "glifr/experiment/trained.hpp"
#include "glifr/paper/realizable_figure.hpp"
#include "session.hpp"

namespace glifr::apps {

/// A trained network, by the names that its folders have, or one without config.json, whose `record` is empty.
struct TrainedRun : glifr::TrainedNetwork {
  std::string model{};
  glifr::Index trial = 0;
  std::shared_ptr<const ForeignNetwork> foreign{};  ///< the network of a checkpoint without config.json
};

/// What config.json of a trial says; task and model are called as their folders are. Throws DataError where it does not
/// describe a run.
[[nodiscard]] TrainedRun describe(const glifr::analysis::Trial& trial);
/// What a subcommand that takes RESULTS or one checkpoint is to look at.
struct NetworkOptions {
  std::string folder = "results";  ///< RESULTS, or a checkpoint as well
  std::string checkpoint;          ///< the checkpoint, or the folder of its trial; empty: `folder` says what it is
  std::string task;                ///< of a checkpoint without config.json: on which it was trained; else a choice
  std::string model;               ///< of a checkpoint without config.json: what it is; else a choice
  SettingOptions settings{};       ///< of a checkpoint without config.json

  /// The checkpoint that is asked for, in place of RESULTS.
  [[nodiscard]] std::optional<std::string> one_checkpoint() const;
};

/// ConfigError where --task or --model names none of the results, with those that there are.
void check_choice(const NetworkOptions& options, const glifr::analysis::Results& results);

/// Adds RESULTS, --checkpoint, --task, --model, --config and --set to a subcommand.
void add_network_options(CLI::App& command, NetworkOptions& options);

/// The run that a checkpoint, or the folder of its trial, belongs to: by config.json of the trial in whose folder it
/// lies or, where there is none, by the task and settings in `options`. `seed`: where no config.json says it.
/// ConfigError (key "--task") where neither says the task, or they disagree, and where there are settings beside
/// config.json; DataError as `describe`.
[[nodiscard]] TrainedRun describe_checkpoint(const std::string& place, const NetworkOptions& options,
                                             std::uint64_t seed, const glifr::DataStore& data);

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
[[nodiscard]] glifr::paper::RealizableRun realizable_run(const glifr::analysis::Trial& trial, glifr::DataStore& data);

}  // namespace glifr::apps
