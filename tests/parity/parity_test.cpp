// Networks against an independent computation of their equations (make_fixture.py): outputs, loss and every gradient.
#include <boost/json.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "glifr/cells/glifr.hpp"
#include "glifr/cells/lstm.hpp"
#include "glifr/cells/rnn.hpp"
#include "glifr/io/json.hpp"
#include "glifr/network/network.hpp"
#include "glifr/ops/loss.hpp"
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

TEMPLATE_TEST_CASE("networks agree with an independent computation of their equations", "", (GlifrCell<2, double>),
                   RnnCell<double>, LstmCell<double>) {
  constexpr double tolerance = 1e-13;
  const json::value fixture = read_fixture(fixture_of<TestType>);
  const Tensor<double> x = tensor_of(fixture.at("input")), y = tensor_of(fixture.at("output"));
  const auto silencing = json::value_to<std::vector<double>>(fixture.at("silencing"));
  const bool has_labels = fixture.at("target").is_array();

  typename TestType::Settings settings{.input_size = x.shape()[2], .hidden_size = static_cast<Index>(silencing.size())};
  settings.delay = json::value_to<Index>(fixture.at("constants").at("delay"));
  Network<TestType> network(settings, y.shape()[2], has_labels ? Outputs::last_step : Outputs::every_step);
  for (const auto& [name, value] : network.constants()) {
    REQUIRE(network.set_constant(name, json::value_to<double>(fixture.at("constants").at(name))));
  }
  network.silence(silencing);
  const ParameterList<double> parameters = network.parameters();
  REQUIRE(parameters.size() == fixture.at("parameters").as_object().size());
  for (Parameter<double>* p : parameters) p->value = in_memory(fixture.at("parameters").at(p->name), *p);

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
    if (has_labels) {
      labels = json::value_to<std::vector<std::int32_t>>(fixture.at("target"));
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

}  // namespace
