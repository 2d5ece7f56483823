#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "glifr/backend/parallel.hpp"
#include "glifr/datasets/dataset.hpp"
#include "glifr/export.hpp"
#include "glifr/network/network.hpp"
#include "glifr/training/optimizer.hpp"
#include "glifr/training/schedule.hpp"

namespace glifr {

/// What was measured over some samples.
struct Score {
  double loss_sum = 0;  ///< of the samples' mean losses
  Index correct = 0;    ///< samples whose most likely class is their label
  Index samples = 0;    ///< how many were measured

  /// Mean loss of a sample; NaN without samples.
  [[nodiscard]] double loss() const { return loss_sum / static_cast<double>(samples); }
  /// Share of samples whose most likely class is their label; NaN without samples.
  [[nodiscard]] double accuracy() const { return static_cast<double>(correct) / static_cast<double>(samples); }
  /// Adds what was measured over other samples.
  Score& operator+=(const Score& other) {
    loss_sum += other.loss_sum;
    correct += other.correct;
    samples += other.samples;
    return *this;
  }
};

/// Runs a network over samples of a data set: in micro-batches that fit a processor's cache, one after another on each
/// of the workers, each worker with a tape and an arena of its own. Micro-batches depend on the network and the batch
/// alone, so that results do not depend on the number of threads.
template <Scalar T>
class GLIFR_API BatchRunner {
 public:
  /// `micro_batch` samples at a time; 0: chosen by `choose_micro_batch`. ConfigError where network and data do not go
  /// together.
  BatchRunner(const RecurrentNetwork<T>& network, const Dataset<T>& data, Index threads, Index micro_batch = 0);

  /// The score of some samples, without gradients.
  Score evaluate(std::span<const Index> samples, Engine engine = Engine::fused);
  /// The score of all samples.
  Score evaluate(Engine engine = Engine::fused);

  /// What a batch gives.
  struct Gradient {
    Score score{};                            ///< before the step
    std::span<Gradients<T>* const> shares{};  ///< to be summed in this order; valid until the next call
    const char* not_finite = nullptr;         ///< what was found not to be finite, if anything
  };
  /// Score and gradient of the mean loss over a batch. Dropout is drawn from `random`, with probability `dropout`.
  Gradient gradient(const ParameterList<T>& parameters, std::span<const Index> samples, Engine engine, double dropout,
                    const Random& random);

  /// What it runs on.
  [[nodiscard]] const Dataset<T>& data() const { return data_; }

 private:
  struct Worker {
    Tape<T> tape;
    std::vector<ActiveInputs> active;
    std::vector<std::int32_t> labels;
  };
  struct Outcome {
    double loss_sum = 0;
    Index correct = 0;
    bool output_is_finite = true;
  };

  Outcome run(Worker& worker, std::span<const Index> samples, Index batch, Engine engine, const OutputMask<T>& mask);
  [[nodiscard]] Index micro_batch(Index batch) const;
  [[nodiscard]] Worker& worker() { return *workers_[static_cast<std::size_t>(Workers::current())]; }

  const RecurrentNetwork<T>& network_;
  const Dataset<T>& data_;
  Index micro_batch_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Gradients<T>>> shares_;
  std::vector<Gradients<T>*> share_list_;
  std::vector<Outcome> outcomes_;
};

/// The score of a network on all samples of a data set.
template <Scalar T>
[[nodiscard]] Score evaluate(const RecurrentNetwork<T>& network, const Dataset<T>& data, Workers& workers) {
  BatchRunner<T> runner(network, data, workers.threads());
  return workers.run([&] { return runner.evaluate(); });
}

/// Samples that a worker takes through the network at a time: enough rows in each window's product to be efficient, few
/// enough for what they need to stay in its cache, and at least two micro-batches where there are two samples.
[[nodiscard]] GLIFR_API Index choose_micro_batch(Index batch, Index time_steps, Index delay, bool carries_state,
                                                 bool last_step_only);

/// How a network is trained; independent of what it is trained on.
struct TrainingSettings {
  OptimizerSettings optimizer{};  ///< how parameters follow gradients
  LearningRate learning_rate{};   ///< over the epochs
  Index batch_size = 1;           ///< samples a step
  Index micro_batch = 0;          ///< 0: chosen
  Index max_epochs = 1;           ///< passes over the data
  double dropout = 0;             ///< probability, of the neurons' outputs
  Engine engine = Engine::fused;  ///< fused, unless for comparison
  std::uint64_t seed = 0;         ///< of shuffling and dropout
};

/// Where training stands: enough, with parameters and the optimiser's state, to go on to the same bits.
struct Position {
  Index epoch = 0;  ///< epochs completed
  Index step = 0;   ///< steps completed in the current one
  Score running{};  ///< over the current epoch so far
};

/// A finished epoch.
struct EpochReport {
  Index epoch;                     ///< counted from 1
  double loss;                     ///< mean over samples of the losses seen during the epoch
  std::optional<double> accuracy;  ///< of a task with classes
  double seconds;                  ///< wall time spent on it by this process
};

/// Something that looks on while a network is trained: metrics, parameter trajectories, checkpoints, annealing, early
/// stopping, progress.
template <Scalar T>
class GLIFR_API Callback {
 public:
  virtual ~Callback() = default;

