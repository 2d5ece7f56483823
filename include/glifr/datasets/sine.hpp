#pragma once

#include <span>
#include <vector>

#include "glifr/datasets/values.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// What the sine task is made of; fields are called as their configuration keys are.
struct SineSettings {
  Index time_steps = 100;  ///< >= 1
  double dt = 0.05;        ///< ms, > 0
  Index num_freqs = 6;     ///< waves, a sample each; >= 1
  double freq_min = 0.08;  ///< 1/ms, > 0
  double freq_max = 0.6;   ///< 1/ms, >= freq_min
  double amp = 1;          ///< of the waves; finite
};

/// The frequency of each sample, 1/ms: evenly spaced on a logarithmic scale from freq_min to freq_max, both included.
/// Throws ConfigError for a setting out of range.
[[nodiscard]] GLIFR_API std::vector<double> sine_frequencies(const SineSettings& settings);

/// One network, many waves: the constant input of a sample says which one to produce. With n = num_freqs and t = 0, dt,
/// 2 dt, …,
///
///     offset_i = i / n + 0.25     input_i(t) = offset_i     target_i(t) = amp sin(2 pi f_i t) + noise + offset_i
///
/// `noise` holds what is added to the targets as `[time_steps, num_freqs]`, or nothing. Throws ConfigError for a
/// setting out of range, ShapeError for noise of another size.
template <Scalar T>
[[nodiscard]] GLIFR_API ValueDataset<T> make_sine(const SineSettings& settings, std::span<const double> noise = {});

extern template ValueDataset<float> make_sine(const SineSettings&, std::span<const double>);
extern template ValueDataset<double> make_sine(const SineSettings&, std::span<const double>);

}  // namespace glifr
