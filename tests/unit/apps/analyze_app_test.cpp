// glifr_analyze as a user meets it: what each subcommand leaves behind, what it says of folders that are not whole, and
// one clear line for every request that cannot be met.
#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "glifr/analysis/parameters.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/safetensors.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/process.hpp"
#include "unit/analysis/results_folder.hpp"
#include "unit/datasets/fixtures.hpp"

namespace {

namespace fs = std::filesystem;
using glifr::test::Finished;
using glifr::test::Process;
using glifr::test::TemporaryFolder;

/// A folder of its own for a test, with programs that run in it.
class Session {
 public:
  Finished analyze(const std::string& arguments) const { return run(GLIFR_ANALYZE, arguments); }
  Finished train(const std::string& arguments) const {
    return run(GLIFR_TRAIN, arguments + " --no-figures --out " + results().string());
  }

  fs::path results() const { return folder_.path() / "results"; }
  fs::path out() const { return folder_.path() / "out"; }
  fs::path file(const std::string& name) const { return folder_.path() / name; }
  std::string out_option() const { return " --out " + out().string(); }

 private:
  Finished run(const char* program, const std::string& arguments) const {
    std::vector<std::string> words{program};
    std::istringstream stream(arguments);
    for (std::string word; stream >> word;) words.push_back(word);
    return Process(words, folder_.path()).wait();
  }

  TemporaryFolder folder_;
};

std::ptrdiff_t count_lines(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

void require_refused(const Finished& run, const std::string& culprit) {
  CAPTURE(run.error, culprit);
  CHECK(run.exit_code == 2);
  CHECK(count_lines(run.error) == 1);
  CHECK_THAT(run.error, Catch::StartsWith("glifr_analyze: ") && Catch::Contains(culprit));
}

/// A trained sine network, quickly.
void train_sine(const Session& session, const std::string& models, int epochs = 3) {
  const Finished run =
      session.train("--task sine --model " + models + " --epochs " + std::to_string(epochs) + " --set hidden_size=16");
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
}

}  // namespace

TEST_CASE("summary and curves of a folder that is partly damaged") {
  const Session session;
  for (int trial = 0; trial < 3; ++trial) {
    glifr::test::write_trial(session.results(), "lmnist", "rnn", trial, 0.1 + 0.01 * trial, 0.9 + 0.01 * trial);
    glifr::test::write_trial(session.results(), "lmnist", "lstmn", trial, 0.2 + 0.01 * trial, 0.8 + 0.02 * trial);
  }
  fs::remove(session.results() / "lmnist" / "rnn" / "trial_1" / "test.json");
  const Finished summary =
      session.analyze("summary " + session.results().string() + session.out_option() + " --no-figures");
  CHECK(summary.exit_code == 0);
  CHECK_THAT(summary.error, Catch::Contains("left out lmnist/rnn/trial_1") && Catch::Contains("did not finish"));
  CHECK_THAT(summary.out, Catch::Contains("RNN") && Catch::Contains("2 trials"));
  CHECK_THAT(glifr::read_file(session.out() / "summary.csv"), Catch::Contains("\nlmnist,rnn,2,0.91,"));
  CHECK_THAT(glifr::read_file(session.out() / "ttests.csv"), Catch::Contains("\nlmnist,test_acc,rnn,lstmn,2,3,"));

  const Finished curves = session.analyze("curves " + session.results().string() + session.out_option());
  CHECK(curves.exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "curves.csv"), Catch::Contains("\nlmnist,lstmn,3,2,"));
  CHECK(fs::exists(session.out() / "curves_lmnist.gp"));
}

TEST_CASE("without gnuplot everything else is written, and one line says why there are no drawings") {
  const Session session;
  glifr::test::write_trial(session.results(), "sine", "rnn", 0, 0.1, {});
  glifr::test::write_trial(session.results(), "lmnist", "rnn", 0, 0.1, 0.9);
  const std::string path = glifr::test::environment("PATH").value_or("");
  ::setenv("PATH", session.file("").c_str(), 1);
  const Finished run = session.analyze("summary " + session.results().string() + session.out_option());
  ::setenv("PATH", path.c_str(), 1);
  CHECK(run.exit_code == 0);
  CHECK(count_lines(run.error) == 1);
  CHECK_THAT(run.error, Catch::Contains("gnuplot was not found"));
  CHECK(fs::exists(session.out() / "summary.csv"));
  CHECK(fs::exists(session.out() / "summary_lmnist_means.csv"));
}

