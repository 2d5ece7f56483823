// What operations are given is checked at the door: each message names the operation, what was found and what is
// accepted.
#include <array>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "glifr/cells/glifr.hpp"
#include "glifr/cells/lstm.hpp"
#include "glifr/cells/rnn.hpp"
#include "glifr/error.hpp"
#include "glifr/ops/linear.hpp"
#include "glifr/ops/loss.hpp"
#include "glifr/ops/reshape.hpp"
#include "glifr/ops/wiring.hpp"
#include "support/catch.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;
using Catch::Matchers::StartsWith;

TEST_CASE("shapes that do not fit") {
  Tape<float> tape;
  const auto of = [&](const Shape& shape) { return tape.make(shape); };
  CHECK_THROWS_WITH(of({2, 3}) + of({3, 2}),
                    "add: expected equal shapes, or one with a single row or column, found [2, 3] and [3, 2]");
  CHECK_THROWS_WITH(of({2, 3}) - of({4, 3}),
                    "subtract: expected equal shapes, or one with a single row or column, found [2, 3] and [4, 3]");
  CHECK_THROWS_AS(of({2, 3}) * of({2}), ShapeError);
  CHECK_THROWS_AS(of({2, 3}) / of({2, 2}), ShapeError);
  CHECK_THROWS_AS(min(of({2}), of({3})), ShapeError);
  CHECK_THROWS_AS(max(of({0, 3}), of({2, 3})), ShapeError);
  CHECK_THROWS_AS(less(of({2}), of({3})), ShapeError);
  CHECK_THROWS_AS(select(of({2}), of({3}), of({3})), ShapeError);
  CHECK_THROWS_WITH(
      surrogate(of({3, 3}), of({2, 3}), of({2, 3})),
      "surrogate: expected equal shapes, or one with a single row or column, found [3, 3], [2, 3] and [2, 3]");
  CHECK_THROWS_AS(surrogate(of({2, 3}), of({2, 3}), of({2, 2})), ShapeError);
  CHECK_THROWS_WITH(matmul(of({32, 784}), of({128, 10})),
                    "matmul: expected equal inner sizes, found [32, 784] and [128, 10]");
  CHECK_THROWS_AS(linear(of({2, 3}), of({3, 4}), of({3})), ShapeError);
  CHECK_THROWS_WITH(slice(of({5, 2, 3}), 3, 3),
                    "slice: expected steps within [time, batch, features], found 3 from 3 on, of [5, 2, 3]");
  CHECK_THROWS_AS(slice(of({5, 2, 3}), -1, 2), ShapeError);
  CHECK_THROWS_AS(slice(of({5, 2, 3}), 1, std::numeric_limits<Index>::max()), ShapeError);
  CHECK_THROWS_AS(slice(of({5, 3}), 0, 1), ShapeError);
  CHECK_THROWS_AS(step_of(of({5, 2, 3}), 5), ShapeError);
  CHECK_THROWS_WITH(stack<float>(tape, std::array{of({2, 3}), of({2, 4})}),
                    "stack: expected [2, 3] in every step, found [2, 4]");
  Tape<float> other;
  CHECK_THROWS_AS(stack<float>(other, std::array{of({2, 3})}), std::logic_error);
  CHECK_THROWS_WITH(stack<float>(tape, {}), "stack: expected at least one value, found none");
  CHECK_THROWS_WITH(mean_squared_error(of({2, 3}), of({3, 2}).value()),
                    "mean_squared_error: expected [2, 3], found [3, 2]");
  const std::array<std::int32_t, 2> labels{0, 3};
  CHECK_THROWS_WITH(softmax_cross_entropy(of({3, 4}), labels),
                    "softmax_cross_entropy: expected a label for each of 3 rows, found 2");
  CHECK_THROWS_WITH(softmax_cross_entropy(of({2, 3}), labels),
                    "softmax_cross_entropy: expected labels 0 to 2, found 3");
  CHECK_THROWS_AS(softmax_cross_entropy(of({2, 3}), std::array<std::int32_t, 2>{-1, 0}), ShapeError);
}

