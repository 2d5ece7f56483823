// What can only be seen on a device that is emulated: that it is asked for nothing superfluous, and how it fails.
#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "glifr/cells/glifr.hpp"
#include "glifr/datasets/synthetic.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/plan.hpp"
#include "glifr/experiment/trial.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/safetensors.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/training/engine.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/emulated_device.hpp"
#include "support/files.hpp"

namespace {

using namespace glifr;
using test::EmulatedDevice;
namespace fs = std::filesystem;

using C = GlifrCell<2, float>;

Network<C> small_network() {
  const CellSettings<Glifr<2>> cell{.input_size = 2, .hidden_size = 10, .delay = 4};
  return {cell, 3, Outputs::last_step};
}

struct Setup {
  SyntheticDataset<float> data{{.samples = 40, .time_steps = 9, .input_size = 2, .classes = 3}};
  Network<C> network = small_network();
  TrainingSettings training{.batch_size = 8, .max_epochs = 1};
  std::vector<Index> order;
  std::optional<Optimizer<float>> optimizer;

  Setup() {
    initialize_homogeneous(network, 1);
    for (Index i = 0; i < data.size(); ++i) order.push_back(i);
  }
  std::unique_ptr<TrainingEngine<float>> engine(Device& device) {
    optimizer.emplace(network.parameters(), training.optimizer);
    return make_device_engine<float>({network, data, training, *optimizer}, device);
  }
  [[nodiscard]] Epoch epoch() const { return {0, order, training.batch_size, 1e-3}; }
};

/// Takes the five steps of an epoch; scores are looked at no more often than the engine does by itself.
void take_steps(TrainingEngine<float>& engine, const Epoch& epoch) {
  Position position;
  engine.begin(epoch, position);
  while (position.step < 5) engine.advance(position);
}

TEST_CASE("the emulated device copies nothing to where its memory is not") {
  EmulatedDevice device;
  float here = 0;
  CHECK_THROWS_AS(device.copy_in(&here, &here, sizeof here), std::logic_error);
}

TEST_CASE("the emulated device runs nothing that holds an address of the host") {
  EmulatedDevice device;
  device.look_for_addresses_of_host();
  float here = 0;
  const View<float> on_host(&here, 1, 1);
  Arena there(&device);
  CHECK_NOTHROW(kernels::fill(there, View<float>(there.allocate<float>(1), 1, 1), 1.0f));
  CHECK_THROWS_AS(for_each_element(&device, 1, 1, kernels::Fill<float>{on_host, 1}), std::logic_error);
}

TEST_CASE("a steady step allocates nothing, sends nothing and is replayed whole") {
  EmulatedDevice device;
  Setup setup;
  const auto engine = setup.engine(device);
  for (int epoch = 0; epoch < 4; ++epoch) take_steps(*engine, setup.epoch());  // until an epoch is one stretch of steps
  const Index allocations = device.allocations, in = device.copies_in, out = device.copies_out,
              replays = device.replays;
  Position position;
  engine->begin(setup.epoch(), position);
  const std::size_t on_host = test::allocations();
  engine->advance(position);
  CHECK(test::allocations() == on_host);
  CHECK(position.step == 5);
  CHECK(device.allocations == allocations);
  CHECK(device.replays == replays + 5);
  CHECK(device.copies_in == in + 2);    // order and state, once an epoch
  CHECK(device.copies_out == out + 1);  // the score
}

TEST_CASE("too little memory is said before the first step, with a batch that fits") {
  constexpr std::size_t capacity = std::size_t{300} << 10;  // data, parameters and some samples' step
  Setup setup;
  setup.training.batch_size = 40;
  EmulatedDevice small(capacity);
  std::string message;
  try {
    (void)setup.engine(small);
  } catch (const DeviceFailure& error) {
    message = error.what();
  }
  CAPTURE(message);
  const std::size_t at = message.find("batch_size ", message.find("free; "));
  REQUIRE(at != std::string::npos);
  const Index fitting = std::stol(message.substr(at + 11));
  REQUIRE(fitting > 1);
  REQUIRE(fitting < 40);
  CHECK(message.find("would fit") != std::string::npos);
  const auto runs_with = [&](Index batch) {
    setup.training.batch_size = batch;
    EmulatedDevice device(capacity);
    const auto engine = setup.engine(device);
    Position position;
    engine->begin(setup.epoch(), position);
    engine->advance(position);
  };
  CHECK_NOTHROW(runs_with(fitting));
  CHECK_THROWS_AS(runs_with(fitting + 1), DeviceFailure);
}

/// A trial of a small task, run on emulated devices.
class TrialOnDevice {
 public:
  TrialOnDevice(std::string_view task, const std::vector<std::string>& changes) : config_(task) {
    for (const std::string& change : changes) config_.set(change);
    options_.out = folder_.path() / "device";
    options_.device = "cuda";
  }

  TrialOutcome run(bool on_device, Index fails_at = -1) {
    RunOptions options = options_;
    if (on_device) {
      options.open_device = [fails_at] {
        auto device = std::make_unique<EmulatedDevice>();
        if (fails_at >= 0) device->fail_at(fails_at);
        return device;
      };
    } else {
      options.out = folder_.path() / "host";
      options.device = "cpu";
    }
    DataStore data({.root = folder_.path()});
    Workers workers(1);
    TrialObserver observer;
    const std::atomic<bool> stop = false;
    return run_trial(trial(), options, data, workers, stop, observer);
  }
  void resume() { options_.existing = Existing::resume; }
  [[nodiscard]] Trial trial() const { return {config_.resolve(find_model("glifr_lheta")), 0}; }
  [[nodiscard]] fs::path folder(bool on_device) const {
    return trial().folder(on_device ? options_.out : folder_.path() / "host").path();
  }