TEST_CASE("from a trained network to its neurons' parameters, f-I curves and clusters") {
  const Session session;
  train_sine(session, "glifr_lheta");
  const std::string checkpoint = (session.results() / "sine/glifr_lheta/trial_0/checkpoints/last.safetensors").string();
  REQUIRE(session.analyze("parameters --no-figures --checkpoint " + checkpoint + session.out_option()).exit_code == 0);
  const auto neurons = glifr::analysis::read_neurons(session.out() / "learnedparams.csv");
  CHECK(neurons.neurons == 16);
  CHECK(neurons.num_ascs == 2);

  const auto rates = [&](const std::string& arguments) {
    REQUIRE(session.analyze("fi-curve --no-figures " + arguments + session.out_option()).exit_code == 0);
    CHECK(glifr::read_csv_numbers(session.out() / "isyns.csv", {}).rows == 200);
    return glifr::read_file(session.out() / "frates.csv");
  };
  const std::string table = session.file("table.csv").string();
  fs::copy(session.out() / "learnedparams.csv", table);
  CHECK(rates("--checkpoint " + checkpoint) == rates("--parameters " + table + " --dt 0.05"));
  CHECK(rates("--parameters " + table) != rates("--parameters " + table + " --sigma-v 0.5"));

  const Finished cluster = session.analyze("cluster --parameters " + table + session.out_option());
  CHECK(cluster.exit_code == 0);
  CHECK_THAT(cluster.out, Catch::Contains(" of 16 neurons"));
  CHECK(glifr::read_csv_numbers(session.out() / "chscores.csv", {}).rows == 10);
  CHECK(glifr::read_csv_numbers(session.out() / "cluster_labels.csv", {}).rows == 16);
  for (const char* figure : {"cluster_index.gp", "parameters_scatter.gp", "fi_curves.gp"})
    CHECK(fs::exists(session.out() / figure));
}

TEST_CASE("the trace of a neuron says from which step on a state overflowed") {
  const Session session;
  glifr::test::write_text(session.file("neuron.json"),
                          R"({"dt": 0.05, "tau": 0.05, "sigma_v": 1, "R": 0.1, "I0": 0, "v_reset": 0,
    "weight_in": 1, "thresh": -100, "k_m": 0.1, "r": [3], "a": [1], "k": [1]})");
  std::string input;
  for (int t = 0; t < 200; ++t) input += "0.5\n";
  glifr::test::write_text(session.file("input.csv"), input);
  const std::string files =
      " --neuron " + session.file("neuron.json").string() + " --input " + session.file("input.csv").string();
  const Finished in_double = session.analyze("trace --no-figures" + files + session.out_option());
  CHECK(in_double.exit_code == 0);
  CHECK(in_double.error.empty());
  CHECK(glifr::read_csv_numbers(session.out() / "firing.csv", {}).rows == 200);
  CHECK(glifr::read_csv_numbers(session.out() / "asc.csv", {}).columns == 1);
  const Finished in_float = session.analyze("trace --precision float32" + files + session.out_option());
  CHECK(in_float.exit_code == 0);
  CHECK(count_lines(in_float.error) == 1);
  CHECK_THAT(in_float.error, Catch::Contains("a state overflowed in step "));
}

TEST_CASE("ablation, responses and report of trained networks, the same on any number of threads") {
  const Session session;
  train_sine(session, "rnn,glifr_lheta");
  const auto ablation = [&](const std::string& more) {
    const Finished run =
        session.analyze("ablation --no-figures " + session.results().string() + more + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return glifr::read_file(session.out() / "ablation.csv");
  };
  const std::string alone = ablation(" --threads 1 --draws 3");
  CHECK(alone == ablation(" --threads 2 --draws 3"));
  CHECK(alone != ablation(" --draws 3 --seed 1"));
  CHECK(count_lines(alone) == 1 + 2 * 6);

  const std::string checkpoint = (session.results() / "sine/rnn/trial_0/checkpoints/last.safetensors").string();
  CHECK(session.analyze("responses --no-figures --checkpoint " + checkpoint + session.out_option()).exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "responses.csv"),
             Catch::StartsWith("sample,frequency,time,target,rnn\n0,0.08,0,0.25,"));
  CHECK(session.analyze("responses --no-figures " + session.results().string() + session.out_option()).exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "responses.csv"),
             Catch::StartsWith("sample,frequency,time,target,rnn,glifr_lheta\n"));

  fs::remove(session.results() / "sine/glifr_lheta/trial_0/checkpoints/last.safetensors");
  const Finished without =
      session.analyze("responses --no-figures " + session.results().string() + session.out_option());
  CHECK(without.exit_code == 0);
  CHECK_THAT(without.error, Catch::Contains("left out sine/glifr_lheta/trial_0"));
  CHECK_THAT(glifr::read_file(session.out() / "responses.csv"),
             Catch::StartsWith("sample,frequency,time,target,rnn\n"));
  const Finished report = session.analyze("report " + session.results().string() + session.out_option());
  CHECK(report.exit_code == 0);
  CHECK_THAT(report.error, Catch::Contains("left out sine/glifr_lheta/trial_0"));
  const std::string page = glifr::read_file(session.out() / "report.html");
  CHECK_THAT(page, Catch::Contains("Task sine") && Catch::Contains("</html>") &&
                       Catch::Contains("<summary>sine/rnn/trial_0</summary>"));
}

