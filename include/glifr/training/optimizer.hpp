#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "glifr/backend/optimize.hpp"
#include "glifr/core/parameter.hpp"

namespace glifr {

/// How parameters follow their gradients.
struct OptimizerSettings {
  enum class Kind { adam, sgd };
  Kind kind = Kind::adam;
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;  ///< Adam (Kingma & Ba 2015)
  double momentum = 0;                            ///< SGD
  double gradient_clip = 0;                       ///< largest norm of all gradients together; 0: not clipped
};

/// Shares that a batch's gradient may come in.
inline constexpr std::size_t max_shares = 64;

/// Adam or SGD over a list of parameters. The sum over the shares of a batch is taken in the same pass over memory as
/// the update, in the order of the shares, so that the bits do not depend on who computed them.
template <Scalar T>
class Optimizer {
 public:
  Optimizer(const ParameterList<T>& parameters, const OptimizerSettings& settings);

  /// Moves every trained parameter by the sum of its gradients in `shares` (at most `max_shares`, the first of which
  /// receives the sums); `parallel_for` of the surrounding workers. Returns the name of the first parameter whose
  /// gradient is not finite, having left all parameters as they were, or nothing.
  std::optional<std::string> step(std::span<Gradients<T>* const> shares, double learning_rate);

  /// Updates so far.
  [[nodiscard]] Index steps() const { return steps_; }
  void set_steps(Index steps) { steps_ = steps; }

  /// The state of a trained parameter: Adam's first and second moment, or SGD's velocity (empty without momentum).
  struct State {
    Parameter<T>* parameter;
    Tensor<T> first, second;
  };
  [[nodiscard]] std::vector<State>& states() { return states_; }
  [[nodiscard]] const OptimizerSettings& settings() const { return settings_; }

 private:
  struct Block {
    std::size_t state;   // whose parameter
    Index first, count;  // elements of it
    Index offset;        // of the parameter's gradient in a share
  };

  OptimizerSettings settings_;
  std::vector<State> states_;
  std::vector<Block> blocks_;
  std::vector<double> block_norms_;
  Index steps_ = 0;
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

}  // namespace glifr
