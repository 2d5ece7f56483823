// The fused scan against the composed form, which is the reference: outputs, states, synaptic currents, loss and every
// gradient.
#include "glifr/ops/scan.hpp"

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "glifr/neurons/glifr.hpp"
#include "glifr/neurons/lstm.hpp"
#include "glifr/neurons/rnn.hpp"
#include "glifr/ops/loss.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/neurons.hpp"

namespace {

using namespace glifr;
using test::Calcium;
using test::copy_of;
using test::Form;
using test::Gated;
using test::LayerCase;
using test::LayerProblem;
using test::put_on;
using test::random_tensor;
using test::relative_difference;
using test::Spiking;

/// Which of a layer's tensors receive no gradient.
enum class Frozen { nothing, dynamics, weights, everything_but_input };

bool is_frozen(Frozen frozen, const std::string& name) {
  const bool is_weight = name == "w_input" || name == "w_lateral";
  const bool is_given = name == "input" || name == "history" || name.starts_with("initial state");
  switch (frozen) {
    case Frozen::dynamics:
      return !is_weight && !is_given;
    case Frozen::weights:
      return is_weight;
    case Frozen::everything_but_input:
      return name != "input";
    case Frozen::nothing:
      break;
  }
  return false;
}

/// All that comes out of a layer, by name.
template <Scalar T>
using Outcome = std::vector<std::pair<std::string, Tensor<T>>>;

/// The synaptic currents of a scan without the padding between those of several inputs.
template <class N, Scalar T>
Tensor<T> synaptic_of(const ScanResult<N, T>& result, Index neurons) {
  const View<T> all = result.synaptic.value();
  const Index stride = all.columns / input_count<N>;
  Tensor<T> currents({all.rows, input_count<N> * neurons});
  for (Index r = 0; r < all.rows; ++r) {
    for (Index g = 0; g < input_count<N>; ++g) {
      for (Index n = 0; n < neurons; ++n) currents.view()(r, g * neurons + n) = all(r, g * stride + n);
    }
  }
  return currents;
}

template <class N, Scalar T>
Outcome<T> run(const LayerCase& c, Form form, Frozen frozen = Frozen::nothing, bool track = true,
               typename Tape<T>::Mode mode = Tape<T>::Mode::record) {
  const LayerProblem<N, T> problem(c);
  Tape<T> tape(mode);
  // A tape's memory holds what earlier rounds left there.
  constexpr Index leftover = 1 << 16;
  std::fill_n(tape.arena().template allocate<T>(leftover), leftover, std::numeric_limits<T>::quiet_NaN());
  tape.clear();
  std::vector<Var<T>> vars;
  for (std::size_t i = 0; i < problem.tensors().size(); ++i) {
    const Tensor<T>& tensor = problem.tensors()[i];
    const bool has_grad = mode == Tape<T>::Mode::record && !is_frozen(frozen, problem.names()[i]);
    vars.push_back(tape.make(tensor.shape(), 0, has_grad));
    std::copy_n(tensor.data(), tensor.size(), vars.back().value().data);
  }
  const ScanResult<N, T> result = problem.run(form, vars, track);
  const Tensor<T> target = random_tensor<T>(result.output.shape(), 77);
  const Loss<T> loss = mean_squared_error(result.output, target.view());

  Outcome<T> outcome;
  outcome.emplace_back("output", copy_of(result.output.value()));
  outcome.emplace_back("loss", copy_of(loss.value.value()));
  if (track) {
    for (const Var<T>& state : result.states) outcome.emplace_back("state", copy_of(state.value()));
  }
  tape.backward(loss.value);
  if (track) outcome.emplace_back("synaptic", synaptic_of(result, c.neurons));
  for (std::size_t i = 0; i < vars.size(); ++i) {
    if (vars[i].has_grad()) outcome.emplace_back("gradient of " + problem.names()[i], copy_of(vars[i].grad()));
  }
  return outcome;
}

template <Scalar A, Scalar B>
void compare(const LayerCase& c, const Outcome<A>& a, const Outcome<B>& b, double tolerance) {
  INFO(to_string(c));
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    INFO(a[i].first);
    REQUIRE(a[i].first == b[i].first);
    CHECK(relative_difference(a[i].second, b[i].second) <= tolerance);
  }
}

