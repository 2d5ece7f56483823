// The learning rate over epochs.
#include "glifr/training/schedule.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace {

using glifr::LearningRate;
using glifr::PlateauSchedule;

TEST_CASE("a constant rate stays") {
  const LearningRate rate{.initial = 0.3};
  CHECK(rate.in_epoch(0, 1) == 0.3);
  CHECK(rate.in_epoch(1000, 2000) == 0.3);
}

TEST_CASE("a step schedule falls by its factor every so many epochs") {
  const LearningRate rate{
      .schedule = LearningRate::Schedule::step, .initial = 0.8, .step_epochs = 3, .step_factor = 0.5};
  CHECK(rate.in_epoch(2, 9) == 0.8);
  CHECK(rate.in_epoch(3, 9) == 0.4);
  CHECK(rate.in_epoch(8, 9) == 0.2);
}

TEST_CASE("a step schedule of no epochs between its steps takes one every epoch") {
  const LearningRate rate{
      .schedule = LearningRate::Schedule::step, .initial = 0.8, .step_epochs = 0, .step_factor = 0.5};
  CHECK(rate.in_epoch(2, 9) == 0.2);
}

TEST_CASE("a cosine schedule falls from the initial rate, by half in the middle, towards 0 after the last epoch") {
  const LearningRate rate{.schedule = LearningRate::Schedule::cosine, .initial = 2};
  CHECK(rate.in_epoch(0, 10) == 2);
  CHECK(std::abs(rate.in_epoch(5, 10) - 1) < 1e-15);
  CHECK(std::abs(rate.in_epoch(9, 10) - (1 + std::cos(0.9 * 3.14159265358979323846))) < 1e-15);
  CHECK(rate.in_epoch(9, 10) > 0);
  CHECK(rate.in_epoch(10, 10) == 0);
  CHECK(rate.in_epoch(15, 10) == 0);  // and does not rise again
}

TEST_CASE("a warm-up rises by equal parts, and the schedule begins behind it") {
  LearningRate rate{.initial = 0.8, .step_epochs = 2, .step_factor = 0.5, .warmup_epochs = 4};
  const auto rates = [&](LearningRate::Schedule schedule) {
    rate.schedule = schedule;
    std::vector<double> list;
    for (glifr::Index epoch = 0; epoch < 9; ++epoch) list.push_back(rate.in_epoch(epoch, 9));
    return list;
  };
  using List = std::vector<double>;
  const List rise{0.2, 0.4, 0.8 * 3 / 4, 0.8};
  const auto check = [&](const List& found, const List& schedule) {
    for (std::size_t e = 0; e < 4; ++e) CHECK(std::abs(found[e] - rise[e]) < 1e-15);
    for (std::size_t e = 0; e < 5; ++e) CHECK(std::abs(found[4 + e] - schedule[e]) < 1e-15);
  };
  check(rates(LearningRate::Schedule::constant), {0.8, 0.8, 0.8, 0.8, 0.8});
  check(rates(LearningRate::Schedule::plateau), {0.8, 0.8, 0.8, 0.8, 0.8});
  check(rates(LearningRate::Schedule::step), {0.8, 0.8, 0.4, 0.4, 0.2});
  const auto cosine = [](double part) { return 0.4 * (1 + std::cos(part * 3.14159265358979323846)); };
  check(rates(LearningRate::Schedule::cosine), {0.8, cosine(0.2), cosine(0.4), cosine(0.6), cosine(0.8)});
}

TEST_CASE("a plateau lowers the factor after its patience, and counts anew from there") {
  PlateauSchedule plateau({.schedule = LearningRate::Schedule::plateau, .step_factor = 0.5, .plateau_patience = 2});
  CHECK(plateau.factor() == 1);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::pair<double, double>> watched_and_factor{
      {5, 1},    {4, 1},      {4, 1},      // as low as the lowest is not lower
      {3, 1},    {9, 1},      {3.5, 0.5},  // twice in a row
      {8, 0.5},  {nan, 0.25},              // and twice more
      {2, 0.25}, {2, 0.25},   {1, 0.25},  {1, 0.25}, {1, 0.125},
  };
  for (const auto& [watched, factor] : watched_and_factor) {
    plateau.see(watched);
    CHECK(plateau.factor() == factor);
  }
}

TEST_CASE("a plateau's patience is of epochs, also where not every epoch is watched") {
  PlateauSchedule plateau({.schedule = LearningRate::Schedule::plateau, .step_factor = 0.5, .plateau_patience = 6});
  plateau.see(5, 5);
  plateau.see(5, 5);
  CHECK(plateau.factor() == 1);
  plateau.see(5, 5);
  CHECK(plateau.factor() == 0.5);
}

TEST_CASE("a plateau schedule begins behind the warm-up") {
  const LearningRate rate{
      .schedule = LearningRate::Schedule::plateau, .step_factor = 0.5, .warmup_epochs = 4, .plateau_patience = 2};
  PlateauSchedule plateau(rate);
  // Of the warm-up, neither the epochs count nor the low value.
  for (const double watched : {1., 9., 9., 9., 5., 4., 4.}) {
    plateau.see(watched);
    CHECK(plateau.factor() == 1);
  }
  plateau.see(4);
  CHECK(plateau.factor() == 0.5);

  PlateauSchedule seldom(rate);  // watched after epochs 3 and 5, of which one is no warm-up
  const double nan = std::numeric_limits<double>::quiet_NaN();
  seldom.see(1, 3);
  seldom.see(nan, 2);
  CHECK(seldom.factor() == 1);
  seldom.see(nan);
  CHECK(seldom.factor() == 0.5);
}

TEST_CASE("other schedules know no plateau") {
  PlateauSchedule none({.schedule = LearningRate::Schedule::step, .plateau_patience = 1});
  for (int epoch = 0; epoch < 5; ++epoch) none.see(1);
  CHECK(none.factor() == 1);
}

}  // namespace
