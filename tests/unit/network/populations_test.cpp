// Networks whose neurons differ: initial values, wiring, what checkpoints hold, training to the same bits on any number
// of threads.
#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "glifr/cells/glifr.hpp"
#include "glifr/cells/lstm.hpp"
#include "glifr/datasets/labels.hpp"
#include "glifr/datasets/sine.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/training/checkpoint.hpp"
#include "glifr/training/trainer.hpp"
#include "support/catch.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;
using Catch::Matchers::Contains;
using test::random_tensor;
using Net = Network<GlifrCell<2, double>>;

CellSettings<Glifr<2>> settings_of(Index neurons, const Population& population) {
  return {.input_size = 1, .hidden_size = neurons, .delay = 20, .population = population};
}

std::vector<double> physical(Net& network, const std::string& name) {
  return physical_values(find_parameter(network.parameters(), "neuron_layer." + name), 0.05);
}

TEST_CASE("initial values follow the distributions that are described, within what a neuron can have") {
  Population population;
  population.parameters["thresh"] = {.initial = Distribution::number(3)};
  population.parameters["k_m"] = {.initial = Distribution::lognormal(0.05, 0.5)};
  population.parameters["k_j"] = {.initial = Distribution::uniform(0.1, 0.4)};
  population.parameters["r_j"] = {.initial = Distribution::normal(0.5, 1)};  // of which much is outside (-1, 1)
  population.parameters["a_j"] = {.initial = Distribution::recorded({-2, 5})};
  Net network(settings_of(400, population), 1, Outputs::every_step);
  initialize_homogeneous(network, 8);
  const auto thresh = physical(network, "thresh"), k_m = physical(network, "trans_k_m"),
             k_j = physical(network, "trans_k_j"), r_j = physical(network, "trans_r_j"), a_j = physical(network, "a_j");
  CHECK(std::ranges::all_of(thresh, [](double x) { return x == 3; }));
  double sum = 0, squares = 0;
  for (const double k : k_m) {
    sum += std::log(k);
    squares += std::log(k) * std::log(k);
  }
  const double mean = sum / 400, deviation = std::sqrt(squares / 400 - mean * mean);
  CHECK(mean == Approx(std::log(0.05)).margin(0.1));
  CHECK(deviation == Approx(0.5).margin(0.06));
  CHECK(std::ranges::minmax(k_j).min >= 0.1);
  CHECK(std::ranges::minmax(k_j).max < 0.4);
  CHECK(std::ranges::all_of(r_j, [](double x) { return x > -1 && x < 1; }));
  CHECK(std::set<double>(a_j.begin(), a_j.end()) == std::set<double>{-2, 5});

  population.parameters["r_j"] = {.initial = Distribution::number(2)};
  Net impossible(settings_of(4, population), 1, Outputs::every_step);
  CHECK_THROWS_WITH(initialize_homogeneous(impossible, 8), Contains("r_j"));
}

TEST_CASE("groups begin with values of their own, and share them where that is asked for") {
  Population population;
  population.groups = {{.name = "slow", .size = 3}, {.name = "fast", .size = 2}};
  population.groups[0].parameters["thresh"] = {.initial = Distribution::number(2)};
  population.parameters["k_m"] = {.per = Per::group};
  population.groups[0].parameters["k_m"] = {.initial = Distribution::number(0.1)};
  population.groups[1].parameters["k_m"] = {.initial = Distribution::number(0.7)};
  Net network(settings_of(5, population), 1, Outputs::every_step);
  initialize_homogeneous(network, 8);
  CHECK(physical(network, "thresh") == std::vector<double>{2, 2, 2, 1, 1});
  const auto k_m = physical(network, "shared_trans_k_m");
  CHECK(k_m.size() == 2);
  CHECK(k_m[0] == Approx(0.1));
  CHECK(k_m[1] == Approx(0.7));
  // What a checkpoint holds for readers that know nothing of groups.
  const TensorFile file = to_tensor_file(network);
  const NamedTensor* each = file.find("neuron_layer.trans_k_m");
  REQUIRE(each);
  CHECK(each->shape == std::vector<Index>{1, 5});
  const std::vector<double> raw = values_of<double>(*each, "file");
  CHECK(raw[0] == raw[2]);
  CHECK(to_physical(Transform::decay_rate, raw[4], 0.05) == Approx(0.7));
}

