#include "glifr/datasets/sine.hpp"

#include <cstdint>

#include "glifr/cells/cell.hpp"
#include "glifr/error.hpp"
#include "glifr/io/number.hpp"
#include "tasks.hpp"

namespace glifr {

namespace {

constexpr std::uint32_t key_of_test_noise = 0x74657374;

SineSettings sine_settings(const Settings& s) {
  return {
      s.time_steps(),      s.model.dt, s.task.whole("num_freqs"), s.task.number("freq_min"), s.task.number("freq_max"),
      s.task.number("amp")};
}

/// One network produces several sine waves, told which by a constant input.
class SineTask final : public TaskOf<SineTask> {
 public:
  SineTask() : TaskOf("sine", detail::built_in_configuration("sine")) {}

  [[nodiscard]] std::vector<TaskKey> keys() const override {
    return {{.name = "sim_time", .value = 5.0, .help = "duration of a sample", .unit = "ms", .range = Range::above(0)},
            {.name = "num_freqs",
             .value = Index{6},
             .help = "sine waves, a sample each",
             .range = {.lowest = 1, .highest = 1e6}},
            {.name = "freq_min", .value = 0.08, .help = "lowest frequency", .unit = "1/ms", .range = Range::above(0)},
            {.name = "freq_max",
             .value = 0.6,
             .help = "highest frequency; those between are spaced evenly on a logarithmic scale",
             .unit = "1/ms",
             .range = Range::above(0)},
            {.name = "amp", .value = 1.0, .help = "amplitude of the waves"},
            {.name = "noise_mean", .value = 0.0, .help = "mean of the noise on the targets"},
            {.name = "noise_std",
             .value = 0.0,
             .help = "standard deviation of the noise on the targets",
             .range = Range::from(0)}};
  }

  void check(const Settings& s) const override {
    Task::check(s);
    check_steps("sim_time", s, s.task.number("sim_time"), 1);
    if (s.task.number("freq_min") > s.task.number("freq_max")) {
      throw ConfigError("freq_min", "found " + format_number(s.task.number("freq_min")) +
                                        " 1/ms; accepted: at most freq_max, " +
                                        format_number(s.task.number("freq_max")));
    }
  }

  [[nodiscard]] Index time_steps(const Settings& s) const override {
    return whole_steps(s.task.number("sim_time"), s.model.dt);
  }
  /// The same waves, but where there is noise: another draw of it.
  [[nodiscard]] bool has_test_set(const Settings& s) const override { return s.task.number("noise_std") > 0; }
  [[nodiscard]] std::vector<double> frequencies(const Settings& s) const override {
    return sine_frequencies(sine_settings(s));
  }

  template <Scalar T>
  [[nodiscard]] std::shared_ptr<const Dataset<T>> load(const DataRequest& request) const {
    const TaskSettings& task = request.settings.task;
    const SineSettings sine = sine_settings(request.settings);
    const Random random(request.seed, Stream::data, request.part == Split::test ? key_of_test_noise : 0);
    const double mean = task.number("noise_mean"), deviation = task.number("noise_std");
    std::vector<double> noise;
    if (mean != 0 || deviation != 0) {
      for (Index i = 0; i < sine.time_steps * sine.num_freqs; ++i)
        noise.push_back(mean + deviation * random.normal(static_cast<std::uint64_t>(i)));
    }
    return std::make_shared<ValueDataset<T>>(make_sine<T>(sine, noise));
  }
};

}  // namespace

namespace detail {

std::unique_ptr<Task> make_sine_task() {
  return std::make_unique<SineTask>();
}

}  // namespace detail

}  // namespace glifr
