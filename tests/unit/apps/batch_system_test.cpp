// glifr_train under a batch system: its signals, parts of a plan, names, folders that another run holds, and the
// processors that it is given.
#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <sstream>

#include "glifr/io/files.hpp"
#include "glifr/io/json.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/process.hpp"

namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using glifr::test::Finished;
using glifr::test::Process;
using glifr::test::TemporaryFolder;
using Words = std::vector<std::string>;

class Session {
 public:
  /// glifr_train with these arguments and, before it, these variables of the environment.
  [[nodiscard]] Process start(const std::string& arguments, const std::string& variables = "") const {
    Words words{"/usr/bin/env", "-u", "SLURM_CPUS_PER_TASK"};
    const auto add = [&](const std::string& text) {
      std::istringstream stream(text);
      for (std::string word; stream >> word;) words.push_back(word);
    };
    add(variables);
    words.emplace_back(GLIFR_TRAIN);
    add(arguments);
    words.insert(words.end(), {"--out", out().string(), "--no-figures"});
    return {words, folder_.path()};
  }
  [[nodiscard]] Finished train(const std::string& arguments, const std::string& variables = "") const {
    return start(arguments, variables).wait();
  }
  [[nodiscard]] fs::path out() const { return folder_.path() / "results"; }
  [[nodiscard]] std::string output() const { return Process::text(folder_.path() / "stdout.txt"); }
  [[nodiscard]] std::string last(const std::string& trial = "sine/rnn/trial_0") const {
    return glifr::read_file(out() / trial / "checkpoints" / "last.safetensors");
  }
  [[nodiscard]] bool is_complete(const std::string& trial) const { return fs::exists(out() / trial / "test.json"); }

 private:
  TemporaryFolder folder_;
};

