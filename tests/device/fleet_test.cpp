// Several trainings that share a device, a lane each.
#include "glifr/backend/fleet.hpp"

#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "glifr/cells/glifr.hpp"
#include "glifr/datasets/synthetic.hpp"
#include "glifr/error.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/training/trainer.hpp"
#include "support/devices.hpp"

namespace {

using namespace glifr;

constexpr Fleet::Patience forever = std::chrono::hours(1);

struct Lesson {
  Index samples = 21, batch = 6, epochs = 3, classes = 3;
  std::optional<double> density{};
};

/// The parameters that a network has after its lesson; `number` makes it another network with other data.
std::vector<float> learn(const Lesson& lesson, std::uint64_t number, Device& device) {
  const SyntheticDataset<float> data({.samples = lesson.samples,
                                      .time_steps = 9,
                                      .input_size = lesson.density ? 40 : 2,
                                      .classes = lesson.classes,
                                      .target_size = lesson.classes > 0 ? 0 : 2,
                                      .density = lesson.density,
                                      .seed = number});
  Network<GlifrCell<2, float>> network({.input_size = data.input_size(), .hidden_size = 13, .delay = 4},
                                       lesson.classes > 0 ? lesson.classes : 2,
                                       lesson.classes > 0 ? Outputs::last_step : Outputs::every_step);
  initialize_homogeneous(network, number);
  TrainingSettings settings{.batch_size = lesson.batch, .max_epochs = lesson.epochs, .dropout = 0.1, .seed = number};
  settings.learning_rate.initial = 1e-2;
  Trainer<float> trainer(network, data, settings,
                         [&](const EngineParts<float>& parts) { return make_device_engine<float>(parts, device); });
  trainer.fit();
  std::vector<float> all;
  for (const Parameter<float>* parameter : network.parameters())
    all.insert(all.end(), parameter->value.data(), parameter->value.data() + parameter->value.size());
  return all;
}

/// The same in the lanes of a fleet, each in a thread.
std::vector<std::vector<float>> learn_in_lanes(const std::vector<Lesson>& lessons, Fleet& fleet) {
  std::vector<std::vector<float>> learned(lessons.size());
  std::vector<std::exception_ptr> failures(lessons.size());
  std::vector<std::unique_ptr<Device>> lanes;
  for (std::size_t i = 0; i < lessons.size(); ++i) lanes.push_back(fleet.open_lane());
  {
    std::vector<std::jthread> team;
    for (std::size_t i = 0; i < lessons.size(); ++i) {
      team.emplace_back([&, i] {
        try {
          learned[i] = learn(lessons[i], i, *lanes[i]);
        } catch (...) {
          failures[i] = std::current_exception();
        }
        lanes[i].reset();
      });
    }
  }
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  return learned;
}

TEST_CASE("each lane of a fleet learns what its network learns alone, to the same bits") {
  GLIFR_NEEDS_DEVICE(alone);
  const auto check = [&](const char* what, const std::vector<Lesson>& lessons) {
    INFO(what);
    Fleet fleet(test::open_device(), forever);
    const auto together = learn_in_lanes(lessons, fleet);
    for (std::size_t i = 0; i < lessons.size(); ++i) {
      INFO("lane " << i);
      const bool is_equal = together[i] == learn(lessons[i], i, *alone);
      const bool is_another = i == 0 || together[i] != together[0];
      CHECK(is_equal);
      CHECK(is_another);
    }
  };
  check("labels", std::vector<Lesson>(5));
  check("values", std::vector<Lesson>(5, {.classes = 0}));
  check("binary inputs", std::vector<Lesson>(2, {.density = 0.2}));
  check("two shapes, trainings of different length",
        {{}, {.batch = 4}, {.epochs = 5}, {.batch = 4, .epochs = 1}, {.samples = 10}});
  check("more lanes than a launch takes", std::vector<Lesson>(40, {.samples = 6, .epochs = 4}));
}

TEST_CASE("a lane that is busy elsewhere is not waited for any longer than the fleet is patient") {
  GLIFR_NEEDS_DEVICE(alone);
  Fleet fleet(test::open_device(), Fleet::Patience(1));
  const auto busy = fleet.open_lane();
  const auto lane = fleet.open_lane();
  const bool is_equal = learn({}, 7, *lane) == learn({}, 7, *alone);
  CHECK(is_equal);
}

TEST_CASE("a lane refuses what a device refuses while work is recorded") {
  GLIFR_NEEDS_DEVICE(alone);
  Fleet fleet(test::open_device(), forever);
  const auto lane = fleet.open_lane();
  CHECK(lane->name() == alone->name());
  CHECK_THROWS_AS(record(*lane, [&] { lane->wait(); }), std::logic_error);
  CHECK_THROWS_AS(record(*lane, [&] { (void)lane->allocate(64); }), std::logic_error);
  CHECK_NOTHROW(lane->wait());
}

#ifndef GLIFR_TEST_GPU
TEST_CASE("steps of equal shape are launched once for all lanes") {
  auto owner = std::make_unique<test::EmulatedDevice>();
  test::EmulatedDevice& device = *owner;
  Fleet fleet(std::move(owner), forever);
  // All steps but the first two (one run as it is in each lane, one in all lanes at once, before a graph is made).
  learn_in_lanes(std::vector<Lesson>(4, {.samples = 6, .epochs = 12}), fleet);
  CHECK(device.replays == 10);
}

TEST_CASE("a fault of the device ends the training in every lane") {
  auto owner = std::make_unique<test::EmulatedDevice>();
  owner->fail_at(1500);
  Fleet fleet(std::move(owner), forever);
  std::vector<int> faults(3);
  std::vector<std::unique_ptr<Device>> lanes;
  for (std::size_t i = 0; i < faults.size(); ++i) lanes.push_back(fleet.open_lane());
  {
    std::vector<std::jthread> team;
    for (std::size_t i = 0; i < faults.size(); ++i) {
      team.emplace_back([&, i] {
        try {
          (void)learn({.epochs = 50}, i, *lanes[i]);
        } catch (const DeviceFailure&) {
          ++faults[i];
        }
        lanes[i].reset();
      });
    }
  }
  CHECK(faults == std::vector<int>(3, 1));
}
#endif

}  // namespace
