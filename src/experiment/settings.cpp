#include "glifr/experiment/settings.hpp"

#include <algorithm>
#include <cmath>

namespace glifr {
namespace {

constexpr Index image_pixels = 784;

/// int(duration / dt), where a quotient that rounding moved a hair off a whole number is that number: 1 / 0.05 is 20.
Index whole_steps(double duration, double dt) {
  const double quotient = duration / dt;
  const double nearest = std::round(quotient);
  const bool is_whole = std::abs(quotient - nearest) <= 1e-9 * std::max(1.0, nearest);
  return static_cast<Index>(is_whole ? nearest : std::floor(quotient));
}

}  // namespace

Index Settings::delay_steps() const {
  return std::max(Index{1}, whole_steps(synaptic_delay, dt));
}

Index Settings::time_steps() const {
  switch (data) {
    case Data::sine:
    case Data::realizable:
      return whole_steps(sim_time, dt);
    case Data::lmnist:
    case Data::pmnist:
      return image_pixels / input_size;
    case Data::nmnist:
      break;
  }
  return num_timesteps;
}

double Settings::sigma_v_in(Index epoch) const {
  if (!sigma_v_anneal) return sigma_v;
  if (max_epochs == 1) return sigma_v_first;
  return std::lerp(sigma_v_first, sigma_v_last, static_cast<double>(epoch) / static_cast<double>(max_epochs - 1));
}

}  // namespace glifr