TEST_CASE("a density connects as many pairs as it says, drawn from the seed, and the others keep a weight of 0") {
  Population population;
  population.lateral = Connectivity::with_density(0.2);
  population.inhibitory = 0.25;
  const auto weights = [&](std::uint64_t seed) {
    Net network(settings_of(40, population), 1, Outputs::every_step);
    initialize_homogeneous(network, seed);
    return values_of<double>(*to_tensor_file(network).find("neuron_layer.weight_lat"), "file");
  };
  const std::vector<double> w = weights(1);
  CHECK(w.size() == 1600);
  CHECK(std::ranges::count_if(w, [](double x) { return x != 0; }) == 320);
  CHECK(w == weights(1));
  CHECK(w != weights(2));
  double excitation = 0, inhibition = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    CHECK((i / 40 < 30 ? w[i] >= 0 : w[i] <= 0));
    (i / 40 < 30 ? excitation : inhibition) += w[i];
  }
  CHECK(excitation > 10);
  CHECK(std::abs(excitation + inhibition) < 0.3 * excitation);
}

TEST_CASE("in every group, excitation and inhibition cancel each other on average") {
  Population population;
  population.inhibitory = 0;
  population.groups = {{.name = "E", .size = 80}, {.name = "I", .size = 20, .inhibitory = 1}};
  population.lateral = Connectivity::with_density(0.2);
  population.groups[0].lateral["I"] = Connectivity::with_density(0.6);
  Net network(settings_of(100, population), 1, Outputs::every_step);
  initialize_homogeneous(network, 3);
  const std::vector<double> w = values_of<double>(*to_tensor_file(network).find("neuron_layer.weight_lat"), "file");
  for (const auto& [first, end] : {std::pair<std::size_t, std::size_t>{0, 80}, {80, 100}}) {
    double excitation = 0, inhibition = 0;
    for (std::size_t sender = 0; sender < 100; ++sender) {
      for (std::size_t j = first; j < end; ++j) (sender < 80 ? excitation : inhibition) += w[100 * sender + j];
    }
    CHECK(excitation > 1);
    CHECK(std::abs(excitation + inhibition) < 0.25 * excitation);
  }
}

/// Trains for some epochs.
TensorFile trained(const Population& population, Index threads, Index epochs, const TensorFile* goes_on_from = nullptr,
                   double memory_mb = 0) {
  Net network(settings_of(12, population), 1, Outputs::every_step);
  initialize_homogeneous(network, 5);
  const auto data = make_sine<double>({.num_freqs = 5});
  TrainingSettings settings{
      .batch_size = 3, .max_epochs = epochs, .truncate_steps = 40, .memory_mb = memory_mb, .seed = 5};
  settings.learning_rate.initial = 1e-2;
  Workers workers(threads);
  Trainer<double> trainer(network, data, settings, workers);
  if (goes_on_from) load_training_state(trainer, *goes_on_from, "a checkpoint");
  trainer.fit();
  TensorFile file = to_tensor_file(network);
  add_training_state(file, trainer);
  return file;
}

Population everything() {
  Population population;
  population.parameters["thresh"] = {.per = Per::layer};
  population.parameters["k_m"] = {.per = Per::group, .initial = Distribution::uniform(0.1, 1)};
  population.groups = {{.name = "E", .size = 9}, {.name = "I", .size = 3, .inhibitory = 1}};
  population.groups[1].parameters["a_j"] = {.is_trained = false};
  population.inhibitory = 0;
  population.lateral = Connectivity::with_density(0.4);
  population.synaptic_delay = DelayDescription::learned(0.5, 2);
  return population;
}

TEST_CASE("what differs is trained to the same bits on any number of threads, and after going on from a checkpoint") {
  const std::string whole = encode_safetensors(trained(everything(), 1, 6));
  CHECK(encode_safetensors(trained(everything(), 3, 6)) == whole);
  const TensorFile half = trained(everything(), 2, 3);
  CHECK(encode_safetensors(half) != whole);
  CHECK(encode_safetensors(trained(everything(), 2, 6, &half)) == whole);
}

TEST_CASE("wide layers are trained to the same bits on any number of threads, with any limit of memory") {
  const auto train = [](Index threads, double memory_mb) {
    RecurrentNetwork<float> network(Outputs::every_step);
    network.add<Glifr<2>>({.input_size = 1, .hidden_size = 190, .delay = 7});
    network.add<Glifr<2>>({.input_size = 190, .hidden_size = 190, .delay = 7});
    network.add_readout(1);
    initialize_homogeneous(network, 5);
    const auto data = make_sine<float>({.time_steps = 97, .num_freqs = 4});
    Workers workers(threads);
    Trainer<float> trainer(network, data,
                           {.batch_size = 4, .micro_batch = 1, .max_epochs = 2, .memory_mb = memory_mb, .seed = 5},
                           workers);
    trainer.fit();
    return encode_safetensors(to_tensor_file(network));
  };
  const std::string whole = train(1, 0);
  CHECK(train(2, 0) == whole);
  // States are kept for some steps at a time; with 1 MB for all of them, unless threads share it.
  for (const double memory_mb : {0.01, 1.0}) {
    for (const Index threads : {1, 2}) {
      INFO(memory_mb << " MB, " << threads << " threads");
      CHECK(train(threads, memory_mb) == whole);
    }
  }
}

