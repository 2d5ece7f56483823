// glifr_train as a user meets it: what it leaves in a results folder, same bits whatever the threads and however often
// it is killed, and one clear line for every request that cannot be met.
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <sstream>

#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/hdf5.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/npy.hpp"
#include "glifr/io/safetensors.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/process.hpp"
#include "support/python.hpp"
#include "unit/datasets/fixtures.hpp"

namespace {

namespace fs = std::filesystem;
using glifr::test::Finished;
using glifr::test::Process;
using glifr::test::TemporaryFolder;

/// A results folder of its own for a test, and glifr_train writing to it.
class Session {
 public:
  std::vector<std::string> command(const std::string& arguments) const {
    std::vector<std::string> words{GLIFR_TRAIN};
    std::istringstream stream(arguments);
    for (std::string word; stream >> word;) words.push_back(word);
    words.insert(words.end(), {"--out", out().string(), "--no-figures"});
    return words;
  }
  Finished train(const std::string& arguments) const { return Process(command(arguments), folder_.path()).wait(); }
  Process start(const std::string& arguments) const { return {command(arguments), folder_.path()}; }

  fs::path out() const { return folder_.path() / "results"; }
  fs::path trial(const std::string& task = "sine", const std::string& model = "glifr_lheta", int number = 0) const {
    return out() / task / model / ("trial_" + std::to_string(number));
  }
  std::string checkpoint() const { return glifr::read_file(trial() / "checkpoints" / "last.safetensors"); }
  const fs::path& folder() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// Files that a run left half-written would bear other names than these.
void require_no_leftovers(const fs::path& folder) {
  if (!fs::exists(folder)) return;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    CAPTURE(entry.path());
    const auto ends_in = [&](const std::string& end) { return name.size() > end.size() && name.ends_with(end); };
    REQUIRE((entry.is_directory() || ends_in(".json") || ends_in(".csv") || ends_in(".safetensors")));
  }
}

}  // namespace

TEST_CASE("a trial's folder holds what the formats promise") {
  const Session session;
  const Finished run = session.train("--task sine --epochs 12 --set parameter_every=5");
  CAPTURE(run.error);
  REQUIRE(run.exit_code == 0);
  REQUIRE(run.error.empty());

  const fs::path trial = session.trial();
  const auto metrics = glifr::read_csv_numbers(trial / "metrics.csv", {.has_header = true, .allows_empty_cells = true});
  REQUIRE(metrics.header == std::vector<std::string>{"epoch", "train_loss", "train_acc", "seconds"});
  REQUIRE(metrics.rows == 12);
  REQUIRE(metrics(11, 0) == 12);
  REQUIRE(metrics(11, 1) < metrics(0, 1));

  const auto k_j = glifr::read_csv_numbers(trial / "parameters" / "k_j.csv", {});
  REQUIRE(k_j.rows == 1 + 2 + 1);  // before training, every fifth epoch, the last
  REQUIRE(k_j.columns == 2 * 124);
  REQUIRE(k_j(0, 0) == Approx(2.0).epsilon(1e-5));  // 0.1 / dt

  const auto config = glifr::read_json_file(trial / "config.json").as_object();
  REQUIRE(config.at("lr").to_number<double>() == 1e-4);
  REQUIRE(config.at("trained_parameters").to_number<int>() == 124 + 124 * 124 + 8 * 124 + 124 + 1);
  const auto test = glifr::read_json_file(trial / "test.json").as_object();
  REQUIRE(test.at("samples").to_number<int>() == 6);
  REQUIRE(test.at("test_acc").is_null());

  const glifr::TensorFile last = glifr::read_safetensors(trial / "checkpoints" / "last.safetensors");
  const auto shape_of = [&](const char* name) {
    CAPTURE(name);
    REQUIRE(last.find(name));
    return last.find(name)->shape;
  };
  using Sizes = std::vector<glifr::Index>;
  REQUIRE(shape_of("neuron_layer.weight_iv") == Sizes{1, 124});
  REQUIRE(shape_of("neuron_layer.weight_lat") == Sizes{124, 124});
  REQUIRE(shape_of("neuron_layer.thresh") == Sizes{1, 124});
  REQUIRE(shape_of("neuron_layer.trans_k_m") == Sizes{1, 124});
  REQUIRE(shape_of("neuron_layer.trans_k_j") == Sizes{2, 1, 124});
  REQUIRE(shape_of("neuron_layer.trans_r_j") == Sizes{2, 1, 124});
  REQUIRE(shape_of("neuron_layer.a_j") == Sizes{2, 1, 124});
  REQUIRE(shape_of("output_linear.weight") == Sizes{1, 124});
  REQUIRE(shape_of("output_linear.bias") == Sizes{1});
  REQUIRE(last.metadata.at("sigma_v") == "1");
  require_no_leftovers(session.out());
}

