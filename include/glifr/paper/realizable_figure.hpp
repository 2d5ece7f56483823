#pragma once

#include <vector>

#include "glifr/analysis/plot.hpp"
#include "glifr/analysis/results.hpp"
#include "glifr/datasets/dataset.hpp"
#include "glifr/experiment/settings.hpp"
#include "glifr/export.hpp"
#include "glifr/network/network.hpp"

namespace glifr::paper {

/// How one neuron learned another's output.
struct RealizableRun {
  std::vector<double> loss_epoch;           ///< epochs, counted from 1
  std::vector<double> loss;                 ///< training loss, a value an epoch
  std::vector<double> time;                 ///< ms, a value a step
  std::vector<double> initial;              ///< output before training, a value a step
  std::vector<double> learned;              ///< output after training
  std::vector<double> target;               ///< output of the teacher
  std::vector<double> distance_epoch;       ///< from 0, before training
  std::vector<analysis::Column> distances;  ///< of each parameter to the teacher's, a value an epoch
};

/// The course and the outcome of a trial of the realizable task, by its files, its network before training and
/// after, and the data that it learned. Throws DataError where its file of distances is missing or damaged.
[[nodiscard]] GLIFR_API RealizableRun realizable_run(const analysis::Trial& trial, const Settings& settings,
                                                     const RecurrentNetwork<double>& initial,
                                                     const RecurrentNetwork<double>& learned,
                                                     const Dataset<double>& data);

/// Loss, outputs and parameter distances of the realizable task.
[[nodiscard]] GLIFR_API analysis::Figure realizable_figure(const RealizableRun& run);

}  // namespace glifr::paper