TEST_CASE("a shape error keeps its facts") {
  Tape<float> tape;
  try {
    (void)matmul(tape.make({1, 2}), tape.make({3, 4}));
    FAIL("no error");
  } catch (const ShapeError& error) {
    CHECK(error.op() == "matmul");
    CHECK(error.expected() == "equal inner sizes");
    CHECK(error.given() == "[1, 2] and [3, 4]");
  }
}

/// Something of a scan that does not fit, and the message.
template <class Change>
std::string scan_error(Change change) {
  Tape<float> tape;
  GlifrCell<2, float> cell({.input_size = 4, .hidden_size = 3, .delay = 2});
  cell.w_input().value.data()[0] = 1;  // a layer that was never initialised cannot be run
  Layer<Glifr<2>, float> layer = cell.on(tape);
  Sequence<float> input = Sequence<float>::from(tape.make({5, 6, 4}));
  InitialState<Glifr<2>, float> initial;
  OutputMask<float> mask;
  change(tape, layer, input, initial, mask);
  std::string messages[2];
  for (int i = 0; i < 2; ++i) {
    try {
      (void)(i == 0 ? scan(layer, input, initial, mask) : scan_composed(layer, input, initial, mask));
    } catch (const Error& error) {
      messages[i] = error.what();
    }
  }
  CHECK(messages[0] == messages[1]);
  return messages[0];
}

constexpr std::array<float, 4> factors{};
constexpr std::array<Index, 3> samples{};

TEST_CASE("the options of a scan, and the form of its history") {
  Tape<float> tape;
  GlifrCell<2, float> cell({.input_size = 4, .hidden_size = 3, .delay = 2});
  cell.w_input().value.data()[0] = 1;
  CHECK_THROWS_WITH(scan(cell.on(tape), Sequence<float>::from(tape.make({5, 6, 4})), {}, {}, {.truncate_steps = -1}),
                    "truncate_steps: expected 0 or more, found -1");
  CHECK(scan_error([](auto& t, auto&, auto&, auto& initial, auto&) {
          initial.history = t.make({6, 2, 3});
        }) == "scan: history: expected [2, 6, 3], found [6, 2, 3]");
}

