// glifr_train under mpirun: the files of one process, by the batch and by trials; signals, the end of a process, and
// what does not fit together. Skipped where there is no mpirun.
#include <dirent.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "glifr/io/files.hpp"
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

bool is_there(const std::string& program) {
  std::istringstream folders(std::getenv("PATH") ? std::getenv("PATH") : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (fs::exists(fs::path(folder) / program)) return true;
  }
  return false;
}

#define REQUIRE_MPIRUN() \
  if (!is_there("mpirun")) GLIFR_SKIP("there is no mpirun (openmpi-bin)")

class Session {
 public:
  /// glifr_train on so many processes (0: without mpirun) and one thread each.
  [[nodiscard]] Process start(int processes, const std::string& arguments,
                              const std::string& program = GLIFR_TRAIN) const {
    Words words{"/usr/bin/env", "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
                "OMPI_MCA_btl_base_warn_component_unused=0"};
    if (processes > 0)
      words.insert(words.end(), {"mpirun", "--oversubscribe", "--bind-to", "none", "-n", std::to_string(processes)});
    words.push_back(program);
    std::istringstream stream(arguments);
    for (std::string word; stream >> word;) words.push_back(word);
    words.insert(words.end(), {"--out", out().string(), "--no-figures"});
    return {words, folder_.path()};
  }
  [[nodiscard]] Finished train(int processes, const std::string& arguments) const {
    return start(processes, arguments).wait();
  }
  [[nodiscard]] fs::path out() const { return folder_.path() / "results"; }
  [[nodiscard]] const fs::path& folder() const { return folder_.path(); }

  /// All files by name, without the times in metrics.csv.
  [[nodiscard]] std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(out())) {
      if (entry.is_directory()) continue;
      std::string& text = all[fs::relative(entry.path(), out()).string()] = glifr::read_file(entry.path());
      if (entry.path().filename() != "metrics.csv") continue;
      std::istringstream rows(std::exchange(text, ""));
      for (std::string row; std::getline(rows, row);) text += row.substr(0, row.rfind(',')) + "\n";
    }
    return all;
  }

 private:
  TemporaryFolder folder_;
};

std::ptrdiff_t lines(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

/// Lines of glifr_train among what mpirun says.
std::ptrdiff_t own_lines(const std::string& text) {
  std::istringstream stream(text);
  std::ptrdiff_t count = 0;
  for (std::string line; std::getline(stream, line);) count += line.starts_with("glifr_train:");
  return count;
}

/// The processes that run glifr_train into a folder of results.
std::vector<pid_t> workers_of(const fs::path& out) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string words = Process::text(entry.path() / "cmdline");
    if (words.starts_with(GLIFR_TRAIN) && words.find(out.string()) != std::string::npos)
      found.push_back(std::stoi(name));
  }
  return found;
}

/// Starts a training and waits until it has trained some epochs.
Process start_and_wait(const Session& session, int processes, const std::string& arguments) {
  const auto rows = [&] { return lines(Process::text(session.out() / "sine/glifr_lheta/trial_0/metrics.csv")); };
  const auto before = rows();
  Process run = session.start(processes, arguments);
  while (!run.has_ended() && rows() <= before + 3) {
  }
  return run;
}

const std::string small =
    "--set hidden_size=8 --set batch_size=4 --set micro_batch=1 --set shares=4 --set dropout_prob=0.2 "
    "--set gradient_clip=0.5 --set checkpoint_seconds=0 --threads 1 ";

TEST_CASE("processes that share the batches leave the files of one") {
  REQUIRE_MPIRUN();
  const std::string arguments = small + "--model glifr_fheta,lstmn --epochs 4 --distribute batch";
  for (const auto& [processes, precision] : {std::pair(2, " --precision float64"), std::pair(5, "")}) {
    const Session alone, several;
    REQUIRE(alone.train(0, arguments + precision).exit_code == 0);
    const Finished run = several.train(processes, arguments + precision);
    CAPTURE(processes, run.out, run.error);
    REQUIRE(run.exit_code == 0);
    CHECK(several.files() == alone.files());
    CHECK(lines(run.out) == 1 + 3);  // that one is trained first, and a result of each
    CHECK(run.error.empty());
  }
}

TEST_CASE("processes that share the trials leave the files of one, and the first prints") {
  REQUIRE_MPIRUN();
  const std::string arguments = small + "--model rnn,glifr_rhet --ntrials 2 --epochs 3";
  const Session alone;
  REQUIRE(alone.train(0, arguments).exit_code == 0);
  const Session several;
  const Finished run = several.train(3, arguments);
  CAPTURE(run.out, run.error);
  REQUIRE(run.exit_code == 0);
  CHECK(several.files() == alone.files());
  CHECK(lines(run.out) == 2 + 6);
  CHECK(run.error.empty());
}

