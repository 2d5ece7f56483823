// Networks from descriptions, of built-in neurons and of custom ones.
#include "glifr/network/description.hpp"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "glifr/network/initialize.hpp"
#include "support/catch.hpp"
#include "support/neurons.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;
using Catch::Matchers::Contains;

TEST_CASE("a description makes the layers that it names, with their constants, delays and frozen parameters") {
  const NetworkDescription description{.dt = 0.1,
                                       .input_size = 3,
                                       .layers = {{.neuron = "glifr",
                                                   .size = 5,
                                                   .num_ascs = 2,
                                                   .synaptic_delay = 1,
                                                   .constants = {{"sigma_v", 0.5}},
                                                   .population = {.parameters = {{"k_m", {.is_trained = false}}}}},
                                                  {.neuron = "lstm", .size = 4}},
                                       .output_size = 2,
                                       .outputs = Outputs::last_step};
  const auto network = make_network<double>(description);
  REQUIRE(network->depth() == 2);
  CHECK(network->layer(0).neuron() == "glifr");
  CHECK(network->layer(0).delay() == 10);
  CHECK(network->layer(1).neuron() == "lstm");
  CHECK(network->layer(1).size() == 4);
  CHECK(network->outputs() == Outputs::last_step);
  CHECK(network->constants().at(0).second == 0.1);
  for (const Parameter<double>* parameter : network->parameters()) {
    INFO(parameter->name);
    CHECK(parameter->is_trained == (parameter->name != "neuron_layer.trans_k_m"));
  }
  // The same network as one made of types.
  RecurrentNetwork<double> typed(Outputs::last_step);
  CellSettings<Glifr<2>> first{.input_size = 3, .hidden_size = 5, .delay = 10};
  first.constants.dt = 0.1;
  first.constants.sigma_v = 0.5;
  typed.add<Glifr<2>>(first);
  typed.add<Lstm>({.input_size = 5, .hidden_size = 4});
  typed.add_readout(2);
  initialize_homogeneous(*network, 1);
  initialize_homogeneous(typed, 1);
  for (std::size_t p = 0; p < typed.parameters().size(); ++p) {
    CHECK(typed.parameters()[p]->name == network->parameters()[p]->name);
    CHECK(test::relative_difference(typed.parameters()[p]->value, network->parameters()[p]->value) == 0);
  }
}

TEST_CASE("what a description gets wrong is named with what is accepted") {
  const auto make = [](const LayerDescription& layer) { (void)make_network<float>({.layers = {layer}}); };
  CHECK_THROWS_WITH(make({.neuron = "gliff"}), Contains("found 'gliff'") && Contains("glifr, rnn, lstm"));
  CHECK_THROWS_WITH(make({.neuron = "glifr", .num_ascs = 9}), Contains("found 9") && Contains("0, 1, 2, 3, 4"));
  CHECK_THROWS_WITH(make({.neuron = "rnn", .num_ascs = 1}), Contains("num_ascs"));
  CHECK_THROWS_WITH(make({.constants = {{"sigma", 1}}}), Contains("sigma") && Contains("sigma_v"));
  CHECK_THROWS_WITH(make({.constants = {{"sigma_v", 0}}}), Contains("sigma_v") && Contains("> 0"));
  CHECK_THROWS_WITH(make({.population = {.parameters = {{"k", {}}}}}), Contains("'k'") && Contains("thresh, k_m"));
  CHECK_THROWS_WITH(make({.constants = {{"dt", 1}}}), Contains("dt"));
  CHECK_THROWS_AS(make({.size = 0}), ConfigError);
  CHECK_THROWS_AS(make_network<float>({.layers = {}}), ConfigError);
}

TEST_CASE("a registered neuron is made by its name") {
  CHECK_THROWS_AS(find_neuron(test::Calcium::name, 0), ConfigError);
  register_neuron<test::Calcium>();
  const std::size_t known = known_neurons().size();
  register_neuron<test::Calcium>();
  CHECK(known_neurons().size() == known);
  const auto network = make_network<double>({.layers = {{.neuron = test::Calcium::name, .size = 3}}, .output_size = 1});
  CHECK(network->layer(0).neuron() == test::Calcium::name);
  CHECK(network->layer(0).size() == 3);
}

TEST_CASE("neurons are listed once each, also where the name of one is within that of another") {
  detail::add_neuron({.name = "lif"});
  CHECK_THROWS_WITH(find_neuron("gliff", 0), Contains("accepted: glifr, rnn, lstm, ") && Contains(", lif"));
}

TEST_CASE("what is known of a neuron stays where it is when others are registered") {
  const NeuronInfo& rnn = find_neuron("rnn", 0);
  for (int i = 0; i < 100; ++i) detail::add_neuron({.name = "another_" + std::to_string(i)});
  CHECK(&find_neuron("rnn", 0) == &rnn);
  CHECK(std::ranges::count(known_neurons(), &rnn) == 1);
}

