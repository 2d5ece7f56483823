// glifr_analyze as a user meets it: what each subcommand leaves behind, what it says of folders that are not whole, and
// one clear line for every request that cannot be met.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <tuple>

#include "glifr/analysis/parameters.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/safetensors.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/process.hpp"
#include "support/python.hpp"
#include "support/torch_files.hpp"
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
  /// With the neuron `test::Spiking`.
  Finished analyze_custom(const std::string& arguments) const { return run(GLIFR_CUSTOM_ANALYZE, arguments); }
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
  CHECK_THAT(glifr::read_file(session.out() / "curves.csv"),
             Catch::Contains("\nlmnist,lstmn,3,2,") && Catch::Contains("\nlmnist,rnn,3,2,"));
  CHECK(curves.error.find("not finished, taken as far as they are: lmnist/rnn/trial_1 (3 epochs)\n") !=
        std::string::npos);
  CHECK(fs::exists(session.out() / "curves_lmnist.gp"));
}

TEST_CASE("what an interrupted analysis left half-written is gone after the next") {
  const Session session;
  glifr::test::write_trial(session.results(), "sine", "rnn", 0, 0.1, {});
  const pid_t interrupted = ::fork();
  if (interrupted == 0) ::_exit(0);
  REQUIRE(::waitpid(interrupted, nullptr, 0) == interrupted);
  const fs::path leftover = session.out() / glifr::detail::unfinished_name(interrupted, 3);
  glifr::test::write_text(leftover, "half");
  CHECK(session.analyze("curves --no-figures " + session.results().string() + session.out_option()).exit_code == 0);
  CHECK(fs::exists(session.out() / "curves.csv"));
  CHECK_FALSE(fs::exists(leftover));
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

  const std::string some = " --parameters " + table + session.out_option() + " --no-figures --currents ";
  REQUIRE(session.analyze("fi-curve" + some + "-0.3,0.3,0.1").exit_code == 0);
  CHECK(glifr::read_csv_numbers(session.out() / "isyns.csv", {}).rows == 7);
  REQUIRE(session.analyze("cluster" + some + "1,5.5,2").exit_code == 0);
  for (const char* command : {"fi-curve", "cluster"}) {
    for (const char* range : {"1,1,1", "2,1,1", "0,1,0", "0,1,-1", "0,1", "0,1,1,1"})
      require_refused(session.analyze(command + some + range),
                      "--currents: found " + std::string(range) + "; accepted: FROM,TO,STEP with FROM < TO");
    require_refused(session.analyze(command + some + "0,100000,1"), "at most 100000 currents");
  }

  const Finished cluster = session.analyze("cluster --parameters " + table + session.out_option());
  CHECK(cluster.exit_code == 0);
  CHECK_THAT(cluster.out, Catch::Contains(" of 16 neurons"));
  CHECK(glifr::read_csv_numbers(session.out() / "chscores.csv", {}).rows == 10);
  CHECK(glifr::read_csv_numbers(session.out() / "cluster_labels.csv", {}).rows == 16);
  for (const char* figure : {"cluster_index.gp", "cluster_scatter.gp", "cluster_fi_curves.gp"})
    CHECK(fs::exists(session.out() / figure));
  // Those of the other subcommands stay as they are.
  for (const char* figure : {"parameters_scatter.gp", "fi_curves.gp"}) CHECK_FALSE(fs::exists(session.out() / figure));
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

TEST_CASE("tables of an earlier run that this one does not make are named, but for a file that it reads") {
  const Session session;
  std::string input;
  for (int t = 0; t < 20; ++t) input += "0.5\n";
  const auto trace = [&](const std::string& rates, const std::string& jumps, const fs::path& input_file) {
    glifr::test::write_text(session.file("neuron.json"),
                            R"({"dt": 0.05, "tau": 0.05, "sigma_v": 1, "R": 0.1, "I0": 0, "v_reset": 0, "weight_in": 1,
                                "thresh": 1, "k_m": 0.1, "r": )" +
                                jumps + R"(, "a": )" + jumps + R"(, "k": )" + rates + "}");
    glifr::test::write_text(input_file, input);
    const Finished run = session.analyze("trace --no-figures --neuron " + session.file("neuron.json").string() +
                                         " --input " + input_file.string() + session.out_option());
    INFO(run.error);
    REQUIRE(run.exit_code == 0);
    return run.error;
  };
  const fs::path currents = session.out() / "asc.csv";
  CHECK(trace("[1, 2]", "[0.1, 0.2]", session.file("input.csv")).empty());
  const std::string before = glifr::read_file(currents);
  CHECK_THAT(trace("[]", "[]", session.file("input.csv")), Catch::Contains("asc.csv was there before"));
  CHECK(glifr::read_file(currents) == before);
  CHECK(trace("[]", "[]", currents).empty());

  train_sine(session, "glifr_lheta", 1);
  const auto parameters = [&](const std::string& place) {
    const Finished run = session.analyze("parameters --no-figures " + place + session.out_option());
    CHECK(run.exit_code == 0);
    return run.error;
  };
  CHECK(parameters(session.results().string()).empty());
  fs::copy(session.out() / "learnedparams.csv", session.file("table.csv"));
  CHECK_THAT(parameters("--parameters " + session.file("table.csv").string()),
             Catch::Contains("neurons.csv was there"));
  CHECK(fs::exists(session.out() / "neurons.csv"));
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

namespace {

/// Trains a network whose first layer has groups, signs and learned delays; the results are in `cortex/cortex`.
std::string train_groups(const Session& session) {
  glifr::test::write_text(session.file("cortex.json"), R"({"base": "sine", "models": {"cortex": {"layers": [
    {"neuron": "glifr", "num_ascs": 2, "lateral": {"density": 0.5},
     "groups": {"E, slow": {"size": 12, "inhibitory": false, "parameters": {"k_m": {"initial": 0.1}}},
                "I": {"size": 4, "inhibitory": true}},
     "synaptic_delay": {"uniform": [0.5, 1], "train": true}},
    {"neuron": "glifr", "size": 13}, {"neuron": "lstm", "size": 3, "synaptic_delay": {"uniform": [0.1, 0.2], "train": true}}]}}})");
  const Finished run = session.train("--config " + session.file("cortex.json").string() +
                                     " --model cortex --epochs 3 --set parameter_every=2");
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  return (session.results() / "cortex/cortex/trial_0").string();
}

}  // namespace

TEST_CASE("neurons, f-I curves, clusters and connections by layer and group") {
  const Session session;
  const std::string trial = train_groups(session);
  const auto run = [&](const std::string& arguments) {
    const Finished finished = session.analyze(arguments + session.out_option());
    INFO(finished.error);
    CHECK(finished.exit_code == 0);
    CHECK(finished.error.empty());
    return finished.out;
  };
  const auto cells = [&](const char* file) { return glifr::read_csv_cells(session.out() / file); };
  run("parameters " + trial);
  const glifr::CsvCells neurons = cells("neurons.csv");
  CHECK(neurons.header == std::vector<std::string>{"layer", "group", "neuron", "thresh", "k_m", "r_1", "r_2", "k_1",
                                                   "k_2", "a_1", "a_2", "synaptic_delay"});
  REQUIRE(neurons.rows.size() == 16);
  CHECK(neurons.rows[11][1] == "E, slow");
  CHECK(neurons.rows[12][1] == "I");
  CHECK(glifr::read_csv_numbers(session.out() / "learnedparams.csv", {}).columns == 8);

  run("fi-curve " + trial);
  const glifr::CsvCells curves = cells("fi_groups.csv");
  CHECK(curves.header == std::vector<std::string>{"layer", "group", "neurons", "current", "mean", "sd"});
  REQUIRE(curves.rows.size() == 2 * 200);
  CHECK(curves.rows[0][2] == "12");
  const glifr::CsvNumbers rates = glifr::read_csv_numbers(session.out() / "frates.csv", {});
  double mean = 0;
  for (glifr::Index n = 12; n < 16; ++n) mean += rates(199, n) / 4;
  CHECK(std::stod(curves.rows[399][4]) == Approx(mean));

  run("cluster " + trial);
  const glifr::CsvCells clusters = cells("cluster_neurons.csv");
  const glifr::CsvNumbers labels = glifr::read_csv_numbers(session.out() / "cluster_labels.csv", {});
  REQUIRE(clusters.rows.size() == 16);
  for (std::size_t n = 0; n < 16; ++n) CHECK(std::stod(clusters.rows[n][3]) == labels(static_cast<glifr::Index>(n), 0));
  CHECK(fs::exists(session.out() / "cluster_groups.gp"));
  CHECK(glifr::read_csv_numbers(session.out() / "cluster_groups.csv", {.has_header = true})(0, 0) ==
        *std::ranges::min_element(labels.values));

  const std::string said = run("connectivity " + trial);
  CHECK_THAT(said, Catch::Contains("128 connections of 16 neurons, spectral radius ") &&
                       Catch::Contains("senders: 12 excitatory, 4 inhibitory, 0 with weights of both signs"));
  const glifr::CsvCells balance = cells("balance.csv");
  CHECK(balance.header ==
        std::vector<std::string>{"layer", "group", "neuron", "excitation", "inhibition", "balance", "synaptic_delay"});
  REQUIRE(balance.rows.size() == 16);
  const double delay = std::stod(balance.rows[3][6]);
  CHECK((delay > 0.5 && delay < 1));
  CHECK(balance.rows[3][6] == neurons.rows[3][11]);
  CHECK(glifr::read_csv_numbers(session.out() / "eigenvalues.csv", {.has_header = true}).rows == 16);
  CHECK_THAT(glifr::read_file(session.out() / "connectivity_delays.csv"), Catch::Contains("before_training"));
  CHECK(fs::exists(session.out() / "delays.gp"));
  // Recorded before training, every second epoch and after the last.
  const glifr::CsvCells delays = cells("delays.csv");
  CHECK(delays.header.at(0) == "epoch");
  REQUIRE(delays.rows.size() == 3);
  for (const std::size_t row : {0, 1, 2}) CHECK(std::stoi(delays.rows[row][0]) == std::vector<int>{0, 2, 3}[row]);

  // The second layer has no groups, and its neurons the same delay. What is left from the first is named.
  run("parameters --layer 2 " + trial);
  CHECK(cells("neurons.csv").header == std::vector<std::string>{"layer", "group", "neuron", "thresh", "k_m"});
  CHECK(cells("neurons.csv").rows.at(0).at(0) == "2");
  CHECK(cells("neurons.csv").rows.at(0).at(1).empty());
  CHECK_THAT(session.analyze("fi-curve --layer 2 " + trial + session.out_option()).error,
             Catch::Contains("fi_groups.csv was there before"));
  CHECK_THAT(session.analyze("cluster --layer 2 " + trial + session.out_option()).error,
             Catch::Contains("cluster_neurons.csv was there before"));
  CHECK_THAT(run("connectivity --layer 2 " + trial), Catch::Contains("169 connections of 13 neurons"));

  // Away from its trial, nothing is known of groups.
  fs::copy(fs::path(trial) / "checkpoints/last.safetensors", session.file("alone.safetensors"));
  run("parameters " + session.file("alone.safetensors").string());
  CHECK(cells("neurons.csv").rows.at(0).at(1).empty());

  run("report --ablation-samples 0 " + session.results().string());
  const std::string page = glifr::read_file(session.out() / "report.html");
  CHECK_THAT(page, Catch::Contains("128 connections of 16 neurons, spectral radius ") &&
                       Catch::Contains("Neurons of each group in each cluster") &&
                       Catch::Contains("Learned synaptic delays") &&
                       Catch::Contains("Layer 3 is left out of the connections: its neurons have 4 synaptic currents"));
  CHECK(fs::exists(session.out() / "delays_cortex_cortex_layer_3.gp"));
}