TEST_CASE("a trial whose initial values cannot be drawn leaves no folder behind") {
  const Session session;
  const auto refuse = [&](const std::string& k_m) {
    glifr::test::write_text(
        session.folder() / "few.json",
        R"({"base": "sine", "models": {"few": {"layers": [{"size": 200, "parameters": {"k_m": {"initial": )" + k_m +
            "}}}]}}}");
    const Finished run = session.train("--config " + (session.folder() / "few.json").string() + " --epochs 1");
    CAPTURE(k_m, run.error);
    CHECK(run.exit_code == 2);
    CHECK(count_lines(run.error) == 1);
    CHECK_THAT(run.error, Catch::Contains("k_m: found initial values of which none is one that a neuron can have"));
    CHECK_FALSE(fs::exists(session.out()));
  };
  refuse(R"({"uniform": [30, 40]})");  // none fits, which shows beforehand
  refuse(R"({"lognormal": {"median": 1e6, "sigma": 1}})");
  refuse(R"({"uniform": [0, 10000]})");  // one in 500 fits, so that one neuron of 200 finds none
}

TEST_CASE("an initial value that the precision does not hold is named") {
  const Session session;
  const auto run = [&](const std::string& initial, const std::string& precision) {
    glifr::test::write_text(
        session.folder() / "few.json",
        R"({"base": "sine", "models": {"few": {"layers": [{"size": 2, "parameters": {"thresh": {"initial": )" +
            initial + "}}}]}}}");
    return session.train("--config " + (session.folder() / "few.json").string() +
                         " --epochs 1 --overwrite --precision " + precision);
  };
  const Finished number = run("1e39", "float32");
  CHECK(number.exit_code == 2);
  CHECK_THAT(number.error,
             Catch::Contains("thresh: found the initial value 1e+39, which float32 does not hold in layer 1 of model "
                             "few; accepted: smaller ones, or --precision float64"));
  CHECK_THAT(run(R"({"uniform": [1e39, 2e39]})", "float32").error,
             Catch::Contains("a neuron can have and float32 holds in layer 1 of model few; accepted: smaller ones"));
  CHECK(run("1e39", "float64").exit_code == 0);
}

TEST_CASE("same bits on any number of threads") {
  std::vector<std::string> checkpoints;
  for (const char* threads : {"1", "2", "3"}) {
    const Session session;
    REQUIRE(session.train(std::string("--epochs 40 --set dropout_prob=0.2 --threads ") + threads).exit_code == 0);
    checkpoints.push_back(session.checkpoint());
  }
  REQUIRE(checkpoints[0] == checkpoints[1]);
  REQUIRE(checkpoints[0] == checkpoints[2]);
}

TEST_CASE("another seed and another trial give other bits") {
  const Session session;
  REQUIRE(session.train("--epochs 2 --ntrials 2").exit_code == 0);
  const std::string first = session.checkpoint();
  REQUIRE(first != glifr::read_file(session.trial("sine", "glifr_lheta", 1) / "checkpoints" / "last.safetensors"));
  REQUIRE(session.train("--epochs 2 --seed 1 --overwrite").exit_code == 0);
  REQUIRE(first != session.checkpoint());
}

TEST_CASE("a run that is killed again and again ends with the same bits") {
  const std::string arguments = "--epochs 150 --set checkpoint_seconds=0 --set parameter_every=3 --threads 1";
  const Session whole;
  REQUIRE(whole.train(arguments).exit_code == 0);

  const Session killed;
  int kills = 0;
  for (std::uint64_t rows = 7;; rows += 23) {
    Process run = killed.start(arguments + " --resume");
    // Killed as soon as so many epochs stand in the file: at whatever the run is doing by then.
    while (!run.has_ended() && count_lines(Process::text(killed.trial() / "metrics.csv")) < rows) {
    }
    if (!run.has_ended()) {
      run.signal(SIGKILL);
      ++kills;
    }
    const Finished end = run.wait();
    if (end.exit_code == 0) break;
    REQUIRE(end.exit_code == 128 + SIGKILL);
  }
  REQUIRE(kills >= 3);
  REQUIRE(killed.checkpoint() == whole.checkpoint());
  for (const char* file : {"thresh.csv", "a_j.csv"}) {
    REQUIRE(glifr::read_file(killed.trial() / "parameters" / file) ==
            glifr::read_file(whole.trial() / "parameters" / file));
  }
  REQUIRE(glifr::read_file(killed.trial() / "test.json") == glifr::read_file(whole.trial() / "test.json"));
}

