// Neurons of the literature, written by a user: gradients, training, files and analyses, with nothing but what every
// neuron has.
#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "glifr/analysis/fi_curve.hpp"
#include "glifr/analysis/trace.hpp"
#include "glifr/cells/settings.hpp"
#include "glifr/core/gradient_check.hpp"
#include "glifr/datasets/sine.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/ops/loss.hpp"
#include "glifr/training/checkpoint.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/layers.hpp"
#include "support/literature.hpp"

namespace {

using namespace glifr;
using test::AdaptiveRate;
using test::AdaptiveSpiking;
using test::Form;
using test::LayerCase;
using test::LayerProblem;
using test::relative_difference;
using test::WongWang;

/// A network of neurons N for the sine task, initialised.
template <class N>
Network<Cell<N, float>> make_sine_network() {
  CellSettings<N> settings{.hidden_size = 24};
  settings.delay = delay_steps(1, settings.constants.dt);
  Network<Cell<N, float>> network(settings, 1, Outputs::every_step);
  initialize_homogeneous(network, 3);
  return network;
}

TEMPLATE_TEST_CASE("gradients of neurons of the literature, against differences", "", AdaptiveRate, WongWang) {
  for (const auto& [steps, delay] : {std::array<Index, 2>{5, 1}, {5, 2}, {2, 3}}) {
    for (const bool has_initial_state : {false, true}) {
      const LayerProblem<TestType, double> problem(
          {.steps = steps, .delay = delay, .neurons = 3, .has_initial_state = has_initial_state});
      for (const Form form : {Form::fused, Form::composed}) {
        const GradientCheck check =
            gradient_check([&](Tape<double>&, std::vector<Var<double>>& in) { return problem.run(form, in).output; },
                           problem.tensors());
        INFO(check.report);
        CHECK(check.passed);
      }
    }
  }
}

// A spike has no slope that differences could find: the derived one is held against that of the tape.
TEMPLATE_TEST_CASE("gradients of neurons of the literature, derived and by the tape", "", AdaptiveRate, WongWang,
                   AdaptiveSpiking) {
  for (const bool has_initial_state : {false, true}) {
    const LayerCase c{.steps = 7, .delay = 3, .batch = 2, .neurons = 5, .has_initial_state = has_initial_state};
    const LayerProblem<TestType, double> problem(c);
    std::vector<Tensor<double>> gradients[2];
    for (const Form form : {Form::fused, Form::composed}) {
      Tape<double> tape;
      std::vector<Var<double>> vars;
      for (const Tensor<double>& tensor : problem.tensors()) vars.push_back(test::put_on(tape, tensor));
      const auto output = problem.run(form, vars).output;
      const Tensor<double> target = test::random_tensor<double>(output.shape(), 77);
      tape.backward(mean_squared_error(output, target.view()).value);
      for (const Var<double>& var : vars)
        gradients[static_cast<std::size_t>(form)].push_back(test::copy_of(var.grad()));
    }
    for (std::size_t i = 0; i < gradients[0].size(); ++i) {
      INFO(problem.names()[i]);
      if (!problem.names()[i].starts_with("initial"))
        CHECK(std::ranges::any_of(gradients[1][i].values(), [](double g) { return g != 0; }));
      CHECK(relative_difference(gradients[0][i], gradients[1][i]) <= 1e-10);
    }
  }
}

TEMPLATE_TEST_CASE("neurons of the literature learn sine waves", "", AdaptiveRate, WongWang, AdaptiveSpiking) {
  auto network = make_sine_network<TestType>();
  // A readout that does not learn, so that the neurons have to.
  for (Parameter<float>* parameter : network.parameters()) {
    if (parameter->name.starts_with("output_linear")) parameter->is_trained = false;
  }
  const auto waves = make_sine<float>({.num_freqs = 2});
  Workers workers(1);
  TrainingSettings settings{.batch_size = 2, .max_epochs = 400};
  settings.learning_rate.initial = 1e-2;
  Trainer<float> trainer(network, waves, settings, workers);
  const double before = evaluate(network, waves, workers).loss();
  trainer.fit();
  const double after = evaluate(network, waves, workers).loss();
  INFO("mean squared error " << before << " before, " << after << " after");
  CHECK(after < 0.5 * before);
}

TEMPLATE_TEST_CASE("neurons of the literature are saved under their names and loaded again", "", AdaptiveRate, WongWang,
                   AdaptiveSpiking) {
  auto network = make_sine_network<TestType>();
  network.set_constant("dt", 0.04);
  const TensorFile file = decode_safetensors(encode_safetensors(to_tensor_file(network)), "x");
  for (const FieldExtent& member : list_fields<typename TestType::template Parameters<double>>())
    CHECK(file.find(std::string("neuron_layer.") + member.field.stored_name()) != nullptr);
  auto loaded = load_network<TestType, float>(file, Outputs::every_step, "x");
  CHECK(loaded.constants() == network.constants());
  CHECK(loaded.delay() == network.delay());
  CHECK(to_tensor_file(loaded).tensors.size() == file.tensors.size());
  CHECK(encode_safetensors(to_tensor_file(loaded)) == encode_safetensors(file));

  TensorFile other = file;
  other.metadata.erase("dt");
  CHECK_THROWS_WITH((load_network<TestType, float>(other, Outputs::every_step, "x")),
                    Catch::Contains("the metadata has no dt"));
  other = file;
  other.metadata["delay_steps"] = "1e300";
  CHECK_THROWS_WITH((load_network<TestType, float>(other, Outputs::every_step, "x")),
                    Catch::Contains("delay_steps is '1e+300', expected an integer >= 1"));
  CHECK_THROWS_WITH((load_network<Lstm, float>(file, Outputs::every_step, "x")),
                    "x: there is no tensor 'neuron_layer.weight_ih'; is this a checkpoint of these neurons?");
}

TEST_CASE("a custom neuron is configured by JSON keys") {
  const auto settings = [](const char* text) {
    return cell_settings<WongWang>(boost::json::parse(text), "neuron.json");
  };
  const auto s = settings(R"({"hidden_size": 7, "dt": 0.5, "gamma": 0.5, "synaptic_delay": 2})");
  CHECK((s.input_size == 1 && s.hidden_size == 7 && s.delay == 4));
  CHECK((s.constants.dt == 0.5 && s.constants.gamma == 0.5 && s.constants.a == 0.27));
  CHECK_THROWS_WITH(settings(R"({"dt": 0})"), "neuron.json: key dt is 0, expected a number > 0");
  CHECK_THROWS_WITH(settings(R"({"d": "long"})"), "neuron.json: key d is \"long\", expected a number > 0");
  CHECK_THROWS_WITH(settings(R"({"hidden_size": 0})"),
                    "neuron.json: key hidden_size is 0, expected an integer >= 1 and <= 1000000");
  CHECK_THROWS_WITH(settings(R"({"hiden_size": 7})"),
                    "neuron.json: unknown key hiden_size; accepted are input_size, hidden_size, dt, a, b, d, gamma, "
                    "synaptic_delay");
  CHECK_THROWS_AS(settings("[]"), DataError);
}

TEST_CASE("a neuron that cannot start with the values of its fields is refused") {
  auto network = make_sine_network<AdaptiveRate>();
  network.set_constant("dt", 2);  // k is 0.5 to 1.5 1/ms, a decay rate stays below 1/dt
  CHECK_THROWS_WITH(initialize_homogeneous(network, 1), Catch::StartsWith("k: with dt 2 ms"));
}

TEST_CASE("neurons of a checkpoint are traced and have f-I curves") {
  auto network = make_sine_network<AdaptiveRate>();
  const TensorFile file = to_tensor_file(network);
  const auto neurons = analysis::neurons_of<AdaptiveRate>(file, "x");
  const auto constants = constants_of<AdaptiveRate>(file, "x");
  REQUIRE(neurons.size() == 24);
  for (const auto& neuron : neurons) {  // where the description says that they start
    CHECK((neuron.k >= 0.5 && neuron.k < 1.5 && neuron.k_a >= 0.1 && neuron.k_a < 0.5));
    CHECK((neuron.gain > 0.49 && neuron.gain < 1.51));
  }

  const std::vector<double> input(analysis::fi_steps, 0.3);
  const auto trace = analysis::trace<double, AdaptiveRate>(neurons[3], constants, input);
  CHECK(trace.names == std::vector<std::string>{"rate", "drive", "adaptation"});
  AdaptiveRate::State<double> state{};
  double mean = 0;
  for (Index t = 0; t < analysis::fi_steps; ++t) {
    AdaptiveRate::step(state, neurons[3], constants, 0.3);
    CHECK(std::abs(trace(t, 0) - state.rate) < 1e-12);
    CHECK(std::abs(trace(t, 2) - state.adaptation) < 1e-12);
    mean += state.rate / static_cast<double>(analysis::fi_steps);
  }
  const std::vector<double> currents{-1, 0.3};
  const auto curves = analysis::fi_curves<double, AdaptiveRate>(neurons, constants, currents);
  CHECK(std::abs(curves(1, 3) - mean) < 1e-12);
  CHECK(curves(0, 3) < curves(1, 3));
}

TEST_CASE("one custom neuron is read from a file") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "neuron.json";
  test::write_text(file, R"({"k": 1.5, "k_a": 0.2, "gain": 2, "dt": 0.1})");
  const auto neuron = analysis::read_single_neuron<AdaptiveRate>(file);
  CHECK((neuron.parameters.k == 1.5 && neuron.parameters.k_a == 0.2 && neuron.parameters.gain == 2));
  CHECK(neuron.constants.dt == 0.1);
  test::write_text(file, R"({"k": 1.5, "gain": 2})");
  CHECK_THROWS_WITH(analysis::read_single_neuron<AdaptiveRate>(file), Catch::Contains("key k_a is missing"));
}

}  // namespace
