// The learning rate over epochs.
#include "glifr/training/schedule.hpp"

#include <cmath>

#include "support/catch.hpp"

namespace {

using glifr::LearningRate;

TEST_CASE("a constant rate stays") {
  const LearningRate rate{.initial = 0.3};
  CHECK(rate.in_epoch(0) == 0.3);
  CHECK(rate.in_epoch(1000) == 0.3);
}

TEST_CASE("a step schedule falls by its factor every so many epochs") {
  const LearningRate rate{
      .schedule = LearningRate::Schedule::step, .initial = 0.8, .step_epochs = 3, .step_factor = 0.5};
  CHECK(rate.in_epoch(2) == 0.8);
  CHECK(rate.in_epoch(3) == 0.4);
  CHECK(rate.in_epoch(8) == 0.2);
}

TEST_CASE("a cosine schedule falls from the initial rate, by half in the middle, towards 0 after the last epoch") {
  const LearningRate rate{.schedule = LearningRate::Schedule::cosine, .initial = 2, .max_epochs = 10};
  CHECK(rate.in_epoch(0) == 2);
  CHECK(std::abs(rate.in_epoch(5) - 1) < 1e-15);
  CHECK(std::abs(rate.in_epoch(9) - (1 + std::cos(0.9 * 3.14159265358979323846))) < 1e-15);
  CHECK(rate.in_epoch(9) > 0);
}

}  // namespace