TEST_CASE("Ctrl-C writes a checkpoint inside an epoch, from which the run goes on to the same bits") {
  const std::string arguments = "--epochs 1000 --set batch_size=2 --threads 1";
  const Session whole;
  REQUIRE(whole.train(arguments).exit_code == 0);
  const Session interrupted;
  Process run = interrupted.start(arguments);
  while (!run.has_ended() && count_lines(Process::text(interrupted.trial() / "metrics.csv")) < 5) {
  }
  run.signal(SIGINT);
  REQUIRE(run.wait().exit_code == 130);
  REQUIRE_FALSE(fs::exists(interrupted.trial() / "test.json"));
  REQUIRE(interrupted.train(arguments + " --resume").exit_code == 0);
  REQUIRE(interrupted.checkpoint() == whole.checkpoint());
}

TEST_CASE("a run that trains afresh says how to go on without starting again") {
  const Session session;
  const std::string arguments = "--model rnn --set hidden_size=4 --set batch_size=2 --epochs 100000 --threads 1";
  Process run = session.start(arguments + " --overwrite");
  const fs::path metrics = session.trial("sine", "rnn") / "metrics.csv";
  while (!run.has_ended() && count_lines(Process::text(metrics)) < 3) {
  }
  run.signal(SIGTERM);
  const Finished end = run.wait();
  CHECK(end.exit_code == 130);
  CHECK_THAT(end.out, Catch::Contains("--resume in place of --overwrite"));
}

TEST_CASE("a signal that comes while data are read ends the run as any other") {
  const Session session;
  std::string rows = "sample,x,label\n";
  for (int i = 0; i < 400000; ++i) rows += std::to_string(i / 10) + ",0.5," + std::to_string(i / 10 % 2) + "\n";
  glifr::test::write_text(session.folder() / "train.csv", rows);
  const std::string file = (session.folder() / "train.csv").string();
  Process run = session.start("--task files --model rnn --set hidden_size=4 --set train_data=" + file +
                              " --set test_data=" + file);
  while (!run.has_ended() && !run.has_open(file) && !fs::exists(session.out())) {
  }
  run.signal(SIGTERM);
  const Finished end = run.wait();
  CHECK(end.exit_code == 130);
  CHECK_THAT(end.out, Catch::Contains("interrupted; go on with the same command and --resume"));
}

TEST_CASE("a signal that comes while recordings are decoded ends the run before all are, and leaves nothing") {
  const Session session;
  const fs::path data = session.folder() / "data", cache = session.folder() / "cache";
  for (const char* split : {"Train", "Test"}) {
    for (int i = 0; i < 400; ++i) {
      const fs::path file = data / "nmnist" / split / std::to_string(i % 10) / (std::to_string(i) + ".bin");
      glifr::test::write_text(file, glifr::test::event_bytes(i % 10, 1, 0, 0));
      if (i < 100 && i % 10 == 0) fs::resize_file(file, 20000000);  // events that take a while, but no disk
    }
  }
  Process run = session.start("--task nmnist --model rnn --set hidden_size=4 --threads 1 --data " + data.string() +
                              " --cache " + cache.string());
  while (!run.has_ended() && !fs::exists(session.trial("nmnist", "rnn"))) {
  }
  run.signal(SIGINT);
  const Finished end = run.wait();
  CAPTURE(end.error);
  CHECK(end.exit_code == 130);
  CHECK(end.error.empty());
  CHECK_THAT(end.out, Catch::Contains("interrupted; go on with the same command and --resume"));
  CHECK_FALSE(fs::exists(session.out()));
  CHECK_FALSE(fs::exists(cache));
}

