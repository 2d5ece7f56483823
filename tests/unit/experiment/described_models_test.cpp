// Models that a configuration describes by their layers.
#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "glifr/experiment/build.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/keys.hpp"
#include "glifr/experiment/plan.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/npy.hpp"
#include "glifr/network/description.hpp"
#include "src/experiment/record.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/neurons.hpp"

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

const std::string stated_by_both = R"({"base": "lmnist", "models": {"m": {"layers": [
    {"neuron": "glifr", "size": 4, "sigma_v": 0.5}, {"neuron": "glifr", "size": 4, "sigma_v": 0.7}]}}})";
const std::string stated_by_one = R"({"base": "lmnist", "models": {"m": {"layers": [
    {"neuron": "glifr", "size": 4, "sigma_v": 0.5}, {"neuron": "glifr", "size": 4}]}}})";

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
  refuse(R"({"deep": {"layers": [{"neuron": "foo", "size": 2}]}})", "neuron",
         "found 'foo' in layer 1 of model deep in ");
  refuse(R"({"deep": {"layers": [{"neuron": "rnn", "size": 2}, {"size": 2, "num_ascs": 9}]}})", "num_ascs",
         "found 9 in layer 2 of model deep in ");
  refuse(R"({"deep": {"layers": [{"size": 2, "groups": {"E": {"size": 1}}}]}})", "groups",
         "found groups of 1 neurons in a layer of 2 in layer 1 of model deep in ");
  refuse(R"({"deep": {"layers": [{"neuron": "rnn", "size": 0}]}})", "size", ">= 1");
  refuse(R"({"deep": {"layers": [{"size": 2}, {"neuron": "gru", "size": 3}]}})", "neuron", "glifr, rnn, lstm");
  refuse(R"({"deep": {"layers": [{"size": 2, "num_ascs": 7}]}})", "num_ascs", "0, 1, 2, 3, 4");
  refuse(R"({"deep": {"layers": [{"size": 2, "sigma_v": 0}]}})", "sigma_v", "> 0");
  refuse(R"({"deep": {"layers": [{"size": 2, "widht": 3}]}})", "widht", "no member of layer 1");
  refuse(R"({"deep": {"layers": [{"size": 2, "parameters": {"k": {"train": true}}}]}})", "k", "thresh, k_m");
  refuse(R"({"deep": {"layers": [{"size": 2, "parameters": {"k_m": {"train": 1}}}]}})", "train", "true or false");
  const auto refuse_layer = [&](const std::string& members, const char* key, const char* text) {
    refuse(R"({"deep": {"layers": [{"size": 4, "num_ascs": 2, )" + members + "}]}}", key, text);
  };
  refuse_layer(R"("lateral": {"density": 1.5})", "density", "<= 1");
  refuse_layer(R"("lateral": "some")", "lateral", "none");
  refuse_layer(R"("inhibitory": 2)", "inhibitory", "0 to 1");
  refuse_layer(R"("parameters": {"k_m": {"per": "cell"}})", "per", "neuron, layer, group");
  refuse_layer(R"("parameters": {"k_m": {"per": "group"}})", "k_m", "no groups");
  refuse_layer(R"("parameters": {"k_m": {"initial": {"unifrom": [0, 1]}}})", "unifrom", "uniform");
  refuse_layer(R"("parameters": {"k_m": {"initial": {"uniform": [1, 0]}}})", "uniform", "the lowest and the highest");
  refuse_layer(R"("parameters": {"k_m": {"initial": {"lognormal": {"median": 0, "sigma": 1}}}})", "lognormal", "> 0");
  refuse_layer(R"("synaptic_delay": -1)", "synaptic_delay", ">= 0");
  refuse_layer(R"("synaptic_delay": {"initial": 1, "train": true})", "range", "is missing");
  refuse_layer(R"("synaptic_delay": {"uniform": [1, 2], "range": [0, 3]})", "range", "found [0, 3]");
  refuse_layer(R"("synaptic_delay": {"initial": 1, "range": [1, 3]})", "range", "none beside delays of 1 ms");
  refuse_layer(R"("synaptic_delay": {"initial": 1, "range": [2, 1]})", "synaptic_delay", "the shortest before");
  refuse_layer(R"("synaptic_delay": {"uniform": [1, 1], "train": true})", "synaptic_delay", "a range of some width");
  refuse_layer(R"("synaptic_delay": {"initial": 1, "range": [0.5, 1e9]})", "synaptic_delay",
               "delays of 0 to 1000000 ms");
  refuse_layer(R"("groups": {"E": {"size": 3}})", "groups", "groups of 3 neurons in a layer of 4");
  refuse_layer(R"("groups": {"E\nI": {"size": 4}})", "groups", "names without line ends and other control characters");
  refuse_layer(R"("groups": {"E\u007f": {"size": 4}})", "groups", "names without line ends");
  refuse_layer(R"("groups": {"E": {"size": 4, "lateral": {"I": 0.1}}})", "lateral", "'I'");
  refuse(R"({"rnn": {"layers": [{"size": 2}]}})", "models", "has a meaning already");
  refuse(R"({"a/b": {"layers": [{"size": 2}]}})", "models", "letters, digits");
  CHECK_THROWS_WITH(from_text(R"({"base": "sine", "layers": [{"size": 2}]})"),
                    Contains("layers") && Contains("models"));
}

