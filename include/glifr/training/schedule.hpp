#pragma once

#include <cmath>
#include <numbers>

#include "glifr/backend/view.hpp"

namespace glifr {

/// The learning rate over epochs.
struct LearningRate {
  /// Always the same, lower every so many epochs, or along half a cosine.
  enum class Schedule { constant, step, cosine };
  Schedule schedule = Schedule::constant;  ///< which of them
  double initial = 1e-3;                   ///< the rate of the first epoch
  Index step_epochs = 10;                  ///< step: the rate is multiplied by `step_factor` every so many epochs
  double step_factor = 0.1;                ///< see `step_epochs`
  Index max_epochs = 1;                    ///< cosine: falls from `initial` in the first epoch towards 0 after the last

  /// In an epoch, counted from 0.
  [[nodiscard]] double in_epoch(Index epoch) const {
    switch (schedule) {
      case Schedule::step:
        return initial * std::pow(step_factor, static_cast<double>(epoch / step_epochs));
      case Schedule::cosine:
        return initial * 0.5 *
               (1 + std::cos(std::numbers::pi * static_cast<double>(epoch) / static_cast<double>(max_epochs)));
      case Schedule::constant:
        break;
    }
    return initial;
  }
};

}  // namespace glifr
