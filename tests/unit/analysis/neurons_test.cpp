#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "glifr/analysis/fi_curve.hpp"
#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/parameters.hpp"
#include "glifr/analysis/trace.hpp"
#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/safetensors.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/neurons.hpp"

using namespace glifr;
using namespace glifr::analysis;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

constexpr const char* neuron_json = R"({"dt": 0.05, "tau": 0.05, "sigma_v": 1, "R": 0.1, "I0": 2, "v_reset": 0.5,
  "weight_in": 0.5, "thresh": 1.2, "k_m": 0.1, "r": [0.02, -0.3], "a": [0.8, -1.5], "k": [1, 0.5]})";

SingleGlifr some_neuron() {
  const test::TemporaryFolder folder;
  test::write_text(folder.path() / "neuron.json", neuron_json);
  return read_single_glifr(folder.path() / "neuron.json");
}

std::filesystem::path reference(const std::string& name) {
  return std::filesystem::path(*test::environment("GLIFR_REFERENCE_DIR")) / name;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b, std::size_t count) {
  double largest = 0;
  for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

}  // namespace

TEST_CASE("a trace follows the neuron's equations") {
  const SingleGlifr single = some_neuron();
  std::vector<double> input(300);
  for (std::size_t t = 0; t < input.size(); ++t) input[t] = std::sin(0.1 * static_cast<double>(t));
  const Trace result = trace(single, input);
  REQUIRE(result.names ==
          std::vector<std::string>{"firing", "voltage", "after_spike_current", "after_spike_current_2"});
  REQUIRE(result.steps() == 300);

  double firing = 0, voltage = 0, i1 = 0, i2 = 0;
  for (Index t = 0; t < 300; ++t) {
    i1 = (0.02 * i1 + 0.8) * firing + (1 - 0.05 * 1) * i1;
    i2 = (-0.3 * i2 - 1.5) * firing + (1 - 0.05 * 0.5) * i2;
    const double synaptic = 0.5 * input[static_cast<std::size_t>(t)];
    voltage = synaptic + 0.05 * 0.1 * 0.1 * (i1 + i2 + 2) + (1 - 0.05 * 0.1) * voltage - firing * (voltage - 0.5);
    firing = 1 / (1 + std::exp(-(voltage - 1.2)));
    CHECK_THAT(result(t, 0), WithinAbs(firing, 1e-12));
    CHECK_THAT(result(t, 1), WithinAbs(voltage, 1e-12));
    CHECK_THAT(result(t, 2), WithinAbs(i1, 1e-12));
    CHECK_THAT(result(t, 3), WithinAbs(i2, 1e-12));
    CHECK(result.synaptic[static_cast<std::size_t>(t)] == synaptic);
  }
  CHECK_FALSE(result.first_overflow().has_value());
  CHECK_THAT(trace(single, input, true)(299, 0), WithinAbs(result(299, 0), 1e-5));
}

TEST_CASE("a state that overflows is found") {
  SingleGlifr single = some_neuron();
  single.neuron.values[single.neuron.thresh()] = -100;  // it fires all the time
  single.neuron.values[2] = 3;                          // and its first current grows fourfold a step
  const std::vector<double> input(200, 0.0);
  const Trace in_float = trace(single, input, true);
  const Trace in_double = trace(single, input, false);
  REQUIRE(in_float.first_overflow().has_value());
  const Index step = *in_float.first_overflow();
  CHECK(std::isfinite(in_float(step - 1, 2)));
  CHECK_FALSE(std::isfinite(in_float(step, 2)));
  CHECK_FALSE(in_double.first_overflow().has_value());
}

TEST_CASE("a neuron's description is checked key by key") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "neuron.json";
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = neuron_json;
    text.replace(text.find(from), from.size(), to);
    test::write_text(file, text);
    return read_single_glifr(file);
  };
  CHECK_THROWS_WITH(with("\"k_m\": 0.1,", ""), Catch::Contains("k_m is missing"));
  CHECK_THROWS_WITH(with("\"k_m\"", "\"tresh\": 1, \"k_m\""), Catch::Contains("unknown key tresh"));
  CHECK_THROWS_WITH(with("[1, 0.5]", "[1]"), Catch::Contains("2, 2 and 1 values"));
  CHECK_THROWS_WITH(with("[1, 0.5]", "[1, \"x\"]"), Catch::Contains("key k is \"x\", expected a number"));
  CHECK_THROWS_WITH(with("[1, 0.5]", "1"), Catch::Contains("expected a list of numbers"));
  CHECK_THROWS_WITH(with("\"dt\": 0.05", "\"dt\": 0"), Catch::Contains("key dt is 0, expected a number > 0"));
  CHECK_THROWS_AS(with("{", "["), DataError);
}

