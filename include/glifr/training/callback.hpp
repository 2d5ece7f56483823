#pragma once

#include <limits>
#include <optional>

#include "glifr/export.hpp"
#include "glifr/training/score.hpp"

namespace glifr {

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
  double learning_rate;            ///< of all its steps
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

  /// Of how many epochs, from `epoch` on (counted from 0), this may hear together, so that a device takes short epochs
  /// much faster. `begin_epoch` of all comes before the first, and again for one that diverges; behind the last come
  /// `after_epoch` of one after another and, before that of the last, `after_step` once. Parameters are those of the
  /// last epoch: only after that one may a callback look at the network, change anything, the learning rate included,
  /// or end the training. Each of the epochs is reported with the same share of their time. By default a callback hears
  /// of each epoch by itself.
  [[nodiscard]] virtual Index epochs_at_once(Index /*epoch*/) const { return 1; }

 protected:
  /// What `epochs_at_once` gives where nothing is looked at.
  static constexpr Index any_number = std::numeric_limits<Index>::max();
};

}  // namespace glifr
