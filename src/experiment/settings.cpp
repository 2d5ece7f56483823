#include "glifr/experiment/settings.hpp"

#include <cmath>

#include "glifr/cells/cell.hpp"

namespace glifr {
namespace {

constexpr Index image_pixels = 28 * 28;

}  // namespace

Index Settings::delay_steps() const {
  return glifr::delay_steps(synaptic_delay, dt);
}

Index Settings::time_steps() const {
  switch (data) {
    case Data::sine:
    case Data::realizable:
      return whole_steps(sim_time, dt);
    case Data::lmnist:
      return input_size;
    case Data::pmnist:
      return image_pixels;
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
