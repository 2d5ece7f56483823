// Networks against an independent computation of their equations (make_fixture.py): outputs, loss, every gradient, and
// the losses and parameters of ten updates.
#include <boost/json.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "glifr/cells/glifr.hpp"
#include "glifr/cells/lstm.hpp"
#include "glifr/cells/rnn.hpp"
#include "glifr/datasets/labels.hpp"
#include "glifr/datasets/values.hpp"
#include "glifr/io/json.hpp"
#include "glifr/network/network.hpp"
#include "glifr/ops/loss.hpp"
#include "glifr/training/engine.hpp"
#include "support/catch.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;
namespace json = boost::json;

template <class C>
constexpr const char* fixture_of = C::NeuronType::name;

json::value read_fixture(const std::string& name) {
  return read_json_file(std::filesystem::path(GLIFR_FIXTURES) / (name + ".json"));
}

Tensor<double> tensor_of(const json::value& json) {
  Shape shape;
  const auto sizes = json::value_to<std::vector<Index>>(json.at("shape"));
  if (sizes.size() == 1) shape = {sizes[0]};
  if (sizes.size() == 2) shape = {sizes[0], sizes[1]};
  if (sizes.size() == 3) shape = {sizes[0], sizes[1], sizes[2]};
  const auto values = json::value_to<std::vector<double>>(json.at("values"));
  Tensor<double> tensor(shape);
  REQUIRE(tensor.size() == static_cast<Index>(values.size()));
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}

/// A parameter as it lies in memory, from how files hold it.
Tensor<double> in_memory(const json::value& json, const Parameter<double>& parameter) {
  const Tensor<double> stored = tensor_of(json);
  if (!parameter.is_stored_transposed) {
    REQUIRE(stored.shape() == parameter.value.shape());
    return stored;
  }
  Tensor<double> turned(parameter.value.shape());
  REQUIRE(stored.shape() == Shape{turned.shape()[1], turned.shape()[0]});
  for (Index r = 0; r < turned.shape()[0]; ++r) {
    for (Index c = 0; c < turned.shape()[1]; ++c) turned.view()(r, c) = stored.view()(c, r);
  }
  return turned;
}

/// The network of a fixture, with its parameters.
template <class C>
struct FixtureNetwork {
  json::value fixture = read_fixture(fixture_of<C>);
  Tensor<double> x = tensor_of(fixture.at("input")), y = tensor_of(fixture.at("output"));
  bool has_labels = fixture.at("target").is_array();
  Network<C> network;

  FixtureNetwork() : network(settings(), y.shape()[2], has_labels ? Outputs::last_step : Outputs::every_step) {
    for (const auto& [name, value] : network.constants())
      REQUIRE(network.set_constant(name, json::value_to<double>(fixture.at("constants").at(name))));
    network.silence(json::value_to<std::vector<double>>(fixture.at("silencing")));
    REQUIRE(network.parameters().size() == fixture.at("parameters").as_object().size());
    for (Parameter<double>* p : network.parameters()) p->value = in_memory(fixture.at("parameters").at(p->name), *p);
  }

  [[nodiscard]] std::vector<std::int32_t> labels() const {
    return json::value_to<std::vector<std::int32_t>>(fixture.at("target"));
  }
  [[nodiscard]] std::unique_ptr<Dataset<double>> data() const {
    std::vector<double> inputs(x.values().begin(), x.values().end());
    if (has_labels) return std::make_unique<LabelDataset<double>>(x.shape(), inputs, y.shape()[2], labels());
    const Tensor<double> target = tensor_of(fixture.at("target"));
    return std::make_unique<ValueDataset<double>>(x.shape(), inputs, target.shape()[2],
                                                  std::vector<double>(target.values().begin(), target.values().end()));
  }

 private:
  [[nodiscard]] typename C::Settings settings() const {
    const auto neurons = static_cast<Index>(fixture.at("silencing").as_array().size());
    typename C::Settings settings{.input_size = x.shape()[2], .hidden_size = neurons};
    settings.delay = json::value_to<Index>(fixture.at("constants").at("delay"));
    return settings;
  }
};

TEMPLATE_TEST_CASE("networks agree with an independent computation of their equations", "", (GlifrCell<2, double>),
                   RnnCell<double>, LstmCell<double>) {
  constexpr double tolerance = 1e-13;
  FixtureNetwork<TestType> problem;
  const json::value& fixture = problem.fixture;
  const Tensor<double>&x = problem.x, &y = problem.y;
  Network<TestType>& network = problem.network;
  const ParameterList<double> parameters = network.parameters();

  for (const Engine engine : {Engine::fused, Engine::composed}) {
    INFO((engine == Engine::fused ? "fused" : "composed"));
    Tape<double> tape;
    const Var<double> input = test::put_on(tape, x);
    const auto prediction = network.forward(tape, Sequence<double>::from(input), {.engine = engine});
    CHECK(prediction.output.shape() == y.shape());
    CHECK(test::relative_difference(prediction.output.value(), y.view()) < tolerance);

    Loss<double> loss;
    Tensor<double> target;
    std::vector<std::int32_t> labels;
    if (problem.has_labels) {
      labels = problem.labels();
      loss = softmax_cross_entropy(prediction.output, labels);
    } else {
      target = tensor_of(fixture.at("target"));
      loss = mean_squared_error(prediction.output, target.view());
    }
    CHECK(std::abs(loss.value.item() - fixture.at("loss").as_double()) < tolerance);

    tape.backward(loss.value);
    const json::value& gradients = fixture.at("gradients");
    CHECK(test::relative_difference(input.grad(), tensor_of(gradients.at("input")).view()) < tolerance);
    for (const Parameter<double>* p : parameters) {
      INFO(p->name);
      CHECK(test::relative_difference(tape.use(*p).grad(), in_memory(gradients.at(p->name), *p).view()) < tolerance);
    }
  }
}

TEMPLATE_TEST_CASE("ten updates of Adam agree with an independent computation", "", (GlifrCell<2, double>),
                   RnnCell<double>, LstmCell<double>) {
  constexpr double tolerance = 1e-10;
  const Engine engine = GENERATE(Engine::fused, Engine::composed);
  INFO((engine == Engine::fused ? "fused" : "composed"));
  FixtureNetwork<TestType> problem;
  const auto number = [&](const char* key) { return problem.fixture.at("adam").at(key).as_double(); };
  const OptimizerSettings adam{.beta1 = number("beta1"), .beta2 = number("beta2"), .eps = number("eps")};
  const auto data = problem.data();
  const TrainingSettings settings{.batch_size = data->size(), .engine = engine};
  Optimizer<double> optimizer(problem.network.parameters(), adam);
  Workers workers(1);
  const auto training = make_worker_engine<double>({problem.network, *data, settings, optimizer}, workers);

  const json::value& expected = problem.fixture.at("training");
  const std::vector<Index> order{0, 1};
  for (const json::value& loss : expected.at("losses").as_array()) {
    INFO("update " << optimizer.steps() + 1);
    Position position;
    training->begin({0, order, data->size(), number("rate")}, position);
    training->advance(position);
    CHECK(std::abs(position.running.loss() - loss.as_double()) < tolerance * loss.as_double());
  }
  CHECK(optimizer.steps() == 10);
  for (const Parameter<double>* p : problem.network.parameters()) {
    INFO(p->name);
    CHECK(test::relative_difference(p->value, in_memory(expected.at("parameters").at(p->name), *p)) < tolerance);
  }
}

}  // namespace
