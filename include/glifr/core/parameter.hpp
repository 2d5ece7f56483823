#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "glifr/core/tensor.hpp"
#include "glifr/error.hpp"
#include "glifr/neurons/field.hpp"

namespace glifr {

/// A named tensor that training moves. Parameters belong to the cell or readout that uses them; everything else
/// (optimiser, checkpoint, metrics, analysis) finds them through `parameters()`, one list of pointers that stays valid
/// as long as the owner.
template <Scalar T>
struct Parameter {
  std::string name;                   ///< as in checkpoints: "neuron_layer.thresh"
  Tensor<T> value;                    ///< what training moves
  bool is_stored_transposed = false;  ///< in checkpoints, [columns, rows]
  bool is_trained = true;             ///< false: frozen, takes part without receiving a gradient
  /// What a neuron's parameter means, by which its raw values become physical ones; nothing: a weight or a bias.
  std::optional<Field> field{};

  /// A parameter of zeros.
  Parameter(std::string full_name, const Shape& shape, bool stored_transposed = false)
      : name(std::move(full_name)), value(shape), is_stored_transposed(stored_transposed) {}
};

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
