#pragma once

#include <glifr/core/random.hpp>
#include <glifr/datasets/values.hpp>
#include <glifr/experiment/task.hpp>

namespace example {

/// A memory of several bits: each input brings rare pulses of 1 or -1, and each output is to show the sign of the last
/// pulse of its input.
struct FlipFlop final : glifr::TaskOf<FlipFlop> {
  FlipFlop()
      : TaskOf("flip_flop", R"({"description": "each output shows the last pulse of its input",
                                "input_size": 3, "output_size": 3, "hidden_size": 64, "dt": 1, "tau": 1,
                                "lr": 0.003, "batch_size": 32, "max_epochs": 20})") {}

  [[nodiscard]] std::vector<glifr::TaskKey> keys() const override {
    return {{.name = "num_timesteps", .value = glifr::Index{50}, .help = "time steps", .range = {.lowest = 1}},
            {.name = "pulse_prob", .value = 0.1, .help = "of a step", .range = {.lowest = 0, .highest = 1}}};
  }
  [[nodiscard]] glifr::Index time_steps(const glifr::Settings& settings) const override {
    return settings.task.whole("num_timesteps");
  }

  template <glifr::Scalar T>
  [[nodiscard]] std::shared_ptr<const glifr::Dataset<T>> load(const glifr::DataRequest& request) const {
    const glifr::Random random(request.seed, glifr::Stream::data, request.part == glifr::Split::train ? 0 : 1);
    const glifr::Index steps = time_steps(request.settings), samples = 256, bits = 3;
    const double probability = request.settings.task.number("pulse_prob");
    std::vector<T> inputs(static_cast<std::size_t>(steps * samples * bits)), targets(inputs.size());
    for (std::size_t i = 0, step = static_cast<std::size_t>(samples * bits); i < inputs.size(); ++i) {
      const double draw = random.uniform(i);
      if (draw < probability) inputs[i] = draw < probability / 2 ? T(-1) : T(1);
      targets[i] = inputs[i] != 0 || i < step ? inputs[i] : targets[i - step];
    }
    return std::make_shared<glifr::ValueDataset<T>>(glifr::Shape{steps, samples, bits}, inputs, bits, targets);
  }
};

}  // namespace example
