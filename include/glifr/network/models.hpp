#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/network/description.hpp"

namespace glifr {

/// The kinds of neurons that a network can be made of.
enum class CellKind { rnn, lstm, glifr };

/// A network as experiments compare them: which neurons, and what of them is trained.
struct Model {
  std::string name;                 ///< as `--model` takes it
  CellKind cell = CellKind::glifr;  ///< its kind of neurons
  Index num_ascs = 0;               ///< after-spike currents a neuron, J
  bool trains_dynamics = false;     ///< whether thresh, k_m, k_j, r_j, a_j are trained, or only the weights
  /// The model whose trained values, of the same trial, the heterogeneous initialisation draws from; empty: homogeneous
  /// initialisation.
  std::string starts_from{};
  /// Of a model that a configuration describes: its layers; the members above but the name do not count then. Empty:
  /// one of the ten.
  std::vector<LayerDescription> layers{};

  /// Whether its initial values are drawn from a trained network.
  [[nodiscard]] bool is_heterogeneous() const { return !starts_from.empty(); }
};

/// The ten published models, in the order in which they must be trained: those that others start from come first.
inline const std::array<Model, 10> models{{
    {.name = "rnn", .cell = CellKind::rnn},
    {.name = "lstmn", .cell = CellKind::lstm},
    {.name = "glifr_hom"},
    {.name = "glifr_homa", .num_ascs = 2},
    {.name = "glifr_lhet", .trains_dynamics = true},
    {.name = "glifr_lheta", .num_ascs = 2, .trains_dynamics = true},
    {.name = "glifr_fhet", .starts_from = "glifr_lhet"},
    {.name = "glifr_fheta", .num_ascs = 2, .starts_from = "glifr_lheta"},
    {.name = "glifr_rhet", .trains_dynamics = true, .starts_from = "glifr_lhet"},
    {.name = "glifr_rheta", .num_ascs = 2, .trains_dynamics = true, .starts_from = "glifr_lheta"},
}};

/// The published model of that name. Throws ConfigError (key "model") where there is none.
[[nodiscard]] GLIFR_API const Model& find_model(std::string_view name);

/// The models that a request names, each once, in training order: names with commas, of published models and of those
/// that a configuration describes, "all" (every published model that can learn the task) or "paper" (those for which
/// results on the task were published). `task` is the task's own name, `base_task` that of the built-in task of which
/// it is a variation (or the same name). Throws ConfigError (key "model") for an unknown name, an empty request, a
/// model that cannot learn the task, or "paper" where nothing was published.
[[nodiscard]] GLIFR_API std::vector<Model> select_models(std::string_view request, std::string_view task,
                                                         std::string_view base_task,
                                                         const std::vector<Model>& described = {});

}  // namespace glifr
