#include "glifr/experiment/benchmark.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <numeric>

#include "glifr/network/initialize.hpp"
#include "glifr/training/device_runner.hpp"

namespace glifr {

namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

template <class Work>
double seconds_of(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// Floating-point operations of a step's matrix products, in 10^9: input, lateral and readout, each once forward, and
/// once for each of the gradients that training asks for. Steps that cannot reach the loss are not counted.
double count_gflop(const Settings& s) {
  const bool is_lstm = find_model(s.model).cell == CellKind::lstm, is_rnn = find_model(s.model).cell == CellKind::rnn;
  const bool last = s.final_reduction == Settings::Reduction::last;
  const Index delay = is_lstm ? 1 : s.delay_steps(), all_steps = s.time_steps();
  const bool skips = is_rnn && last;
  const Index steps = skips ? (all_steps - 1) / delay + 1 : all_steps;
  const Index heard = std::max<Index>(0, steps - (skips ? 1 : delay));
  const double gates = is_lstm ? 4 : 1, n = static_cast<double>(s.hidden_size),
               batch = static_cast<double>(s.batch_size);
  const double sources = static_cast<double>(s.input_size) * (s.data == Settings::Data::nmnist ? s.input_density : 1);
  const double input = static_cast<double>(steps) * sources * gates * n * 2;
  const double lateral = static_cast<double>(heard) * n * gates * n * 3;
  const double readout = static_cast<double>(last ? 1 : steps) * n * static_cast<double>(s.output_size) * 3;
  return 2e-9 * batch * (input + lateral + readout);
}

struct Times {
  std::vector<double> steps, forwards;  // seconds each
};

constexpr std::size_t least_steps = 5;

template <Scalar T>
Times time_workers(RecurrentNetwork<T>& network, const Dataset<T>& data, const Settings& settings,
                   const RunOptions& options, Index threads, double seconds) {
  Workers workers(threads);
  Trainer<T> trainer(network, data, training_settings(settings, options.seed, options.engine), workers);
  BatchRunner<T> forward(network, data, threads, settings.micro_batch);
  std::vector<Index> batch(static_cast<std::size_t>(settings.batch_size));
  std::iota(batch.begin(), batch.end(), Index{0});

  const auto step = [&] { trainer.step(batch, settings.lr); };
  const auto run_forward = [&] { workers.run([&] { return forward.evaluate(batch, options.engine); }); };
  for (int i = 0; i < 3; ++i) {
    step();
    run_forward();
  }
  Times times;
  for (double spent = 0; spent < seconds || times.steps.size() < least_steps;) {
    times.steps.push_back(seconds_of(step));
    if (times.steps.size() % 4 == 1) times.forwards.push_back(seconds_of(run_forward));
    spent += times.steps.back();
  }
  return times;
}

/// A device is timed over the steps of an epoch, for it works ahead of who asks.
template <Scalar T>
Times time_device(RecurrentNetwork<T>& network, const Dataset<T>& data, const Settings& settings,
                  const RunOptions& options, Device& device, double seconds) {
  const TrainingSettings training = training_settings(settings, options.seed, options.engine);
  DeviceRunner<T> runner(network, data, training, device);
  runner.load_parameters();
  runner.load(Optimizer<T>(network.parameters(), training.optimizer));
  std::vector<Index> order(static_cast<std::size_t>(data.size()));
  std::iota(order.begin(), order.end(), Index{0});
  const Index batches = data.size() / settings.batch_size;
  const auto epoch = [&] {
    runner.begin(order, {}, settings.lr, Random(options.seed, Stream::dropout));
    for (Index i = 0; i < batches; ++i) runner.step(settings.batch_size);
    runner.score(1);
  };
  const auto run_forward = [&] { runner.evaluate(); };
  epoch();
  run_forward();
  Times times;
  const double share = 1 / static_cast<double>(batches);
  for (double spent = 0; spent < seconds || times.steps.size() < least_steps;) {
    const double whole = seconds_of(epoch);
    times.steps.push_back(whole * share);
    if (times.steps.size() % 4 == 1) times.forwards.push_back(seconds_of(run_forward) * share);
    spent += whole;
  }
  return times;
}

template <Scalar T>
boost::json::object measure(const Settings& settings, const RunOptions& options, Index threads, double seconds) {
  const auto device = options.open_device ? options.open_device() : nullptr;
  const auto data = make_synthetic_data<T>(settings, device ? 16 : 2);
  const auto network = make_network<T>(settings);
  initialize_homogeneous(*network, options.seed);
  const auto [steps, forwards] = device ? time_device<T>(*network, *data, settings, options, *device, seconds)
                                        : time_workers<T>(*network, *data, settings, options, threads, seconds);
  const double gflop = count_gflop(settings), middle = median(steps);
  return {{"task", settings.task},
          {"model", settings.model},
          {"device", options.device},
          {"precision", options.precision == Precision::float32 ? "float32" : "float64"},
          {"engine", options.engine == Engine::fused ? "fused" : "composed"},
          {"threads", threads},
          {"batch_size", settings.batch_size},
          {"median_seconds", middle},
          {"min_seconds", *std::min_element(steps.begin(), steps.end())},
          {"forward_seconds", median(forwards)},
          {"steps", steps.size()},
          {"peak_mb", peak_megabytes()},
          {"gflop", gflop},
          {"gflops", gflop / middle}};
}

}  // namespace

boost::json::object run_benchmark(const Settings& settings, const RunOptions& options, Index threads, double seconds) {
  return options.precision == Precision::float32 ? measure<float>(settings, options, threads, seconds)
                                                 : measure<double>(settings, options, threads, seconds);
}

}  // namespace glifr