TEST_CASE("connections that cannot be analysed, and groups that are not those of a checkpoint") {
  const Session session;
  const std::string trial = train_groups(session);
  const std::string connectivity = "connectivity --no-figures " + session.out_option() + " ";
  require_refused(session.analyze(connectivity + "--layer 3 " + trial),
                  "one synaptic current is needed, this one has 4");
  require_refused(session.analyze(connectivity + "--layer 4 " + trial), "there is no layer 4");
  require_refused(session.analyze("parameters --layer 3 " + trial + session.out_option()),
                  "layer 3 has no tensor 'neuron_layer_3.thresh', as GLIFR neurons have");
  glifr::TensorFile custom;
  custom.metadata["neuron"] = "adex";
  glifr::write_safetensors(session.file("custom.safetensors"), custom);
  require_refused(session.analyze("parameters " + session.file("custom.safetensors").string() + session.out_option()),
                  "layer 1 is of neurons 'adex'; this program knows glifr, rnn, lstm");
  require_refused(session.analyze(connectivity + session.file("none.safetensors").string()), "none.safetensors");
  require_refused(session.analyze(connectivity + session.file("cortex.json").string()), "cortex.json");
  require_refused(session.analyze("connectivity"), "CHECKPOINT: is missing");
  CHECK_FALSE(fs::exists(session.out()));

  glifr::test::write_text(fs::path(trial) / "parameters/synaptic_delay.csv", "1,2\n");
  require_refused(session.analyze(connectivity + trial), "synaptic_delay.csv: found 2 columns, expected 16");

  const fs::path config = fs::path(trial) / "config.json";
  std::string text = glifr::read_file(config);
  text.replace(text.find("\"size\": 4"), 9, "\"size\": 5");
  text.replace(text.find("\"size\": 16"), 10, "\"size\": 17");
  glifr::test::write_text(config, text);
  const Finished other = session.analyze("parameters --no-figures " + trial + session.out_option());
  CHECK(other.exit_code == 0);
  CHECK(count_lines(other.error) == 1);
  CHECK_THAT(other.error, Catch::Contains("config.json is of 17 neurons") && Catch::Contains("has 16"));
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
  std::erase_if(file.tensors, [](const auto& tensor) { return tensor.name == "neuron_layer.thresh"; });
  glifr::write_safetensors(session.file("other.safetensors"), file);
  require_refused(session.analyze("fi-curve " + session.file("other.safetensors").string()),
                  "layer 1 has no tensor 'neuron_layer.thresh', as GLIFR neurons have");
  const Finished guessed =
      session.analyze("fi-curve --no-figures --dt 0.05 --checkpoint " + bare.string() + session.out_option());
  CHECK(guessed.exit_code == 0);
  CHECK(count_lines(guessed.error) == 1);
  CHECK_THAT(guessed.error, Catch::Contains("taken are sigma_v = 1 mV, R = 0.1 GOhm, v_reset = 0 mV"));
}

TEST_CASE("custom neurons with a parameter called as one of GLIFR's are analysed as what they are") {
  const Session session;
  glifr::test::write_text(session.file("custom.json"),
                          R"({"base": "sine", "models": {"custom": {"layers": [{"neuron": "rnn", "size": 3}]}}})");
  const Finished trained = session.train("--config " + session.file("custom.json").string() + " --epochs 1");
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  const fs::path trial = session.results() / "custom/custom/trial_0";
  std::string config = glifr::read_file(trial / "config.json");
  const std::string rnn = R"("neuron": "rnn")";
  config.replace(config.find(rnn), rnn.size(), R"("neuron": "spiking")");
  glifr::test::write_text(trial / "config.json", config);
  const std::vector<float> values{0, 1, 2};
  glifr::TensorFile file;
  for (const char* name : {"thresh", "trans_leak"})
    file.tensors.push_back(
        glifr::make_named_tensor<float>(std::string("neuron_layer.") + name, {1, 3}, std::span(values)));
  const std::vector<float> weights(9);
  const auto add_weights = [&](const char* name, const std::vector<glifr::Index>& shape, std::size_t count) {
    file.tensors.push_back(glifr::make_named_tensor<float>(name, shape, std::span(weights).first(count)));
  };
  add_weights("neuron_layer.weight_in", {1, 3}, 3);
  add_weights("neuron_layer.weight_lat", {3, 3}, 9);
  add_weights("output_linear.weight", {1, 3}, 3);
  add_weights("output_linear.bias", {1}, 1);
  const fs::path by_config = trial / "checkpoints/last.safetensors", by_metadata = session.file("alone.safetensors");
  glifr::write_safetensors(by_config, file);
  glifr::write_safetensors(trial / "checkpoints/initial.safetensors", file);
  file.metadata["neuron"] = "spiking";
  glifr::write_safetensors(by_metadata, file);
  for (const fs::path& checkpoint : {by_config, by_metadata}) {
    CAPTURE(checkpoint);
    fs::remove_all(session.out());
    const std::string rest = " --no-figures --dt 0.05 " + checkpoint.string() + session.out_option();
    const Finished parameters = session.analyze_custom("parameters" + rest);
    INFO(parameters.error);
    REQUIRE(parameters.exit_code == 0);
    CHECK_THAT(glifr::read_file(session.out() / "neurons.csv"),
               Catch::StartsWith("layer,group,neuron,thresh,leak\n1,,0,0,0.5\n"));
    CHECK_FALSE(fs::exists(session.out() / "learnedparams.csv"));
    for (const char* command : {"fi-curve", "cluster"}) {
      const Finished refused = session.analyze_custom(command + rest);
      CHECK(refused.exit_code == 2);
      CHECK_THAT(refused.error, Catch::Contains("layer 1 is of neurons 'spiking'; accepted: a layer of GLIFR neurons"));
    }
    require_refused(session.analyze("parameters" + rest),
                    "layer 1 is of neurons 'spiking'; this program knows glifr, rnn, lstm");
  }
  const Finished report =
      session.analyze_custom("report --ablation-samples 0 " + session.results().string() + session.out_option());
  INFO(report.error);
  CHECK(report.exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "report.html"), Catch::Contains("Parameters of 3 trained neurons"));
  CHECK(fs::exists(session.out() / "parameters_histogram_custom_custom.gp"));
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
  CHECK(count_lines(report.error) == 5);  // two of trial 4
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
  CHECK(count_lines(ablation.error) == 5);
  CHECK_THAT(glifr::read_file(session.out() / "ablation.csv"), Catch::Contains("\nsine,rnn,0,0,1,"));
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
  const Finished responses = session.analyze("responses " + session.results().string() + session.out_option());
  CHECK(responses.exit_code == 0);
  CHECK(fs::exists(session.out() / "responses_sine.csv"));
  std::ptrdiff_t others = 0;
  for (const auto& entry : fs::directory_iterator(session.out())) {
    if (!entry.path().filename().string().starts_with("responses_sine_lr_0.01-")) continue;
    ++others;
    CHECK(fs::exists(session.out() / ("sine_" + entry.path().stem().string() + ".gp")));
  }
  CHECK(others == 2);
}

TEST_CASE("a task's name of any length and any characters makes tables and figures, of one name in the report") {
  const Session session;
  train_sine(session, "rnn");
  const std::string name = "t k%s<&>" + std::string(230, 'x');
  fs::rename(session.results() / "sine", session.results() / name);
  for (const char* subcommand : {"summary ", "responses ", "report "}) {
    const Finished run = session.analyze(subcommand + session.results().string() + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
  }
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(session.out())) names.push_back(entry.path().filename().string());
  const auto has = [&](const std::string& beginning, const std::string& end) {
    return std::ranges::any_of(
        names, [&](const std::string& file) { return file.starts_with(beginning) && file.ends_with(end); });
  };
  CHECK(has("ablation_t_k_s___xxx", "_table.csv"));
  CHECK(has("summary_t_k_s___xxx", "_means.csv"));
}

TEST_CASE("every figure that gnuplot cannot draw is named") {
  const Session session;
  glifr::test::write_trial(session.results(), "sine", "rnn", 0, 0.1, {});
  glifr::test::write_trial(session.results(), "lmnist", "rnn", 0, 0.1, 0.9);
  const fs::path program = session.file("programs/gnuplot");
  glifr::test::write_text(program, "#!/bin/sh\necho 'no such font' >&2\nexit 1\n");
  fs::permissions(program, fs::perms::all);
  const std::string path = glifr::test::environment("PATH").value_or("");
  ::setenv("PATH", (program.parent_path().string() + ":" + path).c_str(), 1);
  const Finished run = session.analyze("summary " + session.results().string() + session.out_option());
  ::setenv("PATH", path.c_str(), 1);
  CHECK(run.exit_code == 0);
  CHECK(count_lines(run.error) == 2);
  for (const char* figure : {"summary_sine.svg is not drawn", "summary_lmnist.svg is not drawn"})
    CHECK_THAT(run.error, Catch::Contains(figure) && Catch::Contains("gnuplot failed: no such font"));
}

