// Networks as lists of layers: names, sizes, constants, silencing, and what cannot be put together.
#include "glifr/network/network.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "glifr/cells/rnn.hpp"
#include "glifr/error.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/training/checkpoint.hpp"
#include "support/catch.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;

RecurrentNetwork<double> two_layers() {
  RecurrentNetwork<double> network(Outputs::last_step);
  network.add<Glifr<2>>({.input_size = 3, .hidden_size = 5, .delay = 4});
  network.add<Rnn>({.input_size = 5, .hidden_size = 2, .delay = 3});
  network.add_readout(7);
  return network;
}

TEST_CASE("layers bear the published names, and a number from the second on") {
  auto network = two_layers();
  std::vector<std::string> names;
  for (const Parameter<double>* parameter : network.parameters()) names.push_back(parameter->name);
  CHECK(names == std::vector<std::string>{"neuron_layer.weight_iv", "neuron_layer.weight_lat", "neuron_layer.thresh",
                                          "neuron_layer.trans_k_m", "neuron_layer.trans_k_j", "neuron_layer.trans_r_j",
                                          "neuron_layer.a_j", "neuron_layer_2.weight_ih", "neuron_layer_2.weight_lat",
                                          "neuron_layer_2.bias", "output_linear.weight", "output_linear.bias"});
  CHECK(network.depth() == 2);
  CHECK(network.layer(0).neuron() == "glifr");
  CHECK(network.layer(1).neuron() == "rnn");
  CHECK(network.layer(1).delay() == 3);
  CHECK(network.layer(0).carries_state());
  CHECK_FALSE(network.layer(1).carries_state());
  CHECK(network.input_size() == 3);
  CHECK(network.neurons() == 7);
  CHECK(network.output_size() == 7);
}

TEST_CASE("a parameter of a neuron knows its field, a weight has none") {
  auto network = two_layers();
  for (const Parameter<double>* parameter : network.parameters()) {
    INFO(parameter->name);
    const bool is_weight =
        parameter->name.find("weight") != std::string::npos || parameter->name == "output_linear.bias";
    CHECK(parameter->field.has_value() != is_weight);
  }
  CHECK(find_parameter(network.parameters(), "neuron_layer.trans_k_m").field->name == std::string("k_m"));
  CHECK(find_parameter(network.parameters(), "neuron_layer.trans_k_m").field->unit == std::string("1/ms"));
}

TEST_CASE("a constant is set in every layer that has it, or in the one that is named") {
  RecurrentNetwork<double> network(Outputs::every_step);
  network.add<Glifr<0>>({.input_size = 1, .hidden_size = 2});
  network.add<Rnn>({.input_size = 2, .hidden_size = 2});
  network.add<Glifr<1>>({.input_size = 2, .hidden_size = 2});
  const auto value = [&](const std::string& name) {
    for (const auto& [key, found] : network.constants()) {
      if (key == name) return found;
    }
    return -1.0;
  };
  CHECK(network.set_constant("sigma_v", 0.25));
  CHECK(value("sigma_v") == 0.25);
  CHECK(value("neuron_layer_3.sigma_v") == 0.25);
  CHECK(network.set_constant("neuron_layer_3.sigma_v", 0.5));
  CHECK(value("sigma_v") == 0.25);
  CHECK(value("neuron_layer_3.sigma_v") == 0.5);
  CHECK_FALSE(network.set_constant("neuron_layer_2.sigma_v", 1));
  CHECK_FALSE(network.set_constant("nothing", 1));
  CHECK_THROWS_AS(network.set_constant("tau", -1), ConfigError);
}

/// Neurons whose constant `drive` is above so much.
template <int Lowest>
struct Driven {
  static constexpr const char* name = "driven";
  template <class T>
  struct State {
    T rate;
    static constexpr Field fields[] = {{"rate"}};
  };
  template <class T>
  struct Parameters {
    T k;
    static constexpr Field fields[] = {{"k"}};
  };
  template <class T>
  struct Constants {
    T drive;
    static constexpr Field fields[] = {{.name = "drive", .value = 5, .range = Range::above(Lowest)}};
  };
  static GLIFR_INLINE constexpr void step(auto& s, const auto& p, const auto& c, const auto& synaptic_current) {
    s.rate = sigmoid(c.drive * synaptic_current + p.k * s.rate);
  }
};

TEST_CASE("a constant that one layer refuses is changed in none") {
  RecurrentNetwork<double> network(Outputs::every_step);
  network.add<Driven<0>>({.input_size = 1, .hidden_size = 2});
  network.add<Driven<3>>({.input_size = 2, .hidden_size = 2});
  const auto before = network.constants();
  CHECK_THROWS_AS(network.set_constant("drive", 2), ConfigError);
  CHECK(network.constants() == before);
}

