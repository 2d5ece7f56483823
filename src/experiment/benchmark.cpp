#include "glifr/experiment/benchmark.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <numeric>

#include "glifr/backend/cpu_target.hpp"
#include "glifr/cells/connections.hpp"
#include "glifr/distributed/device_links.hpp"
#include "glifr/distributed/group.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/data.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/training/engine.hpp"
#include "trial_checks.hpp"

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

struct Times {
  std::vector<double> steps, forwards;  // seconds each
};

/// Times the steps and the evaluations of an engine on whole batches.
template <Scalar T>
Times time_engine(TrainingEngine<T>& engine, const Dataset<T>& data, const Settings& settings, double seconds,
                  Group* group) {
  std::vector<Index> order(static_cast<std::size_t>(data.size()));
  std::iota(order.begin(), order.end(), Index{0});
  const Index batches = data.size() / settings.training.batch_size;
  const Epoch epoch{.order = order,
                    .batch_size = settings.training.batch_size,
                    .learning_rate = settings.training.learning_rate.initial};
  Times times;
  const auto run_epoch = [&] {
    double spent = 0;
    Position position;
    engine.begin(epoch, position);
    while (position.step < batches) {
      const Index before = position.step;
      const double some = seconds_of([&] { engine.advance(position); });
      times.steps.push_back(some / static_cast<double>(position.step - before));
      spent += some;
    }
    return spent;
  };
  const auto run_forward = [&] {
    times.forwards.push_back(seconds_of([&] { engine.evaluate(); }) / static_cast<double>(batches));
  };
  for (int i = 0; i < 2; ++i) {  // memory is taken, kernels are loaded, steps are recorded
    run_epoch();
    run_forward();
  }
  times = {};
  constexpr std::size_t least_steps = 5;
  std::size_t epochs = 0;
  double spent = 0;
  const auto goes_on = [&] { return spent < seconds || times.steps.size() < least_steps; };
  for (; decided_by_first(group, goes_on); ++epochs) {
    spent += run_epoch();
    if (epochs % 4 == 0) run_forward();
  }
  return times;
}

template <Scalar T>
boost::json::object measure(const Settings& settings, const RunOptions& options, Index threads, double seconds) {
  const auto device = options.open_device ? options.open_device() : nullptr;
  const auto data = make_synthetic_data<T>(settings, device ? 16 : 2);
  const auto network = make_network<T>(settings);
  initialize_homogeneous(*network, options.seed);
  const TrainingSettings training = training_settings(settings, options.seed, options.engine);
  Workers workers(threads);
  Optimizer<T> optimizer(network->parameters(), training.optimizer);
  const EngineParts<T> parts{*network, *data, training, optimizer};
  const auto links = device && options.group ? link_devices(*device, *options.group) : nullptr;
  const auto engine = device          ? make_device_engine<T>(parts, *device, links.get())
                      : options.group ? make_group_engine<T>(parts, workers, *options.group)
                                      : make_worker_engine<T>(parts, workers);
  const auto [steps, forwards] = time_engine<T>(*engine, *data, settings, seconds, options.group);
  const StepWork work = count_work(settings);
  const double gflop = work.gflop + 2e-9 * work.gathered, middle = median(steps);
  return {{"task", settings.task.name},
          {"model", settings.model.name},
          {"device", options.device},
          {"precision", std::string(to_string(options.precision))},
          {"engine", std::string(to_string(options.engine))},
          {"cpu_target", std::string(to_string(cpu_target()))},
          {"processes", options.group ? options.group->size() : 1},
          {"threads", threads},
          {"batch_size", settings.training.batch_size},
          {"median_seconds", middle},
          {"min_seconds", *std::min_element(steps.begin(), steps.end())},
          {"forward_seconds", median(forwards)},
          {"steps", steps.size()},
          {"peak_mb", peak_megabytes()},
          {"gflop", gflop},
          {"gflops", gflop / middle}};
}

}  // namespace

StepWork count_work(const Settings& s) {
  const NetworkDescription network = describe_network(s);
  const Index all_steps = s.time_steps();
  const bool last = network.outputs == Outputs::last_step;
  const double batch = static_cast<double>(s.training.batch_size);
  const std::optional<double> density = find_task(s.task.base).input_density(s);
  double sources = static_cast<double>(s.model.input_size);
  double products = 0;
  StepWork work;
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    const LayerDescription& layer = network.layers[k];
    const NeuronInfo& neuron = find_neuron(layer.neuron, layer.num_ascs);
    const Index delay = delay_steps(layer.synaptic_delay, network.dt);
    const bool skips = !neuron.carries_state && last && k + 1 == network.layers.size();
    const Index steps = skips ? (all_steps - 1) / delay + 1 : all_steps;
    const Index heard = std::max<Index>(0, steps - (skips ? 1 : delay));
    const double n = static_cast<double>(layer.size), inputs = static_cast<double>(neuron.inputs);
    const auto connected = [](const std::vector<detail::ConnectionBlock>& blocks, double pairs) {
      return blocks.empty() ? pairs : static_cast<double>(detail::count_connections(blocks));
    };
    const bool is_gathered = k == 0 && density;  // of all pairs, whichever are connected
    const double from_input =
        is_gathered
            ? sources * n
            : connected(detail::input_blocks(layer.population, static_cast<Index>(sources), layer.size), sources * n);
    const double among_neurons = connected(detail::lateral_blocks(layer.population, layer.size), n * n);
    const double projected = static_cast<double>(steps) * from_input * inputs * (k == 0 ? 2 : 3);
    if (is_gathered) {
      work.gathered = batch * *density * projected;
    } else {
      products += projected;
    }
    products += static_cast<double>(heard) * among_neurons * inputs * 3;
    work.neuron_steps += batch * static_cast<double>(steps) * n;
    sources = n;
  }
  products += static_cast<double>(last ? 1 : all_steps) * sources * static_cast<double>(s.model.output_size) * 3;
  work.gflop = 2e-9 * batch * products;
  return work;
}

boost::json::object run_benchmark(const Settings& settings, const RunOptions& options, Index threads, double seconds) {
  check_device(options);
  return options.precision == Precision::float32 ? measure<float>(settings, options, threads, seconds)
                                                 : measure<double>(settings, options, threads, seconds);
}

}  // namespace glifr
