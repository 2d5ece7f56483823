#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "glifr/cells/population.hpp"
#include "glifr/core/random.hpp"
#include "glifr/export.hpp"
#include "glifr/neurons/members.hpp"

/// What a `Population` comes to for a layer of a given size.
namespace glifr::detail {

/// Neurons `first` to `first + count` of a layer: a group of it.
struct GroupSpan {
  Index first = 0, count = 0;
};
/// The groups of a layer of `size` neurons in their order, or the whole layer where it has none.
[[nodiscard]] GLIFR_API std::vector<GroupSpan> group_spans(const Population& population, Index size);

/// ConfigError where a population names parameters or groups that there are not, its groups do not make up the layer,
/// or a number is out of its range. `neuron`: the name of its neurons.
GLIFR_API void check_population(const Population& population, const std::string& neuron,
                                std::span<const FieldExtent> parameters, Index input_size, Index size);

/// What the neurons of group number `group` (0 where there are none) have for a parameter.
[[nodiscard]] GLIFR_API ParameterDescription parameter_of(const Population& population, std::size_t group,
                                                          const std::string& name);
/// The delays of a group's neurons; only where the layer or some group has delays for each neuron.
[[nodiscard]] GLIFR_API DelayDescription delays_of(const Population& population, std::size_t group);
/// Whether every neuron has a delay of its own.
[[nodiscard]] GLIFR_API bool has_neuron_delays(const Population& population);

/// Senders and receivers that are connected in one way.
struct ConnectionBlock {
  GroupSpan senders, receivers;
  Index connections = 0;  ///< among their pairs
};
/// The connections among the neurons, and those from the inputs; empty where every pair is connected, so that there is
/// nothing to choose.
[[nodiscard]] GLIFR_API std::vector<ConnectionBlock> lateral_blocks(const Population& population, Index size);
[[nodiscard]] GLIFR_API std::vector<ConnectionBlock> input_blocks(const Population& population, Index input_size,
                                                                  Index size);
/// Connections of all blocks.
[[nodiscard]] GLIFR_API Index count_connections(std::span<const ConnectionBlock> blocks);

/// The connected pairs (sender, receiver) in ascending order: of a mask those that it names, of a density as many as
/// the blocks say, every choice of them equally likely. `receivers`: all neurons of the layer. ConfigError where a
/// mask was never read.
[[nodiscard]] GLIFR_API std::vector<std::pair<Index, Index>> draw_connections(const Connectivity& connectivity,
                                                                              std::span<const ConnectionBlock> blocks,
                                                                              Index receivers, const Random& random);

/// Inhibitory neurons of each group, the last of it; empty where weights may have any sign.
[[nodiscard]] GLIFR_API std::vector<GroupSpan> inhibitory_spans(const Population& population, Index size);

/// Columns of a value that stand for neurons of a layer: one a neuron, or one for all of them.
struct SpreadColumns {
  Index column = 0;        ///< the first of the value's
  bool is_shared = false;  ///< whether that one stands for all these neurons
  Index neuron = 0;        ///< the first of the neurons
  Index neurons = 0;       ///< how many
  bool is_trained = true;  ///< whether they have a gradient
};

}  // namespace glifr::detail
