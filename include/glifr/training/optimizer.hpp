#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "glifr/backend/optimize.hpp"
#include "glifr/core/parameter.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// How parameters follow their gradients.
struct OptimizerSettings {
  /// Adam (Kingma & Ba 2015), or stochastic gradient descent with momentum.
  enum class Kind { adam, sgd };
  Kind kind = Kind::adam;    ///< which of the two
  double beta1 = 0.9;        ///< Adam: decay of the mean of the gradients
  double beta2 = 0.999;      ///< Adam: decay of the mean of their squares
  double eps = 1e-8;         ///< Adam: added to the root of that mean
  double momentum = 0;       ///< SGD
  double gradient_clip = 0;  ///< largest norm of all gradients together; 0: not clipped
};

/// Shares that a batch's gradient may come in.
inline constexpr std::size_t max_shares = 64;

/// Adam or SGD over a list of parameters. The sum over the shares of a batch is taken in the same pass over memory as
/// the update, in the order of the shares, so that the bits do not depend on who computed them.
template <Scalar T>
class GLIFR_API Optimizer {
 public:
  /// Zero state for those of the parameters that are trained. The parameters outlive this.
  Optimizer(const ParameterList<T>& parameters, const OptimizerSettings& settings);

  /// Moves every trained parameter by the sum of its gradients in `shares` (at most `max_shares`, the first of which
  /// receives the sums); `parallel_for` of the surrounding workers. Returns the name of the first parameter whose
  /// gradient is not finite, having left all parameters as they were, or nothing.
  std::optional<std::string> step(std::span<Gradients<T>* const> shares, double learning_rate);

  /// Updates so far.
  [[nodiscard]] Index steps() const { return steps_; }
  /// Where training is resumed.
  void set_steps(Index steps) { steps_ = steps; }

  /// The state of a trained parameter: Adam's first and second moment, or SGD's velocity (empty without momentum).
  struct State {
    Parameter<T>* parameter;  ///< to which the state belongs
    Tensor<T> first;          ///< shaped like the parameter
    Tensor<T> second;         ///< shaped like the parameter
  };
  /// The states of all trained parameters, in the order of the list.
  [[nodiscard]] std::vector<State>& states() { return states_; }
  /// The same, to be looked at.
  [[nodiscard]] const std::vector<State>& states() const { return states_; }
  /// What it was made with.
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
