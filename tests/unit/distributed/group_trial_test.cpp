// Trials that several processes train together: the files of one process, stopped and resumed on any number of them;
// one writer; and an end of all where one fails.
#include <atomic>
#include <boost/json.hpp>
#include <map>

#include "glifr/backend/parallel.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/plan.hpp"
#include "glifr/io/files.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/thread_group.hpp"
#include "unit/datasets/fixtures.hpp"

namespace {

using namespace glifr;
using test::TemporaryFolder;
using test::ThreadGroups;
namespace fs = std::filesystem;
using State = TrialOutcome::State;
using Changes = std::vector<std::string>;

/// Calls back after each step.
class Listener final : public TrialObserver {
 public:
  void after_step(const Trial&, const Position& position) override {
    ++steps;
    if (on_step) on_step(position);
  }
  std::atomic<int> steps = 0;
  std::function<void(const Position&)> on_step;
};

/// A results folder, and the same small trials in it by any number of processes.
class Session {
 public:
  explicit Session(Changes changes = {"hidden_size=6", "lr=1e-2", "max_epochs=6", "batch_size=4", "dropout_prob=0.2",
                                      "gradient_clip=0.5", "checkpoint_seconds=0", "micro_batch=1", "shares=4"})
      : changes_(std::move(changes)) {
    options.out = folder_.path() / "results";
  }

  /// Trial 0 of some models by so many processes; the state in which each process says that the last one ended that was
  /// run.
  std::vector<State> run(Index processes, Index threads = 1, const std::string& models = "glifr_rheta") {
    Config config(task);
    for (const std::string& change : changes_) config.set(change);
    std::vector<State> states(static_cast<std::size_t>(processes));
    ThreadGroups::run(processes, [&](Group& group) {
      RunOptions own = options;
      own.group = &group;
      const auto plan = make_plan(config, select_models(models, config), 0, 1, own, {.root = data});
      DataStore store({.root = data});
      const bool is_asked = group.rank() == asked_to_stop;
      for (const auto& [outcome, failure] : run_plan(plan, own, store, threads, 1, is_asked ? stop : never, listener)) {
        if (outcome) states[static_cast<std::size_t>(group.rank())] = outcome->state;  // of the last that was run
      }
    });
    return states;
  }

  /// All files by name, without the times in metrics.csv.
  [[nodiscard]] std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(options.out)) {
      if (entry.is_directory()) continue;
      std::string text = read_file(entry.path());
      if (entry.path().filename() == "metrics.csv") {  // epoch, loss, accuracy, seconds
        std::string without;
        for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
          end = text.find('\n', begin);
          const std::string row = text.substr(begin, end - begin);
          without += row.substr(0, row.rfind(',')) + "\n";
        }
        text = without;
      }
      all[fs::relative(entry.path(), options.out).string()] = text;
    }
    return all;
  }

  [[nodiscard]] const Changes& changes() const { return changes_; }

  std::string task = "sine";
  fs::path data;
  RunOptions options;
  Listener listener;
  std::atomic<bool> stop = false, never = false;
  Index asked_to_stop = 0;

 private:
  Changes changes_;
  TemporaryFolder folder_;
};

TEST_CASE("a trial of several processes leaves the files of one") {
  const ThreadLimit limit(16);
  Session alone;
  REQUIRE(alone.run(1).back() == State::complete);
  const auto expected = alone.files();
  CHECK(expected.contains("sine/glifr_rheta/trial_0/checkpoints/last.safetensors"));
  CHECK(expected.contains("sine/glifr_lheta/trial_0/test.json"));  // from which it starts
  for (const Index processes : {2, 3, 5}) {
    for (const Index threads : {1, 2}) {
      CAPTURE(processes, threads);
      Session several;
      CHECK(several.run(processes, threads) ==
            std::vector<State>(static_cast<std::size_t>(processes), State::complete));
      CHECK(several.files() == expected);
      // One process looks on, so an epoch of two steps is heard of once.
      CHECK(several.listener.steps == 2 * 2 * 6);
    }
  }
}

/// Small data of the tasks that need any.
void write_data(const fs::path& root) {
  for (const auto& [name, count] : {std::pair("train", 10U), std::pair("t10k", 4U)}) {
    test::Bytes pixels, labels;
    for (std::uint32_t i = 0; i < count * 28 * 28; ++i) pixels.push_back(static_cast<std::uint8_t>(i * 7 % 251));
    for (std::uint32_t i = 0; i < count; ++i) labels.push_back(static_cast<std::uint8_t>(i % 10));
    const fs::path folder = root / "mnist";
    fs::create_directories(folder);
    test::write_text(folder / (std::string(name) + "-images-idx3-ubyte"), test::idx_bytes({count, 28, 28}, pixels));
    test::write_text(folder / (std::string(name) + "-labels-idx1-ubyte"), test::idx_bytes({count}, labels));
  }
  for (const char* part : {"Train", "Test"}) {
    for (int digit = 0; digit < 10; ++digit) {
      const fs::path folder = root / "nmnist" / part / std::to_string(digit);
      fs::create_directories(folder);
      test::write_text(folder / "00001.bin", test::event_bytes(digit, 1, 0, 0) + test::event_bytes(3, digit, 1, 2000));
    }
  }
}

