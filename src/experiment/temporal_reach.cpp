#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "glifr/cells/connections.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/trial.hpp"

namespace glifr {

namespace {

/// The shortest and the longest delay, in steps, of all layers with recurrent weights; nothing where there are none.
std::optional<std::pair<Index, Index>> recurrent_delays(const Settings& settings) {
  const NetworkDescription network = describe_network(settings);
  std::optional<std::pair<Index, Index>> found;
  const auto take = [&](double shortest, double longest) {
    const Index first = delay_steps(shortest, network.dt), last = delay_steps(longest, network.dt);
    found = found ? std::pair(std::min(found->first, first), std::max(found->second, last)) : std::pair(first, last);
  };
  for (const LayerDescription& layer : network.layers) {
    const Population& population = layer.population;
    const bool has_lateral_of_groups =
        std::ranges::any_of(population.groups, [](const NeuronGroup& group) { return !group.lateral.empty(); });
    if (population.lateral.kind == Connectivity::Kind::none && !has_lateral_of_groups) continue;
    if (!detail::has_neuron_delays(population)) {
      take(layer.synaptic_delay, layer.synaptic_delay);
      continue;
    }
    for (std::size_t g = 0; g < std::max<std::size_t>(1, population.groups.size()); ++g) {
      const DelayDescription delay = detail::delays_of(population, g);
      take(delay.shortest, delay.longest);
    }
  }
  return found;
}

}  // namespace

std::optional<std::string> silent_recurrence(const Settings& settings, Index steps) {
  const auto delays = recurrent_delays(settings);
  if (!delays || delays->first < steps) return std::nullopt;
  if (steps == 1) return "the recurrent weights never act: the samples are of one time step";
  return "the recurrent weights never act: the shortest synaptic delay is of " + std::to_string(delays->first) +
         " steps, the samples are of " + std::to_string(steps);
}

std::optional<std::string> unheard_delays(const Settings& settings, Index steps) {
  const auto delays = recurrent_delays(settings);
  if (!delays || delays->second < steps) return std::nullopt;
  return "synaptic delays can be as long as " + std::to_string(delays->second) + " steps, the samples are of " +
         std::to_string(steps) + ": what comes that late or later is never heard";
}

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
  if (const auto silence = silent_recurrence(settings, steps))
    return "the loss sees 1 of the " + std::to_string(steps) + " input steps: " + settings.model.name +
           " keeps no state, and " + *silence;
  const bool is_one = network.layers.size() == 1;
  return "the loss sees " + std::to_string(seen) + " of the " + std::to_string(steps) +
         " input steps: " + settings.model.name + " keeps no state, so with " +
         (is_one ? "a synaptic delay of " + delays + " steps its last output depends on one step in " + delays +
                       " before it and on nothing between"
                 : "synaptic delays of " + delays +
                       " steps its last output depends on the steps that are whole numbers of them before it");
}

}  // namespace glifr
