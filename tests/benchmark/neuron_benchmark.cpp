// A training step (forward, backward, Adam) of a network of neurons that a user has written, beside one of built-in
// GLIFR neurons with as many states, on data of a task's shape.
#include <benchmark/benchmark.h>

#include <numeric>
#include <vector>

#include "glifr/backend/processors.hpp"
#include "glifr/datasets/synthetic.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/training/trainer.hpp"
#include "support/literature.hpp"

namespace {

using namespace glifr;

/// The shape of a task: values at every step, or a class at the end.
struct Task {
  Index time_steps, input_size, hidden_size, delay, batch, classes;
};
constexpr Task sine{.time_steps = 100, .input_size = 1, .hidden_size = 124, .delay = 20, .batch = 6, .classes = 0};
constexpr Task lmnist{.time_steps = 28, .input_size = 28, .hidden_size = 252, .delay = 20, .batch = 256, .classes = 10};

template <class N>
void training_step(benchmark::State& state, const Task& task) {
  Network<Cell<N, float>> network(
      CellSettings<N>{.input_size = task.input_size, .hidden_size = task.hidden_size, .delay = task.delay},
      task.classes > 0 ? task.classes : 1, task.classes > 0 ? Outputs::last_step : Outputs::every_step);
  initialize_homogeneous(network, 1);
  const SyntheticDataset<float> data({.samples = task.batch,
                                      .time_steps = task.time_steps,
                                      .input_size = task.input_size,
                                      .classes = task.classes,
                                      .target_size = task.classes > 0 ? 0 : 1});
  Workers workers(available_processors());
  Trainer<float> trainer(network, data, {.batch_size = task.batch}, workers);
  std::vector<Index> samples(static_cast<std::size_t>(task.batch));
  std::iota(samples.begin(), samples.end(), Index{0});
  workers.run([&] {
    for (auto _ : state) trainer.step(samples, 1e-4);
  });
}

template <class N>
void on_sine(benchmark::State& state) {
  training_step<N>(state, sine);
}
template <class N>
void on_lmnist(benchmark::State& state) {
  training_step<N>(state, lmnist);
}

}  // namespace

BENCHMARK(on_sine<test::AdaptiveRate>);
BENCHMARK(on_sine<test::AdaptiveSpiking>);
BENCHMARK(on_sine<Glifr<1>>);
BENCHMARK(on_sine<test::WongWang>);
BENCHMARK(on_sine<Glifr<0>>);
BENCHMARK(on_lmnist<test::AdaptiveRate>);
BENCHMARK(on_lmnist<test::AdaptiveSpiking>);
BENCHMARK(on_lmnist<Glifr<1>>);
BENCHMARK(on_lmnist<test::WongWang>);
BENCHMARK(on_lmnist<Glifr<0>>);
BENCHMARK_MAIN();