/// Of the same name as other neurons.
struct Namesake : test::Calcium {};

TEST_CASE("names that cannot be told apart in files and configurations are refused when a neuron is registered") {
  register_neuron<test::Calcium>();
  const std::size_t known = known_neurons().size();
  CHECK_THROWS_WITH(detail::add_neuron(detail::describe_neuron<Namesake>()),
                    "neuron: found 'calcium' for two different neurons; accepted: names that differ");
  const auto refuse = [](const NeuronInfo& info, const std::string& problem) {
    INFO(problem);
    CHECK_THROWS_WITH(detail::add_neuron(info), Contains(problem));
  };
  for (const char* name : {"", "my neuron", "a.b", "a/b", "ä", "a\nb"})
    refuse({.name = name}, "accepted: letters, digits, '-' and '_'");
  const auto with_constants = [](std::initializer_list<const char*> names) {
    NeuronInfo info{.name = "mine"};
    for (const char* name : names) info.constants.push_back({name, Field{name}});
    return info;
  };
  for (const char* name :
       {"size", "neuron", "inhibitory", "input_size", "lr", "seed", "delay_steps", "optimizer_steps"})
    refuse(with_constants({name}),
           std::string("found the constant '") + name + "' of neuron mine, which has a meaning");
  refuse(with_constants({"g.l"}), "found the constant 'g.l' of neuron mine; accepted: letters");
  refuse(with_constants({"gain", "gain_2", "gain_2"}), "found the constant 'gain_2' of neuron mine twice");
  const auto with_parameters = [](std::initializer_list<FieldExtent> parameters) {
    return NeuronInfo{.name = "mine", .parameters = parameters};
  };
  const auto scalar = [](const char* name, const char* stored_as = nullptr) {
    return FieldExtent{Field{.name = name, .stored_as = stored_as}, 1, false};
  };
  for (const char* name : {"all", "group", "synaptic_delay"})
    refuse(with_parameters({scalar(name, "x")}), std::string("found the parameter '") + name + "'");
  for (const char* name : {"weight_in", "weight_lat", "trans_weight_lat", "sign", "connections_in", "synaptic_delay"})
    refuse(with_parameters({scalar("k", name)}), std::string("found the stored name '") + name + "'");
  refuse(with_parameters({scalar("k m")}), "found the parameter 'k m' of neuron mine; accepted: letters");
  refuse(with_parameters({scalar("k", "trans k")}),
         "found the stored name 'trans k' of neuron mine; accepted: letters");
  refuse(with_parameters({scalar("k"), scalar("k", "k_2")}), "found the parameter 'k' of neuron mine twice");
  refuse(with_parameters({scalar("k", "raw"), scalar("q", "raw")}), "found the stored name 'raw' of neuron mine twice");
  refuse(with_parameters({scalar("k"), scalar("q", "shared_k")}), "found the stored name 'shared_k'");
  refuse(with_parameters({{Field{"k"}, 2, true}, scalar("k_1")}), "found the parameter 'k_1' of neuron mine twice");
  NeuronInfo own_weights = with_parameters({scalar("k", "w_rec")});
  own_weights.weights = {"w", "w_rec"};
  refuse(own_weights, "found the stored name 'w_rec'");
  CHECK(known_neurons().size() == known);

  for (const NeuronInfo* info : known_neurons()) CHECK_NOTHROW(detail::add_neuron(*info));
  CHECK(known_neurons().size() == known);
}

TEST_CASE("the numbers of an array are constants of their own, given all or none") {
  register_neuron<test::Mixed>();
  const auto make = [](const std::map<std::string, double>& constants) {
    return make_network<float>({.layers = {{.neuron = test::Mixed::name, .size = 2, .constants = constants}}});
  };
  using Constants = std::vector<std::pair<std::string, double>>;
  CHECK(make({})->constants() == Constants{{"gain", 1}, {"gain_2", 1}});
  CHECK(make({{"gain", 0.25}, {"gain_2", 0.5}})->constants() == Constants{{"gain", 0.25}, {"gain_2", 0.5}});
  const auto network = make({});
  CHECK(network->set_constant("gain_2", 0.75));
  CHECK(network->constants() == Constants{{"gain", 1}, {"gain_2", 0.75}});
  const std::string missing =
      "gain: some of these constants are missing; accepted for neuron mixed: all of gain, gain_2";
  CHECK_THROWS_WITH(make({{"gain", 0.25}}), Contains(missing));
  CHECK_THROWS_WITH(make({{"gain_2", 0.25}}), Contains(missing));
  CHECK_THROWS_WITH(make({{"gain_3", 0.25}}), Contains("it has gain, gain_2"));
  CHECK_THROWS_WITH(make({{"gain", 0.25}, {"gain_2", 0}}), Contains("gain_2: found 0"));
}

}  // namespace
