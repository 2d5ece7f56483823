#include "glifr/datasets/sine.hpp"

#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include "glifr/error.hpp"
#include "glifr/io/number.hpp"

namespace glifr {
namespace {

void check(bool is_accepted, const char* key, double found, const char* accepted) {
  if (!is_accepted) throw ConfigError(key, "found " + format_number(found) + "; accepted is " + accepted);
}

void check(const SineSettings& s) {
  check(s.time_steps >= 1, "time_steps", static_cast<double>(s.time_steps), "1 or more");
  check(s.num_freqs >= 1, "num_freqs", static_cast<double>(s.num_freqs), "1 or more");
  check(s.dt > 0 && std::isfinite(s.dt), "dt", s.dt, "a number above 0 (ms)");
  check(s.freq_min > 0 && std::isfinite(s.freq_min), "freq_min", s.freq_min, "a number above 0 (1/ms)");
  check(s.freq_max >= s.freq_min && std::isfinite(s.freq_max), "freq_max", s.freq_max, "freq_min or more (1/ms)");
  check(std::isfinite(s.amp), "amp", s.amp, "a finite number");
}

}  // namespace

std::vector<double> sine_frequencies(const SineSettings& settings) {
  check(settings);
  const double octaves = std::log2(settings.freq_max / settings.freq_min);
  const double last = static_cast<double>(settings.num_freqs - 1);
  std::vector<double> frequencies{settings.freq_min};
  for (Index i = 1; i < settings.num_freqs; ++i) {
    frequencies.push_back(settings.freq_min * std::exp2(octaves * static_cast<double>(i) / last));
  }
  return frequencies;
}

template <Scalar T>
ValueDataset<T> make_sine(const SineSettings& settings, std::span<const double> noise) {
  const std::vector<double> frequencies = sine_frequencies(settings);
  const Shape shape{settings.time_steps, settings.num_freqs, 1};
  if (!noise.empty() && std::ssize(noise) != shape.size()) {
    throw ShapeError("noise of the sine task", std::to_string(shape.size()) + " values for " + to_string(shape),
                     std::to_string(noise.size()));
  }
  std::vector<T> inputs, targets;
  inputs.reserve(static_cast<std::size_t>(shape.size()));
  targets.reserve(static_cast<std::size_t>(shape.size()));
  for (Index step = 0; step < settings.time_steps; ++step) {
    const double t = static_cast<double>(step) * settings.dt;
    for (std::size_t i = 0; i < frequencies.size(); ++i) {
      const double offset = static_cast<double>(i) / static_cast<double>(frequencies.size()) + 0.25;
      const double wave = settings.amp * std::sin(2 * std::numbers::pi * frequencies[i] * t);
      inputs.push_back(static_cast<T>(offset));
      targets.push_back(static_cast<T>(wave + (noise.empty() ? 0.0 : noise[targets.size()]) + offset));
    }
  }
  return ValueDataset<T>(shape, std::move(inputs), 1, std::move(targets));
}

template ValueDataset<float> make_sine(const SineSettings&, std::span<const double>);
template ValueDataset<double> make_sine(const SineSettings&, std::span<const double>);

}  // namespace glifr