TEST_CASE("a signal that comes while the last trial is tested leaves a complete run") {
  const Session session;
  const auto write = [&](const char* name, int samples) {
    std::string rows = "sample,x,label\n";
    for (int i = 0; i < samples * 10; ++i) rows += std::to_string(i / 10) + ",0.5," + std::to_string(i / 10 % 2) + "\n";
    glifr::test::write_text(session.folder() / name, rows);
    return (session.folder() / name).string();
  };
  Process run =
      session.start("--task files --model rnn --epochs 1 --threads 1 --set hidden_size=256 --set train_data=" +
                    write("train.csv", 2) + " --set test_data=" + write("test.csv", 20000));
  const fs::path last = session.trial("files", "rnn") / "checkpoints" / "last.safetensors";
  const auto is_trained = [&] { return fs::exists(last) && glifr::read_safetensors(last).metadata.at("epoch") == "1"; };
  while (!run.has_ended() && !is_trained()) {
  }
  run.signal(SIGTERM);
  const Finished end = run.wait();
  CAPTURE(end.error);
  CHECK(end.exit_code == 0);
  CHECK_THAT(end.out, !Catch::Contains("interrupted"));
  CHECK(fs::exists(session.trial("files", "rnn") / "test.json"));
}

TEST_CASE("resuming skips what is complete and refuses other settings") {
  const Session session;
  REQUIRE(session.train("--epochs 2").exit_code == 0);
  const Finished again = session.train("--epochs 2 --resume");
  REQUIRE(again.exit_code == 0);
  REQUIRE(again.out.find("skipped") != std::string::npos);

  const Finished other = session.train("--epochs 2 --resume --set lr=1e-3");
  REQUIRE(other.exit_code == 2);
  REQUIRE(other.error.find("lr") != std::string::npos);
  REQUIRE(count_lines(other.error) == 1);

  const Finished neither = session.train("--epochs 2");
  REQUIRE(neither.exit_code == 2);
  REQUIRE(neither.error.find("--resume") != std::string::npos);
}

TEST_CASE("a heterogeneous network's learned one is trained first") {
  const Session session;
  REQUIRE(session.train("--model glifr_fheta --epochs 2").exit_code == 0);
  REQUIRE(fs::exists(session.trial("sine", "glifr_lheta") / "test.json"));
  const auto learned =
      glifr::read_safetensors(session.trial("sine", "glifr_lheta") / "checkpoints" / "last.safetensors");
  const auto fixed = glifr::read_safetensors(session.trial("sine", "glifr_fheta") / "checkpoints" / "last.safetensors");
  auto pool = glifr::values_of<float>(*learned.find("neuron_layer.trans_k_m"), "file");
  for (const float value : glifr::values_of<float>(*fixed.find("neuron_layer.trans_k_m"), "file")) {
    REQUIRE(std::find(pool.begin(), pool.end(), value) != pool.end());
  }
}

TEST_CASE("every model trains on sine, fused and composed alike") {
  for (const std::string model : {"rnn", "lstmn", "glifr_homa", "glifr_lhet"}) {
    CAPTURE(model);
    std::vector<double> losses;
    for (const std::string engine : {"fused", "composed"}) {
      const Session session;
      const Finished run = session.train("--precision float64 --epochs 5 --model " + model + " --engine " + engine);
      CAPTURE(run.error);
      REQUIRE(run.exit_code == 0);
      losses.push_back(glifr::read_csv_numbers(session.trial("sine", model) / "metrics.csv", {true, true})(4, 1));
    }
    REQUIRE(losses[0] == Approx(losses[1]).epsilon(1e-10));
  }
}

TEST_CASE("the realizable task records the distances to the teacher") {
  const Session session;
  REQUIRE(session.train("--task realizable --epochs 20").exit_code == 0);
  const auto distances = glifr::read_csv_numbers(session.trial("realizable") / "realizable.csv",
                                                 {.has_header = true, .allows_empty_cells = false});
  REQUIRE(distances.header == std::vector<std::string>{"epoch", "thresh", "k_m", "k_j", "r_j", "a_j"});
  REQUIRE(distances.rows == 21);
  REQUIRE(distances(0, 2) == Approx(0.95).epsilon(1e-4));            // 1/ms against 0.05/ms
  REQUIRE(distances(0, 5) == Approx(std::sqrt(2.0)).epsilon(1e-6));  // 0 against (-1, 1)
}

