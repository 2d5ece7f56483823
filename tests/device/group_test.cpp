// Devices of several processes that share the batches: the bits of one device for as many shares, whether the devices
// send each other their memory themselves or by way of the hosts.
#include <atomic>
#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "glifr/datasets/synthetic.hpp"
#include "glifr/distributed/device_links.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/trial.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/json.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/training/trainer.hpp"
#include "support/catch.hpp"
#include "support/emulated_device.hpp"
#include "support/files.hpp"
#include "support/padded_dataset.hpp"
#include "support/thread_group.hpp"

namespace {

using namespace glifr;
using test::EmulatedDevice;
using test::ThreadGroups;
namespace fs = std::filesystem;

/// Links that are part of what a device does in its own time, and of what it records, as NCCL's are.
class QueuedLinks final : public DeviceLinks {
 public:
  QueuedLinks(EmulatedDevice& device, Group& group) : device_(device), group_(group) {}
  [[nodiscard]] Group& group() const override { return group_; }
  [[nodiscard]] std::string description() const override { return "the queue of an emulated device"; }
  [[nodiscard]] bool can_be_recorded() const override { return true; }
  void exchange(std::span<const Message> sent, std::span<const Message> received) override {
    const std::vector<Message> out(sent.begin(), sent.end()), in(received.begin(), received.end());
    device_.call([this, out, in] { run(out, in); });
  }

 private:
  void run(const std::vector<Message>& sent, const std::vector<Message>& received) {
    const auto count = static_cast<std::size_t>(group_.size());
    std::vector<std::vector<std::byte>> outgoing(count), incoming(count);
    for (const auto& [rank, bytes] : sent) {
      auto& to = outgoing[static_cast<std::size_t>(rank)];
      to.insert(to.end(), bytes.begin(), bytes.end());
    }
    for (const auto& [rank, bytes] : received) {
      auto& from = incoming[static_cast<std::size_t>(rank)];
      from.resize(from.size() + bytes.size());
    }
    std::vector<std::span<const std::byte>> to(outgoing.begin(), outgoing.end());
    std::vector<std::span<std::byte>> from(incoming.begin(), incoming.end());
    group_.exchange(to, from);
    for (const auto& [rank, bytes] : received) {
      auto& place = from[static_cast<std::size_t>(rank)];
      std::ranges::copy(place.first(bytes.size()), bytes.begin());
      place = place.subspan(bytes.size());
    }
  }

  EmulatedDevice& device_;
  Group& group_;
};

enum class Links { none, hosts, queued };

std::unique_ptr<DeviceLinks> make_links(Links kind, EmulatedDevice& device, Group* group) {
  if (kind == Links::none) return nullptr;
  if (kind == Links::hosts) return link_devices(device, *group);
  return std::make_unique<QueuedLinks>(device, *group);
}

/// What networks are trained on, in the shapes that there are.
enum class Shape { labels, values, sparse, lengths };

template <Scalar T>
std::unique_ptr<Dataset<T>> make_data(Shape shape) {
  SyntheticSettings settings{.samples = 45, .time_steps = 9, .input_size = 3, .classes = 4};
  if (shape == Shape::values) settings.classes = 0, settings.target_size = 2;
  if (shape == Shape::sparse) settings.density = 0.3, settings.input_size = 20;
  if (shape != Shape::lengths) return std::make_unique<SyntheticDataset<T>>(settings);
  test::PaddedSettings padded{.time_steps = 9, .input_size = 3, .classes = 4};
  for (Index i = 0; i < 45; ++i) padded.lengths.push_back(static_cast<std::int32_t>(1 + i * 5 % 9));
  return std::make_unique<test::PaddedDataset<T>>(padded);
}

/// Batches of 10, the last one of 5: with six shares and more, it has fewer.
template <Scalar T>
struct Problem {
  std::unique_ptr<Dataset<T>> data;
  TrainingSettings settings{.optimizer = {.gradient_clip = 0.01},
                            .learning_rate = {.initial = 1e-2},
                            .batch_size = 10,
                            .max_epochs = 3,
                            .dropout = 0.3,
                            .seed = 6};
  RecurrentNetwork<T> network;