TEST_CASE("networks that learned other waves do not share a figure") {
  const Session session;
  train_sine(session, "rnn");
  const Finished other = session.train("--task sine --model lstmn --epochs 3 --set hidden_size=16 --set amp=2");
  REQUIRE(other.exit_code == 0);
  const Finished run = session.analyze("responses --no-figures " + session.results().string() + session.out_option());
  CHECK(run.exit_code == 0);
  CHECK_THAT(run.error, Catch::Contains("left out sine/lstmn/trial_0: it learned other targets than rnn/trial_0"));
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

TEST_CASE("a damaged checkpoint is left out of the silencing of neurons, the others are not") {
  const Session session;
  train_sine(session, "rnn,glifr_hom");
  const fs::path checkpoint = session.results() / "sine/rnn/trial_0/checkpoints/last.safetensors";
  glifr::TensorFile file = glifr::read_safetensors(checkpoint);
  const std::vector<std::int64_t> signs(16, 1);
  file.tensors.push_back(glifr::make_named_tensor<std::int64_t>("neuron_layer.sign", {16}, signs));
  glifr::write_safetensors(checkpoint, file);
  const Finished run =
      session.analyze("ablation --no-figures --draws 1 " + session.results().string() + session.out_option());
  INFO(run.error);
  CHECK(run.exit_code == 0);
  CHECK_THAT(run.error, Catch::Contains("left out sine/rnn/trial_0: " + checkpoint.string() +
                                        ": tensor 'neuron_layer.sign': found I64"));
  CHECK_THAT(glifr::read_file(session.out() / "ablation.csv"), Catch::Contains("\nsine,glifr_hom,0,"));
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
  CHECK_THAT(count("2"),
             Catch::Contains("1 cluster of 8 neurons\nthe index is highest for 2 clusters, which count as 1"));
  const std::string clusters = "cluster --no-figures --parameters " + session.file("neurons.csv").string() +
                               session.out_option() + " --clusters ";
  CHECK(session.analyze(clusters + "2").out.ends_with("2 clusters of 8 neurons\n"));
  CHECK(glifr::read_file(session.out() / "cluster_labels.csv") == "0\n0\n0\n0\n0\n0\n1\n1\n");
  CHECK(session.analyze(clusters + "8").out.ends_with("8 clusters of 8 neurons\n"));
  require_refused(session.analyze(clusters + "9"), "--clusters: found 9; accepted for 8 neurons: 1 to 8");
  require_refused(session.analyze(clusters + "2 --max-clusters 3"), "--max-clusters");

  // Without a number, no more clusters are tried than the neurons allow.
  glifr::test::write_text(session.file("few.csv"), "0,0\n0,0.001\n100,0\n200,0\n");
  const Finished few =
      session.analyze("cluster --no-figures --parameters " + session.file("few.csv").string() + session.out_option());
  INFO(few.error);
  REQUIRE(few.exit_code == 0);
  CHECK(
      few.out.ends_with("3 clusters of 4 neurons\nmost of the clusters hold a single neuron: the neurons are too few "
                        "for the index to say more\n"));
  CHECK(count_lines(glifr::read_file(session.out() / "chscores.csv")) == 2);
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
  CHECK_THAT(as_published, Catch::Contains("<td>t(") && Catch::Contains(", p ") &&
                               Catch::Contains(">published trials</th>") && Catch::Contains("Published values: "));
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
  CHECK_THAT(glifr::read_file(session.out() / "ablation.csv"), Catch::Contains("\nsine,glifr_hom,0.3,4,2,"));
}

TEST_CASE("the table of ablation says how many neurons were silenced, of trials of one size") {
  const Session session;
  const std::string ablation = "ablation --no-figures --draws 2 --ratios 0.25,0.33,0.34 " + session.results().string();
  REQUIRE(session.train("--task sine --model rnn --epochs 1 --set hidden_size=12").exit_code == 0);
  REQUIRE(session.analyze(ablation + session.out_option()).exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "ablation.csv"), Catch::Contains("\nsine,rnn,0.25,3,2,") &&
                                                                   Catch::Contains("\nsine,rnn,0.33,3,2,") &&
                                                                   Catch::Contains("\nsine,rnn,0.34,4,2,"));
  REQUIRE(
      session.train("--task sine --model rnn --epochs 1 --set hidden_size=11 --first-trial 1 --ntrials 1").exit_code ==
      0);
  REQUIRE(session.analyze(ablation + session.out_option()).exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "ablation.csv"),
             Catch::Contains("\nsine,rnn,0.25,,2,") && Catch::Contains("\nsine,rnn,0.33,3,2,"));
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
  const Finished small = session.analyze("count --task sine --match 1" + session.out_option());
  REQUIRE(small.exit_code == 0);
  CHECK_THAT(small.out, Catch::Contains("an RNN of 1 neuron has "));
  CHECK_THAT(small.error, Catch::Contains("one neuron has more trained parameters") && Catch::Contains("lstmn"));
  CHECK(count_lines(small.error) == 1);
  CHECK_THAT(glifr::read_file(session.out() / "count.csv"),
             Catch::Contains("\nsine,rnn,1,") && Catch::Contains("\nsine,lstmn,,\n"));
  // The weights of the one neuron are not trained.
  REQUIRE(session.analyze("count --task realizable" + session.out_option()).exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "count.csv"), Catch::Contains("\nrealizable,glifr_lheta,1,8\n"));
  require_refused(session.analyze("count --task realizable --match 4"), "--match: found 4; the networks of task ");
}

TEST_CASE("count takes the models that a configuration describes, with the sizes of their layers") {
  const Session session;
  glifr::test::write_text(session.file("deep.json"), R"({"base": "sine", "models": {
    "deep": {"layers": [{"neuron": "rnn", "size": 11}, {"neuron": "rnn", "size": 6}]},
    "flat": {"layers": [{"neuron": "rnn", "size": 7}]}}})");
  const auto count = [&](const std::string& more) {
    const Finished run =
        session.analyze("count --config " + session.file("deep.json").string() + more + session.out_option());
    INFO(run.error);
    REQUIRE(run.exit_code == 0);
    CHECK_THAT(run.out, Catch::Contains("deep           hidden size 11+6 "));
    return glifr::read_file(session.out() / "count.csv");
  };
  const std::string deep = "deep,deep,11+6," + std::to_string(11 + 11 * 11 + 11 + 11 * 6 + 6 * 6 + 6 + 6 + 1) + "\n";
  const std::string flat = "deep,flat,7," + std::to_string(7 + 7 * 7 + 7 + 7 + 1) + "\n";
  CHECK(count("") == "task,model,hidden_size,trained_parameters\n" + deep + flat);
  CHECK_THAT(count(" --model rnn,deep"), Catch::Contains("\ndeep,rnn,") && Catch::EndsWith("\n" + deep));
}

TEST_CASE("a sweep on sine: a table of trials, groups by setting, and a section of the report") {
  const Session session;
  const Finished trained = session.train(
      "--task sine --model rnn,glifr_hom --ntrials 2 --epochs 2 --sweep lr=1e-3,1e-4 --sweep hidden_size=8,12");
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  const Finished summary = session.analyze("summary --no-figures " + session.results().string() +
                                           " --by hidden_size,lr" + session.out_option());
  INFO(summary.error);
  REQUIRE(summary.exit_code == 0);
  CHECK(count_lines(glifr::read_file(session.out() / "trials.csv")) == 1 + 2 * 4 * 2);
  const std::string groups = glifr::read_file(session.out() / "summary_by.csv");
  CHECK(count_lines(groups) == 1 + 2 * 4);
  CHECK_THAT(groups, Catch::StartsWith("base_task,model,hidden_size,lr,trials,") &&
                         Catch::Contains("\nsine,rnn,8,1e-04,2,") && Catch::Contains("\nsine,glifr_hom,12,0.001,2,"));
  const auto variations = glifr::read_csv_cells(session.out() / "variations.csv");
  CHECK(variations.rows.size() == 2 * 4 * 3);
  for (const auto& row : variations.rows) CHECK(row[variations.column("n_pairs").value()] == "2");
  CHECK_THAT(summary.out, Catch::Contains("sine by settings") && Catch::Contains("hidden_size"));
  require_refused(
      session.analyze("summary " + session.results().string() + " --by learning_rate" + session.out_option()),
      "--by: found 'learning_rate', a setting of no trial; accepted: ");

  const Finished report = session.analyze("report " + session.results().string() + session.out_option());
  INFO(report.error);
  REQUIRE(report.exit_code == 0);
  const std::string page = glifr::read_file(session.out() / "report.html");
  CHECK_THAT(page, Catch::Contains("Sweeps") && Catch::Contains("Sweep of sine") &&
                       Catch::Contains("Task sine@lr=0.001,hidden_size=8") && !Catch::Contains("Silencing neurons") &&
                       !Catch::Contains("Responses"));
  CHECK(fs::exists(session.out() / "sweep_sine.gp"));
}

TEST_CASE("summary says where trials of different data are taken together") {
  const Session session;
  const auto add = [&](const std::string& task, int number, const std::string& file, const std::string& checksum) {
    const fs::path folder = glifr::test::write_trial(session.results(), task, "rnn", number, 0.1, {});
    glifr::test::write_text(folder / "config.json",
                            R"({"base_task": "files", "model": "rnn", "lr": 1, "test_data": ")" + file +
                                R"(", "data": {"test": {"inputs": ")" + checksum + R"("}}})");
  };
  const auto warnings = [&](const std::string& arguments) {
    const Finished run =
        session.analyze("summary --no-figures " + session.results().string() + session.out_option() + " " + arguments);
    CHECK(run.exit_code == 0);
    return run.error;
  };
  add("first", 0, "a.csv", "01");
  add("first", 1, "moved/a.csv", "01");
  CHECK(warnings("--by lr").empty());
  add("second", 0, "b.csv", "02");
  CHECK(warnings("").empty());
  CHECK(warnings("--by lr,test_data").empty());
  CHECK(warnings("--by lr") ==
        "glifr_analyze: files: trials of different data are taken together, by test_data (a.csv, b.csv); --by groups "
        "them\n");
  add("second", 1, "c.csv", "03");
  CHECK_THAT(warnings(""), Catch::StartsWith("glifr_analyze: second: trials of different data "));
}