TEST_CASE("the parameters of any neurons are physical and called as their fields are") {
  const std::vector<double> log_tau{0, std::log(20.0)}, ceiling{0, 1}, gain{1, 2, 3, 4};
  TensorFile file;
  const auto add = [&](const char* name, std::vector<Index> shape, const std::vector<double>& values) {
    file.tensors.push_back(make_named_tensor<double>(name, std::move(shape), std::span<const double>(values)));
  };
  add("neuron_layer.log_tau", {1, 2}, log_tau);
  add("neuron_layer.trans_ceiling", {1, 2}, ceiling);
  add("neuron_layer.gain", {2, 1, 2}, gain);
  const NeuronInfo info = glifr::detail::describe_neuron<test::Calcium>();
  CHECK_THROWS_WITH(parameter_table(file, info, "a checkpoint"), Catch::Contains("dt"));
  file.metadata["dt"] = "0.5";
  const ParameterTable table = parameter_table(file, info, "a checkpoint");
  CHECK(table.neurons == 2);
  REQUIRE(table.columns.size() == 4);
  CHECK(table.columns[0].name == "tau");
  CHECK(table.columns[0].unit == "ms");
  CHECK_THAT(table.columns[0].values[1], WithinAbs(20, 1e-12));
  CHECK(table.columns[1].values[0] == 0.5);
  CHECK(table.columns[3].name == "gain_2");
  CHECK(table.columns[3].values == std::vector<double>{3, 4});
  const Figure figure = parameter_histogram_figure(table, table);
  REQUIRE(figure.panels.size() == 4);
  CHECK(figure.panels[0].x.label == "tau (ms)");
  CHECK(figure.panels[2].x.label == literal("gain_1"));
  file.tensors.pop_back();
  CHECK_THROWS_WITH(parameter_table(file, info, "a checkpoint"), Catch::Contains("neuron_layer.gain"));
}

TEST_CASE("f-I curves are the mean firing of a trace under a background current") {
  SingleGlifr single = some_neuron();
  NeuronTable table = single.neuron;
  table.neurons = 3;
  for (int copy = 0; copy < 2; ++copy) {
    table.values.insert(table.values.end(), single.neuron.values.begin(), single.neuron.values.end());
    table.values[table.values.size() - 8] += copy + 1;
  }
  const std::vector<double> currents{-500, 0, 750};
  const FiCurves curves = fi_curves(table, single.constants, currents);
  REQUIRE(curves.neurons == 3);
  const std::vector<double> silence(fi_steps, 0.0);
  for (Index neuron = 0; neuron < 3; ++neuron) {
    for (Index i = 0; i < 3; ++i) {
      single.neuron.values[0] = table(neuron, 0);
      single.constants.I0 = currents[static_cast<std::size_t>(i)];
      double mean = 0;
      for (const double firing : trace(single, silence).state(0)) mean += firing / fi_steps;
      CHECK_THAT(curves(i, neuron), WithinAbs(mean, 1e-12));
    }
  }
}

TEST_CASE("neurons with any number of after-spike currents up to four have f-I curves") {
  for (Index ascs = 0; ascs <= 4; ++ascs) {
    const NeuronTable table{1, ascs, std::vector<double>(static_cast<std::size_t>(2 + 3 * ascs), 0.1)};
    CHECK(fi_curves(table, some_neuron().constants, std::vector{0.0}).rates.size() == 1);
  }
  const NeuronTable table{1, 5, std::vector<double>(17, 0.1)};
  CHECK_THROWS_AS(fi_curves(table, some_neuron().constants, std::vector{0.0}), ConfigError);
}

TEST_CASE("learned parameters are read by their number of columns") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "learnedparams.csv";
  test::write_text(file, "1,0.05,0.1,0.2,1,2,-1,-2\n3,0.06,0.3,0.4,3,4,-3,-4\n");
  const NeuronTable table = read_neurons(file);
  CHECK(table.neurons == 2);
  CHECK(table.num_ascs == 2);
  CHECK(table.column(table.a(1)) == std::vector<double>{-2, -4});
  CHECK(column_names(2) == std::vector<std::string>{"thresh", "k_m", "r_1", "r_2", "k_1", "k_2", "a_1", "a_2"});
  to_csv(table).write(file);
  CHECK(read_neurons(file).values == table.values);
  to_csv(table, true).write(file);
  CHECK_THAT(read_file(file), Catch::StartsWith("thresh,k_m,r_1,r_2,k_1,k_2,a_1,a_2\n1,0.05,"));
  CHECK(read_neurons(file).values == table.values);
  test::write_text(file, "thresh,k_m,a_1,r_1,k_1\n1,2,3,4,5\n");
  CHECK_THROWS_WITH(read_neurons(file), Catch::Contains("other names than thresh,k_m,r_1,k_1,a_1"));
  test::write_text(file, "1,2,3\n");
  CHECK_THROWS_WITH(read_neurons(file), Catch::Contains("found 3 columns"));
  test::write_text(file, "layer,group,neuron,thresh,k_m\n1,,0,1,2\n");
  CHECK_THROWS_WITH(read_neurons(file), Catch::Contains("found the columns layer, group and neuron") &&
                                            Catch::Contains("learnedparams.csv"));
}