  Problem(Shape shape, Index shares)
      : data(make_data<T>(shape)), network(shape == Shape::values ? Outputs::every_step : Outputs::last_step) {
    settings.device_shares = shares;
    if (shape == Shape::lengths) settings.class_weights = {1, 3, 0.5, 0};
    network.template add<Glifr<2>>({.input_size = data->input_size(), .hidden_size = 7, .delay = 2});
    network.template add<Lstm>({.input_size = 7, .hidden_size = 5});
    network.add_readout(shape == Shape::values ? 2 : 4);
    initialize_homogeneous(network, 3);
  }
  std::vector<T> values() {
    std::vector<T> all;
    for (const Parameter<T>* parameter : network.parameters())
      all.insert(all.end(), parameter->value.values().begin(), parameter->value.values().end());
    return all;
  }
};

template <Scalar T>
struct Losses final : Callback<T> {
  std::vector<double> all{};
  bool after_epoch(const EpochReport& report, const Position&) override {
    all.push_back(report.loss);
    return true;
  }
};

/// What a training leaves: parameters, the losses of its epochs, and the score of all samples afterwards.
template <Scalar T>
struct Trained {
  std::vector<T> values;
  std::vector<double> losses;
  Score evaluated;
  bool operator==(const Trained& o) const {
    return values == o.values && losses == o.losses && evaluated.loss_sum == o.evaluated.loss_sum &&
           evaluated.correct == o.evaluated.correct && evaluated.samples == o.evaluated.samples;
  }
};

/// By a device, or by the workers where that is null.
template <Scalar T>
Trained<T> train(Shape shape, Index shares, Device* device, DeviceLinks* links = nullptr) {
  Problem<T> p(shape, shares);
  Workers workers(1);
  const auto make_engine = [&](const EngineParts<T>& parts) {
    return device ? make_device_engine<T>(parts, *device, links) : make_worker_engine<T>(parts, workers);
  };
  Trainer<T> trainer(p.network, *p.data, p.settings, make_engine);
  Losses<T> losses;
  Callback<T>* const callbacks[] = {&losses};
  trainer.fit(callbacks);
  Optimizer<T> nothing({}, {});
  const Score evaluated = make_engine({p.network, *p.data, p.settings, nothing})->evaluate();
  return {p.values(), losses.all, evaluated};
}

template <Scalar T>
Trained<T> train_alone(Shape shape, Index shares) {
  EmulatedDevice device;
  return train<T>(shape, shares, &device);
}

/// How many of so many devices end with these bits.
template <Scalar T>
Index devices_with(const Trained<T>& expected, Index devices, Links kind, Shape shape, Index shares) {
  std::atomic<Index> same = 0;
  ThreadGroups::run(devices, [&](Group& group) {
    EmulatedDevice device;
    const auto links = make_links(kind, device, &group);
    if (train<T>(shape, shares, &device, links.get()) == expected) ++same;
  });
  return same;
}

TEMPLATE_TEST_CASE("any number of devices leaves the bits of one, for as many shares", "", float, double) {
  // One share and a tree with open ends, fewer shares than devices and more than samples in the last batch.
  for (const Index shares : {1, 3, 4, 7}) {
    const auto expected = train_alone<TestType>(Shape::labels, shares);
    for (const Index devices : {1, 2, 3, 4}) {
      for (const Links kind : {Links::hosts, Links::queued}) {
        CAPTURE(shares, devices, kind == Links::hosts);
        CHECK(devices_with(expected, devices, kind, Shape::labels, shares) == devices);
      }
    }
  }
}

TEST_CASE("data of all shapes are shared among devices") {
  for (const Shape shape : {Shape::values, Shape::sparse, Shape::lengths}) {
    CAPTURE(static_cast<int>(shape));
    const auto expected = train_alone<double>(shape, 4);
    for (const Index devices : {2, 4}) CHECK(devices_with(expected, devices, Links::hosts, shape, 4) == devices);
  }
}

TEST_CASE("shares on devices change rounding alone") {
  const auto here = train<double>(Shape::labels, 1, nullptr);
  for (const Index shares : {1, 4, 10}) {
    const auto there = train_alone<double>(Shape::labels, shares);
    CAPTURE(shares);
    REQUIRE(there.values.size() == here.values.size());
    for (std::size_t i = 0; i < here.values.size(); ++i)
      CHECK(there.values[i] == Approx(here.values[i]).epsilon(1e-8).margin(1e-9));
    CHECK(there.evaluated.loss_sum == Approx(here.evaluated.loss_sum).epsilon(1e-9));
  }
  CHECK_FALSE(train_alone<float>(Shape::labels, 4) == train_alone<float>(Shape::labels, 1));
}

TEST_CASE("there is no GPU behind those that are counted") {
  REQUIRE(gpu_count() >= 0);
  CHECK(gpu_problem(gpu_count()).has_value());
}

TEST_CASE("without a number of shares, each device has one") {
  const auto expected = train_alone<float>(Shape::labels, 3);
  CHECK(devices_with(expected, 3, Links::queued, Shape::labels, 0) == 3);
}

TEST_CASE("where links can be recorded, a step is replayed as a whole and the host does not wait") {
  std::atomic<Index> right = 0;
  const auto counts = [](Links kind, Group& group) {
    EmulatedDevice device;
    const auto links = make_links(kind, device, &group);
    Problem<float> p(Shape::labels, 2);
    p.settings.max_epochs = 6;
    Trainer<float> trainer(p.network, *p.data, p.settings, [&](const EngineParts<float>& parts) {
      return make_device_engine<float>(parts, device, links.get());
    });
    trainer.fit();
    return std::pair(device.replays, device.copies_in);
  };
  ThreadGroups::run(2, [&](Group& group) {
    constexpr Index whole = 4 * 6 - 2, last = 6 - 2;  // steps of either size, but for the first run and the recording
    const auto [queued, queued_copies] = counts(Links::queued, group);
    const auto [hosts, host_copies] = counts(Links::hosts, group);
    // What is recorded is replayed at once.
    if (queued == whole + last + 2 && hosts == 3 * queued && host_copies > queued_copies + 3 * queued) ++right;
  });
  CHECK(right == 2);
}

TEST_CASE("what is not finite on one device is found by all, named as by one") {
  const auto failure = [](Device& device, DeviceLinks* links, std::size_t kind) -> std::string {
    Problem<double> p(Shape::values, 4);
    p.settings.dropout = 0;
    const char* const names[] = {"output_linear.weight", "output_linear.bias"};
    find_parameter(p.network.parameters(), names[kind]).value.data()[0] = kind == 0 ? 1e300 : 1e160;
    const std::vector<double> before = p.values();
    Trainer<double> trainer(p.network, *p.data, p.settings, [&](const EngineParts<double>& parts) {
      return make_device_engine<double>(parts, device, links);
    });
    try {
      trainer.fit();
    } catch (const NumericError& error) {
      return p.values() == before ? error.what() : "the parameters were changed";
    }
    return "nothing was found";
  };
  for (const std::size_t kind : {0U, 1U}) {
    EmulatedDevice alone;
    const std::string expected = failure(alone, nullptr, kind);
    CAPTURE(expected);
    CHECK(expected.find("not finite") != std::string::npos);
    std::atomic<int> same = 0;
    ThreadGroups::run(3, [&](Group& group) {
      EmulatedDevice device;
      const auto links = link_devices(device, group);
      if (failure(device, links.get(), kind) == expected) ++same;
    });
    CHECK(same == 3);
  }
}

/// Trials in a folder by emulated devices, one a process.
class Session {
 public:
  TrialOutcome::State run(Index devices, Index shares = 0) {
    Config config("sine");
    for (const char* change : {"hidden_size=6", "lr=1e-2", "max_epochs=12", "batch_size=4", "dropout_prob=0.2",
                               "validation_fraction=0.3", "checkpoint_seconds=0"})
      config.set(change);
    config.set("device_shares=" + std::to_string(shares));
    TrialOutcome::State state{};
    ThreadGroups::run(devices, [&](Group& group) {
      RunOptions own = options;
      own.device = "cuda";
      own.open_device = [] { return std::make_unique<EmulatedDevice>(); };
      if (devices > 1) own.group = &group;
      DataStore data({});
      Workers workers(1);
      const Trial trial{config.resolve(find_model("glifr_lheta")), 0};
      const TrialOutcome outcome = run_trial(trial, own, data, workers, stop, listener);
      if (group.rank() == 0) state = outcome.state;
    });
    return state;
  }
  [[nodiscard]] fs::path trial() const { return options.out / "sine/glifr_lheta/trial_0"; }
  [[nodiscard]] std::string read(const std::string& file) const { return read_file(trial() / file); }
  [[nodiscard]] Index recorded_shares() const {
    return read_json_file(trial() / "config.json").at("device_shares").to_number<Index>();
  }