 private:
  test::TemporaryFolder folder_;
  Config config_;
  RunOptions options_;
};

TEST_CASE("a trial on a device leaves the files of one on the host") {
  for (const char* task : {"sine", "realizable"}) {
    TrialOnDevice trial(task, {"max_epochs=20", "lr=1e-3"});
    const double there = trial.run(true).test.loss(), here = trial.run(false).test.loss();
    CHECK(std::abs(there - here) < 1e-3 * here);
    for (const char* file : {"config.json", "metrics.csv", "test.json", "checkpoints/initial.safetensors",
                             "checkpoints/last.safetensors", "parameters/thresh.csv"}) {
      INFO(task << ": " << file);
      CHECK(fs::exists(trial.folder(true) / file));
    }
    const CsvFormat reading{.has_header = true, .allows_empty_cells = true};
    const CsvNumbers metrics = read_csv_numbers(trial.folder(true) / "metrics.csv", reading),
                     expected = read_csv_numbers(trial.folder(false) / "metrics.csv", reading);
    REQUIRE(metrics.rows == 20);
    for (Index r = 0; r < 20; ++r) CHECK(std::abs(metrics(r, 1) - expected(r, 1)) < 1e-3 * expected(r, 1));
  }
}

TEST_CASE("epochs that a device takes together leave the files of one after another") {
  // A checkpoint after every epoch keeps epochs apart.
  const auto [parameters, validation] = GENERATE(std::pair(5, 40), std::pair(40, 7), std::pair(40, 40));
  INFO("parameters every " << parameters << ", validation every " << validation << " epochs");
  const std::vector<std::string> changes{"max_epochs=33", "hidden_size=5", "validation_fraction=0.34",
                                         "parameter_every=" + std::to_string(parameters),
                                         "validation_every=" + std::to_string(validation)};
  TrialOnDevice together("sine", changes);
  std::vector<std::string> slow = changes;
  slow.emplace_back("checkpoint_seconds=0");
  TrialOnDevice apart("sine", slow);
  together.run(true);
  apart.run(true);
  for (const char* file : {"parameters/thresh.csv", "parameters/k_m.csv", "test.json", "checkpoints/best.safetensors",
                           "checkpoints/last.safetensors"}) {
    INFO(file);
    CHECK(read_file(together.folder(true) / file) == read_file(apart.folder(true) / file));
  }
  const CsvFormat reading{.has_header = true, .allows_empty_cells = true};
  const CsvNumbers metrics = read_csv_numbers(together.folder(true) / "metrics.csv", reading),
                   expected = read_csv_numbers(apart.folder(true) / "metrics.csv", reading);
  REQUIRE(metrics.rows == 33);
  for (Index r = 0; r < metrics.rows; ++r) {
    CHECK(metrics(r, 1) == expected(r, 1));
    const bool is_validated = !std::isnan(expected(r, 4));
    CHECK(is_validated == !std::isnan(metrics(r, 4)));
    if (is_validated) CHECK(metrics(r, 4) == expected(r, 4));
  }
}

TEST_CASE("trials side by side on a device leave the files of trials one after another") {
  const test::TemporaryFolder folder;
  Config config("sine");
  config.set("max_epochs=12");
  config.set("hidden_size=9");
  const auto run = [&](const char* name, Index jobs) {
    RunOptions options;
    options.out = folder.path() / name;
    options.device = "cuda";
    options.open_device = [] { return std::make_unique<EmulatedDevice>(); };
    DataStore data({.root = folder.path()});
    const auto plan =
        make_plan(config, {find_model("rnn"), find_model("glifr_lheta"), find_model("glifr_rheta")}, 0, 3, options, {});
    std::atomic<bool> stop = false;
    TrialObserver observer;
    for (const PlannedOutcome& outcome : run_plan(plan, options, data, 1, jobs, stop, observer)) {
      REQUIRE(outcome.outcome);
      CHECK(outcome.outcome->state == TrialOutcome::State::complete);
    }
    std::vector<std::string> files;
    for (const PlannedTrial& planned : plan)
      files.push_back(read_file(planned.trial.folder(options.out).last_checkpoint()));
    return files;
  };
  CHECK(run("together", 3) == run("alone", 1));
}

TEST_CASE("a fault on the device is one line, and the last checkpoint stays and can be resumed") {
  TrialOnDevice trial("sine", {"max_epochs=30", "checkpoint_seconds=0"});
  CHECK_THROWS_AS(trial.run(true, 1200), DeviceFailure);
  const fs::path checkpoint = trial.folder(true) / "checkpoints" / "last.safetensors";
  REQUIRE(fs::exists(checkpoint));
  const std::string epochs = read_safetensors(checkpoint).metadata.at("epoch");
  INFO(epochs << " epochs");
  CHECK((std::stol(epochs) > 0 && std::stol(epochs) < 30));
  trial.resume();
  CHECK(trial.run(true).state == TrialOutcome::State::complete);
}

}  // namespace
