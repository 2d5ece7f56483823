#include "glifr/neurons/transform.hpp"

#include <array>
#include <cmath>

#include "support/catch.hpp"

namespace {

using namespace glifr;

constexpr std::array transforms{Transform::identity, Transform::decay_rate, Transform::bounded, Transform::positive,
                                Transform::fraction};

TEST_CASE("raw and physical values turn into each other") {
  constexpr double dt = 0.05;
  for (const Transform transform : transforms) {
    for (const double raw : {-8.0, -1.0, -1e-3, 0.0, 0.3, 5.0}) {
      INFO("transform " << static_cast<int>(transform) << " of " << raw);
      const double back = to_raw(transform, to_physical(transform, raw, dt), dt);
      CHECK(std::abs(back - raw) < 1e-11);
    }
  }
}

TEST_CASE("physical values, by their definition") {
  constexpr double dt = 0.2, raw = 0.7;
  const double sigma = 1 / (1 + std::exp(-raw));
  const auto is = [&](Transform transform, double expected) {
    CHECK(std::abs(to_physical(transform, raw, dt) - expected) < 1e-15);
  };
  is(Transform::identity, raw);
  is(Transform::decay_rate, sigma / dt);
  is(Transform::bounded, 1 - 2 * sigma);
  is(Transform::positive, std::exp(raw));
  is(Transform::fraction, sigma);
}

TEST_CASE("the slope of each transform, from its physical value") {
  constexpr double dt = 0.2, h = 1e-5;
  for (const Transform transform : transforms) {
    for (const double raw : {-6.0, -1.0, 0.0, 0.3, 5.0}) {
      INFO("transform " << static_cast<int>(transform) << " at " << raw);
      const double difference = (to_physical(transform, raw + h, dt) - to_physical(transform, raw - h, dt)) / (2 * h);
      const double slope = transform_slope(transform, to_physical(transform, raw, dt), dt);
      CHECK(std::abs(slope - difference) < 1e-7 * std::max(std::abs(slope), 1e-3));
    }
  }
}

}  // namespace
