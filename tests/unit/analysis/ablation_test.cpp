#include "glifr/analysis/ablation.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/parameters.hpp"
#include "glifr/analysis/tables.hpp"
#include "glifr/backend/parallel.hpp"
#include "glifr/cells/glifr.hpp"
#include "glifr/cells/rnn.hpp"
#include "glifr/datasets/sine.hpp"
#include "glifr/error.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/training/checkpoint.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"

using namespace glifr;
using namespace glifr::analysis;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

using SineNetwork = Network<GlifrCell<2, double>>;

std::unique_ptr<SineNetwork> make_small() {
  const CellSettings<Glifr<2>> settings{.hidden_size = 10, .delay = 3};
  auto network = std::make_unique<SineNetwork>(settings, 1, Outputs::every_step);
  initialize_homogeneous(*network, 5);
  return network;
}

}  // namespace

TEST_CASE("a draw silences as many neurons as asked for, each at most once, always the same ones") {
  for (const Index silenced : {0, 1, 7, 10}) {
    const auto first = draw_silenced(10, silenced, 0, 3);
    CHECK(std::ranges::count(first, true) == silenced);
    CHECK(draw_silenced(10, silenced, 0, 3) == first);
  }
  std::vector<Index> times(10);
  for (Index draw = 0; draw < 2000; ++draw) {
    const auto is_silenced = draw_silenced(10, 3, draw, 3);
    for (std::size_t i = 0; i < times.size(); ++i) times[i] += is_silenced[i];
  }
  for (const Index count : times) CHECK(std::abs(static_cast<double>(count) - 600) < 5 * std::sqrt(2000 * 0.3 * 0.7));
}

TEST_CASE("ablation tests the network itself at ratio 0 and its bias alone at ratio 1") {
  const auto data = make_sine<double>({.time_steps = 20});
  const auto results = ablate<double>(make_small, data, {.ratios = {0, 0.25, 1}, .draws = 4});
  REQUIRE(results.size() == 3);
  CHECK(results[0].silenced == 0);
  CHECK(results[1].silenced == 2);
  CHECK(results[2].silenced == 10);
  CHECK(results[0].scores.size() == 1);
  CHECK(results[1].scores.size() == 4);
  CHECK(results[1].scores[0].loss() != results[1].scores[2].loss());

  const auto network = make_small();
  Workers alone(1);
  CHECK(results[0].scores[0].loss() == evaluate<double>(*network, data, alone).loss());

  const double bias = network->parameters().back()->value.data()[0];
  std::vector<double> targets(20 * 6);
  const std::vector<Index> samples{0, 1, 2, 3, 4, 5};
  data.targets(samples, targets.data());
  double loss = 0;
  for (const double target : targets) loss += (bias - target) * (bias - target) / static_cast<double>(targets.size());
  CHECK_THAT(results[2].scores[0].loss(), WithinRel(loss, 1e-12));
}

TEST_CASE("ablation does not depend on the number of threads, and some samples may do") {
  const auto data = make_sine<double>({.time_steps = 20});
  const auto losses = [&](Index threads) {
    const ThreadLimit limit(threads);
    Workers workers(threads);
    std::vector<double> all;
    for (const auto& result : workers.run([&] { return ablate<double>(make_small, data, {.draws = 3}); })) {
      for (const Score& score : result.scores) all.push_back(score.loss());
    }
    return all;
  };
  CHECK(losses(1) == losses(3));
  CHECK(ablate<double>(make_small, data, {.ratios = {0}, .samples = 2})[0].scores[0].samples == 2);
  CHECK(ablate<double>(make_small, data, {.ratios = {0}, .samples = 99})[0].scores[0].samples == 6);
}

TEST_CASE("ratios and draws out of range are refused") {
  const auto data = make_sine<double>({});
  CHECK_THROWS_AS(ablate<double>(make_small, data, {.ratios = {1.1}}), ConfigError);
  CHECK_THROWS_AS(ablate<double>(make_small, data, {.ratios = {std::nan("")}}), ConfigError);
  CHECK_THROWS_AS(ablate<double>(make_small, data, {.ratios = {}}), ConfigError);
  CHECK_THROWS_WITH(ablate<double>(make_small, data, {.ratios = {0.2, 0.5, 0.2}}), Catch::Contains("names 0.2 twice"));
  CHECK_THROWS_AS(ablate<double>(make_small, data, {.draws = 0}), ConfigError);
}

TEST_CASE("the outputs of a network come step by step, sample by sample") {
  const auto data = make_sine<double>({.time_steps = 20});
  const auto network = make_small();
  const std::vector<double> values = outputs<double>(*network, data);
  REQUIRE(values.size() == 20 * 6);
  std::vector<double> targets(values.size());
  const std::vector<Index> samples{0, 1, 2, 3, 4, 5};
  data.targets(samples, targets.data());
  double loss = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    loss += std::pow(values[i] - targets[i], 2) / static_cast<double>(values.size());
  CHECK_THAT(ablate<double>(make_small, data, {.ratios = {0}})[0].scores[0].loss(), WithinRel(loss, 1e-12));
}