TEST_CASE("no neuron has a constant that is a key already") {
  const auto is_constant = [](const std::string& name) {
    return std::ranges::any_of(known_neurons(), [&](const NeuronInfo* neuron) {
      return std::ranges::find(neuron->constants, name, &NeuronConstant::name) != neuron->constants.end();
    });
  };
  std::vector<std::string> names(record_members.begin(), record_members.end());
  // Beside them, what says of which task and model a document is.
  names.insert(names.end(), {"base", "name", "description", "task", "base_task", "model", "models", "layers"});
  for (const auto& task : detail::make_built_in_tasks()) {
    for (const ConfigKey& key : config_keys(*task)) names.push_back(key.name);
  }
  for (const std::string& name : names) {
    if (is_constant(name)) continue;
    INFO(name);
    CHECK_THROWS_WITH(detail::add_neuron({.name = "mine", .constants = {{name, Field{name.c_str()}}}}),
                      Contains("found the constant '" + name + "'"));
  }
}

TEST_CASE("each number of a constant that is an array is a key, and a layer states all or none") {
  register_neuron<test::Mixed>();
  const auto constants = [](const std::string& keys, const std::string& members) {
    const Config config = from_text(R"({"base": "sine", )" + keys +
                                    R"("models": {"m": {"layers": [{"neuron": "mixed", "size": 2)" + members + "}]}}}");
    return make_network<float>(config.resolve(config.described_models()[0]))->constants();
  };
  using Constants = std::vector<std::pair<std::string, double>>;
  CHECK(constants("", "") == Constants{{"gain", 1}, {"gain_2", 1}});
  CHECK(constants(R"("gain_2": 0.5, )", "") == Constants{{"gain", 1}, {"gain_2", 0.5}});
  CHECK(constants("", R"(, "gain": 0.25, "gain_2": 0.5)") == Constants{{"gain", 0.25}, {"gain_2", 0.5}});
  CHECK_THROWS_WITH(constants("", R"(, "gain": 0.25)"), Contains("all of gain, gain_2"));
}

const std::string populations = R"({"base": "lmnist", "models": {"deep": {"layers": [
    {"neuron": "glifr", "size": 40, "num_ascs": 2, "synaptic_delay": {"uniform": [0.5, 2.0], "train": true},
     "parameters": {"k_m": {"per": "neuron", "train": true, "initial": {"lognormal": {"median": 0.05, "sigma": 0.5}}},
                    "thresh": {"per": "layer", "train": true, "initial": 1},
                    "r_j": {"per": "group", "initial": {"normal": {"mean": 0, "sd": 0.1}}}},
     "lateral": {"density": 0.2}, "input": {"density": 0.5},
     "groups": {"E": {"size": 32, "inhibitory": false, "lateral": {"I": 0.5, "E": "none"}},
                "I": {"size": 8, "inhibitory": true, "synaptic_delay": 1,
                      "parameters": {"k_m": {"train": false, "initial": {"uniform": [0.1, 0.2]}}}}}},
    {"neuron": "rnn", "size": 12, "lateral": "none", "inhibitory": 0.25}]}}})";

