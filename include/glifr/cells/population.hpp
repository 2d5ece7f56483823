#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/core/distribution.hpp"

/// Layers of neurons that differ: which of their parameters they share and how these begin, which neurons are
/// connected, of which sign their weights are, and how long their outputs are on their way. docs/populations.md has the
/// equations.
namespace glifr {

/// Who shares a value of a parameter: nobody, all neurons of a layer, or those of a group.
enum class Per { neuron, layer, group };

/// What a layer does with one of its neurons' parameters.
struct ParameterDescription {
  Per per = Per::neuron;                  ///< who shares a value; the gradients of those that do are summed
  bool is_trained = true;                 ///< whether training moves it
  std::optional<Distribution> initial{};  ///< initial values in physical units; nothing: those of the neuron's field

  bool operator==(const ParameterDescription&) const = default;
};

/// Which of the pairs of a sender and a receiver are connected.
struct Connectivity {
  /// How that is said.
  enum class Kind { all, none, density, mask };

  Kind kind = Kind::all;  ///< how it is said
  double share = 1;    ///< of `density`: connected pairs among all pairs, 0 to 1, drawn when the layer is initialised
  std::string file{};  ///< of `mask`, where it was named by a configuration: its .npy file
  Index connections = 0;   ///< of `mask`: connected pairs
  std::string checksum{};  ///< of `mask`, where it was read from that file: the CRC-32 of its pairs; empty: not known
  /// Of `mask`: whether a pair is connected, [senders, receivers]. It may be left out where a checkpoint is loaded,
  /// which holds the connections.
  std::vector<std::uint8_t> mask{};

  /// Every pair.
  static Connectivity all() { return {}; }
  /// No pair.
  static Connectivity none() { return {.kind = Kind::none, .share = 0}; }
  /// A share of the pairs, 0 to 1, drawn at random.
  static Connectivity with_density(double share) { return {.kind = Kind::density, .share = share}; }
  /// The pairs whose number in [senders, receivers] is not 0.
  static Connectivity with_mask(std::vector<std::uint8_t> mask) {
    Connectivity c{.kind = Kind::mask, .mask = std::move(mask)};
    for (const std::uint8_t connected : c.mask) c.connections += connected != 0;
    return c;
  }

  bool operator==(const Connectivity&) const = default;
};

/// Synaptic delays of which every sending neuron has its own.
struct DelayDescription {
  Distribution initial{};   ///< ms
  bool is_trained = false;  ///< whether training moves them
  /// Between which they stay, ms; initial values outside are drawn again. A delay is at least one time step, so the
  /// shortest counts as that where it is less.
  double shortest = 0, longest = 0;

  /// Delays drawn from [shortest, longest], ms, that stay there.
  static DelayDescription uniform(double shortest, double longest) {
    return {.initial = Distribution::uniform(shortest, longest), .shortest = shortest, .longest = longest};
  }
  /// The same, learned.
  static DelayDescription learned(double shortest, double longest) {
    DelayDescription delays = uniform(shortest, longest);
    delays.is_trained = true;
    return delays;
  }

  bool operator==(const DelayDescription&) const = default;
};

/// A named part of a layer: neurons one behind the other.
struct NeuronGroup {
  std::string name;  ///< by which others name it
  Index size = 0;    ///< neurons, 1 or more
  /// By the names of the neuron's fields; what is not here is as in the layer. `per` is the layer's.
  std::map<std::string, ParameterDescription> parameters{};
  std::optional<double> inhibitory{};                ///< share of inhibitory neurons; nothing: the layer's
  std::optional<DelayDescription> synaptic_delay{};  ///< of its neurons' outputs; nothing: the layer's
  /// To the neurons of a group of that name; what is not here is as in the layer.
  std::map<std::string, Connectivity> lateral{};

  bool operator==(const NeuronGroup&) const = default;
};

/// How the neurons of a layer differ and are connected. The defaults are those of a plain layer: each neuron has
/// parameters of its own, which are trained, all neurons are connected, and their weights have any sign.
struct Population {
  std::map<std::string, ParameterDescription> parameters{};  ///< by the names of the neuron's fields
  Connectivity lateral{};                                    ///< among the neurons
  Connectivity input{};                                      ///< from the inputs
  /// Dale's law: the share of the neurons, the last of the layer or of each group, whose lateral weights are 0 or less;
  /// those of the others are 0 or more. Nothing: any sign.
  std::optional<double> inhibitory{};
  /// Delays for each neuron; nothing: one for all, the layer's `delay`.
  std::optional<DelayDescription> synaptic_delay{};
  std::vector<NeuronGroup> groups{};  ///< parts of the layer, which they make up together; empty: it has none

  bool operator==(const Population&) const = default;
};

}  // namespace glifr
