#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "glifr/backend/view.hpp"
#include "glifr/neurons/range.hpp"

namespace glifr {

namespace setting_ranges {
inline constexpr Range learning_rate = Range::from(0);
inline constexpr Range step_factor = Range::above(0);  ///< of a learning rate
}  // namespace setting_ranges

/// The learning rate over epochs: a linear warm-up, then a schedule, whose first epoch is the one after the warm-up.
struct LearningRate {
  /// Always the same, lower every so many epochs, along half a cosine, or lower where a watched value no longer falls
  /// (`PlateauSchedule`).
  enum class Schedule { constant, step, cosine, plateau };
  Schedule schedule = Schedule::constant;  ///< which of them
  double initial = 1e-3;                   ///< the rate of the schedule's first epoch
  Index step_epochs = 10;                  ///< step: the rate is multiplied by `step_factor` every so many epochs
  double step_factor = 0.1;                ///< step and plateau: see `step_epochs` and `plateau_patience`
  Index warmup_epochs = 0;                 ///< epoch e (from 0) of these W has (e + 1) / W of `initial`
  Index plateau_patience = 10;             ///< plateau: epochs without a lower value before the rate falls

  /// In an epoch, counted from 0, of a training of so many: a cosine falls from `initial` in the schedule's first epoch
  /// to 0 behind the last one. That of a plateau schedule is still to be multiplied by `PlateauSchedule::factor`.
  [[nodiscard]] double in_epoch(Index epoch, Index epochs) const {
    if (epoch < warmup_epochs) return initial * static_cast<double>(epoch + 1) / static_cast<double>(warmup_epochs);
    const Index past = epoch - warmup_epochs;
    switch (schedule) {
      case Schedule::step:
        return initial * std::pow(step_factor, static_cast<double>(past / std::max<Index>(1, step_epochs)));
      case Schedule::cosine: {
        const Index span = std::max<Index>(1, epochs - warmup_epochs);
        return initial * 0.5 *
               (1 + std::cos(std::numbers::pi * static_cast<double>(std::min(past, span)) / static_cast<double>(span)));
      }
      case Schedule::constant:
      case Schedule::plateau:
        break;
    }
    return initial;
  }
};

/// What a plateau schedule multiplies the learning rate by: `step_factor` once more after every `plateau_patience`
/// epochs in a row without a value below the lowest so far. Epochs of the warm-up do not count, nor do their values. A
/// pure function of the values seen, so that a resumed training restores it by showing it those of the epochs before.
class PlateauSchedule {
 public:
  /// Nothing seen: factor 1. Of another schedule than plateau, the factor stays 1.
  explicit PlateauSchedule(const LearningRate& rate) : rate_(rate) {}

  /// Takes the watched value of an epoch, one that is to fall (a loss; an accuracy with its sign turned), `epochs`
  /// after the last one that was watched. NaN is not lower than anything.
  void see(double watched, Index epochs = 1) {
    epoch_ += epochs;
    if (epoch_ <= rate_.warmup_epochs) return;
    epochs_without_ = watched < lowest_ ? 0 : epochs_without_ + std::min(epochs, epoch_ - rate_.warmup_epochs);
    if (watched < lowest_) lowest_ = watched;
    if (rate_.schedule != LearningRate::Schedule::plateau || epochs_without_ < rate_.plateau_patience) return;
    factor_ *= rate_.step_factor;
    epochs_without_ = 0;
  }
  /// For the epochs to come.
  [[nodiscard]] double factor() const { return factor_; }

 private:
  LearningRate rate_;
  double lowest_ = std::numeric_limits<double>::infinity(), factor_ = 1;
  Index epoch_ = 0, epochs_without_ = 0;
};

}  // namespace glifr
