#pragma once

#include <string>

#include "glifr/core/parameter.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/ops/linear.hpp"

namespace glifr {

/// Linear readout of a layer: y(t) = S(t) W_out + b_out. Parameters: weight, in memory [hidden, output], in files
/// [output, hidden]; bias [output].
template <Scalar T>
class Readout {
 public:
  /// Weights and biases of zero, named after the prefix.
  Readout(Index hidden_size, Index output_size, const std::string& prefix = "output_linear.")
      : weight_(prefix + "weight", Shape{hidden_size, output_size}, true), bias_(prefix + "bias", Shape{output_size}) {}

  /// Outputs.
  [[nodiscard]] Index output_size() const { return bias_.value.size(); }
  /// Weight and bias.
  [[nodiscard]] ParameterList<T> parameters() { return {&weight_, &bias_}; }

  /// [..., hidden] to [..., output].
  [[nodiscard]] Var<T> operator()(Tape<T>& tape, const Var<T>& x) const {
    return linear(x, tape.use(weight_), tape.use(bias_));
  }

 private:
  Parameter<T> weight_, bias_;
};

}  // namespace glifr
