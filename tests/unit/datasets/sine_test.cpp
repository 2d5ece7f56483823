#include "glifr/datasets/sine.hpp"

#include <array>
#include <cmath>
#include <numeric>

#include "glifr/error.hpp"
#include "support/catch.hpp"

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using glifr::Index;
using glifr::Shape;
using glifr::SineSettings;
using glifr::ValueDataset;

TEMPLATE_TEST_CASE("values are gathered sample by sample, time first", "", float, double) {
  std::vector<TestType> inputs(2 * 3 * 2), targets(2 * 3);
  std::iota(inputs.begin(), inputs.end(), TestType{0});
  std::iota(targets.begin(), targets.end(), TestType{100});
  const ValueDataset<TestType> set(Shape{2, 3, 2}, inputs, 1, targets);
  CHECK((set.time_steps() == 2 && set.size() == 3 && set.input_size() == 2));
  CHECK((set.target_size() == 1 && set.classes() == 0));

  const std::array<Index, 2> samples{2, 0};
  std::vector<TestType> x(8), y(4);
  set.inputs(samples, x.data());
  set.targets(samples, y.data());
  CHECK(x == std::vector<TestType>{4, 5, 0, 1, 10, 11, 6, 7});
  CHECK(y == std::vector<TestType>{102, 100, 105, 103});
  std::int32_t label = 0;
  CHECK_THROWS_AS(set.labels(samples, &label), std::logic_error);
}

TEST_CASE("a data set of values takes as many as its shape asks for") {
  using Values = std::vector<double>;
  CHECK_NOTHROW(ValueDataset<double>(Shape{2, 1, 1}, Values(2), 3, Values(6)));
  CHECK_THROWS_AS(ValueDataset<double>(Shape{2, 1, 1}, Values(3), 3, Values(6)), glifr::ShapeError);
  CHECK_THROWS_AS(ValueDataset<double>(Shape{2, 1, 1}, Values(2), 3, Values(5)), glifr::ShapeError);
  CHECK_THROWS_AS(ValueDataset<double>(Shape{2, 1}, Values(2), 3, Values(6)), glifr::ShapeError);
  CHECK_THROWS_AS(ValueDataset<double>(Shape{0, 1, 1}, Values(), 3, Values()), glifr::ShapeError);
  CHECK_THROWS_AS(ValueDataset<double>(Shape{2, 1, 1}, Values(2), 0, Values()), glifr::ShapeError);
}

TEST_CASE("the sine task is six waves, each behind an offset that is its input") {
  const ValueDataset<double> set = glifr::make_sine<double>(SineSettings{});
  REQUIRE((set.size() == 6 && set.time_steps() == 100 && set.input_size() == 1 && set.target_size() == 1));
  const std::array<Index, 6> all{0, 1, 2, 3, 4, 5};
  std::vector<double> x(600), y(600);
  set.inputs(all, x.data());
  set.targets(all, y.data());

  // 10 ** numpy.linspace(log10(0.08), log10(0.6), 6)
  const std::array<double, 6> frequencies{
      0.08, 0.11970222957910756, 0.1791077970776172, 0.26799503306491435, 0.4009950371749614, 0.6};
  for (std::size_t i = 0; i < 6; ++i) {
    const double offset = static_cast<double>(i) / 6 + 0.25;
    CHECK_THAT(glifr::sine_frequencies({})[i], WithinAbs(frequencies[i], 1e-14));
    CHECK(x[i] == offset);
    CHECK(x[99 * 6 + i] == offset);
    CHECK(y[i] == offset);  // sin(0)
    CHECK_THAT(y[37 * 6 + i], WithinAbs(std::sin(2 * M_PI * frequencies[i] * 37 * 0.05) + offset, 1e-12));
    CHECK_THAT(y[99 * 6 + i], WithinAbs(std::sin(2 * M_PI * frequencies[i] * 99 * 0.05) + offset, 1e-12));
  }
}

TEST_CASE("amplitude and noise enter the sine task's targets") {
  const SineSettings settings{.time_steps = 3, .dt = 0.1, .num_freqs = 2, .freq_min = 1, .freq_max = 2, .amp = 10};
  const std::array<double, 6> noise{1, 2, 3, 4, 5, 6};
  const ValueDataset<double> plain = glifr::make_sine<double>(settings);
  const ValueDataset<double> noisy = glifr::make_sine<double>(settings, noise);
  const std::array<Index, 2> all{0, 1};
  std::array<double, 6> y{}, with_noise{};
  plain.targets(all, y.data());
  noisy.targets(all, with_noise.data());
  CHECK_THAT(y[4], WithinAbs(10 * std::sin(2 * M_PI * 0.2) + 0.25, 1e-12));
  for (std::size_t i = 0; i < 6; ++i) CHECK_THAT(with_noise[i] - y[i], WithinAbs(noise[i], 1e-12));

  CHECK_THROWS_AS(glifr::make_sine<float>(settings, std::span(noise).first(5)), glifr::ShapeError);
}

TEST_CASE("one wave has the lowest frequency") {
  CHECK(glifr::sine_frequencies({.num_freqs = 1}) == std::vector<double>{0.08});
}

TEST_CASE("settings of the sine task out of range are refused by name") {
  using glifr::sine_frequencies;
  CHECK_THROWS_WITH(sine_frequencies({.time_steps = 0}), Contains("time_steps: found 0"));
  CHECK_THROWS_WITH(sine_frequencies({.dt = 0}), Contains("dt: "));
  CHECK_THROWS_WITH(sine_frequencies({.num_freqs = 0}), Contains("num_freqs: found 0"));
  CHECK_THROWS_WITH(sine_frequencies({.freq_min = -1e-8}), Contains("freq_min: found -1e-08;"));
  CHECK_THROWS_WITH(sine_frequencies({.freq_min = NAN}), Contains("freq_min: found nan"));
  CHECK_THROWS_WITH(sine_frequencies({.freq_max = 0.01}), Contains("freq_max: found 0.01"));
  CHECK_THROWS_WITH(sine_frequencies({.amp = INFINITY}), Contains("amp: found inf"));
}

}  // namespace