TEST_CASE("a checkpoint without metadata works where its constants are given") {
  const Session session;
  train_sine(session, "glifr_lheta");
  const fs::path whole = session.results() / "sine/glifr_lheta/trial_0/checkpoints/last.safetensors";
  glifr::TensorFile file = glifr::read_safetensors(whole);
  file.metadata.clear();
  const std::vector<std::int64_t> counts{1, 2, 3};
  file.tensors.push_back(glifr::make_named_tensor<std::int64_t>("counts", {3}, counts));
  const fs::path bare = session.file("bare.safetensors");
  glifr::write_safetensors(bare, file);
  const auto result = [&](const std::string& arguments, const std::string& table) {
    const Finished run = session.analyze(arguments + " --no-figures" + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return run.error + glifr::read_file(session.out() / table);
  };
  const std::string constants = " --dt 0.05 --sigma-v 1 --R 0.1 --v-reset 0";
  CHECK(result("parameters --checkpoint " + bare.string() + constants, "learnedparams.csv") ==
        result("parameters --checkpoint " + whole.string(), "learnedparams.csv"));
  CHECK(result("fi-curve --checkpoint " + bare.string() + constants, "frates.csv") ==
        result("fi-curve --checkpoint " + whole.string(), "frates.csv"));
  CHECK(result("fi-curve --tau 0.1 --checkpoint " + bare.string() + constants, "frates.csv") !=
        result("fi-curve --checkpoint " + whole.string(), "frates.csv"));

  require_refused(session.analyze("fi-curve --no-figures --checkpoint " + bare.string()), "give it by --dt");
  const Finished guessed =
      session.analyze("fi-curve --no-figures --dt 0.05 --checkpoint " + bare.string() + session.out_option());
  CHECK(guessed.exit_code == 0);
  CHECK(count_lines(guessed.error) == 1);
  CHECK_THAT(guessed.error, Catch::Contains("taken are sigma_v = 1 mV, R = 0.1 GOhm, v_reset = 0 mV"));
}

TEST_CASE("a trial whose settings cannot be read keeps its results, its network is left out by name") {
  const Session session;
  train_sine(session, "rnn,glifr_lheta");
  const fs::path model = session.results() / "sine" / "rnn";
  const auto with = [&](int number, const std::string& from, const std::string& to) {
    const fs::path trial = model / ("trial_" + std::to_string(number));
    fs::copy(model / "trial_0", trial, fs::copy_options::recursive);
    std::string config = glifr::read_file(trial / "config.json");
    config.replace(config.find(from), from.size(), to);
    glifr::test::write_text(trial / "config.json", config);
  };
  with(1, "\"seed\": 0", "\"seed\": 1.8446744073709552e19");
  with(2, "\"seed\": 0", "\"seed\": \"3\"");
  with(3, "\"eps\"", "\"epsilon\"");
  with(4, "\"model\": \"rnn\"", "\"model\": \"gru\"");
  const Finished report = session.analyze("report --no-figures " + session.results().string() + session.out_option());
  CHECK(report.exit_code == 0);
  CHECK(count_lines(report.error) == 4);
  CHECK_THAT(report.error, Catch::Contains("sine/rnn/trial_1 is not analysed: ") &&
                               Catch::Contains("key seed is 18446744073709551616") &&
                               Catch::Contains("sine/rnn/trial_2 is not analysed: ") &&
                               Catch::Contains("key seed is \"3\"") && Catch::Contains("has no eps") &&
                               Catch::Contains("gru"));
  CHECK_THAT(glifr::read_file(session.out() / "summary.csv"), Catch::Contains("\nsine,rnn,5,"));
  CHECK_THAT(
      glifr::read_file(session.out() / "report.html"),
      Catch::Contains("Silencing neurons: sine") && Catch::Contains("the network of sine/rnn/trial_4 is not analysed"));
  const Finished ablation =
      session.analyze("ablation --no-figures --draws 1 " + session.results().string() + session.out_option());
  CHECK(ablation.exit_code == 0);
  CHECK(count_lines(ablation.error) == 4);
  CHECK_THAT(glifr::read_file(session.out() / "ablation.csv"), Catch::Contains("\nsine,rnn,0,1,"));
}

TEST_CASE("tasks go by the names of their folders, with commas and quotes, each with figures of its own") {
  const Session session;
  train_sine(session, "rnn");
  for (const char* name : {"sine,lr=0.01", "sine;lr=0.01", "the \"first\""}) {
    fs::copy(session.results() / "sine", session.results() / name, fs::copy_options::recursive);
  }
  const Finished summary = session.analyze("summary " + session.results().string() + session.out_option());
  CHECK(summary.exit_code == 0);
  const std::string table = glifr::read_file(session.out() / "summary.csv");
  CHECK_THAT(table, Catch::Contains("\n\"sine,lr=0.01\",rnn,1,") && Catch::Contains("\nsine;lr=0.01,rnn,1,") &&
                        Catch::Contains("\n\"the \"\"first\"\"\",rnn,1,"));
  std::ptrdiff_t scripts = 0;
  for (const auto& entry : fs::directory_iterator(session.out())) scripts += entry.path().extension() == ".gp";
  CHECK(scripts == 4);
  const Finished responses =
      session.analyze("responses --no-figures " + session.results().string() + session.out_option());
  CHECK(responses.exit_code == 0);
  for (const char* file : {"responses_sine.csv", "responses_sine,lr=0.01.csv", "responses_sine;lr=0.01.csv"})
    CHECK(fs::exists(session.out() / file));
}

TEST_CASE("networks that learned other waves do not share a figure") {
  const Session session;
  train_sine(session, "rnn");
  const Finished other = session.train("--task sine --model lstmn --epochs 3 --set hidden_size=16 --set amp=2");
  REQUIRE(other.exit_code == 0);
  const Finished run = session.analyze("responses --no-figures " + session.results().string() + session.out_option());
  CHECK(run.exit_code == 0);
  CHECK_THAT(run.error, Catch::Contains("left out sine/lstmn/trial_0: it learned other waves than rnn/trial_0"));
  CHECK_THAT(glifr::read_file(session.out() / "responses.csv"),
             Catch::StartsWith("sample,frequency,time,target,rnn\n"));
}

TEST_CASE("silencing neurons needs the test set alone and leaves nothing beside it") {
  const Session session;
  const fs::path data = session.file("data");
  for (const char* split : {"Train", "Test"}) {
    for (int digit = 0; digit < 10; ++digit) {
      glifr::test::write_text(data / "nmnist" / split / std::to_string(digit) / "1.bin",
                              glifr::test::event_bytes(digit, 1, 0, 0));
    }
  }
  const std::string data_option = " --data " + data.string();
  const Finished trained = session.train("--task nmnist --model rnn --epochs 1 --set hidden_size=4" + data_option);
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  train_sine(session, "rnn");
  fs::remove_all(data / "nmnist" / "Train");
  for (const char* split : {"Train", "Test"})
    REQUIRE(fs::remove(data / "nmnist" / (std::string(split) + "-15x1000us.glifr-cache")));
  const std::string ablation = "ablation --no-figures --draws 1 " + session.results().string() + session.out_option();
  CHECK(session.analyze(ablation + data_option).exit_code == 0);
  CHECK(std::distance(fs::directory_iterator(data / "nmnist"), fs::directory_iterator()) == 1);
  CHECK(session.analyze(ablation + data_option + " --cache " + session.file("cache").string()).exit_code == 0);
  CHECK(fs::exists(session.file("cache") / "Test-15x1000us.glifr-cache"));

  fs::remove_all(data / "nmnist");
  const Finished without = session.analyze(ablation + data_option);
  CHECK(without.exit_code == 0);
  CHECK_THAT(without.error, Catch::Contains("left out nmnist: ") && Catch::Contains("Test/0"));
  CHECK_THAT(glifr::read_file(session.out() / "ablation.csv"), Catch::Contains("\nsine,rnn,0,"));
}

TEST_CASE("black f-I curves are of the network's own neurons before training, where they are known") {
  const Session session;
  train_sine(session, "glifr_lheta");
  const fs::path checkpoints = session.results() / "sine/glifr_lheta/trial_0/checkpoints";
  const auto script = [&] {
    const Finished run = session.analyze("fi-curve --width 85 --checkpoint " +
                                         (checkpoints / "last.safetensors").string() + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return glifr::read_file(session.out() / "fi_curves.gp");
  };
  CHECK_THAT(script(),
             Catch::Contains("Black: before training, mean and standard deviation over the network's neurons") &&
                 Catch::Contains("svg size 321,"));
  fs::remove(checkpoints / "initial.safetensors");
  CHECK_THAT(script(), Catch::Contains("Black: a neuron as homogeneous initialisation makes it."));
}

TEST_CASE("a count of clusters at the end of its range is said to be there") {
  const Session session;
  std::string rows;  // four far groups of two neurons
  for (int i = 0; i < 8; ++i) rows += std::to_string(100 * (i / 2) * (i / 2)) + "," + std::to_string(0.001 * i) + "\n";
  glifr::test::write_text(session.file("neurons.csv"), rows);
  const auto count = [&](const std::string& most) {
    return session
        .analyze("cluster --no-figures --parameters " + session.file("neurons.csv").string() + " --max-clusters " +
                 most + session.out_option())
        .out;
  };
  CHECK_THAT(count("4"), Catch::Contains("4 clusters of 8 neurons: the most that were tried"));
  CHECK_THAT(count("5"), Catch::Contains("4 clusters of 8 neurons\n"));
  CHECK_THAT(count("2"), Catch::Contains("1 cluster of 8 neurons\n"));
}

TEST_CASE("a report tests against published values only what was trained as they were, and names what differs") {
  const Session session;
  REQUIRE(session.train("--task sine --model rnn --ntrials 2 --epochs 1").exit_code == 0);
  const auto replace_in_config = [&](int trial, const std::string& before, const std::string& after) {
    const fs::path file = session.results() / "sine/rnn" / ("trial_" + std::to_string(trial)) / "config.json";
    std::string text = glifr::read_file(file);
    const std::size_t at = text.find(before);
    REQUIRE(at != std::string::npos);
    glifr::test::write_text(file, text.replace(at, before.size(), after));
  };
  const auto report = [&] {
    const Finished run = session.analyze("report --no-figures --ablation-samples 0 " + session.results().string() +
                                         session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return glifr::read_file(session.out() / "report.html");
  };
  CHECK_THAT(report(), Catch::Contains("<td>no test: max_epochs (1, 5000)</td>") && !Catch::Contains(", p "));
  for (const int trial : {0, 1}) replace_in_config(trial, "\"max_epochs\": 1,", "\"max_epochs\": 5000,");
  const std::string as_published = report();
  CHECK_THAT(as_published, !Catch::Contains("no test: ") && !Catch::Contains("differ in a setting"));
  CHECK_THAT(as_published, Catch::Contains("<td>t(") && Catch::Contains(", p "));
  CHECK_THAT(as_published, Catch::Contains("sine, RNN (rnn)") && Catch::Contains("2 trials, analysed"));
  replace_in_config(1, "\"lr\": 1e-04", "\"lr\": 0.5");
  CHECK_THAT(report(), Catch::Contains("no test: lr (0.5, 1e-04)") && Catch::Contains("differ in a setting") &&
                           Catch::Contains("lr (1e-04, 0.5)"));
  replace_in_config(1, "\"lr\": 0.5", "\"lr\": 1e-04");
  glifr::test::write_text(session.results() / "sine/rnn/trial_0/test.json",
                          R"({"test_loss": 0.1, "test_acc": null, "samples": 5})");
  CHECK_THAT(report(), Catch::Contains("no test: samples tested (5, 6)"));
}

TEST_CASE("a network trained with dropout is also tested at its dropout probability") {
  const Session session;
  REQUIRE(
      session.train("--task sine --model glifr_hom --epochs 2 --set hidden_size=16 --set dropout_prob=0.3").exit_code ==
      0);
  REQUIRE(session
              .analyze("ablation --no-figures " + session.results().string() + " --draws 2 --ratios 0,0.5" +
                       session.out_option())
              .exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "ablation.csv"), Catch::Contains("\nsine,glifr_hom,0.3,2,"));
}

TEST_CASE("count gives the published hidden sizes for as many parameters as the RNN has") {
  const Session session;
  REQUIRE(session.analyze("count --task lmnist --match 256" + session.out_option()).exit_code == 0);
  const std::string csv = glifr::read_file(session.out() / "count.csv");
  for (const char* row :
       {"rnn,256,", "lstmn,122,", "glifr_hom,256,", "glifr_lhet,255,", "glifr_lheta,252,", "glifr_rheta,252,"}) {
    CHECK_THAT(csv, Catch::Contains(std::string("\nlmnist,") + row));
  }
  REQUIRE(session.analyze("count --task sine --model glifr_lheta" + session.out_option()).exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "count.csv"), Catch::Contains("\nsine,glifr_lheta,124,16617\n"));
}

TEST_CASE("requests that cannot be met") {
  const Session session;
  const std::string none = session.file("none").string();
  require_refused(session.analyze(""), "subcommand");
  require_refused(session.analyze("sumary"), "sumary");
  require_refused(session.analyze("summary --colour red"), "--colour");
  require_refused(session.analyze("summary --precision float16"), "float16");
  require_refused(session.analyze("summary --threads 0"), "--threads");
  require_refused(session.analyze("summary --width 20"), "--width");
  require_refused(session.analyze("summary " + none), "none");
  require_refused(session.analyze("fi-curve"), "--checkpoint");
  require_refused(session.analyze("fi-curve --checkpoint " + none), "none");
  require_refused(session.analyze("fi-curve --checkpoint a --parameters b"), "--parameters");
  require_refused(session.analyze("cluster --parameters " + none), "none");
  require_refused(session.analyze("trace --neuron " + none), "--input");
  require_refused(session.analyze("responses --checkpoint " + none), "none");
  require_refused(session.analyze("count --task sin"), "sin");
  glifr::test::write_text(session.file("few.csv"), "1,2\n3,4\n");
  require_refused(session.analyze("cluster --parameters " + session.file("few.csv").string()), "2 neurons");
  glifr::test::write_text(session.file("bad.csv"), "1,2\n3,x\n");
  require_refused(session.analyze("fi-curve --parameters " + session.file("bad.csv").string()), "bad.csv");
  glifr::test::write_text(session.file("nan.csv"), "1,2\n3,nan\n5,6\n7,8\n");
  for (const char* subcommand : {"fi-curve", "cluster --max-clusters 2", "parameters"})
    require_refused(session.analyze(std::string(subcommand) + " --parameters " + session.file("nan.csv").string()),
                    "nan.csv: line 2, column 2: found 'nan'");
  glifr::test::write_text(session.file("neuron.json"),
                          R"({"dt": 0.05, "tau": 0.05, "sigma_v": 1, "R": 0.1, "I0": 0, "v_reset": 0,
    "weight_in": 1, "thresh": 1, "k_m": 0.1, "r": [], "a": [], "k": []})");
  glifr::test::write_text(session.file("input.csv"), "0.5\ninf\n");
  require_refused(session.analyze("trace --neuron " + session.file("neuron.json").string() + " --input " +
                                  session.file("input.csv").string()),
                  "input.csv: line 2, column 1: found 'inf'");
  glifr::test::write_text(session.file("model.ckpt"), std::string("PK\x03\x04\x14\0\0\0\x08\0", 10));
  require_refused(session.analyze("parameters --checkpoint " + session.file("model.ckpt").string()), "a ZIP archive");
  glifr::test::write_text(session.file("page.json"), "<!DOCTYPE html><html></html>");
  require_refused(session.analyze("trace --neuron " + session.file("page.json").string() + " --input " +
                                  session.file("input.csv").string()),
                  "a web page (HTML)");
  fs::create_directories(session.results() / "sine" / "rnn" / "trial_0");
  require_refused(session.analyze("report " + session.results().string()), "none of 1 trials is whole");
  glifr::test::write_trial(session.results(), "sine", "rnn", 1, 0.1, {});
  const Finished blocked =
      session.analyze("summary " + session.results().string() + " --out " + session.file("bad.csv").string());
  CHECK(blocked.exit_code == 2);
  CHECK_THAT(blocked.error, Catch::Contains("bad.csv"));
}