TEST_CASE("a signal to mpirun, or to one process, stops all, and any number of processes goes on") {
  REQUIRE_MPIRUN();
  const std::string arguments = small + "--epochs 300 --distribute batch";
  const Session whole, stopped;
  REQUIRE(whole.train(0, arguments).exit_code == 0);
  {
    Process run = start_and_wait(stopped, 3, arguments);
    for (int i = 0; i < 3; ++i) run.signal(SIGUSR1);
    const Finished end = run.wait();
    CAPTURE(end.out, end.error);
    CHECK(end.exit_code == 130);
    CHECK_THAT(end.out, Contains("go on with the same command and --resume"));
  }
  {
    Process run = start_and_wait(stopped, 2, arguments + " --resume");
    const auto workers = workers_of(stopped.out());
    REQUIRE(workers.size() == 2);
    ::kill(workers.back(), SIGTERM);
    CHECK(run.wait().exit_code == 130);
  }
  REQUIRE(stopped.train(0, arguments + " --resume").exit_code == 0);
  CHECK(stopped.files() == whole.files());
}

TEST_CASE("the end of one process ends all, and the last checkpoint is whole") {
  REQUIRE_MPIRUN();
  const std::string arguments = small + "--epochs 300 --distribute batch";
  const Session whole, killed;
  REQUIRE(whole.train(0, arguments).exit_code == 0);
  for (const std::size_t which : {0U, 1U}) {
    Process run = start_and_wait(killed, 2, arguments + " --resume");
    const auto workers = workers_of(killed.out());
    REQUIRE(workers.size() == 2);
    ::kill(workers[which], SIGKILL);
    CHECK(run.wait().exit_code != 0);
    CHECK(workers_of(killed.out()).empty());
  }
  const Finished end = killed.train(0, arguments + " --resume");
  CAPTURE(end.error);
  REQUIRE(end.exit_code == 0);
  CHECK(killed.files() == whole.files());
}

TEST_CASE("what all processes are refused, and what fails in one, is said once") {
  REQUIRE_MPIRUN();
  const Session session;
  struct Case {
    std::string arguments, said;
    int code;
  };
  const Case cases[] = {{"--set lr=-1", "lr", 2},
                        {"--nonsense", "nonsense", 2},
                        {"--distribute all", "--distribute", 2},
                        {small + "--set lr=1e30 --epochs 40 --distribute batch", "not finite", 1}};
  for (const auto& [arguments, said, code] : cases) {
    const Finished run = session.train(2, arguments);
    CAPTURE(arguments, run.error);
    CHECK(run.exit_code == code);
    CHECK(own_lines(run.error) == 1);
    CHECK_THAT(run.error, Contains(said));
  }
  const Session held;
  const fs::path trial = held.out() / "sine/glifr_lheta/trial_0";
  fs::create_directories(trial);
  const glifr::FolderLock lock(trial);
  const Finished run = held.train(2, small + "--distribute batch");
  CHECK(run.exit_code == 75);
  CHECK(own_lines(run.error) == 1);
}

TEST_CASE("processes of another build, or that were asked for something else, are refused") {
  REQUIRE_MPIRUN();
  const Session session;
  const fs::path other = session.folder() / "other_build";
  fs::copy_file(GLIFR_TRAIN, other);
  std::ofstream(other, std::ios::app) << "\n";  // other bytes, the same program
  const auto both = [&](const std::string& program, const std::string& options) {
    const std::string words = small + "--epochs 2 --distribute batch ";
    return session.train(1, words + "--out " + session.out().string() + " : -n 1 " + program + " " + words + options);
  };
  const Finished build = both(other.string(), "");
  CAPTURE(build.error);
  CHECK(build.exit_code == 2);
  CHECK(own_lines(build.error) == 1);
  CHECK_THAT(build.error, Contains("process 1: runs glifr"));
  const Finished alone = both(GLIFR_TRAIN, "--nonsense");  // the other process would wait for this one
  CAPTURE(alone.error);
  CHECK(alone.exit_code == 2);
  CHECK(own_lines(alone.error) == 1);
  const Finished shares = both(GLIFR_TRAIN, "--set shares=3");
  CAPTURE(shares.error);
  CHECK(shares.exit_code == 2);
  CHECK(own_lines(shares.error) == 1);
  CHECK_THAT(shares.error, Contains("process 1: was asked for something else"));
  CHECK_THAT(both(GLIFR_TRAIN, "--seed 5").error, Contains(": '--seed 5' and '--seed 0'"));
  CHECK_FALSE(fs::exists(session.out()));
}

}  // namespace
