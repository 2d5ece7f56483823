#include "glifr/cells/population.hpp"

#include <algorithm>
#include <cmath>

#include "glifr/cells/connections.hpp"
#include "glifr/cells/layer_parameters.hpp"
#include "glifr/error.hpp"
#include "glifr/io/number.hpp"

namespace glifr::detail {

namespace {

constexpr Range shares{.lowest = 0, .highest = 1};

void check_connectivity(const char* key, const Connectivity& c, Index senders, Index receivers) {
  if (c.kind == Connectivity::Kind::density) check_range(key, c.share, shares);
  if (c.kind != Connectivity::Kind::mask || c.mask.empty()) return;
  const Index connected = std::ssize(c.mask) - std::ranges::count(c.mask, std::uint8_t{0});
  if (connected != c.connections) {
    throw ConfigError(key, "found a mask of " + std::to_string(connected) + " connections that says it has " +
                               std::to_string(c.connections) + "; Connectivity::with_mask counts them");
  }
  if (std::ssize(c.mask) != senders * receivers) {
    throw ConfigError(key, "found a mask of " + std::to_string(c.mask.size()) + " numbers; accepted: [" +
                               std::to_string(senders) + ", " + std::to_string(receivers) + "], senders by receivers");
  }
}

void check_parameters(const std::map<std::string, ParameterDescription>& described, const std::string& neuron,
                      std::span<const FieldExtent> parameters, bool has_groups) {
  for (const auto& [name, description] : described) {
    std::string known;
    bool is_known = false;
    for (const FieldExtent& parameter : parameters) {
      known += (known.empty() ? "" : ", ") + std::string(parameter.field.name);
      is_known = is_known || name == parameter.field.name;
    }
    if (!is_known)
      throw ConfigError("parameters", "found '" + name + "'; the parameters of neuron " + neuron + " are " +
                                          (known.empty() ? "none" : known));
    if (description.per == Per::group && !has_groups)
      throw ConfigError(name, "found per group; the layer has no groups, accepted: neuron, layer");
  }
}

void check_delays(const DelayDescription& delays) {
  if (!(delays.shortest >= 0 && delays.longest >= delays.shortest && std::isfinite(delays.longest))) {
    throw ConfigError("synaptic_delay", "found delays from " + format_number(delays.shortest) + " to " +
                                            format_number(delays.longest) +
                                            " ms; accepted: a shortest one >= 0, and a longest that is not less");
  }
  if (delays.is_trained && delays.longest == delays.shortest) {
    throw ConfigError("synaptic_delay", "found learned delays between " + format_number(delays.shortest) + " and " +
                                            format_number(delays.longest) + " ms; accepted: a range of some width");
  }
}

Index round_to_count(double share, Index count) {
  return static_cast<Index>(std::llround(share * static_cast<double>(count)));
}

Index connections_in(const Connectivity& c, Index pairs) {
  switch (c.kind) {
    case Connectivity::Kind::none:
      return 0;
    case Connectivity::Kind::density:
      return round_to_count(c.share, pairs);
    case Connectivity::Kind::mask:
      return c.connections;
    case Connectivity::Kind::all:
      break;
  }
  return pairs;
}

}  // namespace

std::vector<GroupSpan> group_spans(const Population& population, Index size) {
  std::vector<GroupSpan> spans;
  Index first = 0;
  for (const NeuronGroup& group : population.groups) {
    spans.push_back({first, group.size});
    first += group.size;
  }
  if (spans.empty()) spans.push_back({0, size});
  return spans;
}

void check_population(const Population& population, const std::string& neuron, std::span<const FieldExtent> parameters,
                      Index input_size, Index size) {
  const bool has_groups = !population.groups.empty();
  check_parameters(population.parameters, neuron, parameters, has_groups);
  check_connectivity("lateral", population.lateral, size, size);
  check_connectivity("input", population.input, input_size, size);
  if (population.inhibitory) check_range("inhibitory", *population.inhibitory, shares);
  if (population.synaptic_delay) check_delays(*population.synaptic_delay);
  if (!has_groups) return;
  Index sum = 0;
  std::string names;
  for (const NeuronGroup& group : population.groups) {
    if (group.size < 1) throw ConfigError("size", "found " + std::to_string(group.size) + " in group " + group.name);
    sum += group.size;
    names += (names.empty() ? "" : ", ") + group.name;
    if (std::ranges::count(population.groups, group.name, &NeuronGroup::name) > 1)
      throw ConfigError("groups", "found '" + group.name + "' twice");
  }
  if (sum != size)
    throw ConfigError("groups", "found groups of " + std::to_string(sum) + " neurons in a layer of " +
                                    std::to_string(size) + "; accepted: groups that make up the layer");
  const bool has_delays = has_neuron_delays(population);
  const bool has_signs = std::ranges::any_of(population.groups, [](const auto& group) { return !!group.inhibitory; });
  for (const NeuronGroup& group : population.groups) {
    check_parameters(group.parameters, neuron, parameters, true);
    for (const auto& [name, description] : group.parameters) {
      const auto whole = population.parameters.find(name);
      const Per per = whole == population.parameters.end() ? Per::neuron : whole->second.per;
      if (per == Per::layer)
        throw ConfigError(name, "is one value for the whole layer, so that group " + group.name +
                                    " can have no other; accepted for the layer: per neuron or group");
    }
    if (group.inhibitory) check_range("inhibitory", *group.inhibitory, shares);
    if (has_signs && !group.inhibitory && !population.inhibitory)
      throw ConfigError("inhibitory", "is missing in group " + group.name +
                                          ", and the layer has none; accepted: a share in every group, or in none");
    if (group.synaptic_delay) check_delays(*group.synaptic_delay);
    if (has_delays && !group.synaptic_delay && !population.synaptic_delay)
      throw ConfigError("synaptic_delay", "is missing in group " + group.name + ", and the layer has none");
    for (const auto& [to, connectivity] : group.lateral) {
      if (std::ranges::find(population.groups, to, &NeuronGroup::name) == population.groups.end())
        throw ConfigError("lateral", "found '" + to + "' in group " + group.name + "; accepted: " + names);
      if (connectivity.kind == Connectivity::Kind::mask)
        throw ConfigError("lateral",
                          "found a mask in group " + group.name + "; accepted there: all, none or a density");
      if (population.lateral.kind == Connectivity::Kind::mask)
        throw ConfigError("lateral", "found densities of group " + group.name + " beside a mask of the whole layer");
      if (connectivity.kind == Connectivity::Kind::density) check_range("lateral", connectivity.share, shares);
    }
  }
}

ParameterDescription parameter_of(const Population& population, std::size_t group, const std::string& name) {
  ParameterDescription description;
  if (const auto whole = population.parameters.find(name); whole != population.parameters.end())
    description = whole->second;
  if (group >= population.groups.size()) return description;
  const auto& own = population.groups[group].parameters;
  if (const auto found = own.find(name); found != own.end()) {
    description.is_trained = found->second.is_trained;
    if (found->second.initial) description.initial = found->second.initial;
  }
  return description;
}

bool has_neuron_delays(const Population& population) {
  return population.synaptic_delay || std::ranges::any_of(population.groups, [](const NeuronGroup& group) {
           return group.synaptic_delay.has_value();
         });
}

DelayDescription delays_of(const Population& population, std::size_t group) {
  const bool has_own = group < population.groups.size() && population.groups[group].synaptic_delay;
  return has_own ? *population.groups[group].synaptic_delay : *population.synaptic_delay;
}

std::vector<ConnectionBlock> lateral_blocks(const Population& population, Index size) {
  const std::vector<GroupSpan> spans = group_spans(population, size);
  const bool has_own = std::ranges::any_of(population.groups, [](const NeuronGroup& g) { return !g.lateral.empty(); });
  if (!has_own) {
    if (population.lateral.kind == Connectivity::Kind::all) return {};
    const GroupSpan whole{0, size};
    return {{whole, whole, connections_in(population.lateral, size * size)}};
  }
  std::vector<ConnectionBlock> blocks;
  bool connects_all = true;
  for (std::size_t from = 0; from < spans.size(); ++from) {
    for (std::size_t to = 0; to < spans.size(); ++to) {
      const auto& own = population.groups[from].lateral;
      const auto found = own.find(population.groups[to].name);
      const Index pairs = spans[from].count * spans[to].count;
      const Index connections = connections_in(found == own.end() ? population.lateral : found->second, pairs);
      connects_all = connects_all && connections == pairs;
      blocks.push_back({spans[from], spans[to], connections});
    }
  }
  return connects_all ? std::vector<ConnectionBlock>{} : blocks;
}

std::vector<ConnectionBlock> input_blocks(const Population& population, Index input_size, Index size) {
  if (population.input.kind == Connectivity::Kind::all) return {};
  return {{{0, input_size}, {0, size}, connections_in(population.input, input_size * size)}};
}

Index count_connections(std::span<const ConnectionBlock> blocks) {
  Index sum = 0;
  for (const ConnectionBlock& block : blocks) sum += block.connections;
  return sum;
}

std::vector<std::pair<Index, Index>> draw_connections(const Connectivity& connectivity,
                                                      std::span<const ConnectionBlock> blocks, Index receivers,
                                                      const Random& random) {
  std::vector<std::pair<Index, Index>> pairs;
  if (connectivity.kind == Connectivity::Kind::mask) {
    if (connectivity.mask.empty() && count_connections(blocks) > 0)
      throw ConfigError("lateral", "the mask " + connectivity.file + " was not read");
    for (Index i = 0; i < std::ssize(connectivity.mask); ++i) {
      if (connectivity.mask[static_cast<std::size_t>(i)] != 0) pairs.emplace_back(i / receivers, i % receivers);
    }
    return pairs;
  }
  for (const ConnectionBlock& block : blocks) {
    // Each pair in turn is taken with the probability that makes every choice of so many pairs equally likely.
    Index wanted = block.connections, left = block.senders.count * block.receivers.count;
    for (Index s = block.senders.first; s < block.senders.first + block.senders.count; ++s) {
      for (Index r = block.receivers.first; r < block.receivers.first + block.receivers.count; ++r, --left) {
        const double u = random.uniform(static_cast<std::uint64_t>(s * receivers + r));
        if (u * static_cast<double>(left) >= static_cast<double>(wanted)) continue;
        pairs.emplace_back(s, r);
        --wanted;
      }
    }
  }
  std::ranges::sort(pairs);
  return pairs;
}

std::vector<GroupSpan> inhibitory_spans(const Population& population, Index size) {
  std::vector<GroupSpan> spans;
  const std::vector<GroupSpan> groups = group_spans(population, size);
  bool is_signed = population.inhibitory.has_value();
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const bool has_own = g < population.groups.size() && population.groups[g].inhibitory;
    is_signed = is_signed || has_own;
    const double share = has_own ? *population.groups[g].inhibitory : population.inhibitory.value_or(0);
    const Index count = round_to_count(share, groups[g].count);
    spans.push_back({groups[g].first + groups[g].count - count, count});
  }
  return is_signed ? spans : std::vector<GroupSpan>{};
}

}  // namespace glifr::detail