  /// Before the first step of an epoch (counted from 0), also where training resumes inside it.
  virtual void begin_epoch(Index /*epoch*/) {}
  /// After each step; on a device, after each time that its scores were asked for, some tenth of a second apart.
  /// False: stop here.
  virtual bool after_step(const Position& /*position*/) { return true; }
  /// After each epoch. False: training is complete.
  virtual bool after_epoch(const EpochReport& /*report*/, const Position& /*position*/) { return true; }
};

template <Scalar T>
class DeviceRunner;

/// Trains a network on a data set by stochastic gradient descent: on the workers or, where there is one, on a device.
/// There, parameters and the optimizer's state live on the device while an epoch lasts; `network()` and `optimizer()`
/// bring them back, as the end of an epoch does the parameters, and what was changed here is taken up before the next
/// steps.
template <Scalar T>
class GLIFR_API Trainer {
 public:
  /// Network, data and device outlive the trainer; `Workers` of `threads` threads run it. ConfigError where network and
  /// data do not go together, DeviceFault where the device has too little memory.
  Trainer(RecurrentNetwork<T>& network, const Dataset<T>& data, const TrainingSettings& settings, Workers& workers,
          Device* device = nullptr);
  ~Trainer();

  /// One step on a batch at a learning rate. NumericError where output, loss or a gradient is not finite; parameters
  /// are then as they were.
  Score step(std::span<const Index> samples, double learning_rate);

  /// Trains from `position()` to the last epoch, or until a callback says stop. True where training is complete. Each
  /// epoch shuffles anew, keyed by seed and epoch; the last batch of an epoch may be smaller.
  bool fit(std::span<Callback<T>* const> callbacks = {});

  /// Where training stands.
  [[nodiscard]] const Position& position() const { return position_; }
  /// Where training is resumed.
  void set_position(const Position& position) {
    position_ = position;
    has_begun_ = false;
  }
  /// The optimiser with its state.
  [[nodiscard]] Optimizer<T>& optimizer() {
    bring_back_optimizer();
    return optimizer_;
  }
  /// What is trained.
  [[nodiscard]] RecurrentNetwork<T>& network() {
    bring_back_parameters();
    return network_;
  }
  /// What it was made with.
  [[nodiscard]] const TrainingSettings& settings() const { return settings_; }
  /// Batches of an epoch, the last of which may be smaller.
  [[nodiscard]] Index steps_per_epoch() const;

 private:
  void shuffle(Index epoch);
  [[nodiscard]] Random dropout_numbers() const;
  [[nodiscard]] Index batch_at(Index step) const;
  void advance(double learning_rate);
  void advance_on_device(double learning_rate);
  void start_device(std::span<const Index> order, const Score& done, double learning_rate);
  void bring_back_parameters();
  void bring_back_optimizer();

  RecurrentNetwork<T>& network_;
  TrainingSettings settings_;
  Workers& workers_;
  ParameterList<T> parameters_;
  BatchRunner<T> runner_;
  Optimizer<T> optimizer_;
  std::vector<Index> order_;
  Position position_;

  std::unique_ptr<DeviceRunner<T>> on_device_;  // null: the workers train
  bool has_begun_ = false;                      // the device was told of this epoch
  bool parameters_are_here_ = true;             // rather than on the device
  bool optimizer_is_here_ = true;               // likewise, its state
  Index stretch_ = 1;                           // steps on the device between looks at the scores
};

extern template class BatchRunner<float>;
extern template class BatchRunner<double>;
extern template class Trainer<float>;
extern template class Trainer<double>;

}  // namespace glifr
