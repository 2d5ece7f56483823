#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "glifr/cells/connections.hpp"
#include "glifr/cells/population.hpp"
#include "glifr/core/parameter.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/export.hpp"
#include "glifr/neurons/members.hpp"
#include "glifr/neurons/neuron.hpp"

namespace glifr {

/// The most time steps of a delay or a sequence that is given by its duration.
inline constexpr Index most_steps = 1'000'000;

/// Whole time steps in a duration: int(duration / dt), both in ms, where a quotient that rounding moved slightly off a
/// whole number is that number: 1 / 0.05 is 20. ConfigError unless the duration is 0 or more, dt is above 0 and there
/// are at most `most_steps` of them.
[[nodiscard]] GLIFR_API Index whole_steps(double duration, double dt);

/// The synaptic delay in whole time steps: int(delay / dt), and at least 1. Both in ms. ConfigError as by
/// `whole_steps`.
[[nodiscard]] GLIFR_API Index delay_steps(double synaptic_delay, double dt);

namespace detail {

/// ConfigError where a number is out of its range.
GLIFR_API void check_range(const std::string& key, double value, const Range& range);

}  // namespace detail

/// What the parameters of a layer depend on of its neurons, and its sizes.
struct LayerPlan {
  const char* neuron = "";                ///< its name
  WeightNames weights{};                  ///< names of the weights in files
  std::span<const FieldExtent> fields{};  ///< the neuron's parameters
  Index inputs = 1;                       ///< synaptic currents a neuron
  Index input_size = 1;                   ///< features of the input
  Index hidden_size = 1;                  ///< neurons
  Index delay = 1;                        ///< synaptic delay in steps, where the population has none
  double time_step = 1;                   ///< ms
  Population population{};                ///< how the neurons differ and are connected
};

/// The parameters of a layer of neurons, and what a scan takes of them: weights, values of each neuron, delays. Where
/// training does not move such a quantity itself (weights of given signs or of some pairs only, values that neurons
/// share, learned delays), what it moves has a name of its own (trans_weight_lat, shared_thresh, trans_synaptic_delay).
template <Scalar T>
class GLIFR_API LayerParameters {
 public:
  /// All are zero until initialised; `prefix` begins their names. ConfigError where a size is not positive, or the
  /// population is not one of such a layer.
  LayerParameters(LayerPlan plan, std::string prefix);

  /// What they were made for; its delay is in steps, with delays for each neuron the shortest that there may be.
  [[nodiscard]] const LayerPlan& plan() const { return plan_; }
  /// The input weights, the lateral weights, one for each of the neuron's fields, then delays and wiring, where the
  /// layer has any.
  [[nodiscard]] std::vector<Parameter<T>>& list() { return parameters_; }

  /// Draws which pairs are connected, where that is a matter of chance; the layer's `number` in its network is part of
  /// the key. ConfigError where a mask was never read.
  void draw_wiring(std::uint64_t seed, std::size_t number);
  /// After initial values were drawn: makes the inhibitory connections to a group of neurons stronger by as much as the
  /// others are more, so that its excitation and inhibition cancel each other on average.
  void balance_weights();
  /// The quantities that training moves through others, under the names and in the shapes that they have where it moves
  /// them themselves.
  [[nodiscard]] std::vector<Parameter<T>> derived() const;
  /// std::logic_error where all are zero.
  void require_initialized() const;

  /// The weights, as `Layer` takes them: of all pairs, or of `input_connections_on`.
  [[nodiscard]] Var<T> input_weights_on(Tape<T>& tape) const;
  [[nodiscard]] Var<T> lateral_weights_on(Tape<T>& tape) const;
  /// The connected pairs, [2, connections]; empty where all are connected.
  [[nodiscard]] Var<T> input_connections_on(Tape<T>& tape) const;
  [[nodiscard]] Var<T> lateral_connections_on(Tape<T>& tape) const;
  /// The raw values of field `k` of each neuron.
  [[nodiscard]] Var<T> field_on(Tape<T>& tape, std::size_t k) const;
  /// Whether each neuron has a delay of its own.
  [[nodiscard]] bool has_delays() const { return delays_ != 0; }
  /// Where each neuron has one, its delay in ms, [1, hidden_size].
  [[nodiscard]] Var<T> delays_on(Tape<T>& tape) const;
  /// In steps: where each neuron has a delay, at least as long as the longest and longer than `plan().delay`.
  [[nodiscard]] Index longest_delay() const { return longest_delay_; }

 private:
  void add_weights(bool is_chosen, bool is_signed, const char* name, const std::vector<detail::ConnectionBlock>& blocks,
                   Index senders);
  void add_field(std::size_t k);
  void add_delays();
  Parameter<T>& add_structure(const char* name, const Shape& shape);
  [[nodiscard]] Shape field_shape(std::size_t k, Index columns) const;
  [[nodiscard]] bool is_shared(std::size_t k) const;
  [[nodiscard]] bool learns_delays() const;

  LayerPlan plan_;
  std::string prefix_;
  std::vector<Parameter<T>> parameters_;
  std::vector<detail::ConnectionBlock> input_blocks_, lateral_blocks_;
  bool chooses_input_ = false, chooses_lateral_ = false;
  // Places in `parameters_`; 0, where the input weights stand: there is none.
  std::size_t delays_ = 0, signs_ = 0, input_connections_ = 0, lateral_connections_ = 0;
  std::vector<std::vector<detail::SpreadColumns>> spread_;  // a field; empty: each neuron has its own value
  std::vector<detail::SpreadColumns> delay_parts_;
  std::vector<Range> delay_ranges_;  // ms, of each of the parts
  Index longest_delay_ = 0;
};

}  // namespace glifr