TEST_CASE("tensors of other shapes than those of neurons are refused with the name of the file") {
  const auto checkpoint = [](Index neurons, Index currents) {
    TensorFile file;
    const auto add = [&](const std::string& name, std::vector<Index> shape) {
      Index size = 1;
      for (const Index extent : shape) size *= extent;
      file.tensors.push_back(make_named_tensor<double>("neuron_layer." + name, shape,
                                                       std::vector<double>(static_cast<std::size_t>(size), 0.1)));
    };
    add("thresh", {1, neurons});
    add("trans_k_m", {1, 6});
    for (const char* name : {"trans_k_j", "trans_r_j", "a_j"}) add(name, {currents, 1, 6});
    return file;
  };
  CHECK(neurons_of(checkpoint(6, 2), "x.safetensors", 0.05).num_ascs == 2);
  CHECK_THROWS_WITH(neurons_of(checkpoint(1, 2), "x.safetensors", 0.05),
                    Catch::StartsWith("x.safetensors: tensor 'neuron_layer.trans_k_m' holds 6 values"));
  CHECK_THROWS_WITH(neurons_of(checkpoint(6, 5), "x.safetensors", 0.05),
                    Catch::Contains("x.safetensors: found 5 after-spike currents a neuron"));
}

TEST_CASE("the f-I curves of 252 trained neurons as published") {
  if (!test::environment("GLIFR_REFERENCE_DIR")) GLIFR_SKIP("GLIFR_REFERENCE_DIR is not set");
  const NeuronTable neurons = read_neurons(reference("neurons_lmnist/learnedparams.csv"));
  const CsvNumbers expected = read_csv_numbers(reference("neurons_lmnist/frates.csv"), {});
  const CsvNumbers currents = read_csv_numbers(reference("neurons_lmnist/isyns.csv"), {});
  const GlifrConstants constants{0.05, 0.05, 1, 0.1, 0, 0};
  CHECK(standard_currents() == currents.values);
  const FiCurves in_double = fi_curves(neurons, constants, currents.values);
  const FiCurves in_float = fi_curves(neurons, constants, currents.values, true);
  REQUIRE(in_double.rates.size() == expected.values.size());
  // The record is in single precision; a neuron whose currents grow has made its rounding 1.19e-6 in one of the 50,400
  // rates.
  CHECK(largest_difference(in_double.rates, expected.values, expected.values.size()) < 1.2e-6);
  CHECK(largest_difference(in_float.rates, expected.values, expected.values.size()) < 2e-5);
}

TEST_CASE("the responses of five trained neurons as published") {
  if (!test::environment("GLIFR_REFERENCE_DIR")) GLIFR_SKIP("GLIFR_REFERENCE_DIR is not set");
  for (const std::string name : {"cluster0-idx1", "cluster1-idx2", "cluster2-idx0", "cluster2-idx5", "cluster3-idx4"}) {
    CAPTURE(name);
    const auto folder = reference("traces/" + name);
    const SingleGlifr neuron = read_single_glifr(folder / "params.json");
    const std::vector<double> input = read_csv_numbers(folder / "input.csv", {}).values;
    const std::vector<double> firing = read_csv_numbers(folder / "firing.csv", {.allows_not_finite = true}).values;
    // The voltage of one neuron overflows: compared is what comes before.
    const std::vector<double> voltage = read_csv_numbers(folder / "voltage.csv", {.allows_not_finite = true}).values;
    const auto overflow = std::ranges::find_if(voltage, [](double value) { return !std::isfinite(value); });
    const auto steps = static_cast<std::size_t>(overflow - voltage.begin());

    const Trace in_float = trace(neuron, input, true);
    CHECK(largest_difference(in_float.state(0), firing, steps) < 6e-4);
    CHECK(in_float.first_overflow().value_or(in_float.steps()) == static_cast<Index>(steps));
    if (name == "cluster1-idx2") continue;  // it oscillates, and so makes rounding grow
    CHECK(largest_difference(trace(neuron, input).state(0), firing, steps) < 1e-6);
  }
}
