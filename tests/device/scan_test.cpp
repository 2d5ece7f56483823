// Fused scans on a device against the same on the host: outputs, states, synaptic currents, loss and every gradient.
#include "glifr/ops/scan.hpp"

#include <cmath>

#include "glifr/neurons/glifr.hpp"
#include "glifr/neurons/lstm.hpp"
#include "glifr/neurons/rnn.hpp"
#include "support/devices.hpp"
#include "support/neurons.hpp"
#include "support/scans.hpp"

namespace {

using namespace glifr;
using test::Calcium;
using test::compare;
using test::for_each_case;
using test::Form;
using test::Frozen;
using test::Gated;
using test::LayerCase;
using test::run;
using test::Spiking;

TEMPLATE_TEST_CASE("a scan on a device gives what it gives on the host", "[grid]", Rnn, Lstm, Glifr<0>, Glifr<1>,
                   Glifr<2>, Glifr<3>, Glifr<4>, Calcium, Gated, Spiking) {
  GLIFR_NEEDS_DEVICE(device);
  using N = TestType;
  for_each_case([&](const LayerCase& c) {
    const bool track = c.batch != 2;
    const auto check = [&]<class T>(T, const LayerCase& layer, double tolerance) {
      compare(layer, run<N, T>(layer, Form::fused, Frozen::nothing, track, Tape<T>::Mode::record, device),
              run<N, double>(layer, Form::fused, Frozen::nothing, track), tolerance);
    };
    check(double{}, c, 1e-10);
    if (c.neurons == 1) return;
    // Weights as networks have them: larger ones saturate neurons, and of their slope rounding leaves little in floats.
    LayerCase moderate = c;
    moderate.largest_lateral = 1 / std::sqrt(static_cast<double>(c.neurons));
    check(float{}, moderate, 1e-4);
  });
}

TEMPLATE_TEST_CASE("tensors without gradients, networks that only run forward", "", Rnn, Lstm, Glifr<2>, Gated) {
  GLIFR_NEEDS_DEVICE(device);
  using T = double;
  for (const bool last_only : {false, true}) {
    const LayerCase c{.steps = 7, .delay = 3, .neurons = 5, .last_only = last_only, .has_initial_state = last_only};
    for (const Frozen frozen : {Frozen::dynamics, Frozen::weights, Frozen::everything_but_input}) {
      compare(c, run<TestType, T>(c, Form::fused, frozen, false, Tape<T>::Mode::record, device),
              run<TestType, T>(c, Form::fused, frozen, false), 1e-10);
    }
    compare(c, run<TestType, T>(c, Form::fused, Frozen::nothing, false, Tape<T>::Mode::forward_only, device),
            run<TestType, T>(c, Form::fused, Frozen::nothing, false, Tape<T>::Mode::forward_only), 1e-10);
  }
}

TEMPLATE_TEST_CASE("many neurons, a long time, many samples", "", Rnn, Lstm, Glifr<2>) {
  GLIFR_NEEDS_DEVICE(device);
  for (const bool is_sparse : {false, true}) {
    const LayerCase c{.steps = 41,
                      .delay = 8,
                      .batch = 131,
                      .neurons = 70,
                      .features = is_sparse ? 40 : 1,
                      .dropout = 0.2,
                      .last_only = is_sparse,
                      .is_sparse = is_sparse};
    compare(c, run<TestType, double>(c, Form::fused, Frozen::nothing, false, Tape<double>::Mode::record, device),
            run<TestType, double>(c, Form::fused, Frozen::nothing, false), 1e-10);
  }
}

TEMPLATE_TEST_CASE("the composed form runs on a device too", "", Rnn, Lstm, Glifr<2>, Calcium, Gated, Spiking) {
  GLIFR_NEEDS_DEVICE(device);
  for (const bool is_sparse : {false, true}) {
    const LayerCase c{.steps = 6,
                      .delay = 2,
                      .batch = 3,
                      .neurons = 5,
                      .dropout = 0.3,
                      .is_silenced = true,
                      .has_initial_state = true,
                      .is_sparse = is_sparse};
    compare(c, run<TestType, double>(c, Form::composed, Frozen::nothing, true, Tape<double>::Mode::record, device),
            run<TestType, double>(c, Form::composed), 1e-10);
  }
}

}  // namespace