TEST_CASE("the trials of the realizable task have one teacher, whose weights are theirs") {
  const Session session;
  REQUIRE(session.train("--task realizable --epochs 1 --ntrials 2").exit_code == 0);
  const auto numbers = [&](int trial, const std::string& tensor) {
    const fs::path folder = session.out() / "realizable" / "glifr_lheta" / ("trial_" + std::to_string(trial));
    const auto file = glifr::read_safetensors(folder / "checkpoints" / "initial.safetensors");
    return glifr::values_of<float>(*file.find(tensor), "file");
  };
  for (const std::string weight : {"neuron_layer.weight_iv", "neuron_layer.weight_lat"})
    CHECK(numbers(0, weight) == numbers(1, weight));
  CHECK(numbers(0, "neuron_layer.thresh") != numbers(1, "neuron_layer.thresh"));
}

TEST_CASE("a run that diverges says where and keeps the last good checkpoint") {
  const Session session;
  const Finished run = session.train("--epochs 50 --set lr=1e30");
  CAPTURE(run.error);
  REQUIRE(run.exit_code == 1);
  REQUIRE(count_lines(run.error) == 1);
  REQUIRE(run.error.find("epoch") != std::string::npos);
  REQUIRE(run.error.find("step") != std::string::npos);
  REQUIRE(run.error.find("not finite; a smaller lr, or a gradient_clip, may keep it finite") != std::string::npos);
  const auto kept = glifr::read_safetensors(session.trial() / "checkpoints" / "last.safetensors");
  REQUIRE(kept.find("neuron_layer.thresh"));
  const Finished at_once = session.train("--epochs 2 --overwrite --set amp=1e38");
  CAPTURE(at_once.error);
  CHECK(at_once.exit_code == 1);
  CHECK_THAT(at_once.error, Catch::Contains("in epoch 1, step 1: ") && !Catch::Contains("lr") &&
                                Catch::Contains("no weight has moved yet") && Catch::Contains("for float32"));
}

