// How far a training step is from what the machine allows: for each task and model, the time of a step, and its floor,
// the sum of what its products, scans and gathers take at the rates that this machine reaches with all data in its
// nearest caches. A machine's speed varies, so rates and steps are measured in turn, and medians of the rounds printed.
//
//   step_floors [--threads N] [--seconds S] [--rounds R]   the table of tasks and models; S seconds of steps a round
//   step_floors --sizes [--most N] [--threads N] [--seconds S] [--rounds R]
//                                                          GFLOP/s of whole steps against the number of neurons, 64 to
//                                                          N
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "glifr/backend/detail/kernels.hpp"
#include "glifr/backend/detail/scan_kernels.hpp"
#include "glifr/backend/layout.hpp"
#include "glifr/backend/parallel.hpp"
#include "glifr/backend/processors.hpp"
#include "glifr/core/tensor.hpp"
#include "glifr/experiment/benchmark.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/network/models.hpp"

namespace {

using namespace glifr;

Index threads = available_processors();
double seconds = 1;
int rounds = 5;
Index most_neurons = 8192;

double median(std::vector<double> numbers) {
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  return *middle;
}

/// How often a second all threads together do the work that make() gives each of them, in its own memory.
double rate(const std::function<std::function<void()>()>& make) {
  using Clock = std::chrono::steady_clock;
  Workers workers(threads);
  std::vector<std::function<void()>> work;
  for (Index i = 0; i < threads; ++i) work.push_back(make());
  const auto run = [&](double for_seconds) {
    const Clock::time_point start = Clock::now();
    Index turns = 0;
    double spent = 0;
    while (spent < for_seconds) {
      constexpr Index at_once = 64;
      workers.run([&] {
        parallel_for(threads, [&](Index i) {
          for (Index turn = 0; turn < at_once; ++turn) work[static_cast<std::size_t>(i)]();
        });
      });
      turns += at_once * threads;
      spent = std::chrono::duration<double>(Clock::now() - start).count();
    }
    return static_cast<double>(turns) / spent;
  };
  run(0.01);
  return run(seconds / 5);
}

/// GFLOP/s of a long product whose operands stay in cache.
double product_rate() {
  constexpr Index rows = 96, inner = 256, columns = 256;
  const double per_second = rate([] {
    struct Operands {
      Tensor<float> a{{rows, inner}}, w{{inner, columns}}, c{{rows, columns}};
      Arena memory;
      kernels::Weights<float> weights;
    };
    auto o = std::make_shared<Operands>();
    for (Tensor<float>* t : {&o->a, &o->w})
      std::generate_n(t->data(), t->size(), [i = 0.0f]() mutable { return std::sin(i++); });
    o->weights = kernels::host<float>().prepare(kernels::Transpose::no, o->w.view(), rows, o->memory);
    return [o] { kernels::host<float>().multiply(o->a.view(), o->weights, 0, o->c.view()); };
  });
  return 2e-9 * static_cast<double>(rows * inner * columns) * per_second;
}

/// A window in the first cache: ten steps of 64 neurons, as many as a scan computes side by side at most.
template <class N>
struct SmallWindow {
  static constexpr Index steps = 10, neurons = 64, stride = layout::row_stride<float>(neurons);
  static constexpr Index states = state_count<N>, currents = input_count<N> * neurons;
  static constexpr Index parameters = parameter_count<N>;

  Tensor<float> physical{{parameters, neurons}}, synaptic{{steps, currents}}, output_grad{{steps, stride}};
  Tensor<float> synaptic_grad{{steps, currents}}, sums{{parameters, neurons}};
  Tensor<float> state{{states, (steps + 1) * stride}}, adjoint{{states, stride}};

