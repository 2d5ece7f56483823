// Initial values: the published ones for a layer, each layer by its own size and time step, drawing from a trained
// network.
#include "glifr/network/initialize.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "glifr/cells/glifr.hpp"
#include "glifr/cells/lstm.hpp"
#include "glifr/cells/rnn.hpp"
#include "glifr/datasets/sine.hpp"
#include "glifr/training/trainer.hpp"
#include "support/catch.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;

TEST_CASE("a homogeneous layer starts from the published values") {
  Network<GlifrCell<2, double>> network({.input_size = 3, .hidden_size = 100}, 5, Outputs::every_step);
  initialize_homogeneous(network, 4);
  const ParameterList<double> parameters = network.parameters();
  const auto values = [&](const std::string& name) { return find_parameter(parameters, name).value.values(); };
  const auto all_equal = [&](const std::string& name, double expected) {
    return std::ranges::all_of(values(name), [&](double x) { return std::abs(x - expected) < 1e-14; });
  };
  CHECK(all_equal("neuron_layer.thresh", 1));
  CHECK(all_equal("neuron_layer.trans_k_m", std::log(0.05 * 0.05 / (1 - 0.05 * 0.05))));
  CHECK(all_equal("neuron_layer.trans_k_j", std::log(0.1 / 0.9)));
  for (const char* name : {"neuron_layer.weight_iv", "neuron_layer.weight_lat", "output_linear.weight"}) {
    INFO(name);
    const auto [lowest, highest] = std::ranges::minmax(values(name));
    CHECK(lowest >= -0.1);  // 1 / sqrt(100)
    CHECK(highest < 0.1);
    CHECK(lowest < -0.09);
    CHECK(highest > 0.09);
  }
  const auto [lowest, highest] = std::ranges::minmax(values("neuron_layer.a_j"));
  CHECK((lowest >= -0.01 && highest < 0.01 && lowest < -0.009 && highest > 0.009));
}

TEST_CASE("each layer starts by its own size, with numbers of its own") {
  RecurrentNetwork<double> network(Outputs::every_step);
  network.add<Rnn>({.input_size = 16, .hidden_size = 16});
  network.add<Rnn>({.input_size = 16, .hidden_size = 16});
  network.add<Rnn>({.input_size = 16, .hidden_size = 400});
  network.add_readout(3);
  initialize_homogeneous(network, 4);
  const auto largest = [&](const char* name) {
    const auto [low, high] = std::ranges::minmax(find_parameter(network.parameters(), name).value.values());
    return std::max(-low, high);
  };
  CHECK(largest("neuron_layer_2.weight_ih") > 0.2);
  CHECK(largest("neuron_layer_2.weight_ih") <= 0.25);
  CHECK(largest("neuron_layer_3.weight_ih") <= 0.05);
  CHECK(largest("output_linear.weight") <= 0.05);
  CHECK(test::relative_difference(find_parameter(network.parameters(), "neuron_layer.weight_ih").value,
                                  find_parameter(network.parameters(), "neuron_layer_2.weight_ih").value) > 0.1);
}

TEST_CASE("a heterogeneous start draws each tensor from the trained one of its name; the readout starts afresh") {
  Network<GlifrCell<1, double>> network({.input_size = 2, .hidden_size = 30}, 4, Outputs::every_step);
  std::map<std::string, std::vector<double>> trained;
  double next = 10;
  for (const Parameter<double>* parameter : network.parameters())
    trained[parameter->name] = {next, next + 1, next + 2}, next += 10;
  std::vector<std::string> asked;
  initialize_heterogeneous<double>(
      network,
      [&](const std::string& name) {
        asked.push_back(name);
        return std::span<const double>(trained.at(name));
      },
      9);
  CHECK(asked.size() == 7);
  for (const Parameter<double>* parameter : network.parameters()) {
    INFO(parameter->name);
    std::map<double, int> counts;
    for (const double value : parameter->value.values()) ++counts[value];
    if (parameter->name.starts_with("output_linear")) {
      CHECK(std::ranges::all_of(counts, [](const auto& entry) { return std::abs(entry.first) < 1; }));
      continue;
    }
    CHECK(counts.size() == 3);
    for (const auto& [value, count] : counts) CHECK(std::ranges::count(trained[parameter->name], value) == 1);
  }
}

