#pragma once

#include "glifr/backend/view.hpp"

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

}  // namespace glifr