TEST_CASE("a checkpoint's neurons in physical units") {
  const auto network = make_small();
  const TensorFile file = to_tensor_file<double>(*network);
  const NeuronTable neurons = neurons_of(file, "checkpoint");
  CHECK(neurons.neurons == 10);
  CHECK(neurons.num_ascs == 2);
  CHECK(neurons(3, neurons.thresh()) == 1);
  CHECK_THAT(neurons(3, neurons.k_m()), WithinRel(0.05, 0.003));
  CHECK_THAT(neurons(3, neurons.k(1)), WithinRel(2.0, 1e-12));
  const auto raw = values_of<double>(*file.find("neuron_layer.trans_r_j"), "file");
  CHECK_THAT(neurons(3, neurons.r(1)), WithinAbs(1 - 2 / (1 + std::exp(-raw[13])), 1e-15));
  CHECK(neurons(3, neurons.a(0)) == values_of<double>(*file.find("neuron_layer.a_j"), "file")[3]);
  CHECK(constants_of(file, "checkpoint").R == 0.1);

  const NeuronTable initial = initial_neuron(2, 0.05);
  CHECK(initial(0, initial.thresh()) == 1);
  CHECK(initial(0, initial.k_m()) == neurons(0, neurons.k_m()));
  CHECK_THAT(initial(0, initial.r(0)), WithinAbs(0, 1e-15));
  CHECK_THAT(initial(0, initial.a(1)), WithinAbs(0, 1e-15));
}

TEST_CASE("a checkpoint of other neurons, or a damaged one, is refused") {
  Network<RnnCell<double>> rnn({.hidden_size = 4}, 1, Outputs::every_step);
  CHECK_THROWS_WITH(neurons_of(to_tensor_file<double>(rnn), "x"),
                    Catch::Contains("is this a checkpoint of these neurons?"));
  const auto network = make_small();
  TensorFile file = to_tensor_file<double>(*network);
  file.metadata.erase("dt");
  CHECK_THROWS_WITH(neurons_of(file, "x"), Catch::Contains("the metadata has no dt"));
  file.metadata.clear();
  CHECK(neurons_of(file, "x", 0.05).values == neurons_of(to_tensor_file<double>(*network), "x").values);
  file = to_tensor_file<double>(*network);
  file.metadata["dt"] = "soon";
  CHECK_THROWS_WITH(neurons_of(file, "x"), Catch::Contains("'soon', expected a number"));
}

TEST_CASE("a parameter of a type that holds no real numbers is refused with file and tensor") {
  const auto network = make_small();
  TensorFile file = to_tensor_file<double>(*network);
  for (NamedTensor& tensor : file.tensors) tensor.dtype = Dtype::i64;
  CHECK_THROWS_WITH(neurons_of(file, "x"), Catch::Contains("x: tensor 'neuron_layer.thresh': found I64"));
  CHECK_THROWS_WITH(load_parameters<double>(*network, file, "x"), Catch::Contains("x: tensor 'neuron_layer."));
}

TEST_CASE("a checkpoint without neurons is refused") {
  const auto network = make_small();
  TensorFile file = to_tensor_file<double>(*network);
  for (NamedTensor& tensor : file.tensors) {
    if (!tensor.name.starts_with("neuron_layer.")) continue;
    std::ranges::fill(tensor.shape, 0);
    tensor.bytes.clear();
  }
  CHECK_THROWS_WITH(neurons_of(file, "x"), Catch::Contains("x: tensor 'neuron_layer.thresh' holds no value"));
  CHECK_THROWS_WITH((load_network<Glifr<2>, double>(file, Outputs::every_step, "x")),
                    Catch::Contains("shape [0, 0]; a network needs 1 or more"));
}

TEST_CASE("half-precision parameters are those of the network, rounded") {
  const auto network = make_small();
  TensorFile file = to_tensor_file<double>(*network);
  for (NamedTensor& tensor : file.tensors) {
    const std::vector<float> values = values_of<float>(tensor, "file");
    tensor.dtype = Dtype::bf16;
    tensor.bytes.resize(2 * values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::memcpy(&tensor.bytes[2 * i], reinterpret_cast<const std::byte*>(&values[i]) + 2, 2);  // the leading bits
    }
  }
  const NeuronTable rounded = neurons_of(file, "x"), exact = neurons_of(to_tensor_file<double>(*network), "x");
  for (std::size_t i = 0; i < exact.values.size(); ++i)
    CHECK_THAT(rounded.values[i], WithinRel(exact.values[i], 0.05) || WithinAbs(exact.values[i], 1e-4));
}

