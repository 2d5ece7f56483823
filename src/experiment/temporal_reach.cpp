#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "glifr/cells/connections.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/trial.hpp"

namespace glifr {

std::optional<std::string> temporal_reach(const Settings& settings, Index steps) {
  const NetworkDescription network = describe_network(settings);
  if (network.outputs != Outputs::last_step) return std::nullopt;
  // Backwards from the last step: a layer without state hears of the past every delay-th step only.
  std::vector<bool> is_seen(static_cast<std::size_t>(steps));
  is_seen.back() = true;
  std::string delays;
  for (auto layer = network.layers.rbegin(); layer != network.layers.rend(); ++layer) {
    if (find_neuron(layer->neuron, layer->num_ascs).carries_state) return std::nullopt;
    const Index delay = delay_steps(layer->synaptic_delay, network.dt);
    if (delay < 2) return std::nullopt;
    for (Index t = steps - 1; t >= delay; --t) {
      if (is_seen[static_cast<std::size_t>(t)]) is_seen[static_cast<std::size_t>(t - delay)] = true;
    }
    delays = std::to_string(delay) + (delays.empty() ? "" : " and ") + delays;
  }
  const auto seen = std::ranges::count(is_seen, true);
  if (seen == steps) return std::nullopt;
  const bool is_one = network.layers.size() == 1;
  return "the loss sees " + std::to_string(seen) + " of the " + std::to_string(steps) +
         " input steps: " + settings.model.name + " keeps no state, so with " +
         (is_one ? "a synaptic delay of " + delays + " steps its last output depends on one step in " + delays +
                       " before it and on nothing between"
                 : "synaptic delays of " + delays +
                       " steps its last output depends on the steps that are whole numbers of them before it");
}

}  // namespace glifr
