// ns per neuron-step of the scan over a window: forward, reverse as derived by the compiler, reverse as written by
// hand.
#include <benchmark/benchmark.h>

#include <vector>

#include "hand_scan.hpp"

namespace {

using namespace glifr;

/// Buffers of a window of 28 steps and 256 neurons, filled with plausible numbers.
struct Problem {
  static constexpr Index steps = 28, neurons = 256, stride = layout::row_stride<float>(neurons);
  Index batch;
  std::vector<float> parameters, constants, synaptic, output_grad, synaptic_grad, sums;
  std::array<std::vector<float>, 4> state, adjoint;

  explicit Problem(Index samples) : batch(samples) {
    const float physical[] = {1, 0.05f, 2, 2, 0.01f, -0.01f, 0.01f, -0.01f};
    for (const float value : physical) parameters.insert(parameters.end(), neurons, value);
    constants = {0.05f, 0.05f, 1, 0.1f, 0, 0};
    const auto size = static_cast<std::size_t>(steps * batch * stride);
    for (std::size_t i = 0; i < size; ++i) {
      synaptic.push_back(static_cast<float>(i % 17) / 17 - 0.5f);
      output_grad.push_back(static_cast<float>(i % 13) / 13 - 0.5f);
    }
    synaptic_grad.resize(size);  // of its own: gradients of gradients would fade to denormal numbers, which are slow
    sums.assign(8 * neurons, 0);
    for (auto& rows : state) rows.assign(static_cast<std::size_t>((steps + 1) * batch * stride), 0);
    for (auto& rows : adjoint) rows.assign(static_cast<std::size_t>(batch * stride), 0);
  }

  ScanWindow<Glifr<2>, float> window() {
    ScanWindow<Glifr<2>, float> w;
    w.steps = steps;
    w.batch = batch;
    w.neurons = neurons;
    w.stride = w.synaptic_stride = stride;
    w.parameters = parameters.data();
    std::copy_n(constants.begin(), w.constants.size(), w.constants.begin());
    w.synaptic = synaptic.data();
    w.output_grad = output_grad.data();
    w.synaptic_grad = synaptic_grad.data();
    w.parameter_sum = sums.data();
    for (std::size_t k = 0; k < 4; ++k) {
      w.state[k] = state[k].data();
      w.state_step[k] = batch * stride;
      w.adjoint[k] = adjoint[k].data();
    }
    return w;
  }
};

template <class Scan>
void run(benchmark::State& state, Scan scan) {
  Problem problem(state.range(0));
  const auto window = problem.window();
  cpu::scan_forward(window);
  for (auto _ : state) {
    scan(window);
    benchmark::ClobberMemory();
  }
  const double cells = static_cast<double>(Problem::steps * Problem::neurons * problem.batch);
  state.counters["neuron_step"] =
      benchmark::Counter(cells, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

template <int Registers>
void forward(benchmark::State& s) {
  run(s, cpu::scan_forward_by<Registers, Glifr<2>, float>);
}
template <int Registers>
void derived(benchmark::State& s) {
  run(s, cpu::scan_backward_by<Registers, Glifr<2>, float>);
}
template <int Registers>
void hand(benchmark::State& s) {
  run(s, benchmark_support::hand_backward<Registers>);
}

}  // namespace

BENCHMARK(forward<1>)->Arg(4)->Arg(32);
BENCHMARK(forward<2>)->Arg(4)->Arg(32);
BENCHMARK(forward<4>)->Arg(4)->Arg(32);
BENCHMARK(derived<1>)->Arg(4)->Arg(32);
BENCHMARK(derived<2>)->Arg(4)->Arg(32);
BENCHMARK(derived<4>)->Arg(4)->Arg(32);
BENCHMARK(hand<1>)->Arg(4)->Arg(32);
BENCHMARK(hand<2>)->Arg(4)->Arg(32);
BENCHMARK(hand<4>)->Arg(4)->Arg(32);
BENCHMARK_MAIN();