TEST_CASE("every analysis takes a checkpoint, the folder of a trial, or results of one trial") {
  const Session session;
  train_sine(session, "glifr_lheta");
  const std::string results = session.results().string(), trial = results + "/sine/glifr_lheta/trial_0";
  const std::string checkpoint = trial + "/checkpoints/last.safetensors";
  const std::pair<std::string, std::string> neuron_analyses[] = {
      {"parameters", "learnedparams.csv"}, {"fi-curve", "frates.csv"}, {"cluster", "cluster_labels.csv"}};
  for (const auto& [subcommand, table] : neuron_analyses) {
    const auto result = [&, &name = subcommand, &file = table](const std::string& place) {
      fs::remove_all(session.out());
      const Finished run = session.analyze(name + " --no-figures " + place + session.out_option());
      INFO(run.error);
      CHECK(run.exit_code == 0);
      return glifr::read_file(session.out() / file);
    };
    const std::string expected = result("--checkpoint " + checkpoint);
    for (const std::string& place : {checkpoint, trial, results, results + "/sine", "--checkpoint " + trial})
      CHECK(result(place) == expected);
  }
  const std::pair<std::string, std::string> result_analyses[] = {{"summary", "summary.csv"},
                                                                 {"curves", "curves.csv"},
                                                                 {"ablation --draws 1", "ablation.csv"},
                                                                 {"responses", "responses.csv"},
                                                                 {"report --ablation-samples 0", "report.html"}};
  for (const auto& [subcommand, table] : result_analyses) {
    for (const std::string& place : {checkpoint, trial, results}) {
      fs::remove_all(session.out());
      const Finished run = session.analyze(subcommand + " --no-figures " + place + session.out_option());
      INFO(run.error);
      CHECK(run.exit_code == 0);
      CHECK(fs::exists(session.out() / table));
    }
  }
  fs::copy(trial, results + "/sine/glifr_lheta/trial_1", fs::copy_options::recursive);
  require_refused(session.analyze("responses --checkpoint " + results),
                  "holds 2 trials; accepted: a checkpoint, or the folder of one");

  // Away from its trial, a checkpoint is of the task that is named.
  const fs::path alone = session.file("alone.safetensors");
  fs::copy(checkpoint, alone);
  require_refused(session.analyze("responses " + alone.string()), "--task: is missing");
  require_refused(session.analyze("ablation --checkpoint " + alone.string()), "--task: is missing");
  require_refused(session.analyze("summary " + alone.string()), "alone.safetensors: is no folder of results");
  require_refused(session.analyze("responses --task sine --model rnn " + alone.string()), "alone.safetensors");
  require_refused(session.analyze("responses --task lmnist " + checkpoint), "--task: found 'lmnist'");
  const auto table = [&](const std::string& arguments, const std::string& file) {
    const Finished run = session.analyze(arguments + " --no-figures" + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return glifr::read_file(session.out() / file);
  };
  CHECK(table("responses --task sine --model glifr_lheta " + alone.string(), "responses.csv") ==
        table("responses " + checkpoint, "responses.csv"));
  CHECK_THAT(table("responses --task sine " + alone.string(), "responses.csv"),
             Catch::StartsWith("sample,frequency,time,target,alone\n"));
  CHECK(table("ablation --draws 2 --task sine --model glifr_lheta --checkpoint " + alone.string(), "ablation.csv") ==
        table("ablation --draws 2 " + checkpoint, "ablation.csv"));
}

TEST_CASE("of a folder of several trials each network is analysed into a folder of its own") {
  const Session session;
  train_sine(session, "glifr_lheta,rnn --ntrials 2");
  const fs::path results = session.results(), out = session.out();
  const auto analyze = [&](const std::string& arguments) {
    fs::remove_all(out);
    const Finished run = session.analyze(arguments + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return run;
  };
  const std::tuple<std::string, std::string, std::string> analyses[] = {
      {"parameters --no-figures", "learnedparams.csv", "glifr_lheta"},
      {"fi-curve --no-figures", "frates.csv", "glifr_lheta"},
      {"cluster --no-figures --clusters 3", "cluster_labels.csv", "glifr_lheta"},
      {"connectivity --no-figures", "balance.csv", "rnn"}};
  for (const auto& [subcommand, table, model] : analyses) {
    CAPTURE(subcommand);
    for (const std::string trial : {"trial_0", "trial_1"}) {
      const fs::path below = fs::path("sine") / model / trial;
      analyze(subcommand + " " + (results / below).string());
      const std::string alone = glifr::read_file(out / table);
      for (const fs::path& place : {fs::path(), fs::path("sine"), fs::path("sine") / model}) {
        const Finished run = analyze(subcommand + " " + (results / place).string());
        CHECK(glifr::read_file(out / below.lexically_relative(place.empty() ? "." : place) / table) == alone);
        CHECK_FALSE(fs::exists(out / table));
        CHECK_THAT(run.out, Catch::Contains("sine/" + model + "/" + trial + ":\nwrote "));
      }
    }
  }

  // Those of other neurons are left out, as long as there are some that are not.
  const Finished curves = analyze("fi-curve --no-figures " + results.string());
  CHECK(count_lines(curves.error) == 2);
  CHECK_THAT(curves.error, Catch::Contains("left out sine/rnn/trial_0: ") &&
                               Catch::Contains("left out sine/rnn/trial_1: ") &&
                               Catch::Contains("has no tensor 'neuron_layer.thresh'"));
  CHECK_FALSE(fs::exists(out / "sine/rnn"));
  CHECK_THAT(curves.out, !Catch::Contains("rnn"));
  fs::remove_all(out);
  const Finished none = session.analyze("fi-curve " + (results / "sine/rnn").string() + session.out_option());
  CHECK(none.exit_code == 2);
  CHECK(count_lines(none.error) == 3);
  CHECK_THAT(none.error, Catch::Contains("rnn: none of its 2 networks can be analysed"));
  const std::string model = (results / "sine/glifr_lheta").string();
  require_refused(session.analyze("cluster --clusters 17 " + model + session.out_option()), "--clusters: found 17");
  require_refused(session.analyze("fi-curve --initial none.csv " + model + session.out_option()), "none.csv");
  CHECK_FALSE(fs::exists(out));

  glifr::test::write_text(session.file("file"), "");
  for (const std::string subcommand : {"parameters --no-figures ", "export "})
    require_refused(session.analyze(subcommand + results.string() + " --out " + session.file("file").string()),
                    "cannot write into this folder: Not a directory");

  analyze("export " + results.string());
  CHECK(fs::exists(out / "sine/rnn/trial_1/last.npz"));
  CHECK(fs::exists(out / "sine/glifr_lheta/trial_0/last.npz"));
  REQUIRE(session.analyze("export " + model).exit_code == 0);
  CHECK(fs::exists(results / "sine/glifr_lheta/trial_1/checkpoints/last.npz"));

  // A trial that is not whole is named, the others go on.
  fs::remove(results / "sine/glifr_lheta/trial_0/checkpoints/last.safetensors");
  CHECK_THAT(analyze("parameters --no-figures " + model).error, Catch::Contains("left out sine/glifr_lheta/trial_0: "));
  CHECK(fs::exists(out / "trial_1/learnedparams.csv"));
  fs::remove(results / "sine/glifr_lheta/trial_0/test.json");
  CHECK_THAT(analyze("parameters --no-figures " + model).error, Catch::Contains("left out sine/glifr_lheta/trial_0: "));
  CHECK(fs::exists(out / "learnedparams.csv"));  // the only one
}

TEST_CASE("the network is analysed that was tested, be it the best or the last") {
  const Session session;
  const Finished trained =
      session.train("--task sine --model glifr_lheta --epochs 3 --set hidden_size=16 --set noise_std=0.5 --set lr=0.5");
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  const fs::path trial = session.results() / "sine/glifr_lheta/trial_0", checkpoints = trial / "checkpoints";
  fs::copy(checkpoints / "initial.safetensors", checkpoints / "best.safetensors");
  const auto parameters = [&](const fs::path& place) {
    const Finished run = session.analyze("parameters --no-figures " + place.string() + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return glifr::read_file(session.out() / "learnedparams.csv");
  };
  const auto responses = [&](const fs::path& place) {
    const Finished run = session.analyze("responses --no-figures " + place.string() + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return glifr::read_file(session.out() / "responses.csv");
  };
  const std::string last = parameters(checkpoints / "last.safetensors");
  REQUIRE(last != parameters(checkpoints / "best.safetensors"));
  CHECK(parameters(trial) == last);
  CHECK(responses(trial) == responses(checkpoints / "last.safetensors"));
  glifr::test::write_text(trial / "test.json",
                          R"({"test_loss": 1, "test_acc": null, "samples": 6, "test_checkpoint": "best", "epoch": 0})");
  CHECK(parameters(trial) == parameters(checkpoints / "best.safetensors"));
  CHECK(responses(session.results()) == responses(checkpoints / "best.safetensors"));
  fs::remove(trial / "test.json");
  CHECK(parameters(trial) == last);  // of an unfinished trial
}

TEST_CASE("tables without names get them where they are asked for, and are read with them") {
  const Session session;
  train_sine(session, "glifr_lheta");
  const std::string trial = (session.results() / "sine/glifr_lheta/trial_0").string();
  const auto first_line = [&](const std::string& file) {
    const std::string text = glifr::read_file(session.out() / file);
    return text.substr(0, text.find('\n'));
  };
  for (const char* subcommand : {"parameters", "fi-curve", "cluster"})
    REQUIRE(
        session.analyze(std::string(subcommand) + " --no-figures --header " + trial + session.out_option()).exit_code ==
        0);
  CHECK(first_line("learnedparams.csv") == "thresh,k_m,r_1,r_2,k_1,k_2,a_1,a_2");
  CHECK(first_line("isyns.csv") == "current");
  CHECK_THAT(first_line("frates.csv"), Catch::StartsWith("neuron_0,neuron_1,") && Catch::EndsWith(",neuron_15"));
  CHECK(first_line("cluster_labels.csv") == "label");
  CHECK(first_line("chscores.csv") == "clusters,index");
  const std::string labels = glifr::read_file(session.out() / "cluster_labels.csv");
  const fs::path table = session.file("named.csv");
  fs::copy(session.out() / "learnedparams.csv", table);
  REQUIRE(session.analyze("cluster --no-figures --header --parameters " + table.string() + session.out_option())
              .exit_code == 0);
  CHECK(glifr::read_file(session.out() / "cluster_labels.csv") == labels);

  glifr::test::write_text(session.file("neuron.json"),
                          R"({"dt": 0.05, "tau": 0.05, "sigma_v": 1, "R": 0.1, "I0": 0, "v_reset": 0,
    "weight_in": 1, "thresh": 1, "k_m": 0.1, "r": [0.1, 0.1], "a": [1, 1], "k": [1, 1]})");
  glifr::test::write_text(session.file("input.csv"), "0.5\n0.5\n");
  REQUIRE(session
              .analyze("trace --no-figures --header --neuron " + session.file("neuron.json").string() + " --input " +
                       session.file("input.csv").string() + session.out_option())
              .exit_code == 0);
  CHECK(first_line("firing.csv") == "firing");
  CHECK(first_line("voltage.csv") == "voltage");
  CHECK(first_line("asc.csv") == "asc_1,asc_2");
}

TEST_CASE("a network is imported into a trial's folder on which all analyses work") {
  const Session session;
  train_sine(session, "glifr_lheta");
  const fs::path trial = session.results() / "sine/glifr_lheta/trial_0";
  const std::string checkpoint = (trial / "checkpoints/last.safetensors").string();
  const fs::path imported = session.file("imported");
  const std::string folder = (imported / "sine/glifr_lheta/trial_3").string();
  const std::string request = "import --no-figures --precision float64 --threads 1 " + checkpoint +
                              " --task sine --model glifr_lheta --trial 3 --out " + imported.string();
  const Finished run = session.analyze(request);
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  CHECK(run.error.empty());
  CHECK_THAT(run.out, Catch::Contains("constants of " + checkpoint + ": dt = 0.05, synaptic_delay = ") &&
                          Catch::Contains("sigma_v = 1") && !Catch::Contains("constants of task sine"));
  CHECK_THAT(glifr::read_file(folder + "/config.json"), Catch::Contains(R"("imported_from": "last.safetensors")") &&
                                                            Catch::Contains(R"("hidden_size": 16,)") &&
                                                            Catch::Contains(R"("cpu_target": ")"));
  CHECK_FALSE(fs::exists(folder + "/metrics.csv"));
  CHECK_THAT(glifr::read_file(folder + "/test.json"), Catch::Contains("\"epoch\": 3"));
  const auto table = [&](const std::string& arguments, const std::string& file) {
    const Finished analysis = session.analyze(arguments + " --no-figures" + session.out_option());
    INFO(arguments);
    INFO(analysis.error);
    CHECK(analysis.exit_code == 0);
    return glifr::read_file(session.out() / file);
  };
  // What was trained here is the same when it comes back.
  CHECK(table("responses " + folder, "responses.csv") == table("responses " + trial.string(), "responses.csv"));
  CHECK(table("fi-curve " + folder, "frates.csv") == table("fi-curve " + trial.string(), "frates.csv"));
  CHECK(table("ablation --draws 1 " + folder, "ablation.csv") ==
        table("ablation --draws 1 " + trial.string(), "ablation.csv"));
  CHECK_THAT(table("summary " + imported.string(), "summary.csv"), Catch::Contains("\nsine,glifr_lheta,1,,,,,"));
  CHECK(count_lines(table("curves " + imported.string(), "curves.csv")) == 1);
  CHECK_THAT(table("report " + imported.string(), "report.html"),
             Catch::Contains("was imported from last.safetensors") && Catch::Contains("no test: training"));

  require_refused(session.analyze(request), "--trial: found 3, but ");
  require_refused(session.analyze("import " + checkpoint + " --task sine --model rnn --out " + imported.string()),
                  "last.safetensors");
  require_refused(session.analyze("import " + checkpoint + " --task sine --model all --out " + imported.string()),
                  "--model: found 'all'");
  require_refused(session.analyze("import " + checkpoint + " --task sinus --model rnn --out " + imported.string()),
                  "sinus");
  require_refused(session.analyze("import " + session.file("none").string() + " --task sine --model rnn"), "none");
  const auto require_no_network = [&](const std::string& content, const std::string& found) {
    glifr::test::write_text(session.file("net.pt"), content);
    require_refused(session.analyze("import " + session.file("net.pt").string() + " --task sine --model rnn"),
                    "net.pt: " + found);
  };
  const std::string accepted =
      "; accepted: a PyTorch checkpoint (ZIP, as PyTorch 1.6 and newer write it) or a safetensors file";
  require_no_network(
      "\x80\4\x95 a dict",
      "found a Python pickle (as older .pt files are: load and save it with PyTorch 1.6 or newer)" + accepted);
  require_no_network("version https://git-lfs.github.com/spec/v1\n",
                     "found a Git LFS pointer in place of the file, "
                     "which 'git lfs pull' fetches" +
                         accepted);
  require_no_network("epoch,loss\n1,2\n", "found a table (CSV)" + accepted);
  require_no_network(std::string("PK\3\4\24\0\0\0\10\0", 10), "the ZIP archive is damaged or cut short");
  const std::string bytes = glifr::read_file(checkpoint);
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{100}, bytes.size() - 1}) {
    glifr::test::write_text(session.file("cut.safetensors"), bytes.substr(0, size));
    const std::string file = session.file("cut.safetensors").string();
    require_refused(
        session.analyze("import " + file + " --task sine --model glifr_lheta --trial 4 --out " + imported.string()),
        "cut.safetensors");
    require_refused(session.analyze("export " + file), "cut.safetensors");
  }
  CHECK_FALSE(fs::exists(imported / "sine/glifr_lheta/trial_4"));

  // Constants that the file does not hold are the task's; what is set counts more than both.
  glifr::TensorFile bare = glifr::read_safetensors(checkpoint);
  bare.metadata.clear();
  glifr::write_safetensors(session.file("bare.safetensors"), bare);
  const Finished without =
      session.analyze("import " + session.file("bare.safetensors").string() +
                      " --task sine --model glifr_lheta --trial 5 --set sigma_v=2 --out " + imported.string());
  INFO(without.error);
  CHECK(without.exit_code == 0);
  CHECK_THAT(without.out, Catch::Contains("constants of task sine and --set: dt = 0.05") &&
                              Catch::Contains("sigma_v = 2") && !Catch::Contains("bare.safetensors"));
  CHECK(glifr::read_safetensors(imported / "sine/glifr_lheta/trial_5/checkpoints/last.safetensors")
            .metadata.at("sigma_v") == "2");
}

TEST_CASE("each layer of a described model gets its own constants from the file, and none against its description") {
  const Session session;
  const auto describe = [&](const std::string& first, const std::string& second) {
    glifr::test::write_text(session.file("two.json"), R"({"base": "sine", "models": {"two": {"layers": [{"size": 6, )" +
                                                          first + R"(}, {"size": 5, "num_ascs": 1)" + second +
                                                          R"(}, {"neuron": "rnn", "size": 4}]}}})");
  };
  const std::string of_two = " --task sine --model two --config " + session.file("two.json").string();
  describe(R"("R": 0.2, "I0": 0.5, "sigma_v": 0.5, "v_reset": -0.1)", R"(, "synaptic_delay": 2.2)");
  const Finished trained = session.train(of_two + " --epochs 1");
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  const fs::path trial = session.results() / "two/two/trial_0";
  const std::string checkpoint = (trial / "checkpoints/last.safetensors").string();
  int number = 0;
  const auto import = [&](const std::string& more) {
    return session.analyze("import " + checkpoint + of_two + " --trial " + std::to_string(number) + " --out " +
                           session.file("imported").string() + more);
  };
  const auto require_same = [&](const Finished& run) {
    INFO(run.error);
    REQUIRE(run.exit_code == 0);
    const fs::path folder = session.file("imported/two/two/trial_" + std::to_string(number++));
    const auto metadata = glifr::read_safetensors(checkpoint).metadata;
    for (const auto& [key, value] : glifr::read_safetensors(folder / "checkpoints/last.safetensors").metadata) {
      CAPTURE(key);
      CHECK(metadata.at(key) == value);
    }
    const auto loss = [](const std::string& text) { return text.substr(0, text.find(',')); };
    CHECK(loss(glifr::read_file(folder / "test.json")) == loss(glifr::read_file(trial / "test.json")));
  };
  const Finished same = import("");
  require_same(same);
  const std::string without_task = of_two.substr(of_two.find("--model"));  // --config names it
  CHECK(session
            .analyze("import " + checkpoint + " " + without_task + " --trial 7 --out " +
                     session.file("imported").string())
            .exit_code == 0);
  require_refused(session.analyze("import " + checkpoint + " --model two"), "--task: is missing");
  CHECK_THAT(same.out, Catch::Contains("dt = 0.05; layer 1: synaptic_delay = 1, ") &&
                           Catch::Contains("sigma_v = 0.5, R = 0.2, I0 = 0.5, v_reset = -0.1; layer 2: ") &&
                           Catch::Contains("sigma_v = 1, R = 0.1, I0 = 0, v_reset = 0; layer 3: ") &&
                           !Catch::Contains("--set"));
  describe(R"("num_ascs": 0)", "");  // which says no constants
  require_same(import(""));
  require_same(import(" --set sigma_v_anneal=true"));

  const Finished with_set = import(" --set R=0.3");
  INFO(with_set.error);
  REQUIRE(with_set.exit_code == 0);
  CHECK_THAT(with_set.out,
             Catch::Contains("constants of task two, model two and --set: layer 1: R = 0.3; layer 2: R = 0.3\n"));
  ++number;
  describe(R"("sigma_v": 2)", "");
  require_refused(import(""), "holds sigma_v = 0.5 for layer 1, whose description says 2");
  describe(R"("num_ascs": 0)", R"(, "synaptic_delay": 5)");
  require_refused(import(""), "holds synaptic_delay = 2.2 for layer 2, whose description says 5");
}

TEST_CASE("a network that was trained on scaled inputs is imported with their scale") {
  const Session session;
  const auto write = [&](const std::string& name, int shift) {
    std::string rows = "sample,a,b,target_x\n";
    for (int row = 0; row < 32; ++row) {
      rows += std::to_string(row / 4) + "," + std::to_string(5 * (row % 3) + shift) + "," + std::to_string(row % 4) +
              "," + std::to_string(0.1 * (row % 5)) + "\n";
    }
    glifr::test::write_text(session.file(name), rows);
  };
  write("train.csv", 2);
  write("test.csv", 3);
  const std::string data = " --task files --data " + session.file("").string() + " --set test_data=test.csv";
  const std::string of_train = data + " --set train_data=train.csv";
  const Finished trained = session.train(
      "--model rnn --epochs 1 --set hidden_size=4 --set dt=1 --set tau=1 --set normalize=standard" + of_train);
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  const fs::path trial = session.results() / "files/rnn/trial_0";
  const fs::path checkpoint = trial / "checkpoints/last.safetensors";
  const std::string request = "import " + checkpoint.string() + " --model rnn --set dt=1 --set tau=1 --out " +
                              session.file("imported").string();
  const Finished run = session.analyze(request + of_train);
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  CHECK_THAT(run.out,
             Catch::Contains("inputs are scaled as " + checkpoint.string() + " holds it: normalize = standard\n"));
  const fs::path folder = session.file("imported/files/rnn/trial_0");
  const auto loss = [](const std::string& text) { return text.substr(0, text.find(',')); };
  CHECK(loss(glifr::read_file(folder / "test.json")) == loss(glifr::read_file(trial / "test.json")));
  CHECK_THAT(glifr::read_file(folder / "config.json"), Catch::Contains(R"("normalize": "standard")"));
  for (const char* name : {"normalize.mean", "normalize.factor"}) {
    const glifr::TensorFile of_trial = glifr::read_safetensors(checkpoint),
                            imported = glifr::read_safetensors(folder / "checkpoints/last.safetensors");
    REQUIRE(imported.find(name));
    CHECK(imported.find(name)->bytes == of_trial.find(name)->bytes);
  }
  require_refused(session.analyze(request + " --trial 1 --set normalize=none" + of_train),
                  "normalize: found none; " + checkpoint.string() + " holds the scale of its inputs");
  require_refused(session.analyze(request + " --trial 1 --set train_data=test.csv" + data),
                  "holds another scale of the inputs");
  glifr::TensorFile half = glifr::read_safetensors(checkpoint);
  std::erase_if(half.tensors, [](const glifr::NamedTensor& tensor) { return tensor.name == "normalize.factor"; });
  glifr::write_safetensors(session.file("half.safetensors"), half);
  require_refused(session.analyze("import " + session.file("half.safetensors").string() +
                                  " --model rnn --set dt=1 --set tau=1 --trial 1 --out " +
                                  session.file("imported").string() + of_train),
                  "half.safetensors: holds one of normalize.mean and normalize.factor; both are needed");
  CHECK_FALSE(fs::exists(session.file("imported/files/rnn/trial_1")));
}

TEST_CASE("a delay in steps is of the time step that is used, and a whole number") {
  const Session session;
  train_sine(session, "glifr_lheta");
  const fs::path trial = session.results() / "sine/glifr_lheta/trial_0";
  glifr::TensorFile file = glifr::read_safetensors(trial / "checkpoints/last.safetensors");
  const fs::path foreign = session.file("foreign.safetensors");
  const auto steps = [&](const std::string& more) {
    glifr::write_safetensors(foreign, file);
    const fs::path out = session.file("imported");
    fs::remove_all(out);
    const Finished run =
        session.analyze("import " + foreign.string() + " --task sine --model glifr_lheta --out " + out.string() + more);
    INFO(run.error);
    REQUIRE(run.exit_code == 0);
    return glifr::read_safetensors(out / "sine/glifr_lheta/trial_0/checkpoints/last.safetensors")
        .metadata.at("delay_steps");
  };
  file.metadata["delay_steps"] = "7";
  CHECK(steps("") == "7");
  file.metadata.erase("dt");
  CHECK(steps("") == "7");
  CHECK(steps(" --set dt=0.1") == "7");
  CHECK(steps(" --set synaptic_delay=2") == "40");
  for (const char* number : {"2.5", "0", "-1"}) {
    file.metadata["delay_steps"] = number;
    glifr::write_safetensors(foreign, file);
    require_refused(session.analyze("import " + foreign.string() + " --task sine --model glifr_lheta"),
                    "foreign.safetensors: the metadata's delay_steps is " + std::string(number));
  }
}

TEST_CASE("a checkpoint of PyTorch is imported to the same outputs, one that calls anything is refused") {
  const Session session;
  train_sine(session, "glifr_lheta");
  const std::string trained = (session.results() / "sine/glifr_lheta/trial_0/checkpoints/last.safetensors").string();
  // As Lightning writes it: the tensors below state_dict, the settings below hyper_parameters.
  glifr::test::PickleWriter pickle;
  std::vector<glifr::test::TorchStorage> storages;
  pickle.raw("}(").text("state_dict").raw("}(");
  for (const glifr::NamedTensor& tensor : glifr::read_safetensors(trained).tensors) {
    if (tensor.name.starts_with("optimizer.")) continue;
    const std::string key = std::to_string(storages.size());
    storages.push_back(glifr::test::torch_storage(key, glifr::values_of<float>(tensor, "file")));
    std::vector<std::int32_t> shape, strides(tensor.shape.size(), 1);
    for (const glifr::Index size : tensor.shape) shape.push_back(static_cast<std::int32_t>(size));
    for (std::size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
    pickle.text("model." + tensor.name)
        .tensor("FloatStorage", key, static_cast<std::int32_t>(tensor.size()), 0, shape, strides);
  }
  pickle.raw("u")
      .text("hyper_parameters")
      .raw("}(")
      .text("R")
      .raw("G")
      .raw(std::string("\x3f\xe0\0\0\0\0\0\0", 8))
      .raw("uu");
  const fs::path file = session.file("model.ckpt");
  glifr::test::write_text(file, glifr::test::legacy_torch_file(pickle.bytes(), storages));
  const std::string imported = session.file("imported").string();
  const std::string request = " --task sine --model glifr_lheta --out " + imported;
  const Finished run = session.analyze("import " + file.string() + request + " --set R=0.1");
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  const auto responses = [&](const std::string& place) {
    REQUIRE(session.analyze("responses --no-figures " + place + session.out_option()).exit_code == 0);
    return glifr::read_file(session.out() / "responses.csv");
  };
  CHECK(responses(imported) == responses(trained));

  const Finished with_its_own = session.analyze("import " + file.string() + request + " --trial 1");
  CHECK(with_its_own.exit_code == 0);
  CHECK_THAT(with_its_own.out, Catch::Contains("constants of " + file.string() + ": R = 0.5\n") &&
                                   Catch::Contains("constants of task sine and --set: dt = 0.05"));
  CHECK_THAT(glifr::read_file(imported + "/sine/glifr_lheta/trial_1/config.json"), Catch::Contains("\"R\": 0.5"));

  glifr::test::PickleWriter call;
  call.name("os", "system").raw("(").text("touch called").raw("tR");
  glifr::test::write_text(session.file("call.ckpt"), glifr::test::legacy_torch_file(call.bytes(), {}));
  require_refused(session.analyze("import " + session.file("call.ckpt").string() + request + " --trial 2"),
                  "os.system");
  CHECK_FALSE(fs::exists(session.file("called")));
  CHECK_FALSE(fs::exists(imported + "/sine/glifr_lheta/trial_2"));
}

TEST_CASE("a network whose test data are not there is imported without a test") {
  const Session session;
  const fs::path data = session.file("data");
  for (const char* split : {"Train", "Test"}) {
    for (int digit = 0; digit < 10; ++digit) {
      glifr::test::write_text(data / "nmnist" / split / std::to_string(digit) / "1.bin",
                              glifr::test::event_bytes(digit, 1, 0, 0));
    }
  }
  const Finished trained =
      session.train("--task nmnist --model rnn --epochs 1 --set hidden_size=4 --data " + data.string());
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  const fs::path trial = session.results() / "nmnist/rnn/trial_0";
  const auto import = [&](const std::string& number, const fs::path& from) {
    return session.analyze("import " + (trial / "checkpoints/last.safetensors").string() +
                           " --task nmnist --model rnn --trial " + number + " --out " + session.results().string() +
                           " --data " + from.string());
  };
  const Finished with = import("1", data);
  INFO(with.error);
  CHECK(with.exit_code == 0);
  const fs::path imported = session.results() / "nmnist/rnn/trial_1";
  CHECK(glifr::read_file(imported / "confusion.csv") == glifr::read_file(trial / "confusion.csv"));
  CHECK(fs::exists(imported / "confusion_nmnist_rnn.gp"));
  const Finished without = import("2", session.file("nowhere"));
  CHECK(without.exit_code == 0);
  CHECK(count_lines(without.error) == 1);
  CHECK_THAT(without.error, Catch::Contains("the network is not tested, there is no test.json: "));
  const Finished summary = session.analyze("summary --no-figures " + session.results().string() + session.out_option());
  CHECK(summary.exit_code == 0);
  CHECK(summary.error.empty());
  CHECK_THAT(glifr::read_file(session.out() / "summary.csv"), Catch::Contains("\nnmnist,rnn,2,"));
  const Finished report = session.analyze("report --ablation-samples 0 --data " + data.string() + " " +
                                          session.results().string() + session.out_option());
  INFO(report.error);
  CHECK(report.exit_code == 0);
  CHECK(fs::exists(session.out() / "confusion_nmnist_rnn.gp"));
  CHECK(glifr::read_file(session.out() / "confusion_nmnist_rnn_table.csv") ==
        glifr::read_file(trial / "confusion.csv"));
}

TEST_CASE("an imported network of more classes than a confusion matrix has room for is said to have none") {
  const Session session;
  glifr::test::write_text(session.file("data.csv"), "sample,x,label\n0,1,0\n0,2,0\n1,3,1000\n1,4,1000\n");
  const std::string settings =
      " --task files --model rnn --set train_data=data.csv --set test_data=data.csv --set dt=1 "
      "--set tau=1 --set hidden_size=2 --data " +
      session.file("").string();
  const std::string left_out = "confusion.csv is left out: there are 1001 classes, it has room for 1000";
  const Finished trained = session.train("--epochs 1" + settings);
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  CHECK_THAT(trained.out + trained.error, Catch::Contains(left_out));
  const fs::path models = session.results() / "files/rnn";
  const Finished run = session.analyze("import " + (models / "trial_0/checkpoints/last.safetensors").string() +
                                       settings + " --trial 1 --out " + session.results().string());
  INFO(run.error);
  CHECK(run.exit_code == 0);
  CHECK_THAT(run.error, Catch::Contains(left_out));
  CHECK_FALSE(fs::exists(models / "trial_1/confusion.csv"));
  CHECK_THAT(glifr::read_file(models / "trial_1/test.json"), Catch::Contains("\"epoch\": 1"));
}

TEST_CASE("a checkpoint is exported for NumPy") {
  const Session session;
  train_sine(session, "rnn");
  const fs::path trial = session.results() / "sine/rnn/trial_0";
  const Finished run = session.analyze("export --no-figures --width 85 --data none --cache none --precision float32 " +
                                       ("--threads 1 --seed 1 " + trial.string()));
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  CHECK(fs::exists(trial / "checkpoints/last.npz"));
  REQUIRE(session
              .analyze("export " + (trial / "checkpoints/last.safetensors").string() + " --out " +
                       session.file("new/a.npz").string())
              .exit_code == 0);
  const auto python = glifr::test::python_with("numpy");
  if (!python) GLIFR_SKIP("Python has no numpy");
  CHECK(glifr::test::run_python(*python, session.file("new"), R"(import numpy
arrays = numpy.load("a.npz")
print(arrays["neuron_layer.weight_lat"].shape, arrays["output_linear.bias"].shape)
)") == "(16, 16) (1,)\n");
}

TEST_CASE("analyses work on the users' own data: targets of every step and of the last, and classes") {
  const Session session;
  // 12 samples of 6 steps: two features; two targets, of every step, of the last, or a label.
  std::string every = "sample,a,b,target_x,target_y\n", label = "sample,a,b,label\n";
  for (int sample = 0; sample < 12; ++sample) {
    const int steps = sample % 2 == 0 ? 6 : 4;
    for (int step = 0; step < steps; ++step) {
      const std::string row = std::to_string(sample) + "," + std::to_string(sample % 3) + "," + std::to_string(step);
      every += row + "," + std::to_string(0.1 * sample) + "," + std::to_string(0.1 * step) + "\n";
      label += row + "," + std::to_string(sample % 3) + "\n";
    }
  }
  const fs::path data = session.file("data");
  glifr::test::write_text(data / "every.csv", every);
  glifr::test::write_text(data / "label.csv", label);
  const auto train = [&](const std::string& name, const std::string& model) {
    const Finished run = session.train("--task files --model " + model +
                                       " --epochs 2 --set hidden_size=6 --set dt=1 --set tau=1 "
                                       "--set train_data=" +
                                       name + " --set test_data=" + name + " --data " + data.string());
    INFO(run.error);
    REQUIRE(run.exit_code == 0);
  };
  const auto analyze = [&](const std::string& arguments) {
    const Finished run = session.analyze(arguments + " " + session.results().string() + " --data " + data.string() +
                                         session.out_option());
    INFO(arguments);
    INFO(run.error);
    CHECK(run.exit_code == 0);
  };
  train("every.csv", "rnn,glifr_hom");
  // Sizes that no setting says are those of the data.
  const auto counted = [&](const std::string& arguments) {
    const Finished run =
        session.analyze("count --model rnn " + arguments + " --data " + data.string() + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return glifr::read_file(session.out() / "count.csv");
  };
  const std::string of_trained = counted("--config " + (session.results() / "files/rnn/trial_0/config.json").string());
  CHECK_THAT(of_trained, Catch::Contains("\nfiles,rnn,6," + std::to_string(2 * 6 + 6 * 6 + 6 + 6 * 2 + 2) + "\n"));
  CHECK(counted("--task files --set train_data=every.csv --set test_data=every.csv --set hidden_size=6") == of_trained);
  analyze("responses");
  const std::string responses = glifr::read_file(session.out() / "responses.csv");
  CHECK_THAT(responses, Catch::StartsWith("sample,time,output,target,rnn,glifr_hom\n0,0,0,0,"));
  CHECK(count_lines(responses) == 1 + 2 * (6 * 6 + 6 * 4));  // what lies behind a sample's end is not there
  CHECK(fs::exists(session.out() / "responses_and_targets.gp"));
  analyze("responses --no-figures --samples 2");
  CHECK(count_lines(glifr::read_file(session.out() / "responses.csv")) == 1 + 2 * (6 + 4));
  analyze("ablation --no-figures --draws 1");
  CHECK_THAT(glifr::read_file(session.out() / "ablation.csv"), Catch::Contains("\nfiles,rnn,0,0,1,"));
  analyze("curves --no-figures");
  analyze("report");
  CHECK_THAT(glifr::read_file(session.out() / "report.html"),
             Catch::Contains("Responses: files") && !Catch::Contains("ublished"));

  fs::remove_all(session.results());
  train("label.csv", "rnn");
  require_refused(session.analyze("responses " + session.results().string() + " --data " + data.string()),
                  "none of the trials that were asked for is of a task with target values");
  analyze("report");
  CHECK(fs::exists(session.out() / "confusion_files_rnn.gp"));
}

TEST_CASE("test data that are others than in training are named, those that were scaled need no training data") {
  const Session session;
  const fs::path data = session.file("data");
  const auto write = [&](const char* name, int samples, double shift) {
    std::string text = "sample,a,target_x\n";
    for (int i = 0; i < 3 * samples; ++i)
      text += std::to_string(i / 3) + "," + std::to_string(shift + i) + ",0." + std::to_string(i % 7) + "\n";
    glifr::test::write_text(data / name, text);
  };
  write("train.csv", 8, 10);
  write("test.csv", 5, 0);
  const Finished trained = session.train(
      "--task files --model rnn,glifr_hom --epochs 1 --set hidden_size=4 --set dt=1 --set tau=1 --set "
      "normalize=standard --set train_data=train.csv --set test_data=test.csv --data " +
      data.string());
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  const auto analyze = [&](const std::string& subcommand) {
    const Finished run = session.analyze(subcommand + " --no-figures " + session.results().string() + " --data " +
                                         data.string() + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return run.error;
  };
  const auto tables = [&] {
    return glifr::read_file(session.out() / "ablation.csv") + glifr::read_file(session.out() / "responses.csv");
  };
  CHECK(analyze("ablation --draws 1").empty());
  CHECK(analyze("responses").empty());
  const std::string before = tables();
  write("train.csv", 8, 100);
  CHECK(analyze("ablation --draws 1").empty());
  CHECK(analyze("responses").empty());
  CHECK(tables() == before);
  fs::remove(data / "train.csv");
  CHECK(analyze("ablation --draws 1").empty());
  CHECK(analyze("responses").empty());
  CHECK(tables() == before);

  write("test.csv", 6, 0);
  for (const char* subcommand : {"ablation --draws 1", "responses"}) {
    const std::string said = analyze(subcommand);
    CHECK(count_lines(said) == 1);
    CHECK_THAT(said, Catch::Contains("the test data of files are not those that") &&
                         Catch::Contains("(samples of the test data: 5, here 6)"));
  }
}

TEST_CASE("a checkpoint that lies anywhere is analysed with the settings that are given") {
  const Session session;
  std::string rows = "sample,a,target_x\n";
  for (int row = 0; row < 24; ++row) {
    rows += std::to_string(row / 4) + "," + std::to_string(row % 4) + "," + std::to_string(0.1 * (row % 5)) + "\n";
  }
  glifr::test::write_text(session.file("own.csv"), rows);
  glifr::test::write_text(session.file("deep.json"), R"({"base": "files", "dt": 1, "models": {"deep": {"layers": [
    {"size": 5, "sigma_v": 0.5}, {"size": 4}]}}})");
  const std::string data = " --data " + session.file("").string();
  const std::string config =
      " --config " + session.file("deep.json").string() + " --set train_data=own.csv --set test_data=own.csv";
  const Finished trained = session.train("--model deep --epochs 1 --set normalize=standard" + config + data);
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  const std::string trial = (session.results() / "deep/deep/trial_0").string();
  const fs::path alone = session.file("alone.safetensors");
  fs::copy(trial + "/checkpoints/last.safetensors", alone);
  const std::string checkpoint = " --checkpoint " + alone.string();
  for (const std::string name : {"responses", "ablation"}) {
    const auto table = [&](const std::string& more) {
      const Finished run = session.analyze(name + " --no-figures" + more + data + session.out_option());
      INFO(run.error);
      REQUIRE(run.exit_code == 0);
      return glifr::read_file(session.out() / (name + ".csv"));
    };
    const std::string expected = table(" " + trial);
    CHECK(table(checkpoint + config) == expected);
    CHECK(table(checkpoint + config + " --task files --model deep") == expected);
    glifr::test::write_text(session.file("deep.json"), R"({"base": "files", "dt": 1, "models": {"deep": {"layers": [
      {"size": 5}, {"size": 4}]}}})");
    CHECK(table(checkpoint + config) == expected);
    CHECK(table(checkpoint + config + " --set sigma_v=0.1") != expected);
    require_refused(session.analyze(name + checkpoint + " --task files --model rnn" + data),
                    "train_data: is missing; the task files needs train_data and test_data, as --set train_data=");
    require_refused(session.analyze(name + " --set lr=1 " + trial + data), "--set: is for a checkpoint of which");
    require_refused(session.analyze(name + config + " --checkpoint " + trial + data), "--config: is for a checkpoint");
  }
}