TEST_CASE("a full disk ends the run with one line and leaves nothing half-written") {
  const Session session;
  fs::create_directories(session.out());
  const glifr::test::SmallFiles limit(100'000);  // the checkpoint of 190 kB does not fit
  const Finished run = session.train("--epochs 5");
  CAPTURE(run.error);
  REQUIRE(run.exit_code == 1);
  REQUIRE(count_lines(run.error) == 1);
  REQUIRE(run.error.find("safetensors") != std::string::npos);
  REQUIRE_FALSE(fs::exists(session.trial() / "test.json"));
  require_no_leftovers(session.out());
}

TEST_CASE("a limit on the size of files ends the run with one line, and the last checkpoint stays whole") {
  const Session session;
  REQUIRE(session.train("--model rnn --set hidden_size=64 --epochs 2").exit_code == 0);
  const fs::path checkpoint = session.trial("sine", "rnn") / "checkpoints" / "last.safetensors";
  const std::string before = glifr::read_file(checkpoint);
  std::string command = "ulimit -f 20; exec";  // the checkpoint has some 50 kB
  for (const std::string& word :
       session.command("--model rnn --set hidden_size=64 --epochs 4 --set checkpoint_seconds=0 --resume")) {
    command += " '" + word + "'";
  }
  const Finished run = Process({"/bin/sh", "-c", command}, session.folder()).wait();
  CAPTURE(run.error);
  REQUIRE(run.exit_code == 1);
  REQUIRE(count_lines(run.error) == 1);
  REQUIRE(run.error.find("last.safetensors") != std::string::npos);
  REQUIRE(glifr::read_file(checkpoint) == before);
  REQUIRE(session.train("--model rnn --set hidden_size=64 --epochs 4 --resume").exit_code == 0);
}

TEST_CASE("what cannot be met ends with exit code 2 and one line that names the culprit") {
  struct Request {
    std::string arguments, named;
  };
  const Session session;
  glifr::test::write_text(session.folder() / "broken.json", "{\"lr\": 1e-3,,}");
  glifr::test::write_text(session.folder() / "unknown.json", "{\"learning_rat\": 1e-3}");
  glifr::test::write_text(session.folder() / "array.json", "\x93NUMPY");
  const std::string folder = session.folder().string();
  const std::vector<Request> requests{
      {"--task sines", "sines"},
      {"--model glifr", "model: found 'glifr'; accepted for task sine: all, paper, rnn, "},
      {"--task lmnist --set final_reduction=none", "final_reduction: found none; accepted for task lmnist: last"},
      {"--set learning_rate=1", "learning_rate"},
      {"--set lr=-1", "lr"},
      {"--set dropout_prob=1.5", "dropout_prob"},
      {"--set hidden_size=0", "hidden_size"},
      {"--set lr", "lr"},
      {"--epochs 0", "--epochs"},
      {"--ntrials 0", "ntrials"},
      {"--precision float16", "float16"},
      {"--engine quick", "quick"},
      {"--device cuda", "--device cuda: "},
      {"--device cpu --tf32", "--tf32"},
      {"--device tpu", "tpu"},
      {"--config " + folder + "/missing.json", "missing.json"},
      {"--config " + folder + "/broken.json", "broken.json"},
      {"--config " + folder + "/unknown.json", "learning_rat"},
      {"--config " + folder + "/array.json", "array.json: found a NumPy array (.npy); accepted is JSON"},
      {"--task lmnist --data " + folder, "mnist"},
      {"--nonsense", "nonsense"},
      {"--resume --overwrite", "overwrite"},
      {"--set max_epochs=3 --epochs 1", "--epochs: sets max_epochs to 1, and there is --set max_epochs=3"},
      {"--sweep lr=1 --set lr=2", "--sweep: found lr=1, and there is --set lr=2; accepted: one of them"},
      {"--sweep max_epochs=1,2 --epochs 3", "--sweep: found max_epochs=1,2, and there is --epochs"},
      {"--task sine --set sigma_v_anneal=true --set sigma_v=2", "--set: found sigma_v=2, which has no effect"},
      {"--print-config --benchmark", "--benchmark excludes --print-config"},
      {"--model rnn --sweep num_ascs=0,2", "--sweep: sine@num_ascs=0 and sine@num_ascs=2 are the same for rnn"},
  };
  for (const Request& request : requests) {
    const Finished run = session.train(request.arguments);
    CAPTURE(request.arguments, run.error);
    REQUIRE(run.exit_code == 2);
    REQUIRE(count_lines(run.error) == 1);
    REQUIRE(run.error.find(request.named) != std::string::npos);
    require_no_leftovers(session.out());
  }
}

TEST_CASE("settings come through standard input, where they or --name name the variation") {
  const Session session;
  glifr::test::write_text(session.folder() / "named.json", R"({"base": "sine", "name": "mine", "max_epochs": 3})");
  glifr::test::write_text(session.folder() / "nameless.json", R"({"base": "sine", "max_epochs": 3})");
  const auto run = [&](const std::string& file, const std::string& more) {
    const std::string line =
        GLIFR_TRAIN " --config - --print-config " + more + " < " + (session.folder() / file).string();
    return Process({"/bin/sh", "-c", line}, session.folder()).wait();
  };
  CHECK_THAT(run("named.json", "").out, Catch::Contains("\"mine\"") && Catch::Contains("\"max_epochs\": 3"));
  CHECK_THAT(run("nameless.json", "--name other").out, Catch::Contains("\"other\""));
  const Finished refused = run("nameless.json", "");
  CHECK(refused.exit_code == 2);
  CHECK_THAT(refused.error, Catch::Contains("name: is missing in /dev/stdin") && Catch::Contains("--name"));
}

TEST_CASE("of a damaged HDF5 file one line is printed, and nothing when the program ends") {
  const auto python = glifr::test::python_with("numpy, h5py");
  if (!python || !glifr::detail::has_hdf5()) GLIFR_SKIP("there is no Python with NumPy and h5py, or no HDF5");
  const Session session;
  glifr::test::run_python(*python, session.folder(), R"(
import numpy as np, h5py
with h5py.File('damaged.h5', 'w') as f: f['inputs'], f['labels'] = np.zeros((2, 3, 4)), [0, 1]
data = bytearray(open('damaged.h5', 'rb').read())
assert data[96] == 1 and data[105] == 0  # the version of the header of the root group, and a byte of its size
data[105] = 250
open('damaged.h5', 'wb').write(data)
)");
  const std::string file = (session.folder() / "damaged.h5").string();
  const Finished run = session.train("--task files --set train_data=" + file + " --set test_data=" + file);
  CHECK(run.exit_code == 2);
  CHECK_THAT(run.error, Catch::Contains("damaged.h5: cannot be opened as an HDF5 file"));
  CHECK(count_lines(run.error) == 1);
}

TEST_CASE("two runs cannot write one trial at once") {
  const Session session;
  fs::create_directories(session.trial());
  const glifr::FolderLock lock(session.trial());
  const Finished run = session.train("--epochs 2");
  REQUIRE(run.exit_code == 75);
  REQUIRE(count_lines(run.error) == 1);
  REQUIRE(run.error.find("trial_0") != std::string::npos);
}

TEST_CASE("an unwritable results folder is named") {
  const Session session;
  fs::create_directories(session.out());
  fs::permissions(session.out(),
                  fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
  const glifr::test::WithoutRoot ordinary_user;
  Finished run{};
  {
    // The program's own output goes to a folder that it may write.
    const TemporaryFolder elsewhere;
    run = Process(session.command("--epochs 1"), elsewhere.path()).wait();
  }
  CAPTURE(run.error);
  REQUIRE(run.exit_code == 2);
  REQUIRE(run.error.find("results") != std::string::npos);
}

TEST_CASE("the benchmark needs no data and prints a line of JSON") {
  const Session session;
  for (const std::string task : {"sine", "lmnist", "nmnist"}) {
    const Finished run = session.train("--benchmark --benchmark-seconds 0.01 --set batch_size=6 --task " + task);
    CAPTURE(task, run.error);
    REQUIRE(run.exit_code == 0);
    REQUIRE(count_lines(run.out) == 1);
    const auto line = boost::json::parse(run.out).as_object();
    for (const char* key : {"task", "model", "device", "threads", "batch_size", "median_seconds", "min_seconds",
                            "forward_seconds", "steps", "peak_mb", "gflop", "gflops"}) {
      CAPTURE(key);
      REQUIRE(line.contains(key));
    }
    REQUIRE(line.at("median_seconds").to_number<double>() > 0);
  }
}

TEST_CASE("a delayed RNN with a loss on the last step is told how little it sees") {
  const Session session;
  const Finished run =
      session.train("--task sine --model rnn --epochs 1 --set final_reduction=last --set synaptic_delay=1");
  REQUIRE(run.exit_code == 0);
  REQUIRE(run.out.find("sees 5 of the 100") != std::string::npos);
}

TEST_CASE("a trial is gone on with by the same mask only, and by any where its record has no checksums") {
  const Session session;
  const auto mask = [&](const std::vector<float>& values) {
    const auto tensor = glifr::make_named_tensor<float>("", {2, 2}, values);
    glifr::test::write_text(session.folder() / "mask.npy", glifr::encode_npy(tensor));
  };
  glifr::test::write_text(session.folder() / "few.json", R"({"base": "sine", "models": {"few": {"layers": [
      {"neuron": "rnn", "size": 2, "lateral": {"file": "mask.npy"}}]}}})");
  const std::string folder = session.folder().string();
  const std::string command = "--config " + folder + "/few.json --data " + folder + " --epochs ";
  mask({1, 0, 0, 0});
  REQUIRE(session.train(command + "1").exit_code == 0);
  mask({0, 1, 0, 0});
  const Finished other = session.train(command + "2 --resume");
  REQUIRE(other.exit_code == 2);
  REQUIRE(other.error.find("layers") != std::string::npos);
  mask({1, 0, 0, 0});
  const fs::path record = session.trial("few", "few") / "config.json";
  std::string text = glifr::read_file(record);
  const std::size_t begin = text.find(",", text.find("\"connections\""));
  const std::size_t end = text.find("}", begin);
  REQUIRE(text.substr(begin, end - begin).find("checksum") != std::string::npos);
  glifr::test::write_text(record, text.erase(begin, end - begin));
  REQUIRE(session.train(command + "2 --resume").exit_code == 0);
}

TEST_CASE("a line is written anew on terminals that can do so only") {
  const Session session;
  const auto shown = [&](const std::string& terminal) {
    const std::string command = "TERM=" + terminal + " " + GLIFR_TRAIN +
                                " --threads 1 --model rnn --epochs 3000 --no-figures --overwrite --out " +
                                session.out().string();
    int master = -1;
    const pid_t child = ::forkpty(&master, nullptr, nullptr, nullptr);
    if (child == 0) {
      ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      ::_exit(127);
    }
    std::string text;
    char buffer[4096];
    for (ssize_t count; (count = ::read(master, buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(count));
    int status = -1;
    ::waitpid(child, &status, 0);
    ::close(master);
    REQUIRE(status == 0);
    REQUIRE(text.find("test loss") != std::string::npos);
    return text;
  };
  REQUIRE(shown("xterm").find("\r\033[K") != std::string::npos);
  REQUIRE(shown("dumb").find('\033') == std::string::npos);
}
