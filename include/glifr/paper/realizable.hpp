#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "glifr/datasets/dataset.hpp"
#include "glifr/experiment/settings.hpp"
#include "glifr/export.hpp"
#include "glifr/network/network.hpp"

/// The realizable task: one neuron with two after-spike currents learns to respond as another of its kind does, its
/// teacher. That a solution exists is certain, so the distances between the parameters tell what gradient descent can
/// recover.
namespace glifr {

/// The teacher's responses to a constant input as targets: `[time_steps, 1, 1]`.
template <Scalar T>
[[nodiscard]] GLIFR_API std::unique_ptr<Dataset<T>> make_realizable_data(const Settings& settings, std::uint64_t seed);

/// Gives the learner its initial parameters. Input and lateral weight are the teacher's and stay.
template <Scalar T>
GLIFR_API void initialize_learner(RecurrentNetwork<T>& learner, const Settings& settings, std::uint64_t seed);

/// How far each of the learner's parameters is from the teacher's: (name, Euclidean distance in physical units).
template <Scalar T>
[[nodiscard]] GLIFR_API std::vector<std::pair<std::string, double>> distances_to_teacher(RecurrentNetwork<T>& learner,
                                                                                         const Settings& settings);

}  // namespace glifr