TEST_CASE("accuracies and losses never share a table, a mean or an axis") {
  const Session session;
  std::string labels = "sample,a,label\n", targets = "sample,a,target_x\n";
  for (int sample = 0; sample < 6; ++sample) {
    for (int step = 0; step < 3; ++step) {
      const std::string row = std::to_string(sample) + "," + std::to_string(sample % 2) + ",";
      labels += row + std::to_string(sample % 2) + "\n";
      targets += row + "0.5\n";
    }
  }
  glifr::test::write_text(session.file("data/labels.csv"), labels);
  glifr::test::write_text(session.file("data/targets.csv"), targets);
  const auto train = [&](const std::string& name, const std::string& model, const std::string& data) {
    const Finished run =
        session.train("--task files --name " + name + " --model " + model +
                      " --epochs 1 --set hidden_size=4 --set dt=1 --set tau=1 --set train_data=" + data +
                      " --set test_data=" + data + " --data " + session.file("data").string());
    INFO(run.error);
    REQUIRE(run.exit_code == 0);
  };
  train("cls", "rnn", "labels.csv");
  train("mix", "rnn", "labels.csv");
  train("mix", "lstmn", "targets.csv");
  const auto analyze = [&](const std::string& arguments) {
    return session.analyze(arguments + " " + session.results().string() + session.out_option() +
                           " --no-figures --data " + session.file("data").string());
  };
  const Finished summary = analyze("summary --by hidden_size");
  CHECK(summary.exit_code == 0);
  CHECK_THAT(summary.out, Catch::Contains("\ncls, test accuracy (%)\n") && Catch::Contains("\nmix, test loss\n") &&
                              Catch::Contains("hidden_size  trials  test loss\n"));
  CHECK(count_lines(summary.error) == 4);  // of the task mix and of the base task files, and of their data
  CHECK_THAT(summary.error, Catch::Contains("mix: some trials have an accuracy and others none") &&
                                Catch::Contains("files: some trials"));
  const Finished ablation = analyze("ablation --draws 1 --ratios 0");
  CHECK(ablation.exit_code == 0);
  CHECK(count_lines(ablation.error) == 1);
  CHECK_THAT(ablation.out, Catch::Contains("\ncls, test accuracy (%)\n") && Catch::Contains("\nmix, test loss\n"));
  const std::string draws = glifr::read_file(session.out() / "ablation_draws.csv");
  CHECK_THAT(draws, Catch::Contains("\ncls,rnn,0,0,test_acc,") && Catch::Contains("\nmix,rnn,0,0,test_loss,"));
  const auto loss = [&](const std::string& row) { return std::stod(draws.substr(draws.find(row) + row.size())); };
  CHECK(loss("\nmix,rnn,0,0,test_loss,") ==
        Approx(std::stod(glifr::read_file(session.results() / "mix/rnn/trial_0/test.json")
                             .substr(std::string("{\n  \"test_loss\": ").size()))));
}

