// Matrix products in the shapes of a training step, and the functions that neurons spend their time in.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "glifr/backend/detail/cpu/pack.hpp"
#include "glifr/backend/detail/kernels.hpp"
#include "glifr/backend/layout.hpp"
#include "glifr/core/tensor.hpp"

namespace {

using namespace glifr;
using kernels::Transpose;

/// Products of a window, `rows` by N by N.
struct Operands {
  Index rows, n, stride;
  Tensor<float> a, w, c;  // aligned as those of a network

  explicit Operands(const benchmark::State& state)
      : rows(state.range(0)),
        n(state.range(1)),
        stride(layout::row_stride<float>(n)),
        a({rows, stride}),
        w({n, n}),
        c({rows, stride}) {
    // Numbers of all bits: a processor multiplies simple ones, which take less power, faster.
    for (Tensor<float>* t : {&a, &w})
      std::generate_n(t->data(), t->size(), [i = 0.0f]() mutable { return std::sin(i++); });
  }
  [[nodiscard]] View<const float> activity() const { return {a.data(), rows, n, stride}; }
  [[nodiscard]] View<float> weights() { return {w.data(), n, n}; }
  [[nodiscard]] View<float> currents() { return {c.data(), rows, n, stride}; }
};

template <class Product>
void time_product(benchmark::State& state, Operands& o, Product product) {
  for (auto _ : state) {
    product();
    benchmark::ClobberMemory();
  }
  state.counters["flop/s"] =
      benchmark::Counter(2.0 * static_cast<double>(o.rows * o.n * o.n), benchmark::Counter::kIsIterationInvariantRate);
}

/// With weights that are laid out once for all windows, as scans have them.
void lateral(benchmark::State& state, Transpose transpose) {
  Operands o(state);
  Arena memory;
  const auto weights = kernels::host<float>().prepare(transpose, o.weights(), o.rows, memory);
  time_product(state, o, [&] { kernels::host<float>().multiply(o.activity(), weights, 1, o.currents()); });
}
void lateral_forward(benchmark::State& state) {
  lateral(state, Transpose::no);
}
void lateral_backward(benchmark::State& state) {
  lateral(state, Transpose::yes);
}
void weight_gradient(benchmark::State& state) {
  Operands o(state);
  time_product(state, o,
               [&] { kernels::host<float>().multiply_transposed(o.activity(), o.currents(), 1, o.weights()); });
}

/// The same products through the library that CMake found.
void library(benchmark::State& state, Transpose transpose_a, Transpose transpose_b) {
  Operands o(state);
  time_product(state, o, [&] {
    if (transpose_a == Transpose::yes) {
      kernels::host<float>().gemm(transpose_a, transpose_b, o.activity(), o.currents(), 1, o.weights());
    } else {
      kernels::host<float>().gemm(transpose_a, transpose_b, o.activity(), o.weights(), 1, o.currents());
    }
  });
}
void library_forward(benchmark::State& state) {
  library(state, Transpose::no, Transpose::no);
}
void library_backward(benchmark::State& state) {
  library(state, Transpose::no, Transpose::yes);
}
void library_gradient(benchmark::State& state) {
  library(state, Transpose::yes, Transpose::no);
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

#define GLIFR_SHAPES      \
  ->Args({60, 124})       \
      ->Args({160, 252})  \
      ->Args({300, 252})  \
      ->Args({160, 122})  \
      ->Args({160, 512})  \
      ->Args({160, 1024}) \
      ->Args({640, 2048})
BENCHMARK(lateral_forward) GLIFR_SHAPES;
BENCHMARK(lateral_backward) GLIFR_SHAPES;
BENCHMARK(weight_gradient) GLIFR_SHAPES;
BENCHMARK(library_forward) GLIFR_SHAPES;
BENCHMARK(library_backward) GLIFR_SHAPES;
BENCHMARK(library_gradient) GLIFR_SHAPES;
BENCHMARK(sigmoid_of_pack);
BENCHMARK(tanh_of_pack);
BENCHMARK_MAIN();