TEST_CASE("initial values that a field gives and no neuron can have are named with what is accepted") {
  Network<RnnCell<double>> network({.input_size = 1, .hidden_size = 50}, 0, Outputs::every_step);
  const auto start = [&](const Field& field) {
    find_parameter(network.parameters(), "neuron_layer.bias").field = field;
    initialize_homogeneous(network, 1);
  };
  CHECK_THROWS_WITH(
      start({.name = "k", .transform = Transform::positive, .value = 0.1, .spread = 0.5}),
      "k: a neuron cannot start with all that the field gives, 0.1 ± 0.5 in layer 1; accepted: a number > 0");
  CHECK_THROWS_WITH(
      start({.name = "r", .transform = Transform::bounded, .value = 2}),
      "r: a neuron cannot start with all that the field gives, 2 in layer 1; accepted: a number > -1 and < 1");
  CHECK_THROWS_WITH(start({.name = "k_m", .transform = Transform::decay_rate, .value = 3}),
                    "k_m: with dt 1 ms a neuron cannot start with all that the field gives, 3 in layer 1; accepted: a "
                    "number > 0 and < 1 (1 / dt)");
  CHECK_THROWS_WITH(start({.name = "c", .initial = [](double, double, double) { return std::log(-1.0); }}),
                    "c: the field's initial value is not finite in raw form in layer 1");
  CHECK_NOTHROW(start({.name = "k", .transform = Transform::positive, .value = 1, .spread = 0.5}));
}

TEMPLATE_TEST_CASE("a network that was never initialised says so", "", (GlifrCell<2, float>), RnnCell<double>,
                   LstmCell<float>) {
  using T = typename TestType::Value;
  Network<TestType> network({.input_size = 1, .hidden_size = 5, .delay = 3}, 1, Outputs::every_step);
  const auto waves = make_sine<T>({.num_freqs = 2});
  Workers workers(1);
  const auto names_the_remedy = Catch::Contains("initialize_homogeneous");
  CHECK_THROWS_AS(evaluate(network, waves, workers), std::logic_error);
  Trainer<T> trainer(network, waves, {.batch_size = 2, .max_epochs = 1}, workers);
  CHECK_THROWS_WITH(trainer.fit(), names_the_remedy);
  Tape<T> tape;
  const Sequence<T> input{1, 1, 1, tape.make({1, 1, 1})};
  CHECK_THROWS_WITH(network.forward(tape, input), names_the_remedy);
  CHECK_THROWS_WITH(network.forward(tape, input, {.engine = Engine::composed}), names_the_remedy);

  // One number anywhere in the layer was put there by somebody.
  network.parameters()[1]->value.values().back() = T(0.5);
  CHECK_NOTHROW(evaluate(network, waves, workers));
  initialize_homogeneous(network, 1);
  CHECK_NOTHROW(trainer.fit());
}

TEST_CASE("sizes that nothing can be trained with are refused by the names of their members") {
  Network<RnnCell<float>> network({.hidden_size = 5}, 1, Outputs::every_step);
  initialize_homogeneous(network, 1);
  const auto waves = make_sine<float>({.num_freqs = 2});
  CHECK_THROWS_AS(Workers(0), std::logic_error);
  Workers workers(1);
  for (const Index size : {0, -3}) {
    CHECK_THROWS_WITH(Trainer<float>(network, waves, {.batch_size = size}, workers),
                      Catch::Contains("TrainingSettings::batch_size"));
  }
}

}  // namespace
