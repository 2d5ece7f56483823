// Gradients of whole layers over time, fused and composed, against central differences: by the weights, every raw
// parameter, the input and the initial state.
#include "glifr/core/gradient_check.hpp"
#include "glifr/neurons/glifr.hpp"
#include "glifr/neurons/lstm.hpp"
#include "glifr/neurons/rnn.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/neurons.hpp"

namespace {

using namespace glifr;
using test::Calcium;
using test::Form;
using test::Gated;
using test::LayerCase;
using test::LayerProblem;

template <class N>
void check(const LayerCase& layer_case) {
  const LayerProblem<N, double> problem(layer_case);
  for (const Form form : {Form::fused, Form::composed}) {
    const GradientCheck check = gradient_check(
        [&](Tape<double>&, std::vector<Var<double>>& in) { return problem.run(form, in).output; }, problem.tensors());
    INFO((form == Form::fused ? "fused, " : "composed, ") << to_string(layer_case) << ": " << check.report);
    CHECK(check.passed);
  }
}

TEMPLATE_TEST_CASE("gradients of a layer over time", "", Rnn, Lstm, Glifr<0>, Glifr<1>, Glifr<2>, Glifr<3>, Calcium,
                   Gated) {
  // One step and several, without a delay and with one longer than, as long as and shorter than the time.
  for (const auto& [steps, delay] : {std::array<Index, 2>{1, 1}, {5, 1}, {1, 3}, {2, 3}, {3, 3}, {7, 3}}) {
    for (const Index batch : {1, 3}) {
      LayerCase c{.steps = steps, .delay = delay, .batch = batch, .neurons = 2, .features = 1};
      check<TestType>(c);
      c.last_only = true;
      check<TestType>(c);
      c.has_initial_state = true;
      check<TestType>(c);
      c.dropout = 0.3;
      c.is_silenced = true;
      c.last_only = false;
      check<TestType>(c);
      c.has_initial_state = false;
      c.last_only = true;
      check<TestType>(c);
    }
  }
}

TEMPLATE_TEST_CASE("gradients of a layer with silenced neurons, outputs all dropped, sparse input", "", Rnn, Lstm,
                   Glifr<2>, Calcium, Gated) {
  check<TestType>({.steps = 5, .delay = 2, .neurons = 4, .is_silenced = true});
  check<TestType>({.steps = 5, .delay = 2, .neurons = 4, .dropout = 1});
  check<TestType>({.steps = 5, .delay = 2, .neurons = 4, .features = 3, .is_sparse = true});
}

}  // namespace
