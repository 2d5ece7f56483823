#pragma once

#include <memory>
#include <span>
#include <vector>

#include "glifr/backend/parallel.hpp"
#include "glifr/datasets/dataset.hpp"
#include "glifr/export.hpp"
#include "glifr/network/network.hpp"
#include "glifr/training/batch.hpp"
#include "glifr/training/callback.hpp"
#include "glifr/training/optimizer.hpp"
#include "glifr/training/settings.hpp"

namespace glifr {

class DeviceLinks;
class Group;

/// What the steps of an epoch have in common.
struct Epoch {
  Index number = 0;                ///< counted from 0; dropout's random numbers are keyed by it
  std::span<const Index> order{};  ///< the samples as the steps take them, one batch after another
  Index batch_size = 1;            ///< samples a step; the last one takes what is left
  double learning_rate = 0;        ///< of all its steps
  Index steps_before = 0;          ///< steps of the epoch before the first of `order`, for messages
};

/// What computes the steps of a training: the threads of this process, those of a group of processes, or a device.
/// While steps are taken, parameters and the optimiser's state may be elsewhere; `bring_back` functions fetch them.
template <Scalar T>
class GLIFR_API TrainingEngine {
 public:
  virtual ~TrainingEngine() = default;

  /// The coming steps are those of `epoch`, from `position.step` on; parameters and the optimiser's state are taken up
  /// as they are on the host. `epoch.order` stays as it is until the next call.
  virtual void begin(const Epoch& epoch, const Position& position) = 0;
  /// Takes one step or more and moves `position` on, its running score included. NumericError where output, loss or a
  /// gradient is not finite; parameters and `position` are then those before that step. DeviceFailure where a device
  /// fails.
  virtual void advance(Position& position) = 0;
  /// How many whole epochs are best taken by one call from here on.
  [[nodiscard]] virtual Index epochs_at_once() const { return 1; }
  /// Takes whole epochs, all of the same samples, from `position`, the beginning of the first one. The scores of those
  /// that are over; `position` moves on behind the last, or before a step with numbers that are not finite, which
  /// `advance` reports. `begin` comes before the next step. By default no epoch is taken.
  virtual std::vector<Score> take_epochs(std::span<const Epoch> /*epochs*/, Position& /*position*/) { return {}; }
  /// The score of all samples with the parameters as they are on the host, without dropout.
  virtual Score evaluate() = 0;

  /// Makes the network's parameters on the host those of the last step. `begin` comes before the next step.
  virtual void bring_back_parameters() {}
  /// The same for the state of the optimiser.
  virtual void bring_back_optimizer() {}
};

/// What engines are made for. Everything named outlives the engine.
template <Scalar T>
struct EngineParts {
  RecurrentNetwork<T>& network;      ///< what is trained
  const Dataset<T>& data;            ///< what it is trained on
  const TrainingSettings& settings;  ///< how
  Optimizer<T>& optimizer;           ///< of the network's parameters
  LossFunction<T> loss{};            ///< empty: cross entropy for labels, mean squared error for values
};

/// Steps on the threads of `workers`. A batch is cut into micro-batches that fit a processor's cache; each worker takes
/// one after another with its own tape and arena. Micro-batches depend on network and batch alone, so results
/// do not depend on the number of threads. ConfigError where network and data do not go together.
template <Scalar T>
[[nodiscard]] GLIFR_API std::unique_ptr<TrainingEngine<T>> make_worker_engine(const EngineParts<T>& parts,
                                                                              Workers& workers);

/// Steps on the workers of all processes of a group, each of which calls this, and then every function of the engine,
/// in the same order and with the same network, data and settings. Each process computes some shares of a batch; the
/// sum of all shares, and so every bit of the training, is that of `make_worker_engine`, for any number of processes
/// and threads. A number that is not finite is found by all processes at once.
template <Scalar T>
[[nodiscard]] GLIFR_API std::unique_ptr<TrainingEngine<T>> make_group_engine(const EngineParts<T>& parts,
                                                                             Workers& workers, Group& group);

/// Steps on a device. Data, parameters and the optimiser's state stay there; a step is one batch, recorded once and
/// then replayed, with nothing sent or waited for. The host hears of scores, and of numbers that are not finite, some
/// tenth of a second apart. DeviceFailure where the device has too little memory for a step on `settings.batch_size`
/// samples. `links`: to the devices of the other processes of a group, which outlive the engine; null: this device
/// works alone. As with `make_group_engine`, all processes call the same functions; each device computes some of the
/// `device_shares` of a batch, and the bits are the same on any number of devices for as many shares.
template <Scalar T>
[[nodiscard]] GLIFR_API std::unique_ptr<TrainingEngine<T>> make_device_engine(const EngineParts<T>& parts,
                                                                              Device& device,
                                                                              DeviceLinks* links = nullptr);

}  // namespace glifr