TEST_CASE("populations that a model describes are read, made, and read back") {
  const Config config = from_text(populations);
  const Settings settings = config.resolve(config.described_models()[0]);
  const boost::json::object object = to_json(settings);
  const Settings read = settings_from_json(object, "config.json");
  CHECK(read.model.layers == settings.model.layers);
  const Config again = from_text(to_text(object));
  CHECK_FALSE(first_difference(again.resolve(again.described_models()[0]), settings));

  const NetworkDescription network = describe_network(settings);
  const auto made = make_network<float>(settings);
  CHECK(made->layer(0).delay() == 10);  // of the shortest delay, 0.5 ms
  CHECK(count_parameters(network).trained == count_trained<float>(made->parameters()));
  // thresh 1, k_m and delays of E alone, k_j, r_j of two groups, a_j; weights; the second layer; the readout.
  CHECK(count_parameters(network).trained == 1 + 32 + 32 + 80 + 4 + 80 + (560 + 192) + (480 + 12) + 130);
  const auto shape = [&](const char* name) { return find_parameter(made->parameters(), name).value.shape(); };
  CHECK(shape("neuron_layer.shared_thresh") == Shape{1, 1});
  CHECK(shape("neuron_layer.shared_trans_r_j") == Shape{2, 1, 2});
  CHECK(shape("neuron_layer.trans_k_m") == Shape{1, 40});
  CHECK(shape("neuron_layer.trans_synaptic_delay") == Shape{1, 40});
  // E to E none, E to I a half of 256, I to both a fifth of 256 and of 64.
  CHECK(shape("neuron_layer.trans_weight_lat") == Shape{1, 128 + 51 + 13});
  CHECK(shape("neuron_layer.trans_weight_iv") == Shape{1, 28 * 40 / 2});
  CHECK(shape("neuron_layer_2.trans_weight_lat") == Shape{1, 0});
}

TEST_CASE("an initial value that no neuron can have is refused before anything is trained") {
  const auto refuse = [](const std::string& parameters, const char* text) {
    const Config config = from_text(R"({"base": "sine", "models": {"few": {"layers": [{"size": 3, "parameters": )" +
                                    parameters + "}]}}}");
    CHECK_THROWS_WITH(config.resolve(config.described_models()[0]), Contains(text));
  };
  refuse(R"({"k_m": {"initial": 30}})",
         "k_m: found the initial value 30 in layer 1 of model few; accepted: a number > 0 and < 20");
  refuse(R"({"k_m": {"initial": -1}})", "k_m: found the initial value -1 in layer 1 of model few; accepted: ");
  refuse(R"({}, "groups": {"E": {"size": 3, "parameters": {"k_m": {"initial": -1}}}})",
         "k_m: found the initial value -1 in group E in layer 1 of model few; accepted: ");
  refuse(R"({"k_m": {"initial": {"uniform": [20, 30]}}})",
         "k_m: found initial values of which none is one that a neuron can have in layer 1 of model few; accepted: a "
         "number > 0 and < 20");
  refuse(R"({"k_m": {"initial": {"normal": {"mean": -5, "sd": 1}}}})", "k_m: found initial values of which none");
  const auto refuse_delay = [](const std::string& delay, const char* text) {
    const Config config =
        from_text(R"({"base": "sine", "models": {"few": {"layers": [{"size": 3, "synaptic_delay": )" + delay + "}]}}}");
    CHECK_THROWS_WITH(config.resolve(config.described_models()[0]), Contains(text));
  };
  refuse_delay(R"({"normal": {"mean": 9, "sd": 0.1}, "range": [1, 2]})",
               "synaptic_delay: found initial values of which none is one that a neuron can have in layer 1 of model "
               "few; accepted: a number >= 1 and <= 2");
  // Learned delays never reach the ends of their range.
  refuse_delay(R"({"initial": 1, "range": [1, 2], "train": true})", "synaptic_delay: found the initial value 1");
  refuse_delay(R"({"uniform": [0, 0.02], "train": true})",
               "synaptic_delay: found a range that ends at 0.02 ms; learned delays are longer than a time step, dt, of "
               "0.05 ms");
  refuse_delay(R"({"uniform": [0.01, 0.02]})",
               "synaptic_delay: found delays up to 0.02 ms, shorter than a time step, dt, of 0.05 ms in layer 1 of "
               "model few; accepted: a range that reaches it, or a number");
}

