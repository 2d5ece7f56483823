// Matrix products in the shapes of a training step, and the functions that neurons spend their time in.
#include <benchmark/benchmark.h>

#include <vector>

#include "glifr/backend/cpu/pack.hpp"
#include "glifr/backend/kernels.hpp"

namespace {

using namespace glifr;
using kernels::Transpose;

/// Lateral product of a window, `rows` by N by N, as the forward pass asks for it (and, transposed, the backward pass).
void product(benchmark::State& state, Transpose transpose_a, Transpose transpose_b) {
  const Index rows = state.range(0), n = state.range(1), stride = cpu::padded<float>(n);
  std::vector<float> a(static_cast<std::size_t>(rows * stride), 0.5f), w(static_cast<std::size_t>(n * n), 0.5f),
      c(static_cast<std::size_t>(rows * stride), 0);
  const View<const float> activity(a.data(), rows, n, stride);
  for (auto _ : state) {
    if (transpose_a == Transpose::yes) {
      kernels::gemm<float>(transpose_a, transpose_b, activity, View<const float>(c.data(), rows, n, stride), 1,
                           {w.data(), n, n});
    } else {
      kernels::gemm<float>(transpose_a, transpose_b, activity, View<const float>(w.data(), n, n), 1,
                           {c.data(), rows, n, stride});
    }
    benchmark::ClobberMemory();
  }
  state.counters["flop/s"] =
      benchmark::Counter(2.0 * static_cast<double>(rows * n * n), benchmark::Counter::kIsIterationInvariantRate);
}

void lateral_forward(benchmark::State& state) {
  product(state, Transpose::no, Transpose::no);
}
void lateral_backward(benchmark::State& state) {
  product(state, Transpose::no, Transpose::yes);
}
void weight_gradient(benchmark::State& state) {
  product(state, Transpose::yes, Transpose::no);
}

/// A function of a neuron, applied to an array that fits the first cache.
template <class F>
void function(benchmark::State& state, F f) {
  using P = cpu::Pack<float, 4>;
  constexpr Index count = 4096;
  std::vector<float> x(count), y(count);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i) / 512 - 4;
  for (auto _ : state) {
    for (Index i = 0; i < count; i += P::width) f(P::load(x.data() + i)).store(y.data() + i);
    benchmark::ClobberMemory();
  }
  state.counters["elements/s"] =
      benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsIterationInvariantRate);
}

void sigmoid_of_pack(benchmark::State& state) {
  function(state, [](const auto& x) { return sigmoid(x); });
}
void tanh_of_pack(benchmark::State& state) {
  function(state, [](const auto& x) { return tanh(x); });
}

}  // namespace

#define GLIFR_SHAPES ->Args({60, 124})->Args({160, 252})->Args({300, 252})->Args({160, 122})
BENCHMARK(lateral_forward) GLIFR_SHAPES;
BENCHMARK(lateral_backward) GLIFR_SHAPES;
BENCHMARK(weight_gradient) GLIFR_SHAPES;
BENCHMARK(sigmoid_of_pack);
BENCHMARK(tanh_of_pack);
BENCHMARK_MAIN();