TEST_CASE("silencing neurons of a network that diverged says so and leaves its cells empty") {
  const Session session;
  train_sine(session, "rnn", 1);
  const fs::path checkpoint = session.results() / "sine/rnn/trial_0/checkpoints/last.safetensors";
  glifr::TensorFile file = glifr::read_safetensors(checkpoint);
  const auto bias = std::ranges::find(file.tensors, "output_linear.bias", &glifr::NamedTensor::name);
  REQUIRE(bias != file.tensors.end());
  *bias = glifr::make_named_tensor<double>("output_linear.bias", {1}, std::vector<double>{1e200});
  glifr::write_safetensors(checkpoint, file);
  const Finished run =
      session.analyze("ablation --draws 2 --ratios 0.5,1 " + session.results().string() + session.out_option());
  CHECK(run.exit_code == 0);
  CHECK(count_lines(run.error) >= 2);
  CHECK_THAT(run.error, Catch::Contains("sine/rnn, 50 % silenced: the loss is no finite number in 2 of 2 tests") &&
                            Catch::Contains("sine/rnn, 100 % silenced: the loss is no finite number in 1 of 1 tests"));
  CHECK_THAT(run.out, Catch::Contains("50 %: not finite"));
  CHECK(glifr::read_file(session.out() / "ablation_draws.csv") ==
        "task,model,trial,ratio_silenced,metric,value\nsine,rnn,0,0.5,test_loss,\nsine,rnn,0,0.5,test_loss,\n"
        "sine,rnn,0,1,test_loss,\n");
}

