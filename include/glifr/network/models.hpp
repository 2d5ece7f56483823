#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/network/description.hpp"

namespace glifr {

/// A network as experiments compare them: which neurons, and what of them is trained.
struct Model {
  std::string name;              ///< as `--model` takes it
  std::string neuron = "glifr";  ///< its kind of neurons
  Index num_ascs = 0;            ///< after-spike currents a neuron, J
  bool trains_dynamics = false;  ///< whether the neurons' own parameters are trained, or only the weights
  /// The model whose trained values, of the same trial, the heterogeneous initialisation draws from; empty: homogeneous
  /// initialisation.
  std::string starts_from{};
  /// Of a model that a configuration describes: its layers; the members above but the name do not count then. Empty:
  /// one that is known.
  std::vector<LayerDescription> layers{};

  /// Whether its initial values are drawn from a trained network.
  [[nodiscard]] bool is_heterogeneous() const { return !starts_from.empty(); }
};

/// The models that are known by their names, in the order in which they must be trained: those that others start from
/// come first. They are the ten of the paper (src/paper/models.json).
[[nodiscard]] GLIFR_API const std::vector<Model>& known_models();

/// The known model of that name. Throws ConfigError (key "model") where there is none.
[[nodiscard]] GLIFR_API const Model& find_model(std::string_view name);

/// The place of a model among the known models; how many there are, where none has that name.
[[nodiscard]] GLIFR_API std::size_t place_of_model(std::string_view name);

namespace detail {

/// Those of src/paper.
[[nodiscard]] std::vector<Model> make_built_in_models();

}  // namespace detail

}  // namespace glifr
