#include "glifr/experiment/settings.hpp"

#include "support/catch.hpp"

namespace glifr {
namespace {

TEST_CASE("the delay is whole steps, rounded down, and at least one") {
  const auto steps = [](double delay, double dt) {
    Settings settings;
    settings.model.synaptic_delay = delay;
    settings.model.dt = dt;
    return settings.delay_steps();
  };
  CHECK(steps(1, 0.05) == 20);
  CHECK(steps(15, 0.05) == 300);
  CHECK(steps(0, 1) == 1);
  CHECK(steps(0.3, 0.1) == 3);  // 0.3 / 0.1 is just below 3
  CHECK(steps(0.7, 0.1) == 7);
  CHECK(steps(0.99, 0.5) == 1);
  CHECK(steps(1.49, 0.5) == 2);
}

TEST_CASE("the width of the threshold falls in equal steps from the first epoch to the last") {
  Settings settings;
  settings.training.max_epochs = 30;
  settings.model.constants["sigma_v"] = 0.5;
  CHECK(settings.sigma_v_in(7) == 0.5);
  settings.training.sigma_v_anneal = true;
  CHECK(settings.sigma_v_in(0) == 1);
  CHECK(settings.sigma_v_in(29) == 1e-3);
  CHECK(settings.sigma_v_in(1) == Approx(1 - 0.999 / 29));
  settings.training.max_epochs = 1;
  CHECK(settings.sigma_v_in(0) == 1);
}

}  // namespace
}  // namespace glifr