TEST_CASE("recorded initial values and masks come from files") {
  const test::TemporaryFolder folder;
  test::write_text(folder.path() / "learnedparams.csv", "1.5,0.02,0.1,0.2,0.3,0.4,0,0\n2.5,0.04,0.1,0.2,0.5,0.6,0,0\n");
  const std::vector<double> mask{1, 0, 0, 1, 1, 0, 0, 0, 1};
  const std::string bytes = encode_npy(make_named_tensor<double>("", {3, 3}, std::span<const double>(mask)));
  test::write_text(folder.path() / "mask.npy", bytes);
  const Config config = from_text(R"({"base": "sine", "models": {"few": {"layers": [
      {"size": 3, "num_ascs": 2, "lateral": {"file": "mask.npy"},
       "parameters": {"thresh": {"initial": {"file": "learnedparams.csv"}},
                      "k_j": {"initial": {"file": "learnedparams.csv", "column": "k_2"}}}}]}}})");
  DataFiles files{.root = folder.path()};
  const Settings settings = config.resolve(config.described_models()[0], &files);
  const Population& population = settings.model.layers[0].population;
  CHECK(population.parameters.at("thresh").initial->values == std::vector<double>{1.5, 2.5});
  CHECK(population.parameters.at("k_j").initial->values == std::vector<double>{0.4, 0.6});
  CHECK(population.lateral.connections == 4);
  CHECK(to_line(to_json(settings)).find("\"connections\": 4") != std::string::npos);
  CHECK(population.lateral.mask == std::vector<std::uint8_t>{1, 0, 0, 1, 1, 0, 0, 0, 1});

  const auto refuse = [&](const std::string& layer, const char* text) {
    const Config other = from_text(R"({"base": "sine", "models": {"few": {"layers": [)" + layer + "]}}}");
    CHECK_THROWS_WITH(other.resolve(other.described_models()[0], &files), Contains(text));
  };
  // As glifr_analyze writes neurons.csv: of other columns, cells may be any text, or empty.
  test::write_text(folder.path() / "neurons.csv", "neuron,group,thresh,k_1\n0,E,1.5,\n1,\"I, fast\",2.5,0.5\n");
  const Config named = from_text(R"({"base": "sine", "models": {"few": {"layers": [
      {"size": 3, "parameters": {"thresh": {"initial": {"file": "neurons.csv"}}}}]}}})");
  const Settings of_table = named.resolve(named.described_models()[0], &files);
  CHECK(of_table.model.layers[0].population.parameters.at("thresh").initial->values == std::vector<double>{1.5, 2.5});

  refuse(R"({"size": 4, "num_ascs": 1, "parameters": {"k_j": {"initial": {"file": "neurons.csv"}}}})",
         "neurons.csv: line 2, column 4 (k_1): found ''; a number is needed");
  refuse(R"({"size": 4, "lateral": {"file": "mask.npy"}})", "found an array [3, 3]; accepted as a mask: [4, 4]");
  refuse(R"({"size": 4, "lateral": {"file": "masks.npy"}})", "masks.npy");
  refuse(R"({"size": 4, "parameters": {"k_m": {"initial": {"file": "learnedparams.csv", "column": "k_5"}}}})",
         "there are thresh, k_m, r_1");
  refuse(
      R"({"size": 4, "num_ascs": 1, "parameters": {"r_j": {"initial": {"file": "learnedparams.csv", "column": "thresh"}}}})",
      "r_j: found initial values of which none is one that a neuron can have, in learnedparams.csv in "
      "layer 1 of model few; accepted: a "
      "number");
}

/// A mask of three neurons, and their thresholds.
struct ThreeNeurons {
  test::TemporaryFolder folder;
  DataFiles files{.root = folder.path()};

  void write(const std::vector<double>& mask, const char* thresholds = "thresh\n1\n2\n") const {
    test::write_text(folder.path() / "mask.npy", encode_npy(make_named_tensor<double>("", {3, 3}, mask)));
    test::write_text(folder.path() / "thresholds.csv", thresholds);
  }
  [[nodiscard]] Settings settings() const {
    const Config config = from_text(R"({"base": "sine", "models": {"three": {"layers": [
        {"size": 3, "lateral": {"file": "mask.npy"},
         "parameters": {"thresh": {"initial": {"file": "thresholds.csv"}}}}]}}})");
    return config.resolve(config.described_models()[0], &files);
  }
};