  SmallWindow() {
    std::fill_n(physical.data(), physical.size(), 0.1f);
    for (Tensor<float>* tensor : {&synaptic, &output_grad, &state}) {
      for (Index i = 0; i < tensor->size(); ++i) tensor->data()[i] = 0.5f - 0.01f * static_cast<float>(i % 97);
    }
  }
  ScanWindow<N, float> window() {
    ScanWindow<N, float> w;
    w.steps = steps;
    w.batch = 1;
    w.neurons = neurons;
    w.stride = stride;
    w.synaptic_stride = currents;
    w.parameters = physical.data();
    w.constants.fill(0.3f);
    w.synaptic = synaptic.data();
    w.output_grad = output_grad.data();
    w.synaptic_grad = synaptic_grad.data();
    w.parameter_sum = sums.data();
    for (std::size_t k = 0; k < state_count<N>; ++k) {
      w.state[k] = state.data() + static_cast<Index>(k) * (steps + 1) * stride;
      w.state_step[k] = stride;
      w.adjoint[k] = adjoint.data() + static_cast<Index>(k) * stride;
    }
    return w;
  }
};

/// Neuron-steps a second of a scan forward and backward.
template <class N>
double scan_rate() {
  using Window = SmallWindow<N>;
  const double per_second = rate([] {
    auto small = std::make_shared<Window>();
    return [small, window = small->window()] {
      kernels::scan_forward(window);
      std::fill_n(small->sums.data(), small->sums.size(), 0.0f);
      std::fill_n(small->adjoint.data(), small->adjoint.size(), 0.1f);
      kernels::scan_backward(window);
    };
  });
  return per_second * static_cast<double>(Window::steps * Window::neurons);
}

double scan_rate(const std::string& model) {
  if (model == "rnn") return scan_rate<Rnn>();
  if (model == "lstmn") return scan_rate<Lstm>();
  return scan_rate<Glifr<2>>();
}

/// Additions a second when rows of a table in the second cache are summed.
double gather_rate() {
  constexpr Index rows = 200, columns = 256, sums = 64, active = 16;
  const double per_second = rate([] {
    struct Operands {
      Tensor<float> table{{rows, columns}}, sums_of{{sums, columns}};
      std::vector<std::uint16_t> indices;
      std::vector<ActiveInputs> lists;
      Arena scratch;
    };
    auto o = std::make_shared<Operands>();
    std::fill_n(o->table.data(), o->table.size(), 0.5f);
    for (Index i = 0; i < sums * active; ++i) o->indices.push_back(static_cast<std::uint16_t>(i * 37 % rows));
    for (Index i = 0; i < sums; ++i) o->lists.push_back({o->indices.data() + i * active, active});
    return [o] {
      o->scratch.reset();
      kernels::host<float>().gather_rows(o->lists.data(), o->table.view(), 0, o->sums_of.view(), o->scratch);
    };
  });
  return per_second * static_cast<double>(sums * active * columns);
}

struct Step {
  double median_ms = 0;
  StepWork work;
};

Step measure(const char* task, const std::string& model, const std::vector<std::pair<std::string, std::string>>& keys) {
  Config config(task);
  for (const auto& [key, value] : keys) config.set(key + "=" + value);
  const Settings settings = config.resolve(find_model(model));
  const auto result = run_benchmark(settings, {}, threads, seconds);
  return {1e3 * result.at("median_seconds").to_number<double>(), count_work(settings)};
}

void print_tasks() {
  std::printf("%lld threads\n", static_cast<long long>(threads));
  std::printf("%-7s %-12s %6s %9s %9s %9s %9s %9s %6s %9s\n", "task", "model", "batch", "ms", "products", "scans",
              "gathers", "floor", "ratio", "GFLOP/s");
  const struct {
    const char *task, *batch;
  } tasks[] = {{"sine", "6"}, {"lmnist", "256"}, {"nmnist", "512"}, {"pmnist", "512"}};
  for (const std::string model : {"glifr_lheta", "rnn", "lstmn"}) {
    for (const auto& [task, batch] : tasks) {
      std::vector<double> steps, products, scans, gathers, floors, ratios, rates;
      for (int round = 0; round < rounds; ++round) {
        const double product_rate_now = product_rate(), scan_rate_now = scan_rate(model);
        const Step step = measure(task, model, {{"batch_size", batch}});
        rates.push_back(product_rate_now);
        products.push_back(1e3 * step.work.gflop / product_rate_now);
        scans.push_back(1e3 * step.work.neuron_steps / scan_rate_now);
        gathers.push_back(step.work.gathered > 0 ? 1e3 * step.work.gathered / gather_rate() : 0);
        floors.push_back(products.back() + scans.back() + gathers.back());
        steps.push_back(step.median_ms);
        ratios.push_back(steps.back() / floors.back());
      }
      std::printf("%-7s %-12s %6s %9.3f %9.3f %9.3f %9.3f %9.3f %6.2f %9.0f\n", task, model.c_str(), batch,
                  median(steps), median(products), median(scans), median(gathers), median(floors), median(ratios),
                  median(rates));
      std::fflush(stdout);
    }
  }
}

void print_sizes() {
  std::printf("%lld threads\n", static_cast<long long>(threads));
  std::printf("%-7s %6s %7s %10s %9s %9s %6s\n", "task", "batch", "neurons", "ms", "GFLOP/s", "in cache", "share");
  for (const char* task : {"lmnist", "pmnist"}) {
    for (const char* batch : {"64", "512"}) {
      for (Index neurons = 64; neurons <= most_neurons; neurons *= 2) {
        if (std::strcmp(task, "pmnist") == 0 && neurons > 1024) continue;  // minutes a step
        std::vector<double> steps, speeds, rates, shares;
        for (int round = 0; round < rounds; ++round) {
          rates.push_back(product_rate());
          const Step step =
              measure(task, "glifr_lheta", {{"batch_size", batch}, {"hidden_size", std::to_string(neurons)}});
          steps.push_back(step.median_ms);
          speeds.push_back(1e3 * step.work.gflop / step.median_ms);
          shares.push_back(speeds.back() / rates.back());
        }
        std::printf("%-7s %6s %7lld %10.3f %9.1f %9.1f %6.2f\n", task, batch, static_cast<long long>(neurons),
                    median(steps), median(speeds), median(rates), median(shares));
        std::fflush(stdout);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  bool sizes = false;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--sizes") {
      sizes = true;
    } else if (option == "--threads" && i + 1 < argc) {
      threads = std::atoll(argv[++i]);
    } else if (option == "--most" && i + 1 < argc) {
      most_neurons = std::atoll(argv[++i]);
    } else if (option == "--seconds" && i + 1 < argc) {
      seconds = std::atof(argv[++i]);
    } else if (option == "--rounds" && i + 1 < argc) {
      rounds = std::max(1, std::atoi(argv[++i]));
    } else {
      std::fprintf(stderr,
                   "step_floors: found %s; accepted: --sizes, --most NEURONS, --threads N, --seconds S, --rounds R\n",
                   option.c_str());
      return 2;
    }
  }
  sizes ? print_sizes() : print_tasks();
}