TEST_CASE("what a scan is given") {
  CHECK(scan_error([](auto&...) {}).empty());
  CHECK(scan_error([](auto&, auto& layer, auto&...) { layer.delay = 0; }) ==
        "synaptic_delay: a scan needs a delay of at least one step, found 0");
  CHECK(scan_error([](auto& tape, auto&, auto& input, auto&...) {
          input = Sequence<float>::from(tape.make({5, 6, 7}));
        }) == "scan: expected inputs of 4 features, found 7");
  CHECK(scan_error([](auto& tape, auto& layer, auto&...) {
          layer.w_input = tape.make({4, 2});
        }) == "scan: input weights: expected [4, 3], found [4, 2]");
  CHECK(scan_error([](auto& tape, auto& layer, auto&...) {
          layer.w_lateral = tape.make({2, 3});
        }) == "scan: lateral weights: expected [3, 3], found [2, 3]");
  const auto list = [](auto& tape, auto& layer, std::initializer_list<float> pairs) {
    const Index count = static_cast<Index>(pairs.size()) / 2;
    layer.w_lateral = tape.make({1, count});
    layer.lateral_connections = tape.make({2, count});
    std::copy(pairs.begin(), pairs.end(), layer.lateral_connections.value().data);
  };
  CHECK(scan_error([&](auto& tape, auto& layer, auto&...) { list(tape, layer, {0, 2, 1, 1}); }).empty());
  CHECK(scan_error([&](auto& tape, auto& layer, auto&...) {
          list(tape, layer, {0, 2, 1, 1});
          layer.w_lateral = tape.make({1, 3});
        }) == "scan: lateral weights: expected [1, 2], found [1, 3]");
  const auto list_error = [&](std::initializer_list<float> pairs) {
    return scan_error([&](auto& tape, auto& layer, auto&...) { list(tape, layer, pairs); });
  };
  const std::string accepted =
      "scan: connections: expected senders below 3 in ascending order, receivers below 3, of each sender in ascending "
      "order, found ";
  CHECK(list_error({0, 2, 1, 3}) == accepted + "2 to 3 behind 0 to 1");
  CHECK(list_error({2, 0, 1, 1}) == accepted + "0 to 1 behind 2 to 1");
  CHECK(list_error({1, 1, 2, 2}) == accepted + "1 to 2 behind 1 to 2");
  CHECK(scan_error([](auto&, auto&, auto& input, auto&...) { input.batch = 5; }) ==
        "scan: input: expected [5, 5, 4], found [5, 6, 4]");
  CHECK(scan_error([](auto& tape, auto& layer, auto&...) {
          layer.raw[2] = tape.make({1, 1, 3});
        }) == "scan: k_j: expected [2, 1, 3], found [1, 1, 3]");
  CHECK(scan_error([](auto& tape, auto&, auto&, auto& initial, auto&) {
          initial.history = tape.make({1, 6, 3});
        }) == "scan: history: expected [2, 6, 3], found [1, 6, 3]");
  CHECK(scan_error([](auto& tape, auto&, auto&, auto& initial, auto&) {
          initial.rest[1] = tape.make({1, 3});
        }) == "scan: initial state: expected [6, 3], found [1, 3]");
  CHECK(scan_error([](auto&, auto&, auto&, auto&, auto& mask) { mask.silencing = factors; }) ==
        "silencing: factors on neurons: expected 3, found 4");
  CHECK(scan_error([](auto&, auto&, auto&, auto&, auto& mask) { mask = {.dropout = 0.5, .samples = samples}; }) ==
        "dropout: numbers of samples: expected 6, found 3");
  for (const double dropout : {-0.1, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_FALSE(scan_error([=](auto&, auto&, auto&, auto&, auto& mask) { mask.dropout = dropout; }).empty());
  }
}

TEST_CASE("weights of some pairs, and of given signs, go with their list") {
  Tape<double> tape;
  const auto pairs = [&](std::vector<double> list) {
    const Var<double> var = tape.make({2, std::ssize(list) / 2});
    std::copy(list.begin(), list.end(), var.value().data);
    return var;
  };
  const Var<double> x = tape.make({1, 2}), signs = tape.make({3});
  CHECK_THROWS_WITH(place_weights(x, pairs({0, 1, 2, 1, 1, 1}), 3, 3),
                    "place_weights: expected a list of connections [2, 2], found [2, 3]");
  CHECK_THROWS_AS(place_weights(x, pairs({1, 1, 2, 2}), 3, 3), ShapeError);
  CHECK_THROWS_AS(sign_weights(x, signs, pairs({0, 3, 1, 1})), ShapeError);
  CHECK_NOTHROW(sign_weights(x, signs, pairs({0, 2, 1, 1})));
  CHECK_THROWS_WITH(sign_weights(x, signs, Var<double>{}), "sign_weights: expected 1 signs, found 3");
}

TEST_CASE("all that a scan is given lies on one tape") {
  Tape<float> other;
  const auto is_refused = [&](auto change) {
    CHECK_THROWS_AS(
        scan_error([&](auto&, auto& layer, auto& input, auto& initial, auto&) { change(layer, input, initial); }),
        std::logic_error);
  };
  is_refused([&](auto& layer, auto&, auto&) { layer.w_input = other.make({4, 3}); });
  is_refused([&](auto& layer, auto&, auto&) { layer.raw[2] = other.make({2, 1, 3}); });
  is_refused([&](auto& layer, auto&, auto&) { layer.lateral_connections = other.make({2, 2}); });
  is_refused([&](auto& layer, auto&, auto&) { layer.delays = other.make({1, 3}); });
  is_refused([&](auto&, auto& input, auto&) { input.dense = other.make({5, 6, 4}); });
  is_refused([&](auto&, auto&, auto& initial) { initial.history = other.make({2, 6, 3}); });
  is_refused([&](auto&, auto&, auto& initial) { initial.rest[1] = other.make({6, 3}); });
}

TEST_CASE("a layer needs at least one input, one neuron and one step of delay") {
  CHECK_THROWS_WITH(RnnCell<float>({.input_size = 0}), "input_size: expected 1 or more, found 0");
  CHECK_THROWS_WITH(RnnCell<float>({.hidden_size = -1}), "hidden_size: expected 1 or more, found -1");
  CHECK_THROWS_WITH(RnnCell<float>({.delay = 0}), "synaptic_delay: expected 1 or more (CellSettings::delay), found 0");
}

TEST_CASE("a delay is a whole number of steps, and at least one") {
  CHECK(delay_steps(1, 0.05) == 20);
  CHECK(delay_steps(15, 0.05) == 300);
  CHECK(delay_steps(0, 0.05) == 1);
  CHECK(delay_steps(0.01, 0.05) == 1);
  CHECK(delay_steps(0.99, 0.1) == 9);
  CHECK(delay_steps(0.3, 0.1) == 3);
  CHECK(delay_steps(2.9, 1) == 2);
  CHECK(delay_steps(1e6, 1) == 1'000'000);
}

TEST_CASE("a delay that is no number of steps is refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  for (const double dt : {0.0, -0.05, nan, infinity}) CHECK_THROWS_WITH(delay_steps(1, dt), StartsWith("dt: found "));
  for (const double delay : {-1.0, nan, infinity})
    CHECK_THROWS_WITH(delay_steps(delay, 0.05), StartsWith("synaptic_delay: found "));
  CHECK_THROWS_WITH(delay_steps(1, 1e-300),
                    "synaptic_delay: found 1 ms with a time step (dt) of 1e-300 ms; accepted: "
                    "0 to 1000000 steps");
  CHECK_THROWS_AS(whole_steps(1e300, 0.05), ConfigError);
  CHECK_THROWS_AS(whole_steps(1, 0), ConfigError);
}

TEST_CASE("constants of a layer lie in the ranges of their fields") {
  CellSettings<Glifr<1>> settings;
  settings.constants.sigma_v = 0;
  CHECK_THROWS_WITH((GlifrCell<1, float>(settings)), "sigma_v: found 0; accepted: a number > 0");
  settings.constants.sigma_v = 1;
  settings.constants.dt = -0.05;
  CHECK_THROWS_WITH((GlifrCell<1, float>(settings)), "dt: found -0.05; accepted: a number > 0");
  GlifrCell<1, float> cell({});
  CHECK_THROWS_WITH(cell.set_constant("tau", -1), "tau: found -1; accepted: a number > 0");
  CHECK_THROWS_AS(cell.set_constant("I0", std::numeric_limits<double>::infinity()), ConfigError);
  CHECK(cell.constants().tau == default_constants<Glifr<1>>().tau);
  CHECK(cell.set_constant("tau", 2));
  CHECK(cell.constants().tau == 2);
}

/// "name shape" of every parameter of a cell.
template <class C>
std::vector<std::string> parameters_of(C cell) {
  std::vector<std::string> list;
  for (const auto* p : cell.parameters()) {
    list.push_back(p->name + " " + to_string(p->value.shape()) + (p->is_stored_transposed ? " turned" : ""));
  }
  return list;
}

TEST_CASE("parameters have the names and shapes of the published networks") {
  using List = std::vector<std::string>;
  CHECK(parameters_of(GlifrCell<2, float>({.input_size = 4, .hidden_size = 3})) ==
        List{"neuron_layer.weight_iv [4, 3]", "neuron_layer.weight_lat [3, 3]", "neuron_layer.thresh [1, 3]",
             "neuron_layer.trans_k_m [1, 3]", "neuron_layer.trans_k_j [2, 1, 3]", "neuron_layer.trans_r_j [2, 1, 3]",
             "neuron_layer.a_j [2, 1, 3]"});
  CHECK(parameters_of(GlifrCell<1, float>({.input_size = 4, .hidden_size = 3})).back() == "neuron_layer.a_j [1, 1, 3]");
  CHECK(parameters_of(GlifrCell<0, float>({.input_size = 4, .hidden_size = 3})).size() == 4);
  CHECK(parameters_of(RnnCell<float>({.input_size = 4, .hidden_size = 3})) ==
        List{"neuron_layer.weight_ih [4, 3]", "neuron_layer.weight_lat [3, 3]", "neuron_layer.bias [1, 3]"});
  CHECK(parameters_of(LstmCell<float>({.input_size = 4, .hidden_size = 3})) ==
        List{"neuron_layer.weight_ih [4, 12] turned", "neuron_layer.weight_hh [3, 12] turned",
             "neuron_layer.bias_ih [12]", "neuron_layer.bias_hh [12]"});
}

}  // namespace