TEST_CASE("threads that find no share of a batch help with large layers, and no bit depends on that") {
  const auto train = [](Index threads) {
    RecurrentNetwork<float> network(Outputs::last_step);
    network.add<Glifr<2>>({.input_size = 28, .hidden_size = 1100, .delay = 20});
    network.add<Lstm>({.input_size = 1100, .hidden_size = 270, .delay = 20});
    network.add_readout(10);
    initialize_homogeneous(network, 5);
    const Tensor<float> inputs = random_tensor<float>({28, 16, 28}, 3);
    const LabelDataset<float> data({28, 16, 28}, {inputs.values().begin(), inputs.values().end()}, 10,
                                   {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5});
    Workers workers(threads);
    Trainer<float> trainer(network, data, {.batch_size = 16, .micro_batch = 16, .max_epochs = 2, .seed = 5}, workers);
    trainer.fit();
    return encode_safetensors(to_tensor_file(network));
  };
  const std::string alone = train(1);
  CHECK(train(2) == alone);
  CHECK(train(5) == alone);
}

TEST_CASE("training keeps signs, masks and ranges, and leaves alone what is not trained") {
  const TensorFile before = trained(everything(), 1, 0), after = trained(everything(), 1, 60);
  const auto values = [](const TensorFile& file, const char* name) {
    return values_of<double>(*file.find(std::string("neuron_layer.") + name), "file");
  };
  const auto w = values(after, "weight_lat"), w_before = values(before, "weight_lat");
  for (std::size_t i = 0; i < w.size(); ++i) {
    CHECK((w_before[i] == 0) == (w[i] == 0));
    CHECK((i / 12 < 9 ? w[i] >= 0 : w[i] <= 0));
  }
  CHECK(w != w_before);
  const auto delays = values(after, "synaptic_delay");
  CHECK(delays != values(before, "synaptic_delay"));
  CHECK(std::ranges::all_of(delays, [](double d) { return d > 0.5 && d < 2; }));
  CHECK(values(after, "shared_thresh") != values(before, "shared_thresh"));
  const auto a = values(after, "a_j"), a_before = values(before, "a_j");
  for (std::size_t i = 0; i < a.size(); ++i) CHECK((i % 12 >= 9) == (a[i] == a_before[i]));
  for (const char* name : {"sign", "connections_lat"}) CHECK(values(after, name) == values(before, name));
}

TEST_CASE("what cannot be a population of a layer is refused") {
  const auto refuse = [](auto change, const char* text) {
    Population population;
    change(population);
    CHECK_THROWS_WITH(Net(settings_of(4, population), 1, Outputs::every_step), Contains(text));
  };
  refuse([](Population& p) { p.parameters["k"] = {}; }, "'k'");
  refuse([](Population& p) { p.parameters["k_m"].per = Per::group; }, "no groups");
  refuse([](Population& p) { p.inhibitory = 1.5; }, "inhibitory");
  refuse(
      [](Population& p) {
        p.groups = {{.name = "E", .size = 2}, {.name = "I", .size = 2, .inhibitory = 1}};
      },
      "inhibitory: is missing in group E");
  refuse([](Population& p) { p.lateral = Connectivity::with_mask({1, 0}); }, "[4, 4]");
  refuse([](Population& p) { p.groups = {{.name = "E", .size = 3}}; }, "make up the layer");
  refuse([](Population& p) { p.synaptic_delay.emplace(DelayDescription::learned(1, 1)); }, "some width");
  refuse(
      [](Population& p) { p.lateral = {.kind = Connectivity::Kind::mask, .mask = std::vector<std::uint8_t>(16, 1)}; },
      "a mask of 16 connections that says it has 0");
}

TEST_CASE("initial values that were never read are missed when a network is initialised") {
  Population population;
  population.parameters["thresh"].initial = Distribution::recorded({});
  Net network(settings_of(4, population), 1, Outputs::every_step);
  CHECK_THROWS_WITH(initialize_homogeneous(network, 1), Contains("thresh: found no recorded value"));
}

TEST_CASE("parameters that are trained in some groups only are known as such") {
  Population fixed_delays = everything();
  fixed_delays.groups[1].synaptic_delay = DelayDescription::uniform(0.5, 2);
  const auto partly_frozen = [](Net network) {
    std::vector<std::string> names;
    for (const auto* parameter : network.parameters()) {
      if (parameter->frozen_values > 0) names.push_back(parameter->name);
    }
    return names;
  };
  CHECK(partly_frozen(Net(settings_of(12, everything()), 1, Outputs::every_step)) ==
        std::vector<std::string>{"neuron_layer.a_j"});
  CHECK(partly_frozen(Net(settings_of(12, fixed_delays), 1, Outputs::every_step)) ==
        std::vector<std::string>{"neuron_layer.a_j", "neuron_layer.trans_synaptic_delay"});
}

}  // namespace
