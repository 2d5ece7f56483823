// Models that a configuration describes by their layers.
#include <boost/json.hpp>
#include <string>

#include "glifr/experiment/build.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/io/json.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"

namespace {

using namespace glifr;
using Catch::Matchers::Contains;

Config from_text(const std::string& text) {
  const test::TemporaryFolder folder;
  test::write_text(folder.path() / "deep.json", text);
  return Config::from_file(folder.path() / "deep.json", std::nullopt);
}

const std::string two_layers = R"({"base": "lmnist", "sigma_v": 0.5, "models": {"deep": {"layers": [
    {"neuron": "glifr", "size": 48, "num_ascs": 2, "parameters": {"k_m": {"train": false}}},
    {"neuron": "rnn", "size": 20, "synaptic_delay": 0.1}]}}})";

TEST_CASE("a described model has the layers that it describes, and the task's settings where they say nothing") {
  const Config config = from_text(two_layers);
  REQUIRE(config.described_models().size() == 1);
  CHECK(select_models("deep,rnn", config).size() == 2);
  CHECK_THROWS_WITH(select_models("deeper", config), Contains("rnn") && Contains("deep"));
  const Settings settings = config.resolve(config.described_models()[0]);
  const NetworkDescription network = describe_network(settings);
  REQUIRE(network.layers.size() == 2);
  CHECK(network.input_size == 28);
  CHECK(network.output_size == 10);
  CHECK(network.outputs == Outputs::last_step);
  CHECK(network.layers[0].synaptic_delay == 1);  // lmnist's
  CHECK(network.layers[1].synaptic_delay == 0.1);
  CHECK(network.layers[0].constants.at("sigma_v") == 0.5);
  CHECK(network.layers[0].constants.at("R") == 0.1);
  const auto made = make_network<float>(settings);
  CHECK(made->layer(0).delay() == 20);
  CHECK(made->layer(1).delay() == 2);
  for (const Parameter<float>* parameter : made->parameters())
    CHECK(parameter->is_trained == (parameter->name != "neuron_layer.trans_k_m"));
  CHECK(count_parameters(network).trained == count_trained<float>(made->parameters()));
}

TEST_CASE("what a described model resolves to can be read back, as config.json and as a configuration") {
  const Config config = from_text(two_layers);
  const Settings settings = config.resolve(config.described_models()[0]);
  const boost::json::object object = to_json(settings);
  CHECK(object.contains("layers"));
  CHECK_FALSE(object.contains("hidden_size"));
  const Settings read = settings_from_json(object, "config.json");
  CHECK_FALSE(first_difference(settings, read));
  CHECK(read.model.layers == settings.model.layers);

  const Config again = from_text(to_text(object));
  CHECK(again.models() == std::vector<std::string>{"deep"});
  REQUIRE(again.described_models().size() == 1);
  CHECK_FALSE(first_difference(again.resolve(again.described_models()[0]), settings));
}

TEST_CASE("a described model that cannot be made is refused, naming what is wrong with which layer") {
  const auto refuse = [](const std::string& models, const char* key, const char* text) {
    INFO(models);
    CHECK_THROWS_WITH(from_text(R"({"base": "sine", "models": )" + models + "}"), Contains(key) && Contains(text));
  };
  refuse("[]", "models", "an object of models");
  refuse(R"({"deep": {}})", "layers", "is missing in model deep");
  refuse(R"({"deep": {"layers": []}})", "layers", "a list of one layer or more");
  refuse(R"({"deep": {"layers": [{"neuron": "rnn"}]}})", "size", "is missing in layer 1");
  refuse(R"({"deep": {"layers": [{"neuron": "rnn", "size": 0}]}})", "size", ">= 1");
  refuse(R"({"deep": {"layers": [{"size": 2}, {"neuron": "gru", "size": 3}]}})", "neuron", "glifr, rnn, lstm");
  refuse(R"({"deep": {"layers": [{"size": 2, "num_ascs": 7}]}})", "num_ascs", "0, 1, 2, 3, 4");
  refuse(R"({"deep": {"layers": [{"size": 2, "sigma_v": 0}]}})", "sigma_v", "> 0");
  refuse(R"({"deep": {"layers": [{"size": 2, "widht": 3}]}})", "widht", "no member of layer 1");
  refuse(R"({"deep": {"layers": [{"size": 2, "parameters": {"k": {"train": true}}}]}})", "k", "thresh, k_m");
  refuse(R"({"deep": {"layers": [{"size": 2, "parameters": {"k_m": {"train": 1}}}]}})", "train", "true or false");
  refuse(R"({"deep": {"layers": [{"size": 2, "lateral": {"density": 0.2}}]}})", "lateral", "no member of layer 1");
  refuse(R"({"rnn": {"layers": [{"size": 2}]}})", "models", "has a meaning already");
  refuse(R"({"a/b": {"layers": [{"size": 2}]}})", "models", "letters, digits");
  CHECK_THROWS_WITH(from_text(R"({"base": "sine", "layers": [{"size": 2}]})"),
                    Contains("layers") && Contains("models"));
}

}  // namespace