TEST_CASE("a trial whose config.json is of another model counts by its folder, with a line that says so") {
  const Session session;
  glifr::test::write_trial(session.results(), "sine", "rnn", 0, 0.1, {});
  glifr::test::write_trial(session.results(), "renamed", "rnn", 0, 0.1, {});
  fs::create_directories(session.results() / "sine/glifr_lheta");
  fs::copy(session.results() / "sine/rnn/trial_0", session.results() / "sine/glifr_lheta/trial_7",
           fs::copy_options::recursive);
  glifr::test::write_text(session.results() / "renamed/rnn/trial_0/config.json",
                          R"({"task": "sine", "model": "rnn", "max_epochs": 400})");
  const std::string arguments = session.results().string() + " --no-figures" + session.out_option();
  const Finished run = session.analyze("summary " + arguments);
  CHECK(run.exit_code == 0);
  CHECK(run.error ==
        "glifr_analyze: sine/glifr_lheta/trial_7 counts as glifr_lheta, though its config.json says rnn\n");
  REQUIRE(session.analyze("report " + arguments).exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "report.html"), Catch::Contains(">3 of 400<"));
}

TEST_CASE("paths that cannot be looked at, foreign checkpoints and curves that are no numbers are refused in a line") {
  const Session session;
  const std::string long_name(300, 'x');
  for (const char* command : {"summary ", "parameters ", "report ", "export "})
    require_refused(session.analyze(command + long_name), long_name + ": File name too long");
  glifr::test::write_text(session.file("net.ckpt"), "PK\x03\x04 and more");
  for (const char* command : {"summary ", "report ", "ablation ", "responses ", "fi-curve "})
    require_refused(session.analyze(command + session.file("net.ckpt").string()), ": found a ZIP archive");
  glifr::test::write_text(session.file("odd.csv"), "1,0.05\n1e300,1e300\n");
  require_refused(session.analyze("fi-curve --dt 0.05 --parameters " + session.file("odd.csv").string()),
                  "fi-curve: the firing of neuron 1 at -10000 pA is no finite number");
  CHECK_FALSE(fs::exists(session.out()));
}

