#pragma once

#include <memory>

#include "glifr/experiment/settings.hpp"
#include "glifr/export.hpp"
#include "glifr/network/description.hpp"
#include "glifr/network/models.hpp"
#include "glifr/network/network.hpp"
#include "glifr/training/settings.hpp"

namespace glifr {

/// The model that settings are of, known or described.
[[nodiscard]] GLIFR_API Model model_of(const Settings& settings);

/// The network that settings ask for, as data.
[[nodiscard]] GLIFR_API NetworkDescription describe_network(const Settings& settings);

/// The network that settings describe: of the model's neurons, with its parameters still zero; those that the model
/// does not train are frozen. ConfigError (key "hidden_size") where this machine has not the memory for its parameters.
template <Scalar T>
[[nodiscard]] GLIFR_API std::unique_ptr<RecurrentNetwork<T>> make_network(const Settings& settings);

/// The numbers that training moves.
template <Scalar T>
[[nodiscard]] Index count_trained(const ParameterList<T>& parameters) {
  Index count = 0;
  for (const Parameter<T>* parameter : parameters)
    count += parameter->is_trained ? parameter->value.size() - parameter->frozen_values : 0;
  return count;
}

/// How settings say that the network is trained.
[[nodiscard]] GLIFR_API TrainingSettings training_settings(const Settings& settings, std::uint64_t seed, Engine engine);

}  // namespace glifr
