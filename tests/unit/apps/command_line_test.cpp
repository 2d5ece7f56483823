// The command line of both programs: numbers as they are typed, paths, settings that were printed, and where output
// goes.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <csignal>
#include <cstdlib>
#include <map>

#include "glifr/backend/processors.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/json.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/process.hpp"

namespace {

namespace fs = std::filesystem;
using glifr::test::Finished;
using glifr::test::Process;
using glifr::test::TemporaryFolder;
using Words = std::vector<std::string>;

class Session {
 public:
  Process start(const Words& command) const { return {command, folder_.path()}; }
  Finished run(const Words& command) const { return start(command).wait(); }
  Finished train(Words arguments) const {
    arguments.insert(arguments.begin(), GLIFR_TRAIN);
    return run(arguments);
  }
  Finished analyze(Words arguments) const {
    arguments.insert(arguments.begin(), GLIFR_ANALYZE);
    return run(arguments);
  }
  /// A short training of a small network into the folder "results".
  Finished quick(const Words& arguments, const Words& size = {"--set", "hidden_size=3"}) const {
    Words words{"--no-figures", "--threads", "1", "--out", file("results")};
    words.insert(words.end(), size.begin(), size.end());
    words.insert(words.end(), arguments.begin(), arguments.end());
    return train(words);
  }
  /// A program started by a shell that redirects its output.
  Finished redirected(const std::string& redirection, const Words& command) const {
    Words words{"/bin/sh", "-c", "exec \"$@\" " + redirection, "sh"};
    words.insert(words.end(), command.begin(), command.end());
    return run(words);
  }

  std::string file(const std::string& name) const { return (folder_.path() / name).string(); }
  boost::json::object config(const std::string& trial) const {
    return glifr::read_json_file(file("results/" + trial + "/config.json")).as_object();
  }

