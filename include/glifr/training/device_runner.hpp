#pragma once

#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "glifr/core/device_parameters.hpp"
#include "glifr/ops/loss.hpp"
#include "glifr/training/device_step.hpp"
#include "glifr/training/trainer.hpp"

namespace glifr {

template <Scalar T>
class DeviceData;

/// Trains and evaluates a network on a device. The data, the parameters and the optimizer's state stay there; a step is
/// one batch, recorded once and then replayed, with nothing sent or waited for. The host hears of scores, and of
/// numbers that are not finite, when it asks.
template <Scalar T>
class GLIFR_API DeviceRunner {
 public:
  /// Copies the data to the device; everything named outlives the runner. DeviceFault where the device has too little
  /// memory for a step on `settings.batch_size` samples.
  DeviceRunner(RecurrentNetwork<T>& network, const Dataset<T>& data, const TrainingSettings& settings, Device& device);
  ~DeviceRunner();

  /// The host's parameters to the device, and back.
  void load_parameters() { parameters_.load(); }
  void store_parameters() { parameters_.store(); }
  /// The optimizer's state to the device, and back.
  void load(const Optimizer<T>& optimizer);
  void store(Optimizer<T>& optimizer);

  /// Says in which order the coming steps take the samples (at most as many as there are, or as a batch has), and where
  /// they stand: `done` is the score of those before.
  void begin(std::span<const Index> order, const Score& done, double learning_rate, const Random& dropout);
  /// One step on the next `count` samples.
  void step(Index count);
  /// The score since `begin`, with what was done before; waits. NumericError where a number was not finite, naming
  /// `epoch` and the step (the first of the order is `first_step`): parameters are then as before that step.
  Score score(Index epoch, Index first_step = 1);

  /// The score of all samples, without gradients.
  Score evaluate();

 private:
  /// A step on so many samples: run as it is the first time, recorded the second.
  struct Plan {
    Index runs = 0;
    std::unique_ptr<Device::Recording> recording;
  };
  struct Forward {
    Var<T> output;
    Loss<T> loss;
    const double* correct;  // null where there are no labels
    double loss_share;
  };

  Forward forward(Tape<T>& tape, Index count, double dropout) const;
  Forward gradient(Tape<T>& tape, Index count) const;
  void update(Tape<T>& tape, Index count) const;
  void finish(Tape<T>& tape, const Forward& forward, Index count, const double* squares) const;
  [[nodiscard]] std::size_t memory_of_step(Index count) const;
  void reserve_memory();
  void set_state(const device::StepState& state);
  [[nodiscard]] std::string name_culprit(Index count);

  RecurrentNetwork<T>& network_;
  const Dataset<T>& source_;
  TrainingSettings settings_;
  Device& device_;
  std::unique_ptr<DeviceData<T>> data_;
  DeviceParameters<T> parameters_;
  Arena memory_;
  T *first_ = nullptr, *second_ = nullptr;  // of the optimizer
  Index order_size_, ordered_ = 0;          // room for samples in `order_`, and how many are in it
  Index* order_ = nullptr;
  device::StepState* state_ = nullptr;
  T* silencing_ = nullptr;  // factors on the neurons' outputs, where any is silenced
  Index updates_ = 0;
  Tape<T> tape_;
  std::map<Index, Plan> plans_;  // by samples
  std::vector<std::pair<std::string, double>> recorded_constants_;
  std::vector<T> loaded_silencing_;
};

extern template class DeviceRunner<float>;
extern template class DeviceRunner<double>;

}  // namespace glifr