std::ptrdiff_t lines(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

constexpr const char* small = "--model rnn --set hidden_size=4 --threads 1 ";

TEST_CASE("each signal of a batch system, however often it comes, ends in a checkpoint from which the run goes on") {
  const std::string arguments = std::string(small) + "--set batch_size=2 --epochs 2000";
  const Session whole;
  REQUIRE(whole.train(arguments).exit_code == 0);
  for (const int signal : {SIGTERM, SIGUSR1, SIGUSR2, SIGHUP, SIGXCPU}) {
    CAPTURE(signal);
    const Session stopped;
    Process run = stopped.start(arguments);
    while (!run.has_ended() && lines(Process::text(stopped.out() / "sine/rnn/trial_0/metrics.csv")) < 5) {
    }
    for (int i = 0; i < 5; ++i) run.signal(signal);
    const Finished end = run.wait();
    CHECK(end.exit_code == 130);
    CHECK(end.error.empty());
    CHECK_THAT(end.out, Contains("interrupted; go on with the same command and --resume"));
    CHECK_FALSE(stopped.is_complete("sine/rnn/trial_0"));
    REQUIRE(stopped.train(arguments + " --resume").exit_code == 0);
    CHECK(stopped.last() == whole.last());
  }
}

TEST_CASE("under nohup, the end of the terminal is ignored") {
  const Session session;
  const std::string script = std::string("trap '' HUP; \"$@\" & kill -HUP $!; wait $!");
  const Finished run = Process({"/bin/sh", "-c", script, "sh", GLIFR_TRAIN, "--model", "rnn", "--epochs", "20", "--out",
                                session.out().string(), "--no-figures"},
                               session.out().parent_path())
                           .wait();
  CHECK(run.exit_code == 0);
}

TEST_CASE("what a script starts in the background is stopped by SIGINT, which its shell makes it ignore") {
  const Session session;
  Process run({"/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh", GLIFR_TRAIN, "--model", "rnn", "--epochs", "100000",
               "--out", session.out().string(), "--no-figures"},
              session.out().parent_path());
  while (!run.has_ended() && lines(Process::text(session.out() / "sine/rnn/trial_0/metrics.csv")) < 5) {
  }
  run.signal(SIGINT);
  CHECK(run.wait().exit_code == 130);
}

TEST_CASE("the parts of a plan are filed as the whole, and a part may be empty") {
  const Session whole, parts;
  const std::string arguments = "--model rnn,glifr_fhet --ntrials 2 --set hidden_size=4 --threads 1 --epochs 2";
  REQUIRE(whole.train(arguments).exit_code == 0);
  for (const char* part : {"1/5", "2/5", "3/5", "4/5", "5/5"}) {
    const Finished run = parts.train(arguments + " --shard " + part);
    CAPTURE(part, run.out, run.error);
    REQUIRE(run.exit_code == 0);
    CHECK((run.out.find("nothing to do") != std::string::npos) == (part == std::string("5/5")));
  }
  for (const std::string trial : {"rnn/trial_0", "rnn/trial_1", "glifr_lhet/trial_0", "glifr_fhet/trial_1"}) {
    CAPTURE(trial);
    CHECK(parts.last("sine/" + trial) == whole.last("sine/" + trial));
  }
}

TEST_CASE("an array task (--shard) that is not K of N is refused") {
  const Session session;
  for (const std::string shard : {"0/4", "5/4", "1", "1/0", "a/b", "1/2/3", "-1/2"}) {
    const Finished run = session.train(std::string(small) + "--shard " + shard);
    CAPTURE(shard, run.error);
    CHECK(run.exit_code == 2);
    CHECK(lines(run.error) == 1);
    CHECK_THAT(run.error, Contains("--shard: found '" + shard + "'; accepted: K/N"));
    CHECK_FALSE(fs::exists(session.out()));
  }
}

TEST_CASE("a name tells runs of a task apart, and their settings name both") {
  const Session session;
  REQUIRE(session.train(std::string(small) + "--epochs 2 --set lr=1e-2 --name fast").exit_code == 0);
  REQUIRE(session.train(std::string(small) + "--epochs 2 --set lr=1e-5 --name slow").exit_code == 0);
  CHECK(session.last("fast/rnn/trial_0") != session.last("slow/rnn/trial_0"));
  const fs::path record = session.out() / "fast/rnn/trial_0/config.json";
  const auto config = glifr::read_json_file(record).as_object();
  CHECK(config.at("task") == "fast");
  CHECK(config.at("base_task") == "sine");
  const Finished again = session.train("--config " + record.string() + " --threads 1 --resume");
  CHECK(again.exit_code == 0);
  CHECK_THAT(again.out, Contains("fast rnn trial 0: complete already"));
  for (const std::string name : {"lmnist", "a/b", "..", "-x", "sine@lr=0.1"}) {
    const Finished run = session.train(std::string(small) + "--name=" + name);
    CAPTURE(name, run.error);
    CHECK(run.exit_code == 2);
    CHECK(lines(run.error) == 1);
    CHECK_THAT(run.error, Contains("--name"));
  }
}

TEST_CASE("a trial that another run holds is waited for where that is asked for") {
  const std::string arguments = std::string(small) + "--epochs 2";
  for (const std::string wait : {" --wait", " --shard 1/1"}) {
    const Session session;
    const fs::path trial = session.out() / "sine/rnn/trial_0";
    fs::create_directories(trial);
    std::optional<glifr::FolderLock> lock(std::in_place, trial);
    const Finished refused = session.train(arguments);
    CHECK(refused.exit_code == 75);
    CHECK(lines(refused.error) == 1);
    CHECK_THAT(refused.error, Contains("--wait"));
    Process run = session.start(arguments + wait);
    while (!run.has_ended() && session.output().find("waits for the run") == std::string::npos) {
    }
    CHECK_FALSE(run.has_ended());
    lock.reset();
    const Finished end = run.wait();
    CAPTURE(wait, end.out, end.error);
    CHECK(end.exit_code == 0);
    CHECK(session.is_complete("sine/rnn/trial_0"));
    CHECK(session.train(arguments).exit_code == 2);  // a complete trial is in the way where nobody waits
    lock.emplace(trial);
    CHECK(session.train(arguments + wait).exit_code == 0);  // and is taken as it is where somebody does
  }
}

TEST_CASE("a run that waits for a folder heeds signals") {
  const Session session;
  const fs::path trial = session.out() / "sine/rnn/trial_0";
  fs::create_directories(trial);
  const glifr::FolderLock lock(trial);
  Process run = session.start(std::string(small) + "--epochs 2 --wait");
  while (!run.has_ended() && session.output().find("waits for the run") == std::string::npos) {
  }
  run.signal(SIGTERM);
  CHECK(run.wait().exit_code == 130);
}

TEST_CASE("threads are those of the batch system, and no more than processors") {
  const Session session;
  const auto threads_of = [&](const std::string& variables, const std::string& arguments = "") {
    const Finished run = session.train(std::string("--benchmark --benchmark-seconds 0.01 ") + arguments, variables);
    CAPTURE(run.error);
    REQUIRE(run.exit_code == 0);
    return boost::json::parse(run.out).as_object().at("threads").to_number<int>();
  };
  CHECK(threads_of("SLURM_CPUS_PER_TASK=1") == 1);
  CHECK(threads_of("SLURM_CPUS_PER_TASK=4000") == threads_of(""));
  CHECK(threads_of("SLURM_CPUS_PER_TASK=1", "--threads 2") == 2);
}

TEST_CASE("processes that a launcher started and that form no group are refused before anything is written") {
  const Session session;
  const Finished run = session.train(std::string(small), "SLURM_STEP_NUM_TASKS=4");
  CAPTURE(run.out, run.error);
  CHECK(run.exit_code == 2);
  CHECK(lines(run.error) == 1);
  CHECK_THAT(run.error, Contains("srun: started 4 processes, but"));
  CHECK(run.out.empty());
  CHECK_FALSE(fs::exists(session.out()));
}

}  // namespace
