#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "glifr/core/distribution.hpp"
#include "glifr/core/tensor.hpp"
#include "glifr/error.hpp"
#include "glifr/neurons/field.hpp"
#include "glifr/neurons/range.hpp"

namespace glifr {

/// Initial values of some neurons' share of a parameter, in physical units.
struct InitialColumns {
  Index first = 0;            ///< column
  Index count = 0;            ///< columns
  Index columns = 0;          ///< of all; the parameter holds whole rows of so many
  Distribution distribution;  ///< where their values come from
};

/// A named tensor that training moves. Parameters belong to the cell or readout that uses them; everything else
/// (optimiser, checkpoint, metrics, analysis) finds them through `parameters()`, one list of pointers that stays valid
/// as long as the owner.
template <Scalar T>
struct Parameter {
  std::string name;                   ///< as in checkpoints: "neuron_layer.thresh"
  Tensor<T> value;                    ///< what training moves
  bool is_stored_transposed = false;  ///< in checkpoints, [columns, rows]
  /// False: frozen, takes part without receiving a gradient. Whoever keeps gradients of it (trainer, optimizer,
  /// `Gradients`) is made anew after a change.
  bool is_trained = true;
  Index frozen_values = 0;  ///< so many values of a trained one belong to neurons whose are not trained: they stay
  /// What a neuron's parameter means, by which its raw values become physical ones; nothing: a weight or a bias.
  std::optional<Field> field{};
  /// Whether it is no quantity but how a layer is wired (which neurons are connected, and with which sign): never
  /// trained, and drawn or given before the other parameters are initialised.
  bool is_structure = false;
  /// Initial values other than those of the field, a part of the columns each; empty: the field's.
  std::vector<InitialColumns> initial{};
  /// Between which physical values each column begins. With Transform::fraction it stays there: the physical value is
  /// lowest + (highest - lowest) fraction. Empty: whatever the transform gives.
  std::vector<Range> ranges{};

  /// Whether a weight decay takes a share of it: of weights and of the readout's bias. The raw zero of a neuron's
  /// parameter or of a delay is no small value but some physical one.
  [[nodiscard]] bool decays() const { return !field; }

  /// A parameter of zeros.
  Parameter(std::string full_name, const Shape& shape, bool stored_transposed = false)
      : name(std::move(full_name)), value(shape), is_stored_transposed(stored_transposed) {}
};

/// The physical values of a parameter that has a field; `dt` in ms.
template <Scalar T>
std::vector<T> physical_values(const Parameter<T>& parameter, double dt) {
  std::vector<T> values;
  const auto columns = static_cast<std::size_t>(parameter.value.shape().columns());
  for (const T raw : parameter.value.values()) {
    T value = to_physical(parameter.field->transform, raw, static_cast<T>(dt));
    if (!parameter.ranges.empty() && parameter.field->transform == Transform::fraction) {
      const Range& range = parameter.ranges[values.size() % columns];
      value = static_cast<T>(range.lowest) + static_cast<T>(range.highest - range.lowest) * value;
    }
    values.push_back(value);
  }
  return values;
}

template <Scalar T>
using ParameterList = std::vector<Parameter<T>*>;  ///< Parameters of a network, owned by it.

/// The parameter called `name`; ConfigError where there is none.
template <Scalar T>
Parameter<T>& find_parameter(const ParameterList<T>& parameters, const std::string& name) {
  std::string known;
  for (Parameter<T>* parameter : parameters) {
    if (parameter->name == name) return *parameter;
    known += (known.empty() ? "" : ", ") + parameter->name;
  }
  throw ConfigError(name, "no such parameter; there are " + known);
}

}  // namespace glifr