  /// Stops after so many steps, if any, and keeps what it is told.
  struct Listener final : TrialObserver {
    explicit Listener(std::atomic<bool>& flag) : stop(flag) {}
    void note(const Trial&, const std::string& text) override { notes += text + "\n"; }
    void after_step(const Trial&, const Position&) override {
      if (++steps == stops_after) stop = true;
    }
    std::atomic<bool>& stop;
    std::string notes;
    int steps = 0, stops_after = 0;
  };

  Session() { options.out = folder_.path() / "results"; }

  std::atomic<bool> stop = false;
  Listener listener{stop};
  RunOptions options;

 private:
  test::TemporaryFolder folder_;
};

TEST_CASE("a trial of several devices leaves the files of one with as many shares") {
  Session alone;
  REQUIRE(alone.run(1, 4) == TrialOutcome::State::complete);
  CHECK(alone.recorded_shares() == 4);
  for (const Index devices : {2, 4}) {
    CAPTURE(devices);
    Session several;
    REQUIRE(several.run(devices, 4) == TrialOutcome::State::complete);
    for (const char* file : {"config.json", "test.json", "checkpoints/initial.safetensors",
                             "checkpoints/last.safetensors", "parameters/thresh.csv"}) {
      INFO(file);
      CHECK(several.read(file) == alone.read(file));
    }
    CHECK(several.listener.notes.find("gradients through the hosts' memory") != std::string::npos);
  }
}

TEST_CASE("a trial goes on with the shares that it was started with, on any number of devices") {
  Session whole;
  REQUIRE(whole.run(4) == TrialOutcome::State::complete);
  CHECK(whole.recorded_shares() == 4);  // one a device
  Session stopped;
  stopped.listener.stops_after = 3;
  REQUIRE(stopped.run(4) == TrialOutcome::State::interrupted);
  stopped.options.existing = Existing::resume;
  for (const Index devices : {2, 3}) {
    stopped.stop = false;
    stopped.listener.steps = 0;
    REQUIRE(stopped.run(devices) == TrialOutcome::State::interrupted);
  }
  stopped.stop = false;
  stopped.listener.stops_after = 0;
  REQUIRE(stopped.run(1) == TrialOutcome::State::complete);
  CHECK(stopped.read("checkpoints/last.safetensors") == whole.read("checkpoints/last.safetensors"));
  CHECK(stopped.read("config.json") == whole.read("config.json"));
  CHECK(stopped.listener.notes.find("rounding") == std::string::npos);

  stopped.options.existing = Existing::overwrite;
  stopped.listener.stops_after = 2;
  stopped.listener.steps = 0;
  REQUIRE(stopped.run(2) == TrialOutcome::State::interrupted);
  stopped.options.existing = Existing::resume;
  stopped.stop = false;
  REQUIRE(stopped.run(1, 5) == TrialOutcome::State::complete);
  CHECK(stopped.listener.notes.find("device_shares 5, but the trial was started with 2") != std::string::npos);
}

}  // namespace