 private:
  TemporaryFolder folder_;
};

void require_refused(const Finished& run, const std::string& message) {
  CAPTURE(run.error, message);
  CHECK(run.exit_code == 2);
  CHECK(std::count(run.error.begin(), run.error.end(), '\n') == 1);
  CHECK(run.error.size() < 250);
  CHECK_THAT(run.error, Catch::Contains(message));
}

constexpr const char* clear_line = "\r\033[K";

/// What a program writes to a terminal of so many columns until it has cleared a line for the third time.
std::string on_terminal(int columns, const Words& command) {
  const int controller = ::posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(controller >= 0);
  REQUIRE(::grantpt(controller) == 0);
  REQUIRE(::unlockpt(controller) == 0);
  const std::string name = ::ptsname(controller);
  const int terminal = ::open(name.c_str(), O_RDWR | O_NOCTTY);
  const winsize size{24, static_cast<unsigned short>(columns), 0, 0};
  REQUIRE(::ioctl(terminal, TIOCSWINSZ, &size) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(terminal, STDOUT_FILENO);
    ::dup2(terminal, STDERR_FILENO);
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(terminal);
  std::string text;
  std::array<char, 4096> buffer;
  const auto has_cleared_three = [&] {
    std::size_t place = 0, found = 0;
    while ((place = text.find(clear_line, place)) != std::string::npos) ++place, ++found;
    return found >= 3;
  };
  while (!has_cleared_three()) {
    const ssize_t count = ::read(controller, buffer.data(), buffer.size());
    if (count <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(controller);
  return text;
}

}  // namespace

TEST_CASE("a program calls itself by the name of its file") {
  const Session session;
  fs::create_symlink(GLIFR_TRAIN, session.file("my_train"));
  fs::create_symlink(GLIFR_ANALYZE, session.file("my_analyze"));
  for (const auto& [program, name] :
       {std::pair(session.file("my_train"), "my_train"), std::pair(session.file("my_analyze"), "my_analyze"),
        std::pair(std::string(GLIFR_TRAIN), "glifr_train")}) {
    const std::string file = program;
    const auto run = [&](const char* option) { return session.run({file, option}); };
    CHECK_THAT(run("--help").out, Catch::Contains(std::string("Usage: ") + name + " [OPTIONS]"));
    CHECK_THAT(run("--version").out, Catch::StartsWith(name + std::string(" ")));
    const Finished refused = run("--colour");
    CHECK_THAT(refused.error, Catch::StartsWith(name + std::string(": ")));
    CHECK_THAT(refused.error, Catch::Contains(std::string("(see ") + name + " --help)"));
  }
}

TEST_CASE("numbers on the command line are decimal") {
  const Session session;
  const Finished run = session.quick({"--model", "rnn", "--epochs", "02", "--first-trial", "010", "--ntrials", "+1"});
  CAPTURE(run.error);
  REQUIRE(run.exit_code == 0);
  CHECK(fs::exists(session.file("results/sine/rnn/trial_10")));
  CHECK(session.config("sine/rnn/trial_10").at("max_epochs") == 2);
  CHECK(session.quick({"--model", "rnn", "--epochs", "1", "--first-trial", "08"}).exit_code == 0);
  CHECK(fs::exists(session.file("results/sine/rnn/trial_8")));
}

TEST_CASE("seeds are taken from 0 to the last that 64 bits hold") {
  const Session session;
  for (const std::string seed : {"0", "18446744073709551615"}) {
    REQUIRE(session.quick({"--model", "rnn", "--epochs", "1", "--overwrite", "--seed", seed}).exit_code == 0);
    CHECK(glifr::to_line(session.config("sine/rnn/trial_0").at("seed")) == seed);
  }
  for (const std::string seed : {"-1", "", "18446744073709551616", "1e3", "1.0", "0x1", " 1", "1 ", "one"}) {
    require_refused(session.quick({"--model", "rnn", "--epochs", "1", "--seed", seed}), "--seed: found ");
    require_refused(session.analyze({"summary", "--seed", seed}), "--seed: found ");
  }
}

TEST_CASE("every number of every option is checked, and shown as it was typed") {
  const Session session;
  for (const char* option : {"--ntrials", "--first-trial", "--epochs", "--threads", "--jobs"}) {
    for (const std::string number : {"", "-1", "1.5", "1e3", "0x10", "99999999999999999999", "1,000", "nan"}) {
      const Finished run = session.train({option, number});
      require_refused(run, std::string(option) + ": found " + (number == "-1" || number == "1.5" ? number : ""));
    }
  }
  for (const std::string number : {"", "0", "-1", "1e999", "inf", "nan", "1;5", "0x1", "5s"}) {
    require_refused(session.train({"--benchmark", "--benchmark-seconds", number}), "--benchmark-seconds: found ");
    require_refused(session.analyze({"fi-curve", "--parameters", "p.csv", "--dt", number}), "--dt: found ");
    require_refused(session.analyze({"cluster", "--parameters", "p.csv", "--sigma-v", number}), "--sigma-v: found ");
    require_refused(session.analyze({"trace", "--neuron", "n", "--input", "i", "--figure-sigma-v", number + ",1"}),
                    "--figure-sigma-v: found ");
  }
  require_refused(session.analyze({"fi-curve", "--parameters", "p", "--R", "-1"}),
                  "--R: found -1; accepted: a number >= 0");
  require_refused(session.analyze({"fi-curve", "--parameters", "p", "--v-reset", "inf"}), "--v-reset: found inf");
  for (const std::string width : {"", "79", "nan", "inf", "1001"})
    require_refused(session.analyze({"summary", "--width", width}), "--width: found ");
  for (const std::string ratios : {"", "0,", ",1", "0,,1", "0;1", "0,1.5", "-0.1", "nan"}) {
    require_refused(session.analyze({"ablation", "--ratios", ratios}), "--ratios: found ");
  }
  require_refused(session.analyze({"ablation", "--ratios", "0.5,0.50"}), "--ratios: names 0.5 twice");
  for (const auto& [command, option] :
       {std::pair("ablation", "--draws"), std::pair("ablation", "--trials"), std::pair("ablation", "--samples"),
        std::pair("cluster", "--max-clusters"), std::pair("count", "--match"), std::pair("responses", "--trial"),
        std::pair("report", "--ablation-samples"), std::pair("curves", "--threads")}) {
    for (const std::string number : {"", "-1", "2.5", "1e3", "9223372036854775808"}) {
      require_refused(session.analyze({command, option, number}), std::string(option) + ": found ");
    }
  }
  require_refused(session.train({"--set", "lr=" + std::string(300, '1') + "x"}), "lr: found '111");
  require_refused(session.train({"--epochs", std::string(300, '9')}), "--epochs: found 999");
}

TEST_CASE("threads of an analysis are those of the batch system, and both programs say so") {
  const Session session;
  REQUIRE(session.quick({"--model", "rnn", "--epochs", "1"}).exit_code == 0);
  // How often it was seen with a number of threads. As it ends, oneTBB may start one for nothing.
  const auto seen_threads = [&](const Words& arguments) {
    Words words{
        "/usr/bin/env", "SLURM_CPUS_PER_TASK=1",  GLIFR_ANALYZE, "ablation", session.file("results"), "--draws", "2000",
        "--out",        session.file("analysis"), "--no-figures"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    Process run = session.start(words);
    std::map<std::ptrdiff_t, int> seen;
    while (!run.has_ended()) ++seen[run.threads()];
    CHECK(run.wait().exit_code == 0);
    return seen;
  };
  auto by_system = seen_threads({});
  CHECK(by_system[1] > by_system[2]);
  CHECK(by_system.rbegin()->first <= 2);
  if (glifr::available_processors() > 1) {
    auto by_option = seen_threads({"--threads", "2"});
    CHECK(by_option[2] > by_option[1]);
  }
  for (const Words& help : {Words{GLIFR_TRAIN, "--help"}, Words{GLIFR_ANALYZE, "ablation", "--help"}})
    CHECK_THAT(session.run(help).out, Catch::Contains("SLURM_CPUS_PER_TASK"));
}

TEST_CASE("the help of an analysis shows the options that have an effect on it, others are accepted") {
  const Session session;
  for (const std::string command : {"summary", "curves", "count", "paper", "parameters", "connectivity"}) {
    INFO(command);
    const std::string help = session.analyze({command, "--help"}).out;
    CHECK_THAT(help, Catch::Contains("--out") && Catch::Contains("--threads"));
    for (const char* option : {"--seed", "--precision", "--cache"}) CHECK_THAT(help, !Catch::Contains(option));
    CHECK((help.find("--data") != std::string::npos) == (command == "count" || command == "paper"));
    CHECK_THAT(help, !Catch::Contains("REQUIRED"));
  }
  for (const std::string command : {"count", "import", "export"}) {
    const std::string help = session.analyze({command, "--help"}).out;
    for (const char* option : {"--width", "--precision"}) CHECK_THAT(help, !Catch::Contains(option));
    CHECK((help.find("--no-figures") != std::string::npos) == (command == "import"));
  }
  CHECK_THAT(session.analyze({"trace", "--help"}).out, Catch::Contains("--no-figures") && Catch::Contains("--width"));
  const std::string help = session.analyze({"ablation", "--help"}).out;
  for (const char* option : {"--data", "--seed", "--precision", "--cache"}) CHECK_THAT(help, Catch::Contains(option));
  const Finished run = session.analyze({"count", "--model", "rnn", "--seed", "1", "--precision", "float32", "--cache",
                                        session.file("cache"), "--no-figures", "--out", session.file("out")});
  INFO(run.error);
  CHECK(run.exit_code == 0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which need more memory than that

TEST_CASE("threads that cannot be started are an error in one line") {
  const Session session;
  const auto limited = [&](const std::string& threads) {
    return session.run({"/bin/sh", "-c", "ulimit -v 1000000 && exec \"$@\"", "sh", GLIFR_TRAIN, "--model", "rnn",
                        "--set", "hidden_size=3", "--epochs", "1", "--no-figures", "--out", session.file("results"),
                        "--device", "cpu", "--threads", threads});
  };
  const Finished run = limited("1000");  // whose stacks would take 2 GB, and more
  CAPTURE(run.error);
  CHECK(run.exit_code == 1);
  CHECK(std::count(run.error.begin(), run.error.end(), '\n') == 1);
  CHECK_THAT(run.error, Catch::Contains("cpu: only ") && Catch::Contains(" of 1000 threads can be started (") &&
                            Catch::Contains("--threads"));
  CHECK(limited("1").exit_code == 0);
}

#endif

TEST_CASE("an option that is given twice is refused by its name") {
  const Session session;
  require_refused(session.train({"--threads", "1", "--threads", "2"}), "--threads: is given twice; accepted: once");
  require_refused(session.analyze({"count", "--threads", "1", "--threads", "2"}), "--threads: is given twice");
  require_refused(session.train({"--out", "a", "--out=b", "--out", "c"}), "--out: is given 3 times; accepted: once");
  require_refused(session.train({"--cpu-target", "auto", "--cpu-target", "auto"}), "--cpu-target: is given twice");
}

TEST_CASE("names that are chosen from a list are those of the list") {
  const Session session;
  require_refused(session.train({"--precision", "1"}), "--precision: found 1; accepted: float32, float64");
  require_refused(session.train({"--engine", "0"}), "--engine: found 0; accepted: fused, composed");
  require_refused(session.analyze({"summary", "--precision", "float"}), "--precision: found 'float'");
}

TEST_CASE("an empty value, or the next option in the place of a value, is refused") {
  const Session session;
  for (const std::string option : {"--out", "--data", "--config", "--cache", "--task", "--model"}) {
    require_refused(session.train({option, ""}), option + ": found ''");
    require_refused(session.train({option + "="}), option + ": found ''");
    require_refused(session.train({option, "--resume"}), option + ": found '--resume'");
  }
  for (const std::string option : {"--out", "--data", "--config", "--task"}) {
    require_refused(session.analyze({"count", option, ""}), option + ": found ''");
  }
  require_refused(session.analyze({"summary", ""}), "RESULTS: found ''");
  require_refused(session.analyze({"fi-curve", "--checkpoint", ""}), "--checkpoint: found ''");
  require_refused(session.train({"--set", "mnist_path=", "--task", "lmnist"}), "mnist_path: found ''");
  require_refused(session.train({"--set", "hidden_size={}"}), "hidden_size: found {}; accepted: an integer");
}

TEST_CASE("a key that is no key but an option points at it, whichever option it is") {
  const Session session;
  std::istringstream help(session.train({"--help"}).out);
  int options = 0;
  for (std::string line; std::getline(help, line);) {
    const std::size_t begin = line.find("--");
    if (begin == std::string::npos || line.find_first_not_of(" ") != begin) continue;
    const std::string option = line.substr(begin, line.find_first_of(" ,", begin) - begin);
    std::string key = option.substr(2);
    if (key == "monitor" || key == "tensorboard") continue;  // which are keys
    ++options;
    std::ranges::replace(key, '-', '_');
    INFO(key);
    require_refused(session.train({"--set", key + "=1"}), "; there is the option " + option);
  }
  CHECK(options >= 25);
  glifr::test::write_text(session.file("seed.json"), R"({"base": "sine", "lr": 1, "seed": 3})");
  require_refused(session.train({"--config", session.file("seed.json")}), "; there is the option --seed");
}

TEST_CASE("what is resumed where no task is named is one that is there") {
  const Session session;
  const Words options{"--model", "rnn", "--epochs", "1", "--set", "hidden_size=4", "--out", session.file("results")};
  const auto train = [&](Words words) {
    words.insert(words.end(), options.begin(), options.end());
    return session.train(words);
  };
  REQUIRE(train({"--resume", "--name", "mine"}).exit_code == 0);
  require_refused(train({"--resume"}), "results holds trials of mine and none of sine, the default; accepted: --task");
  CHECK(train({"--resume", "--name", "mine"}).exit_code == 0);
  CHECK(train({"--resume", "--task", "sine"}).exit_code == 0);
  CHECK(train({"--resume"}).exit_code == 0);  // as there are trials of sine now
}

TEST_CASE("printed settings and a trial's record can be given to --config") {
  const Session session;
  const Words changes{"--set", "lr=0.0025", "--epochs", "1"};
  for (const std::string task : {"sine", "lmnist-anneal"}) {
    for (const std::string model : {"glifr_rheta", "rnn,lstmn,glifr_lheta", "all"}) {
      CAPTURE(task, model);
      Words words{"--task", task, "--model", model, "--print-config"};
      words.insert(words.end(), changes.begin(), changes.end());
      const Finished printed = session.train(words);
      REQUIRE(printed.exit_code == 0);
      glifr::test::write_text(session.file("printed.json"), printed.out);
      const Finished again = session.train({"--config", session.file("printed.json"), "--print-config"});
      CAPTURE(again.error);
      CHECK(again.exit_code == 0);
      CHECK(again.out == printed.out);
    }
  }
  REQUIRE(session.quick({"--model", "glifr_lheta", "--seed", "7", "--epochs", "1"}).exit_code == 0);
  const std::string record = session.file("results/sine/glifr_lheta/trial_0/config.json");
  const Finished run = session.quick({"--config", record, "--first-trial", "1"}, {});
  CAPTURE(run.error);
  REQUIRE(run.exit_code == 0);
  CHECK_THAT(run.out, Catch::Contains("records seed 7; this run has 0") && Catch::Contains("records trial 0"));
  CHECK(session.config("sine/glifr_lheta/trial_1").at("hidden_size") == 3);
  CHECK(session.config("sine/glifr_lheta/trial_1").at("seed") == 0);
  require_refused(session.quick({"--config", record, "--task", "lmnist"}), "task: found 'lmnist', but");

  const Finished counted = session.analyze({"count", "--config", record, "--out", session.file("count")});
  CAPTURE(counted.error);
  CHECK(counted.exit_code == 0);
  CHECK_THAT(glifr::read_file(session.file("count/count.csv")), Catch::Contains("\nsine,glifr_lheta,3,"));
}

TEST_CASE("parameters of a network of any size are counted and matched without making it") {
  const Session session;
  const Finished run = session.analyze({"count", "--task", "lmnist", "--match", "1000000", "--out", session.file("m")});
  CAPTURE(run.error);
  REQUIRE(run.exit_code == 0);
  // n n + 28 n + n + 10 n + 10 of an RNN of a million neurons
  CHECK_THAT(glifr::read_file(session.file("m/count.csv")), Catch::Contains("\nlmnist,rnn,1000000,1000039000010\n"));
  CHECK(session.analyze({"count", "--set", "hidden_size=1000000", "--out", session.file("c")}).exit_code == 0);
  CHECK_THAT(glifr::read_file(session.file("c/count.csv")), Catch::Contains("\nsine,lstmn,1000000,4000013000001\n"));
}

TEST_CASE("a network for which there is no memory is refused by its size") {
  const Session session;
  require_refused(session.quick({"--model", "rnn", "--epochs", "1"}, {"--set", "hidden_size=1000000"}),
                  "hidden_size: found 1000000; the parameters of such a network (rnn) take 4e+03 GB");
  CHECK_FALSE(fs::exists(session.file("results/sine/rnn/trial_0/config.json")));
}

TEST_CASE("output that does not arrive is an error in one line") {
  const Session session;
  const std::vector<Words> commands{
      {GLIFR_TRAIN, "--print-config"}, {GLIFR_TRAIN, "--help"},
      {GLIFR_TRAIN, "--version"},      {GLIFR_TRAIN, "--benchmark", "--benchmark-seconds", "0.001"},
      {GLIFR_ANALYZE, "--help"},       {GLIFR_ANALYZE, "count", "--out", session.file("count")}};
  for (const Words& command : commands) {
    const Finished run = session.redirected(">/dev/full", command);
    CAPTURE(command, run.error);
    CHECK(run.exit_code == 1);
    CHECK(std::count(run.error.begin(), run.error.end(), '\n') == 1);
    CHECK_THAT(run.error, Catch::Contains("standard output: cannot be written"));
  }
  CHECK(session.redirected(">/dev/full", {GLIFR_TRAIN, "--epochs", "0"}).exit_code == 2);
  const Finished trained =
      session.redirected(">/dev/full", {GLIFR_TRAIN, "--model", "rnn", "--set", "hidden_size=3", "--epochs", "1",
                                        "--no-figures", "--out", session.file("results"), "--threads", "1"});
  CHECK(trained.exit_code == 1);
  CHECK_THAT(trained.error, Catch::Contains("standard output: cannot be written: No space left on device"));
}

TEST_CASE("with standard output and error closed, data files hold data alone") {
  const Session session;
  for (const std::string closed : {">&-", "2>&-", "<&- >&- 2>&-"}) {
    CAPTURE(closed);
    const Words command{GLIFR_TRAIN,   "--model",       "rnn",
                        "--set",       "hidden_size=3", "--epochs",
                        "3",           "--out",         session.file("results"),
                        "--overwrite", "--no-figures"};
    CHECK(session.redirected(closed, command).exit_code == 0);
    const std::string trial = session.file("results/sine/rnn/trial_0");
    CHECK(glifr::read_csv_numbers(trial + "/metrics.csv", {.has_header = true, .allows_empty_cells = true}).rows == 3);
    CHECK(session.config("sine/rnn/trial_0").at("max_epochs") == 3);
    CHECK(session.redirected(closed, {GLIFR_ANALYZE, "count", "--out", session.file("count")}).exit_code == 0);
    CHECK_THAT(glifr::read_file(session.file("count/count.csv")), Catch::StartsWith("task,model,hidden_size"));
  }
}

TEST_CASE("progress stays on one line of a terminal, however narrow") {
  const Session session;
  for (const int columns : {200, 80, 40, 12, 2}) {
    CAPTURE(columns);
    const std::string text =
        on_terminal(columns, {GLIFR_TRAIN, "--model", "glifr_lheta", "--ntrials", "2", "--jobs", "1", "--threads", "1",
                              "--set", "hidden_size=8", "--epochs", "3000000", "--set", "checkpoint_seconds=100",
                              "--out", session.file("results"), "--overwrite", "--no-figures"});
    std::size_t lines = 0;
    const std::string clear = clear_line;
    // What stands before a line is cleared was the progress; what ends with a line end stays.
    for (std::size_t begin = 0, end; (end = text.find(clear, begin)) != std::string::npos; begin = end + clear.size()) {
      const std::string piece = text.substr(begin, end - begin);
      const std::string line = piece.substr(piece.find_last_of('\n') + 1);  // npos + 1 is 0
      if (line.empty()) continue;
      ++lines;
      CHECK(line.size() < static_cast<std::size_t>(columns));
      if (columns >= 40) CHECK_THAT(line, Catch::Contains("epoch ") && Catch::Contains("/3000000"));
      if (columns == 200) CHECK_THAT(line, Catch::Contains("[0/2 trials]") && Catch::Contains("samples/s"));
    }
    CHECK(lines >= 2);
  }
}

TEST_CASE("a trial that diverged goes from the line of a terminal") {
  const Session session;
  const std::string text =
      on_terminal(200, {GLIFR_TRAIN, "--model", "rnn", "--sweep", "lr=1e30,1e-4", "--jobs", "2", "--threads", "2",
                        "--set", "hidden_size=3", "--epochs", "3000000", "--set", "checkpoint_seconds=100", "--out",
                        session.file("results"), "--no-figures"});
  CAPTURE(text);
  const std::size_t last = text.rfind("rnn trial 0");
  REQUIRE(last != std::string::npos);
  CHECK_THAT(text.substr(text.rfind('[', last)), Catch::StartsWith("[1/2 trials] sine@lr=0.0001 rnn trial 0 "));
}
