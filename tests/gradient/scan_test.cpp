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
#include "support/neurons.hpp"
#include "support/scans.hpp"

namespace {

using namespace glifr;
using test::Calcium;
using test::compare;
using test::copy_of;
using test::for_each_case;
using test::Form;
using test::Frozen;
using test::Gated;
using test::LayerCase;
using test::LayerProblem;
using test::put_on;
using test::relative_difference;
using test::run;
using test::Spiking;

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
    for (const bool has_initial_state : {false, true}) {
      for (const bool is_sparse : {false, true}) {
        const LayerCase c{.steps = 41,
                          .delay = 8,
                          .batch = 9,
                          .neurons = 70,
                          .features = 12,
                          .dropout = 0.2,
                          .last_only = last_only,
                          .has_initial_state = has_initial_state,
                          .is_sparse = is_sparse};
        for (const bool track : {false, true}) {
          compare(c, run<TestType, double>(c, Form::fused, Frozen::nothing, track),
                  run<TestType, double>(c, Form::composed, Frozen::nothing, track), 1e-10);
        }
      }
    }
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