TEST_CASE("a mask connects the pairs whose number is not 0, and -0 is 0") {
  const ThreeNeurons three;
  three.write({-0.0, 1, -2, 0, 1e-300, -0.0, 0.5, -0.0, 0});
  CHECK(three.settings().model.layers[0].population.lateral.mask ==
        std::vector<std::uint8_t>{0, 1, 1, 0, 1, 0, 1, 0, 0});
  three.write({0, 0, 0, 0, 0, NAN, 0, 0, 0});
  CHECK_THROWS_WITH(three.settings(), Contains("mask.npy: has nan at sender 1, receiver 2 (counted from 0)"));
}

TEST_CASE("settings name the content of the files that layers take from") {
  const ThreeNeurons three;
  three.write({0, 1, 0, 0, 0, 0, 0, 0, 0});
  const Settings first = three.settings();
  CHECK_FALSE(first_difference(first, three.settings()));
  CHECK_FALSE(first_difference(first, settings_from_json(to_json(first), "config.json")));
  three.write({2, 0, 0, 0, 0, 0, 0, 0, 0});  // as many connections
  const auto other = first_difference(first, three.settings());
  REQUIRE(other);
  CHECK(other->key == "layers[0].lateral.checksum (mask.npy)");
  CHECK((other->first.size() == 10 && other->second.size() == 10));  // the checksum alone, in quotes
  const Config recorded = from_text(to_text(to_json(first)));
  CHECK_THROWS_WITH(recorded.resolve(recorded.described_models()[0], &three.files),
                    Contains("mask.npy: holds a mask of checksum") && Contains("the trial was recorded with"));
  three.write({0, 3, 0, 0, 0, 0, 0, 0, 0});  // the same pair
  CHECK_FALSE(first_difference(first, three.settings()));
  three.write({0, 1, 0, 0, 0, 0, 0, 0, 0}, "thresh\n1\n3\n");
  CHECK(first_difference(first, three.settings()));
}

TEST_CASE("whether there are classes is for the data to tell") {
  const Config config = from_text(R"({"base": "files", "train_data": "a.npz", "test_data": "b.npz",
      "validation_fraction": 0.2, "monitor": "val_acc", "class_weights": "balanced",
      "models": {"m": {"layers": [{"size": 8}]}}})");
  CHECK_NOTHROW(config.check_effect(config.described_models()));
}

TEST_CASE("what the layers of a described model say themselves is not set beside them") {
  Config config = from_text(two_layers);
  const Model deep = config.described_models()[0];
  config.set("lr=0.5");
  CHECK_NOTHROW(config.check_effect({deep}));
  for (const char* assignment : {"hidden_size=9", "num_ascs=2", "train_dynamics=true"}) {
    Config set = config;
    set.set(assignment);
    CHECK_THROWS_WITH(set.check_effect({deep}), Contains("the layers of deep say what they are themselves"));
    CHECK_NOTHROW(set.check_effect({deep, find_model("rnn")}));
  }
  for (const char* member :
       {R"("hidden_size": {"m": 300})", R"("num_ascs": {"default": 1, "m": 2})", R"("train_dynamics": {"m": false})"}) {
    const Config by_name =
        from_text(std::string("{") + member + R"(, "base": "sine", "models": {"m": {"layers": [{"size": 4}]}}})");
    CHECK_THROWS_WITH(by_name.check_effect(by_name.described_models()),
                      Contains("for m in ") && Contains("its layers say what they are themselves"));
    CHECK_NOTHROW(by_name.check_effect({find_model("rnn")}));
  }
  CHECK_THROWS_WITH(config.sweep({"hidden_size=9,20"})[0].check_effect({deep}), Contains("hidden_size: found 9"));

  // A constant counts as long as one of the layers does not state it.
  for (const bool both : {true, false}) {
    Config set = from_text(both ? stated_by_both : stated_by_one);
    const Model model = set.described_models()[0];
    set.set("sigma_v=2");
    if (both) {
      CHECK_THROWS_WITH(set.check_effect({model}),
                        Contains("sigma_v: found 2, and layer 1 of model m has \"sigma_v\": 0.5, which counts"));
    } else {
      CHECK_NOTHROW(set.check_effect({model}));
    }
    const std::vector<Config> variations = set.sweep({"sigma_v=1,3"});
    if (both) {
      CHECK_THROWS_WITH(check_variations(variations, {model}, {}), Contains("has no effect"));
    }
    set.set("sigma_v_anneal=true");
    CHECK_THROWS_WITH(set.check_effect({model}),
                      Contains("sigma_v_anneal: found true, and layer 1 of m states a sigma_v of 0.5"));
  }
}

}  // namespace
