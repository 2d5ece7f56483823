#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "glifr/core/parameter_layout.hpp"
#include "glifr/export.hpp"
#include "glifr/neurons/range.hpp"

namespace glifr {

/// The numbers that settings accept, in programs and in configurations.
namespace setting_ranges {
inline constexpr Range mean_decay{.lowest = 0, .highest = 1, .excludes_highest = true};  ///< beta1, beta2
inline constexpr Range momentum = mean_decay;                                            ///< of SGD
inline constexpr Range eps = Range::above(0);                                            ///< of Adam
inline constexpr Range weight_decay = Range::from(0);                                    ///< of AdamW
inline constexpr Range gradient_clip = Range::from(0);                                   ///< 0: not clipped
}  // namespace setting_ranges

/// How parameters follow their gradients.
struct OptimizerSettings {
  /// Adam (Kingma & Ba 2015), stochastic gradient descent with momentum, or Adam with decoupled weight decay
  /// (Loshchilov & Hutter 2019).
  enum class Kind { adam, sgd, adamw };
  Kind kind = Kind::adam;  ///< which of them
  double beta1 = 0.9;      ///< Adam: decay of the mean of the gradients
  double beta2 = 0.999;    ///< Adam: decay of the mean of their squares
  double eps = 1e-8;       ///< Adam: added to the root of that mean
  double momentum = 0;     ///< SGD
  /// AdamW: before each Adam step, every trained parameter that decays (`Parameter::decays`) loses this share of itself
  /// times the learning rate.
  double weight_decay = 0.01;
  double gradient_clip = 0;  ///< largest norm of all gradients together; 0: not clipped

  /// What is left of a norm of gradients when they are clipped.
  [[nodiscard]] double clipped(double norm) const { return gradient_clip > 0 ? std::min(norm, gradient_clip) : norm; }
  /// Whether updates are Adam's, with decay or without.
  [[nodiscard]] bool is_adam() const { return kind != Kind::sgd; }
  /// What is not finite behind gradients of a larger norm.
  static constexpr const char* mean_of_squares = "Adam's mean of the squared gradients";
  /// The largest norm of gradients, clipped, for which that is finite in the type T.
  template <Scalar T>
  [[nodiscard]] double largest_norm() const {
    const double largest = std::numeric_limits<T>::max();
    return is_adam() ? std::sqrt(largest / (1 - beta2)) : std::numeric_limits<double>::infinity();
  }
  /// The share of itself times the learning rate that a weight loses in an update.
  [[nodiscard]] double decay() const { return kind == Kind::adamw ? weight_decay : 0; }
};

/// Adam, AdamW or SGD over a list of parameters.
template <Scalar T>
class GLIFR_API Optimizer {
 public:
  /// Zero state for those of the parameters that are trained. The parameters outlive this. ConfigError where one
  /// of the settings is out of its range.
  Optimizer(const ParameterList<T>& parameters, const OptimizerSettings& settings);

  /// Moves every trained parameter by its gradient; `norm` is that of all gradients together, by which they are
  /// clipped. Uses `parallel_for` of the surrounding workers.
  void apply(Gradients<T>& gradients, double norm, double learning_rate);

  /// Updates so far.
  [[nodiscard]] Index steps() const { return steps_; }
  /// Where training is resumed.
  void set_steps(Index steps) { steps_ = steps; }

  /// Places of the trained parameters in the state.
  [[nodiscard]] const ParameterLayout<T>& layout() const { return layout_; }
  /// Adam's first moments, or SGD's velocities; empty for SGD without momentum.
  [[nodiscard]] std::span<T> first() { return first_.values(); }
  /// Adam's second moments; empty for SGD.
  [[nodiscard]] std::span<T> second() { return second_.values(); }
  /// What it was made with.
  [[nodiscard]] const OptimizerSettings& settings() const { return settings_; }

 private:
  OptimizerSettings settings_;
  ParameterLayout<T> layout_;
  std::vector<typename ParameterLayout<T>::Block> blocks_;
  Tensor<T> first_, second_;
  Index steps_ = 0;
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

}  // namespace glifr
