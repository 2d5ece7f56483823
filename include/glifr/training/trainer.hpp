#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "glifr/backend/parallel.hpp"
#include "glifr/datasets/dataset.hpp"
#include "glifr/export.hpp"
#include "glifr/network/network.hpp"
#include "glifr/training/callback.hpp"
#include "glifr/training/engine.hpp"
#include "glifr/training/evaluate.hpp"
#include "glifr/training/micro_batch.hpp"
#include "glifr/training/optimizer.hpp"
#include "glifr/training/settings.hpp"

namespace glifr {

/// Trains a network on a data set by stochastic gradient descent, on whatever engine.
template <Scalar T>
class GLIFR_API Trainer {
 public:
  /// Makes the engine that takes the trainer's steps.
  using MakeEngine = std::function<std::unique_ptr<TrainingEngine<T>>(const EngineParts<T>&)>;

  /// Steps are taken by `workers`. `loss`: empty for cross entropy with labels and mean squared error with values.
  /// Network and data outlive the trainer. ConfigError where they do not go together, or a number of the settings is
  /// out of its range; ShapeError where there is no sample.
  Trainer(RecurrentNetwork<T>& network, const Dataset<T>& data, const TrainingSettings& settings, Workers& workers,
          LossFunction<T> loss = {});
  /// Steps are taken by the engine that `make_engine` makes.
  Trainer(RecurrentNetwork<T>& network, const Dataset<T>& data, const TrainingSettings& settings,
          const MakeEngine& make_engine, LossFunction<T> loss = {});
  ~Trainer();

  /// One step on a batch at a learning rate, for training loops that users write. In dropout and in messages each call
  /// counts as an epoch: the first one as that of `position()`. Where a device computes, the network's parameters
  /// follow when `network()` is asked for. NumericError where output, loss or a gradient is not finite; parameters are
  /// then as they were. std::logic_error where there is no sample, or one that the data set does not have;
  /// ConfigError where the learning rate is negative or not finite.
  Score step(std::span<const Index> samples, double learning_rate);

  /// Trains from `position()` to the last epoch, or until a callback says stop. True where training is complete. Each
  /// epoch shuffles anew, keyed by seed and epoch; the last batch of an epoch may be smaller. NumericError where
  /// output, loss or a gradient is not finite; parameters and `position()` are then those before that step.
  bool fit(std::span<Callback<T>* const> callbacks = {});

  /// Multiplies the learning rate of the epochs that `fit` begins from now on, as a plateau schedule asks for: a
  /// callback sets it after an epoch (see `Callback::epochs_at_once`), and whoever resumes a training before `fit`. 1
  /// at first.
  void set_learning_rate_factor(double factor) { learning_rate_factor_ = factor; }

  /// Where training stands.
  [[nodiscard]] const Position& position() const { return position_; }
  /// Whether the network is as it was there: not where a callback hears of several epochs together, but for the last.
  [[nodiscard]] bool is_at(const Position& position) const {
    return position.epoch == position_.epoch && position.step == position_.step;
  }
  /// Where training is resumed.
  void set_position(const Position& position) {
    position_ = position;
    single_steps_ = 0;
    has_begun_ = false;
  }
  /// The optimiser with its state, which a device sends back first; the next step begins with what it is changed to.
  [[nodiscard]] Optimizer<T>& optimizer();
  /// What is trained, with its parameters, as `optimizer`.
  [[nodiscard]] RecurrentNetwork<T>& network();
  /// What it was made with.
  [[nodiscard]] const TrainingSettings& settings() const { return settings_; }
  /// Batches of an epoch, the last of which may be smaller.
  [[nodiscard]] Index steps_per_epoch() const;

 private:
  using Callbacks = std::span<Callback<T>* const>;
  /// What becomes of the training after some epochs.
  enum class Outcome { goes_on, is_complete, is_stopped };

  Outcome fit_epoch(Callbacks callbacks);
  Outcome fit_epochs(Index count, Callbacks callbacks);
  [[nodiscard]] Index epochs_at_once(Callbacks callbacks) const;
  /// An epoch in an order of its own, which lies `place` epochs behind the first that `order_` holds.
  Epoch begin_epoch(Index number, Index place, Callbacks callbacks);

  RecurrentNetwork<T>& network_;
  const Dataset<T>& data_;
  TrainingSettings settings_;
  Optimizer<T> optimizer_;
  std::unique_ptr<TrainingEngine<T>> engine_;
  std::vector<Index> order_;  // of the samples in each of the epochs that are taken together
  Position position_;
  Index single_steps_ = 0;  // calls of `step` since then
  double learning_rate_factor_ = 1;
  bool has_begun_ = false;  // the engine knows of this epoch
};

extern template class Trainer<float>;
extern template class Trainer<double>;

}  // namespace glifr
