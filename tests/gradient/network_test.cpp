// Gradients of networks of several layers against central differences and against the composed form.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "glifr/network/network.hpp"
#include "support/catch.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;

struct Case {
  Index steps, batch;
  std::array<Index, 3> delays;
  Outputs outputs;
  double dropout;
};

std::string to_string(const Case& c) {
  return std::to_string(c.steps) + " steps, batch " + std::to_string(c.batch) + ", delays " +
         std::to_string(c.delays[0]) + " " + std::to_string(c.delays[1]) + " " + std::to_string(c.delays[2]) +
         (c.outputs == Outputs::last_step ? ", last step" : ", every step") + ", dropout " + std::to_string(c.dropout);
}

using Build = std::function<void(RecurrentNetwork<double>&, const Case&)>;

void glifr_and_rnn(RecurrentNetwork<double>& network, const Case& c) {
  network.add<Glifr<2>>({.input_size = 2, .hidden_size = 3, .delay = c.delays[0]});
  network.add<Rnn>({.input_size = 3, .hidden_size = 2, .delay = c.delays[1]});
  network.add_readout(2);
}
void three_kinds(RecurrentNetwork<double>& network, const Case& c) {
  network.add<Rnn>({.input_size = 2, .hidden_size = 2, .delay = c.delays[0]});
  network.add<Lstm>({.input_size = 2, .hidden_size = 3});
  network.add<Glifr<0>>({.input_size = 3, .hidden_size = 2, .delay = c.delays[2]});
}
void two_without_state(RecurrentNetwork<double>& network, const Case& c) {
  network.add<Rnn>({.input_size = 2, .hidden_size = 3, .delay = c.delays[0]});
  network.add<Rnn>({.input_size = 3, .hidden_size = 3, .delay = c.delays[1]});
  network.add_readout(1);
}

/// Output, gradient of the input and of every parameter, for an upstream gradient of ones.
struct Outcome {
  Tensor<double> output, input_grad;
  std::vector<Tensor<double>> grads;
};

class Problem {
 public:
  Problem(const Build& build, const Case& c) : case_(c), network_(c.outputs) {
    build(network_, c);
    std::uint32_t key = 1;
    for (Parameter<double>* parameter : network_.parameters())
      parameter->value = test::random_tensor<double>(parameter->value.shape(), key++, -1, 1);
    input_ = test::random_tensor<double>({c.steps, c.batch, 2}, 99, -1, 1);
    for (Index b = 0; b < c.batch; ++b) samples_.push_back(3 * b + 1);
  }

  Var<double> run(Tape<double>& tape, const Var<double>& x, Engine engine) const {
    const OutputMask<double> mask{.dropout = case_.dropout, .random = Random(5, Stream::dropout), .samples = samples_};
    return network_.forward(tape, Sequence<double>::from(x), {.engine = engine, .mask = mask}).output;
  }

  Outcome outcome(Engine engine) {
    Tape<double> tape;
    const Var<double> x = test::put_on(tape, input_);
    const Var<double> y = run(tape, x, engine);
    for (Index r = 0; r < y.value().rows; ++r) std::fill_n(y.grad().row(r), y.value().columns, 1.0);
    // The entries of the tape alone: the upstream gradient is there already.
    const Var<double> nothing = tape.make({1});
    tape.backward(nothing);
    Outcome result{test::copy_of(y.value()), test::copy_of(x.grad()), {}};
    for (const Parameter<double>* parameter : network_.parameters())
      result.grads.push_back(test::copy_of(tape.use(*parameter).grad()));
    return result;
  }

  RecurrentNetwork<double>& network() { return network_; }

 private:
  Case case_;
  RecurrentNetwork<double> network_;
  Tensor<double> input_;
  std::vector<Index> samples_;
};

/// What the upstream gradient of ones belongs to.
double projected(const Tensor<double>& y) {
  double sum = 0;
  for (Index i = 0; i < y.size(); ++i) sum += y.data()[i];
  return sum;
}

std::vector<Case> cases() {
  std::vector<Case> list;
  // One step and several, delays of one step, shorter than and beyond the time.
  for (const auto& [steps, delays] : std::vector<std::pair<Index, std::array<Index, 3>>>{
           {1, {1, 1, 1}}, {6, {1, 1, 1}}, {7, {2, 3, 1}}, {7, {3, 2, 4}}, {3, {5, 4, 9}}}) {
    for (const Outputs outputs : {Outputs::every_step, Outputs::last_step}) {
      for (const double dropout : {0.0, 0.4}) list.push_back({steps, 2, delays, outputs, dropout});
    }
  }
  return list;
}

TEST_CASE("gradients of networks of several layers agree with differences, fused and composed") {
  for (const Build& build : {Build(glifr_and_rnn), Build(three_kinds), Build(two_without_state)}) {
    for (const Case& c : cases()) {
      INFO(to_string(c));
      Problem problem(build, c);
      const Outcome fused = problem.outcome(Engine::fused), composed = problem.outcome(Engine::composed);
      CHECK(test::relative_difference(fused.output, composed.output) < 1e-12);
      CHECK(test::relative_difference(fused.input_grad, composed.input_grad) < 1e-10);
      const ParameterList<double> parameters = problem.network().parameters();
      for (std::size_t k = 0; k < parameters.size(); ++k) {
        INFO(parameters[k]->name);
        CHECK(test::relative_difference(fused.grads[k], composed.grads[k]) < 1e-10);
        for (Index i = 0; i < parameters[k]->value.size(); ++i) {
          double& value = parameters[k]->value.data()[i];
          const double centre = value, step = 1e-5;
          value = centre + step;
          const double above = projected(problem.outcome(Engine::fused).output);
          value = centre - step;
          const double below = projected(problem.outcome(Engine::fused).output);
          value = centre;
          const double difference = (above - below) / (2 * step), gradient = fused.grads[k].data()[i];
          INFO("element " << i << ": by the tape " << gradient << ", by differences " << difference);
          CHECK(std::abs(gradient - difference) <= 1e-6 * std::max({std::abs(gradient), std::abs(difference), 1e-2}));
        }
      }
    }
  }
}

TEST_CASE("layers of one size drop different neurons") {
  RecurrentNetwork<double> network(Outputs::every_step);
  network.add<Rnn>({.input_size = 1, .hidden_size = 32});
  network.add<Rnn>({.input_size = 32, .hidden_size = 32});
  for (Parameter<double>* parameter : network.parameters()) {
    if (parameter->name.ends_with("bias")) std::fill_n(parameter->value.data(), parameter->value.size(), 1.0);
  }
  Tape<double> tape;
  const Tensor<double> x({3, 2, 1});
  const std::vector<Index> samples{0, 1};
  const auto prediction = network.forward(
      tape, Sequence<double>::from(test::put_on(tape, x)),
      {.mask = {.dropout = 0.5, .random = Random(5, Stream::dropout), .samples = samples}, .track_states = true});
  // Without weights, a neuron that is not dropped has the output tanh(1) / (1 - p).
  const View<double> first = prediction.tracks.front().values.value(), second = prediction.output.value();
  Index dropped = 0, differ = 0;
  for (Index r = 0; r < first.rows; ++r) {
    for (Index c = 0; c < first.columns; ++c) {
      dropped += first(r, c) == 0;
      differ += (first(r, c) == 0) != (second(r, c) == 0);
    }
  }
  CHECK(dropped > 60);
  CHECK(dropped < 132);
  CHECK(differ > 60);  // of 192; 0 where both draw the same numbers
  CHECK(differ < 132);
}

}  // namespace
