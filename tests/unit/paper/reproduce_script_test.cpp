// scripts/reproduce_paper.sh as a user meets it, with programs that only write down how they were called.
#include <sstream>

#include "glifr/paper/contents.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/process.hpp"

namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using glifr::test::Finished;
using glifr::test::Process;

/// A build folder whose programs add their command lines to a file. glifr_train fails on the task sine where a file
/// named fail is there, and is interrupted where one named interrupt is.
class Script {
 public:
  Script() {
    const std::string log = calls_file().string(), here = folder_.path().string();
    write_program(build() / "apps/glifr_train/glifr_train",
                  "echo glifr_train \"$@\" >>" + log + "\n[ ! -e " + here + "/interrupt ] || exit 130\nif [ -e " +
                      here + "/fail ]; then case \"$*\" in *'--task sine '*) exit 1;; esac; fi\nmkdir -p " +
                      out().string());
    write_program(build() / "apps/glifr_analyze/glifr_analyze", "echo glifr_analyze \"$@\" >>" + log);
    write_program(folder_.path() / "bin/sbatch", "echo sbatch \"$@\" >>" + log + "\necho 42\\;cluster");
    for (const char* file : {"train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"})
      glifr::test::write_text(folder_.path() / "data/mnist" / file, "");
  }

  Finished run(const std::string& arguments) const {
    const std::string command = "PATH=" + (folder_.path() / "bin").string() + ":$PATH " + GLIFR_SOURCE_DIR +
                                "/scripts/reproduce_paper.sh " + arguments;
    return Process({"/bin/bash", "-c", command}, folder_.path()).wait();
  }
  Finished run_here(const std::string& arguments) const {
    return run("--build " + build().string() + " --out " + out().string() + " --data " +
               (folder_.path() / "data").string() + " " + arguments);
  }

  fs::path out() const { return folder_.path() / "out"; }
  void mark(const char* name) const { glifr::test::write_text(folder_.path() / name, ""); }
  std::string calls() const { return Process::text(calls_file()); }

 private:
  fs::path build() const { return folder_.path() / "build"; }
  fs::path calls_file() const { return folder_.path() / "calls.txt"; }
  static void write_program(const fs::path& file, const std::string& text) {
    glifr::test::write_text(file, "#!/bin/sh\n" + text + "\n");
    fs::permissions(file, fs::perms::owner_all);
  }

  glifr::test::TemporaryFolder folder_;
};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("reproduce_paper.sh names every training of the paper") {
  const Script script;
  const Finished help = script.run("--help"), plan = script.run_here("--dry-run");
  CHECK(help.exit_code == 0);
  CHECK(plan.exit_code == 0);
  CHECK(script.calls().empty());
  for (const glifr::paper::Training& training : glifr::paper::trainings()) {
    const std::string command = command_of(training);
    CHECK_THAT(help.out, Contains(command + "\n"));
    CHECK_THAT(plan.out, Contains(command.substr(command.find(' ')) + " --resume"));
  }
  CHECK(count(plan.out, "glifr_train --task") == glifr::paper::trainings().size());
  CHECK_THAT(plan.out, Contains("glifr_analyze ablation") && Contains("glifr_analyze paper"));
  CHECK_THAT(script.run("--dry-run --tasks sine --out 'two words'").out, Contains(" --out two\\ words"));
}

TEST_CASE("reproduce_paper.sh trains, silences and writes the page, in this order") {
  const Script script;
  const Finished run = script.run_here("--tasks lmnist,sine --trials 2 --archive kept");
  CAPTURE(run.error);
  CHECK(run.exit_code == 0);
  const std::string calls = script.calls();
  CHECK(count(calls, "\n") == 5);
  std::istringstream lines(calls);
  for (const char* expected : {"glifr_train --task sine --model paper --ntrials 2 --resume",
                               "glifr_train --task lmnist --model paper --ntrials 2 --resume", "glifr_analyze ablation",
                               "glifr_analyze paper", "--archive kept"}) {
    std::string line;
    std::getline(lines, line);
    CHECK_THAT(line, Contains(expected));
  }
}

TEST_CASE("reproduce_paper.sh --quick shortens every training and leaves out what has no data") {
  const Script script;
  const Finished run = script.run_here("--quick");
  CHECK(run.exit_code == 0);
  CHECK_THAT(run.error, Contains("nmnist: left out"));
  CHECK_THAT(run.out, Contains("smoke run"));
  const std::string calls = script.calls();
  CHECK(count(calls, "glifr_train") == glifr::paper::trainings().size() - 1);
  CHECK(count(calls, "--epochs") == glifr::paper::trainings().size() - 1);
  CHECK_THAT(calls, Contains("--task lmnist --model paper --ntrials 1 --epochs 1 "));
  CHECK_THAT(calls, Contains("--task pmnist --model rnn --ntrials 1 --epochs 1 "));  // a GLIFR network takes minutes
}

TEST_CASE("reproduce_paper.sh goes on where a training fails, and ends where one is interrupted") {
  const Script script;
  script.mark("fail");
  const Finished failed = script.run_here("--tasks sine,lmnist");
  CHECK(failed.exit_code == 1);
  CHECK_THAT(failed.error, Contains("failed: sine"));
  CHECK_THAT(script.calls(), Contains("--task lmnist") && Contains("glifr_analyze paper"));
  script.mark("interrupt");
  CHECK(script.run_here("--tasks sine,lmnist").exit_code == 130);
  CHECK(count(script.calls(), "glifr_analyze paper") == 1);
}

TEST_CASE("reproduce_paper.sh --slurm submits a job a trial, and the page behind them") {
  const Script script;
  const Finished run = script.run_here("--slurm --tasks sine,pmnist -- --partition long");
  CAPTURE(run.error);
  CHECK(run.exit_code == 0);
  const std::string calls = script.calls();
  CHECK(count(calls, "sbatch --parsable") == 3);
  CHECK(count(calls, "--partition long") == 3);
  CHECK(count(calls, "--array=0-9") == 2);
  CHECK(count(calls, "--first-trial $SLURM_ARRAY_TASK_ID") == 2);
  CHECK(count(calls, "--dependency=afterany:42:42 ") == 1);
}

TEST_CASE("reproduce_paper.sh refuses what it does not know in one line") {
  const Script script;
  for (const char* request :
       {"--tasks sin", "--tasks ,", "--trials 0", "--trials", "--fast", "-- -p x", "--quick --full"}) {
    const Finished run = script.run_here(request);
    CAPTURE(request, run.error);
    CHECK(run.exit_code == 2);
    CHECK(count(run.error, "\n") == 1);
  }
  CHECK_THAT(script.run_here("--tasks sin").error, Contains("found 'sin'") && Contains("sine lmnist"));
  CHECK(script.calls().empty());
}