TEST_CASE("the tasks of all shapes give the same files, in both precisions") {
  const ThreadLimit limit(16);
  const TemporaryFolder data;
  write_data(data.path());
  struct Case {
    std::string task, model;
    Precision precision;
  };
  const Case cases[] = {{"lmnist", "glifr_lheta", Precision::float32}, {"lmnist", "lstmn", Precision::float64},
                        {"pmnist", "glifr_lhet", Precision::float64},  {"pmnist", "rnn", Precision::float32},
                        {"nmnist", "glifr_lheta", Precision::float32}, {"nmnist", "rnn", Precision::float64}};
  for (const auto& [task, model, precision] : cases) {
    Session alone(
        {"hidden_size=5", "batch_size=8", "max_epochs=1", "dropout_prob=0.2", "gradient_clip=0.1", "shares=6"});
    alone.task = task;
    alone.data = data.path();
    alone.options.precision = precision;
    REQUIRE(alone.run(1, 1, model).back() == State::complete);
    for (const auto& [processes, threads] : {std::pair<Index, Index>{2, 2}, {3, 1}, {8, 1}}) {
      CAPTURE(task, model, processes, threads);
      Session several(alone.changes());
      several.task = task;
      several.data = data.path();
      several.options.precision = precision;
      several.run(processes, threads, model);
      CHECK(several.files() == alone.files());
    }
  }
}

TEST_CASE("a stop that any process is asked for stops all after the same step, and any number of them goes on") {
  Session whole;
  REQUIRE(whole.run(1).back() == State::complete);
  Session stopped;
  stopped.asked_to_stop = 2;
  int steps = 0;
  stopped.listener.on_step = [&](const Position&) {
    if (++steps % 7 == 0) stopped.stop = true;
  };
  for (const Index processes : {3, 5, 4}) {
    stopped.stop = false;
    const auto states = stopped.run(processes);
    CAPTURE(processes, steps);
    CHECK(states == std::vector<State>(static_cast<std::size_t>(processes), State::interrupted));
    stopped.options.existing = Existing::resume;
  }
  stopped.listener.on_step = {};
  stopped.stop = false;
  REQUIRE(stopped.run(1).back() == State::complete);
  CHECK(stopped.files() == whole.files());
  CHECK(stopped.run(2) == std::vector<State>(2, State::skipped));
}

TEST_CASE("validation, the best checkpoint and early stopping are those of one process") {
  const Changes changes{
      "hidden_size=6",      "lr=1e-2",      "max_epochs=8",         "validation_fraction=0.4", "shares=3",
      "micro_batch=1",      "batch_size=3", "test_checkpoint=best", "monitor=val_loss",        "early_stop_patience=1",
      "lr_schedule=plateau"};
  Session alone(changes), several(changes);
  REQUIRE(alone.run(1, 1, "rnn").back() == State::complete);
  REQUIRE(several.run(3, 1, "rnn").back() == State::complete);
  // val_loss stands behind the seconds.
  const fs::path best = "sine/rnn/trial_0/checkpoints/best.safetensors", test = "sine/rnn/trial_0/test.json";
  CHECK(read_file(alone.options.out / best) == read_file(several.options.out / best));
  CHECK(read_file(alone.options.out / test) == read_file(several.options.out / test));
}

TEST_CASE("where the first process cannot write, all processes end") {
  Session session;
  const test::SmallFiles limit(2000);  // less than a checkpoint
  CHECK_THROWS_AS(session.run(3), OutputError);
}

TEST_CASE("a training that diverges fails in all processes, and the next trial goes on") {
  Session session({"hidden_size=6", "lr=1e30", "max_epochs=6"});
  Config config("sine");
  for (const char* change : {"hidden_size=6", "lr=1e30", "max_epochs=6"}) config.set(change);
  std::atomic<int> failures = 0;
  ThreadGroups::run(2, [&](Group& group) {
    RunOptions own = session.options;
    own.group = &group;
    DataStore data({});
    std::atomic<bool> stop = false;
    TrialObserver nobody;
    const auto plan = make_plan(config, select_models("rnn,lstmn", config), 0, 1, own, {});
    for (const PlannedOutcome& outcome : run_plan(plan, own, data, 1, 1, stop, nobody)) {
      if (outcome.failure.find("not finite") != std::string::npos) ++failures;
    }
  });
  CHECK(failures == 4);
}

}  // namespace
