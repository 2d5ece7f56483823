#include "glifr/analysis/parts.hpp"

#include <algorithm>

namespace glifr::analysis {

Index NeuronParts::count() const {
  if (!names.empty()) return std::ssize(names);
  return labels.empty() ? 1 : 1 + *std::ranges::max_element(labels);
}

std::string NeuronParts::name(Index part) const {
  return names.empty() ? std::to_string(part) : names[static_cast<std::size_t>(part)];
}

std::vector<Index> NeuronParts::members(Index part, Index neurons) const {
  std::vector<Index> list;
  for (Index neuron = 0; neuron < neurons; ++neuron) {
    if (of(neuron) == part) list.push_back(neuron);
  }
  return list;
}

NeuronParts parts_of(std::span<const NeuronGroup> groups) {
  NeuronParts parts;
  for (const NeuronGroup& group : groups) {
    parts.labels.insert(parts.labels.end(), static_cast<std::size_t>(group.size), std::ssize(parts.names));
    parts.names.push_back(group.name);
  }
  return parts;
}

}  // namespace glifr::analysis
