#pragma once

#include <span>
#include <string>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/cells/population.hpp"
#include "glifr/export.hpp"

namespace glifr::analysis {

/// The neurons of a layer in parts: clusters of them, or the groups of the layer's description.
struct GLIFR_API NeuronParts {
  std::vector<Index> labels{};       ///< the part of each neuron, 0, 1, …; empty: they are not told apart
  std::vector<std::string> names{};  ///< of the parts; empty: clusters, which have numbers

  /// Whether neurons are not told apart.
  [[nodiscard]] bool is_empty() const { return labels.empty(); }
  /// Parts; 1 where neurons are not told apart.
  [[nodiscard]] Index count() const;
  /// What a part is: "group" or "cluster".
  [[nodiscard]] std::string kind() const { return names.empty() ? "cluster" : "group"; }
  /// The part of a neuron; 0 where neurons are not told apart.
  [[nodiscard]] Index of(Index neuron) const { return labels.empty() ? 0 : labels[static_cast<std::size_t>(neuron)]; }
  /// The name of a part, or its number, which counts from 0 as labels do.
  [[nodiscard]] std::string name(Index part) const;
  /// The name of the part of a neuron; empty where neurons are not told apart.
  [[nodiscard]] std::string name_of(Index neuron) const { return is_empty() ? std::string() : name(of(neuron)); }
  /// The neurons of a part, in ascending order, out of `neurons`.
  [[nodiscard]] std::vector<Index> members(Index part, Index neurons) const;
};

/// The groups of a layer's description, one behind the other; empty where it has none.
[[nodiscard]] GLIFR_API NeuronParts parts_of(std::span<const NeuronGroup> groups);

}  // namespace glifr::analysis
