#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "glifr/datasets/dataset.hpp"
#include "glifr/experiment/settings.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/export.hpp"
#include "glifr/network/network.hpp"

/// The realizable task: one neuron with two after-spike currents learns to respond as another of its kind does, its
/// teacher. That a solution exists is certain, so the distances between the parameters tell what gradient descent can
/// recover.
namespace glifr {

/// In a trial's folder: each parameter's distance to the teacher's, a row an epoch (epoch 0 before training).
inline constexpr const char* realizable_file = "realizable.csv";

/// The teacher's responses to a constant input as targets: `[time_steps, 1, 1]`. `seed`: of the run, which decides the
/// lateral weight.
template <Scalar T>
[[nodiscard]] GLIFR_API std::unique_ptr<Dataset<T>> make_realizable_data(const Settings& settings, std::uint64_t seed);

/// Gives the learner its initial parameters, by the seed of the trial. Input and lateral weight are the teacher's, by
/// that of the run, and stay.
template <Scalar T>
GLIFR_API void initialize_learner(RecurrentNetwork<T>& learner, const Settings& settings, const TrialSeeds& seeds);

/// Gives a network the teacher's parameters and weights. `seed`: of the run.
template <Scalar T>
GLIFR_API void make_teacher(RecurrentNetwork<T>& network, const Settings& settings, std::uint64_t seed);

/// How far each of the learner's parameters is from the teacher's: (name, Euclidean distance in physical units).
template <Scalar T>
[[nodiscard]] GLIFR_API std::vector<std::pair<std::string, double>> distances_to_teacher(RecurrentNetwork<T>& learner,
                                                                                         const Settings& settings);

}  // namespace glifr