TEST_CASE("a table of neurons may come through a pipe, and the instruction set behind the command") {
  const Session session;
  const std::string script =
      "printf '1,0.05\\n1.2,0.06\\n' | \"$0\" parameters --cpu-target baseline --dt 0.05 --no-figures "
      "--parameters /dev/stdin --out \"$1\"";
  const Finished run =
      Process({"/bin/sh", "-c", script, GLIFR_ANALYZE, session.out().string()}, session.out().parent_path()).wait();
  INFO(run.error);
  CHECK(run.exit_code == 0);
  CHECK(glifr::read_csv_numbers(session.out() / "learnedparams.csv", {}).rows == 2);
}

TEST_CASE("requests that cannot be met") {
  const Session session;
  const std::string none = session.file("none").string();
  require_refused(session.analyze(""), "found no command; accepted: summary, curves, ");
  require_refused(session.analyze("sumary"), "found the command 'sumary'; accepted: summary, curves, ");
  require_refused(session.analyze("sumary results"), "found the command 'sumary'; accepted: summary, curves, ");
  require_refused(session.analyze("sumary --by lr results"), "found the command 'sumary'; accepted: ");
  require_refused(session.analyze("results summary"), "found the command 'results'; accepted: summary, curves, ");
  require_refused(session.analyze("--colour red summary"), "--colour");
  require_refused(session.analyze("summary a b"), "b");
  require_refused(session.analyze("summary --colour red"), "--colour (see glifr_analyze summary --help)");
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
  require_refused(session.analyze("responses --trial 2 --checkpoint " + none), "--trial");
  for (const char* subcommand : {"ablation", "responses"})
    require_refused(session.analyze(subcommand + (" a --checkpoint " + none)), "RESULTS excludes --checkpoint");
  require_refused(session.analyze("count --task files"), "train_data: is missing");
  require_refused(session.analyze("count --task files --set train_data=a.csv --set test_data=a.csv --data " + none),
                  "none/a.csv");
  require_refused(session.analyze("count --task sin"), "sin");
  glifr::test::write_text(session.file("few.csv"), "1,2\n3,4\n");
  require_refused(session.analyze("cluster --parameters " + session.file("few.csv").string()),
                  "few.csv: found 2 neurons; clusters are sought among 3 or more");
  glifr::test::write_text(session.file("four.csv"), "1,2\n3,4\n5,6\n7,8\n");
  require_refused(session.analyze("cluster --max-clusters 4 --parameters " + session.file("four.csv").string()),
                  "--max-clusters: found 4; accepted for 4 neurons: 2 to 3");
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
  for (const char* subcommand : {"parameters ", "fi-curve ", "cluster "}) {
    require_refused(session.analyze(subcommand + session.file("four.csv").string()),
                    "four.csv: found a table (CSV); accepted is a safetensors file, or --parameters FILE");
  }
  require_refused(session.analyze("connectivity " + session.file("four.csv").string()),
                  "four.csv at byte 0: found a table (CSV); accepted is a safetensors file");
  glifr::test::write_text(session.file("page.json"), "<!DOCTYPE html><html></html>");
  require_refused(session.analyze("trace --neuron " + session.file("page.json").string() + " --input " +
                                  session.file("input.csv").string()),
                  "a web page (HTML)");
  fs::create_directories(session.results() / "sine" / "rnn" / "trial_0");
  require_refused(session.analyze("report " + session.results().string()), "none of 1 trials is whole");
  glifr::test::write_trial(session.results(), "sine", "rnn", 1, 0.1, {});
  fs::remove(session.results() / "sine" / "rnn" / "trial_0");
  const std::string results = session.results().string();
  for (const std::string subcommand : {"ablation ", "responses "}) {
    require_refused(session.analyze(subcommand + results + " --task foo"),
                    "--task: found 'foo'; accepted for " + results + ": sine");
    require_refused(session.analyze(subcommand + results + " --model foo"),
                    "--model: found 'foo'; accepted for " + results + ": rnn");
  }
  require_refused(session.analyze("responses --trial 9 " + results),
                  "--trial: found 9; accepted for " + results + ": 1");
  const Finished blocked =
      session.analyze("summary " + session.results().string() + " --out " + session.file("bad.csv").string());
  CHECK(blocked.exit_code == 2);
  CHECK_THAT(blocked.error, Catch::Contains("bad.csv"));
}