/// visit(case) for a grid over time and delay (shorter, equal, k delays and one step, k delays, no delay), sizes (odd
/// ones, whole vectors, one more), masks, loss on the last or on every step, initial state, kind of input.
template <class Visit>
void for_each_case(Visit&& visit) {
  for (const auto& [steps, delay] : {std::array<Index, 2>{1, 1}, {5, 1}, {1, 4}, {3, 5}, {4, 4}, {7, 3}, {6, 2}}) {
    for (const auto& [batch, neurons] : {std::array<Index, 2>{1, 1}, {3, 5}, {2, 16}, {3, 17}, {1, 33}}) {
      for (const auto& [dropout, is_silenced] :
           {std::pair<double, bool>{0, false}, {0, true}, {0.3, false}, {0.3, true}, {1, false}}) {
        for (int bits = 0; bits < 8; ++bits) {
          visit(LayerCase{.steps = steps,
                          .delay = delay,
                          .batch = batch,
                          .neurons = neurons,
                          .features = neurons % 3 + 1,
                          .dropout = dropout,
                          .is_silenced = is_silenced,
                          .last_only = (bits & 1) != 0,
                          .has_initial_state = (bits & 2) != 0,
                          .is_sparse = (bits & 4) != 0});
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("fused and composed agree in double", "", Rnn, Lstm, Glifr<0>, Glifr<1>, Glifr<2>, Glifr<3>, Calcium,
                   Gated, Spiking) {
  for_each_case([](const LayerCase& c) {
    compare(c, run<TestType, double>(c, Form::fused), run<TestType, double>(c, Form::composed), 1e-10);
  });
}

TEMPLATE_TEST_CASE("fused and composed agree where states are not tracked and steps may be skipped", "", Rnn, Lstm,
                   Glifr<2>, Spiking) {
  for_each_case([](const LayerCase& c) {
    compare(c, run<TestType, double>(c, Form::fused, Frozen::nothing, false),
            run<TestType, double>(c, Form::composed, Frozen::nothing, false), 1e-10);
  });
}

TEMPLATE_TEST_CASE("fused and composed agree where tensors are frozen", "", Rnn, Lstm, Glifr<2>, Gated) {
  for (const Frozen frozen : {Frozen::dynamics, Frozen::weights, Frozen::everything_but_input}) {
    for (const bool has_initial_state : {false, true}) {
      for (const bool last_only : {false, true}) {
        const LayerCase c{
            .steps = 7, .delay = 3, .neurons = 5, .last_only = last_only, .has_initial_state = has_initial_state};
        compare(c, run<TestType, double>(c, Form::fused, frozen), run<TestType, double>(c, Form::composed, frozen),
                1e-10);
      }
    }
  }
}

TEMPLATE_TEST_CASE("many neurons, a long time, many samples", "", Rnn, Lstm, Glifr<2>) {
  for (const bool last_only : {false, true}) {
    const LayerCase c{
        .steps = 41, .delay = 8, .batch = 9, .neurons = 70, .features = 12, .dropout = 0.2, .last_only = last_only};
    compare(c, run<TestType, double>(c, Form::fused), run<TestType, double>(c, Form::composed), 1e-10);
  }
}

TEMPLATE_TEST_CASE("in float the fused scan gives what it gives in double", "", Rnn, Lstm, Glifr<0>, Glifr<1>, Glifr<2>,
                   Glifr<3>, Calcium) {
  for_each_case([](const LayerCase& c) {
    if (c.neurons == 1)
      return;  // its gradients are single numbers, some of which cancel to nothing that could be compared
    compare(c, run<TestType, float>(c, Form::fused), run<TestType, double>(c, Form::fused), 1e-4);
  });
}

TEMPLATE_TEST_CASE("a tape that only runs forward gives the same bits", "", Rnn, Lstm, Glifr<2>, Calcium, Spiking) {
  for_each_case([](const LayerCase& c) {
    for (const Form form : {Form::fused, Form::composed}) {
      for (const bool track : {false, true}) {
        INFO(to_string(c));
        const auto recorded = run<TestType, float>(c, form, Frozen::nothing, track);
        const auto forward = run<TestType, float>(c, form, Frozen::nothing, track, Tape<float>::Mode::forward_only);
        for (std::size_t i = 0; i < forward.size(); ++i) {
          CHECK(relative_difference(forward[i].second, recorded[i].second) == 0);
        }
      }
    }
  });
}

TEST_CASE("a delayed network without state of its own depends on every delay-th step alone") {
  const LayerCase c{.steps = 11, .delay = 4, .batch = 2, .neurons = 3, .features = 2, .last_only = true};
  const auto outcome = run<Rnn, double>(c, Form::fused, Frozen::nothing, false);
  const auto found =
      std::find_if(outcome.begin(), outcome.end(), [](const auto& e) { return e.first == "gradient of input"; });
  REQUIRE(found != outcome.end());
  for (Index row = 0; row < c.steps * c.batch; ++row) {
    const bool is_seen = (c.steps - 1 - row / c.batch) % c.delay == 0;
    INFO("step " << row / c.batch);
    CHECK((found->second.view()(row, 0) != 0) == is_seen);
  }
}

TEST_CASE("samples do not see each other, and a batch may be cut up") {
  const LayerCase whole{.steps = 6, .delay = 2, .batch = 3, .neurons = 5};
  const LayerProblem<Glifr<2>, double> problem(whole);
  Tape<double> tape;
  std::vector<Var<double>> vars;
  for (const Tensor<double>& tensor : problem.tensors()) vars.push_back(put_on(tape, tensor));
  const Tensor<double> before = copy_of(problem.run(Form::fused, vars).output.value());
  const std::size_t input = vars.size() - 1;
  REQUIRE(problem.names()[input] == "input");
  for (Index t = 0; t < whole.steps; ++t) vars[input].value()(t * whole.batch + 1, 0) += 1;  // sample 1 alone
  const Tensor<double> after = copy_of(problem.run(Form::fused, vars).output.value());
  for (Index row = 0; row < whole.steps * whole.batch; ++row) {
    CHECK((before.view()(row, 0) == after.view()(row, 0)) == (row % whole.batch != 1));
  }
}

}  // namespace
