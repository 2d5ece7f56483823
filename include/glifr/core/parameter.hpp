#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "glifr/core/tensor.hpp"
#include "glifr/error.hpp"

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

/// Gradients of a list of parameters, in one buffer: of one worker's share of a batch, or of a batch. Frozen parameters
/// have none.
template <Scalar T>
class Gradients {
 public:
  /// Zero gradients for those of the parameters that are trained. The parameters outlive this.
  explicit Gradients(const ParameterList<T>& parameters) {
    Index offset = 0;
    for (Parameter<T>* parameter : parameters) {
      entries_.push_back({parameter, offset});
      if (parameter->is_trained) offset += parameter->value.padded_size();
    }
    buffer_ = Tensor<T>({offset});
  }

  /// The gradient of a parameter, shaped like it; empty where it is frozen. std::logic_error where it is not in the
  /// list.
  [[nodiscard]] View<T> of(const Parameter<T>& parameter) {
    for (const Entry& entry : entries_) {
      if (entry.parameter != &parameter) continue;
      if (!parameter.is_trained) return {};
      const Shape& shape = parameter.value.shape();
      return {buffer_.data() + entry.offset, shape.rows(), shape.columns()};
    }
    throw std::logic_error("parameter " + parameter.name + " is not in this list of gradients");
  }

  /// All gradients, one after another in the order of the parameters, with gaps of zeros between them.
  [[nodiscard]] std::span<T> values() { return buffer_.values(); }

 private:
  struct Entry {
    const Parameter<T>* parameter;
    Index offset;
  };
  std::vector<Entry> entries_;
  Tensor<T> buffer_;
};

}  // namespace glifr