TEST_CASE("silenced neurons of any layer give nothing") {
  RecurrentNetwork<double> network(Outputs::every_step);
  network.add<Rnn>({.input_size = 1, .hidden_size = 4});
  network.add<Glifr<0>>({.input_size = 4, .hidden_size = 3});
  initialize_homogeneous(network, 2);
  network.silence(0, {1, 0, 1, 1});
  network.silence(1, {0, 1, 1});
  CHECK_THROWS_AS(network.silence(1, {1, 1, 1, 1}), ShapeError);
  Tape<double> tape;
  const Var<double> x = test::put_on(tape, test::random_tensor<double>({5, 2, 1}, 3, -1, 1));
  const auto prediction = network.forward(tape, Sequence<double>::from(x), {.track_states = true});
  REQUIRE(prediction.tracks.size() == 5);  // tanh's output, current; firing, voltage, current
  CHECK(prediction.tracks[0].name == "hidden");
  CHECK(prediction.tracks[2].name == "neuron_layer_2.firing");
  const View<double> first = prediction.tracks[0].values.value(), second = prediction.output.value();
  for (Index r = 0; r < second.rows; ++r) {
    CHECK(first(r, 1) == 0);
    CHECK(first(r, 0) != 0);
    CHECK(second(r, 0) == 0);
    CHECK(second(r, 1) != 0);
  }
}

TEST_CASE("what does not fit together is refused") {
  auto network = two_layers();
  CHECK_THROWS_AS(network.add<Rnn>({.input_size = 2, .hidden_size = 1}), ConfigError);  // behind the readout
  CHECK_THROWS_AS(network.add_readout(1), ConfigError);
  RecurrentNetwork<double> other(Outputs::every_step);
  CHECK_THROWS_AS(other.add_readout(1), ConfigError);
  other.add<Rnn>({.input_size = 2, .hidden_size = 3});
  CHECK_THROWS_WITH(other.add<Rnn>({.input_size = 2, .hidden_size = 3}),
                    Catch::Matchers::Contains("layer 2 reads 2 features, the layer before it has 3 neurons"));
  CHECK_THROWS_AS(other.add_readout(0), ConfigError);
  CHECK_THROWS_AS(other.add<Rnn>({.input_size = 3, .hidden_size = 0}), ConfigError);
  Tape<double> tape;
  const RecurrentNetwork<double> none(Outputs::every_step);
  CHECK_THROWS_AS(none.forward(tape, Sequence<double>::from(test::put_on(tape, Tensor<double>({1, 1, 1})))),
                  std::logic_error);
}

/// A layer that is not made of a neuron, of any size and delay.
struct Plain final : NetworkLayer<double> {
  Index neurons, steps;
  Plain(Index given_size, Index given_delay) : neurons(given_size), steps(given_delay) {}
  std::string neuron() const override { return "plain"; }
  Index input_size() const override { return 1; }
  Index size() const override { return neurons; }
  Index delay() const override { return steps; }
  ParameterList<double> parameters() override { return {}; }
  LayerOutput<double> run(Tape<double>&, const Sequence<double>& input, Engine, const OutputMask<double>&,
                          const ScanOptions&) const override {
    return {input.dense};
  }
};

TEST_CASE("layers without neurons or delay, and networks without layers, are caught") {
  RecurrentNetwork<double> network(Outputs::every_step);
  const auto refused = [&](Index size, Index delay, const char* message) {
    CHECK_THROWS_WITH(network.add(std::make_unique<Plain>(size, delay)), message);
    CHECK_THROWS_AS(network.add(std::make_unique<Plain>(size, delay)), std::logic_error);
  };
  refused(3, 0, "layer 1 (plain) has a delay of 0; 1 or more is needed");
  refused(0, 1, "layer 1 (plain) has a size of 0; 1 or more is needed");
  CHECK_THROWS_AS(network.add(std::unique_ptr<NetworkLayer<double>>()), std::logic_error);
  CHECK(network.depth() == 0);
  CHECK_THROWS_AS(network.output_size(), std::logic_error);
  network.add(std::make_unique<Plain>(3, 1));
  CHECK(network.output_size() == 3);
}

TEST_CASE("a checkpoint holds every layer and says what the layers are") {
  auto network = two_layers();
  initialize_homogeneous(network, 3);
  const TensorFile file = to_tensor_file(network);
  CHECK(file.tensors.size() == 12);
  CHECK(file.metadata.at("delay_steps") == "4");
  CHECK(file.metadata.at("neuron_layer_2.delay_steps") == "3");
  CHECK(file.metadata.at("neuron") == "glifr");
  CHECK(file.metadata.at("neuron_layer_2.neuron") == "rnn");
  auto loaded = two_layers();
  load_parameters(loaded, file, "x");
  for (std::size_t p = 0; p < network.parameters().size(); ++p) {
    CHECK(test::relative_difference(loaded.parameters()[p]->value, network.parameters()[p]->value) == 0);
  }
  // A network of a single layer keeps the metadata of the published form.
  Network<RnnCell<double>> single({.input_size = 1, .hidden_size = 2}, 1, Outputs::every_step);
  CHECK_FALSE(to_tensor_file(single).metadata.contains("neuron"));
}

}  // namespace