TEST_CASE("draws count as independent for one trial, the means over draws for several") {
  TaskAblation ablation{
      "sine", false, {{"rnn", {0.5}, {{1, 2, 3}}, {{4, 4, 4}}}, {"lstmn", {0.5}, {{5, 7, 9}}, {{0, 0, 0}}}}};
  CHECK_FALSE(ablation.has_several_trials());
  CHECK(independent_values(ablation, ablation.models[0], 0) == std::vector<double>{1, 2, 3});
  CHECK_THAT(ablation_figure(ablation).caption, Catch::EndsWith("standard deviation over draws."));
  ablation.models[1] = {"lstmn", {0.5}, {{5, 7, 9, 13}}, {{0, 0, 1, 1}}};
  CHECK(ablation.has_several_trials());
  CHECK(independent_values(ablation, ablation.models[0], 0) == std::vector<double>{2});
  CHECK(independent_values(ablation, ablation.models[1], 0) == std::vector<double>{6, 11});
  CHECK_THAT(std::string(ablation_table(std::span(&ablation, 1)).text()),
             Catch::Contains("\nsine,rnn,0.5,,1,2,,,,test_loss\n") && Catch::Contains("\nsine,lstmn,0.5,,2,8.5,"));
  CHECK_THAT(std::string(ablation_comparison_table(std::span(&ablation, 1)).text()),
             Catch::Contains("\nsine,test_loss,0.5,rnn,lstmn,1,2,2,8.5,,,,,,,\n"));
  CHECK_THAT(ablation_figure(ablation).caption, Catch::Contains("over trials"));

  const test::TemporaryFolder folder;
  ablation_draws_table(std::span(&ablation, 1)).write(folder.path() / "draws.csv");
  const auto read = read_ablation_draws(folder.path() / "draws.csv");
  REQUIRE(read.size() == 1);
  CHECK(read[0].models[1].values == ablation.models[1].values);
  CHECK(read[0].models[1].trials == ablation.models[1].trials);
}

TEST_CASE("what is not finite is an empty cell and part of no test") {
  const double nan = std::nan("");
  const TaskAblation ablation{
      "sine", false, {{"rnn", {0.5}, {{1, nan}}, {{0, 0}}}, {"lstmn", {0.5}, {{1, 2}}, {{0, 0}}}}};
  CHECK_THAT(std::string(ablation_draws_table(std::span(&ablation, 1)).text()),
             Catch::Contains("\nsine,rnn,0,0.5,test_loss,1\nsine,rnn,0,0.5,test_loss,\n"));
  CHECK_THAT(std::string(ablation_table(std::span(&ablation, 1)).text()),
             Catch::Contains("\nsine,rnn,0.5,,2,,,,,test_loss\n"));
  CHECK_THAT(std::string(ablation_comparison_table(std::span(&ablation, 1)).text()),
             Catch::Contains("\nsine,test_loss,0.5,rnn,lstmn,2,2,,1.5,,,,,,,\n"));
  const test::TemporaryFolder folder;
  const Drawing drawing = draw(ablation_figure(ablation), folder.path());
  INFO(drawing.problem);
  CHECK((drawing.is_drawn || drawing.problem.find("not found") != std::string::npos));
  ablation_draws_table(std::span(&ablation, 1)).write(folder.path() / "draws.csv");
  CHECK(std::isnan(read_ablation_draws(folder.path() / "draws.csv")[0].models[0].values[0][1]));
}

TEST_CASE("tables have a header, and empty cells where nothing is defined") {
  const TaskAblation ablation{
      "lmnist",
      true,
      {{"rnn", {0, 0.5}, {{0.9}, {0.4, 0.6}}, {}, {0, std::nullopt}}, {"lstmn", {0.5}, {{0.5, 0.7}}, {}, {12}}}};
  const auto text = std::string(ablation_table(std::span(&ablation, 1)).text());
  CHECK_THAT(text, Catch::StartsWith("task,model,ratio_silenced,silenced,n,mean,sd,ci95_lower,ci95_upper,"
                                     "metric\nlmnist,rnn,0,0,1,0.9,,,,test_acc\n"));
  CHECK_THAT(text, Catch::Contains("\nlmnist,rnn,0.5,,2,0.5,") && Catch::Contains("\nlmnist,lstmn,0.5,12,2,0.6,"));
  const auto tests = std::string(ablation_comparison_table(std::span(&ablation, 1)).text());
  CHECK(std::ranges::count(tests, '\n') == 3);
  CHECK_THAT(tests, Catch::Contains("\nlmnist,test_acc,0.5,rnn,lstmn,2,2,0.5,0.6,"));
  CHECK(std::string(ablation_draws_table(std::span(&ablation, 1)).text()) ==
        "task,model,trial,ratio_silenced,metric,value\nlmnist,rnn,,0,test_acc,0.9\nlmnist,rnn,,0.5,test_acc,0.4\n"
        "lmnist,rnn,,0.5,test_acc,0.6\nlmnist,lstmn,,0.5,test_acc,0.5\nlmnist,lstmn,,0.5,test_acc,0.7\n");
  const TaskSummary summary{"sine", {{"rnn", {0.25}, {}}}, {}};
  CHECK_THAT(std::string(summary_table(std::span(&summary, 1)).text()), Catch::EndsWith("\nsine,rnn,1,,,,,0.25,,,\n"));
}
