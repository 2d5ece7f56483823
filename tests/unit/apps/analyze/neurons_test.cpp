// glifr_analyze as a user meets it. Single neurons and connections: parameters, fi-curve, cluster, connectivity, trace.
#include "session.hpp"

using namespace glifr::test::analyze;

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
