#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "glifr/cells/composed.hpp"
#include "glifr/cells/connections.hpp"
#include "glifr/cells/population.hpp"
#include "glifr/cells/wiring.hpp"
#include "glifr/core/parameter.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/error.hpp"
#include "glifr/export.hpp"
#include "glifr/neurons/built_in.hpp"
#include "glifr/neurons/check.hpp"
#include "glifr/neurons/constants.hpp"
#include "glifr/neurons/detail/derive.hpp"
#include "glifr/ops/scan.hpp"

namespace glifr {

/// What a network can be built of: a layer of neurons that reads a sequence. `run` takes the whole sequence in one
/// operation, `run_composed` one tape operation after another; both give the same numbers and the same gradients.
/// `parameters` are two of the cell's own, then one for each entry of `field_list`.
template <class C>
concept RecurrentCell = requires(C& cell, const C& fixed, const typename C::Settings& settings,
                                 Tape<typename C::Value>& tape, const Sequence<typename C::Value>& input,
                                 const OutputMask<typename C::Value>& mask, const ScanOptions& options) {
  requires Scalar<typename C::Value>;
  requires Neuron<typename C::NeuronType>;
  C(settings);
  { settings.hidden_size } -> std::convertible_to<Index>;
  { *std::begin(C::field_list) } -> std::convertible_to<FieldExtent>;
  { cell.parameters() } -> std::same_as<ParameterList<typename C::Value>>;
  { cell.constants() } -> std::same_as<typename C::NeuronType::template Constants<double>&>;
  { fixed.constants() } -> std::convertible_to<typename C::NeuronType::template Constants<double>>;
  { fixed.hidden_size() } -> std::convertible_to<Index>;
  { fixed.input_size() } -> std::convertible_to<Index>;
  { fixed.delay() } -> std::convertible_to<Index>;
  { fixed.run(tape, input, mask, options) } -> std::same_as<ScanResult<typename C::NeuronType, typename C::Value>>;
  {
    fixed.run_composed(tape, input, mask, options)
    } -> std::same_as<ScanResult<typename C::NeuronType, typename C::Value>>;
};

/// Whole time steps in a duration: int(duration / dt), both in ms, where a quotient that rounding moved slightly off a
/// whole number is that number: 1 / 0.05 is 20.
inline Index whole_steps(double duration, double dt) {
  const double quotient = duration / dt, nearest = std::round(quotient);
  const bool is_whole = std::abs(quotient - nearest) <= 1e-9 * std::max(1.0, nearest);
  return static_cast<Index>(is_whole ? nearest : std::floor(quotient));
}

/// The synaptic delay in whole time steps: int(delay / dt), and at least 1. Both in ms.
inline Index delay_steps(double synaptic_delay, double dt) {
  return std::max<Index>(1, whole_steps(synaptic_delay, dt));
}

/// Sizes of a layer and what its neurons share.
template <class N>
struct CellSettings {
  static_assert(sizeof(detail::NeuronCheck<N>) > 0);

  Index input_size = 1;   ///< features of the input, >= 1
  Index hidden_size = 1;  ///< neurons, >= 1
  Index delay = 1;        ///< synaptic delay in steps, >= 1; see `delay_steps`
  /// The defaults of the neuron's fields, unless given.
  typename N::template Constants<double> constants = default_constants<N>();
  Population population{};  ///< how the neurons differ and are connected
  /// ms, for delays in ms; 0: the neurons' constant dt, or 1 where they have none.
  double time_step = 0;
};

/// A layer of neurons with its weights and synaptic delay:
///
///     I_syn(t) = x(t) W_in + S(t - delay) W_lat,   S(t < 0) = 0
///
/// Parameters: the weights, then the neuron's own, raw, under the names that it gives them; then, of a layer with a
/// `Population`, the delays and how it is wired. Where training does not move a quantity itself (weights of given signs
/// or of some pairs only, values that neurons share, learned delays), what it moves has a name of its own
/// (trans_weight_lat, shared_thresh, trans_synaptic_delay), and `derived` gives the quantity.
template <class N, Scalar T>
class GLIFR_API Cell {
  static_assert(sizeof(detail::NeuronCheck<N>) > 0);

 public:
  using Value = T;                   ///< float or double
  using NeuronType = N;              ///< the neuron's equations
  using Settings = CellSettings<N>;  ///< what a cell is made from
  /// The neuron's parameters, in order.
  static constexpr auto field_list = list_fields<typename N::template Parameters<double>>();
  static constexpr Index inputs = input_count<N>;  ///< synaptic currents a neuron

  /// Parameters are zero until initialised (network/initialize.hpp). ConfigError where a size is not positive, or the
  /// population is not one of such a layer.
  explicit Cell(const Settings& settings, const std::string& prefix = "neuron_layer.")
      : settings_(settings), prefix_(prefix) {
    // Here and not beside the check of the neuron: deriving takes the compiler a while, and a program that names many
    // cells makes few.
    if constexpr (!is_built_in<N>) static_assert(derive::program<N>.graph.size > 0, "the step has a reverse step");
    const auto require_positive = [](const char* key, Index value, const char* member = "") {
      if (value < 1)
        throw ConfigError(key, std::string("expected 1 or more") + member + ", found " + std::to_string(value));
    };
    require_positive("input_size", settings.input_size);
    require_positive("hidden_size", settings.hidden_size);
    require_positive("synaptic_delay", settings.delay, " (CellSettings::delay)");
    const Population& population = settings.population;
    detail::check_population(population, N::name, field_list, settings.input_size, settings.hidden_size);
    const Index n = settings.hidden_size;
    input_blocks_ = detail::input_blocks(population, settings.input_size, n);
    lateral_blocks_ = detail::lateral_blocks(population, n);
    chooses_input_ = population.input.kind != Connectivity::Kind::all;
    chooses_lateral_ = !lateral_blocks_.empty();
    const std::vector<detail::GroupSpan> inhibitory = detail::inhibitory_spans(population, n);
    parameters_.reserve(2 + field_list.size() + 4);
    add_weights(chooses_input_, false, weight_names<N>.input, input_blocks_, settings.input_size);
    add_weights(chooses_lateral_, !inhibitory.empty(), weight_names<N>.lateral, lateral_blocks_, n);
    for (std::size_t k = 0; k < field_list.size(); ++k) add_field(k);
    if (detail::has_neuron_delays(population)) add_delays();
    if (!inhibitory.empty()) {
      signs_ = parameters_.size();
      Parameter<T>& signs = add_structure("sign", {n});
      for (T& sign : signs.value.values()) sign = T(1);
      for (const detail::GroupSpan& span : inhibitory) std::fill_n(signs.value.data() + span.first, span.count, T(-1));
    }
    if (chooses_input_) {
      input_connections_ = parameters_.size();
      add_structure("connections_in", {2, detail::count_connections(input_blocks_)});
    }
    if (chooses_lateral_) {
      lateral_connections_ = parameters_.size();
      add_structure("connections_lat", {2, detail::count_connections(lateral_blocks_)});
    }
  }

  /// Features of the input.
  [[nodiscard]] Index input_size() const { return settings_.input_size; }
  /// Neurons.
  [[nodiscard]] Index hidden_size() const { return settings_.hidden_size; }
  /// Synaptic delay in steps; where each neuron has its own, whole steps of the shortest that there may be.
  [[nodiscard]] Index delay() const { return settings_.delay; }
  /// What the neurons share.
  [[nodiscard]] const typename N::template Constants<double>& constants() const { return settings_.constants; }
  /// The neurons' constants may change between steps of training (sigma_v, annealed).
  [[nodiscard]] typename N::template Constants<double>& constants() { return settings_.constants; }
  /// How its neurons differ and are connected.
  [[nodiscard]] const Population& population() const { return settings_.population; }

  /// The weights, then the neuron's parameters in the order of its fields, then delays and wiring, where it has any.
  /// Valid as long as the cell stays where it is.
  [[nodiscard]] ParameterList<T> parameters() {
    ParameterList<T> list;
    for (Parameter<T>& parameter : parameters_) list.push_back(&parameter);
    return list;
  }
  /// The input weights, [input_size, inputs * hidden_size], or what training moves of them.
  [[nodiscard]] Parameter<T>& w_input() { return parameters_[0]; }
  /// The lateral weights, [hidden_size, inputs * hidden_size], or what training moves of them.
  [[nodiscard]] Parameter<T>& w_lateral() { return parameters_[1]; }
  /// The raw values of one of the neuron's parameters, [extent, 1, hidden_size], or those that neurons share.
  [[nodiscard]] Parameter<T>& field(std::size_t index) { return parameters_[2 + index]; }

  /// Draws which pairs are connected, where that is a matter of chance; the layer's `number` in its network is part of
  /// the key. ConfigError where a mask was never read.
  void draw_wiring(std::uint64_t seed, std::size_t number) {
    const auto draw = [&](std::size_t parameter, const Connectivity& connectivity, const auto& blocks, bool is_input) {
      const Random random(seed, Stream::initialize,
                          wiring_key + static_cast<std::uint32_t>(2 * number + (is_input ? 1 : 0)));
      const auto pairs = detail::draw_connections(connectivity, blocks, settings_.hidden_size, random);
      View<T> list = parameters_[parameter].value.view();
      for (std::size_t k = 0; k < pairs.size(); ++k) {
        list(0, static_cast<Index>(k)) = static_cast<T>(pairs[k].first);
        list(1, static_cast<Index>(k)) = static_cast<T>(pairs[k].second);
      }
    };
    if (chooses_input_) draw(input_connections_, settings_.population.input, input_blocks_, true);
    if (chooses_lateral_) draw(lateral_connections_, settings_.population.lateral, lateral_blocks_, false);
  }

  /// After initial values were drawn: makes the weights of inhibitory neurons larger by as much as the others are more,
  /// so that excitation and inhibition of a neuron cancel each other on average.
  void balance_weights() {
    if (!signs_) return;
    const std::span<const T> signs = parameters_[signs_].value.values();
    const auto inhibitory = static_cast<double>(std::count(signs.begin(), signs.end(), T(-1)));
    const double excitatory = static_cast<double>(signs.size()) - inhibitory;
    if (inhibitory == 0 || excitatory == 0) return;
    const T factor = static_cast<T>(excitatory / inhibitory);
    const View<T> weights = parameters_[1].value.view();
    for (Index r = 0; r < weights.rows; ++r) {
      for (Index c = 0; c < weights.columns; ++c) {
        const Index sender =
            chooses_lateral_ ? static_cast<Index>(parameters_[lateral_connections_].value.view()(0, c)) : r;
        if (signs[static_cast<std::size_t>(sender)] < 0) weights(r, c) *= factor;
      }
    }
  }

  /// The quantities that training moves through others, under the names and in the shapes that they have where it moves
  /// them themselves: effective weights (signed, 0 for pairs that are not connected), parameters of each neuron, delays
  /// in ms.
  [[nodiscard]] std::vector<Parameter<T>> derived() const {
    std::vector<Parameter<T>> list;
    Tape<T> tape(Tape<T>::Mode::forward_only);
    const auto add = [&](const std::string& name, const Shape& shape, const Var<T>& value, bool transposed = false) {
      Parameter<T>& parameter = list.emplace_back(prefix_ + name, shape, transposed);
      std::copy_n(value.value().data, shape.size(), parameter.value.data());
    };
    constexpr WeightNames names = weight_names<N>;
    const Layer<N, T> layer = layer_on(tape);
    if (chooses_input_) add(names.input, layer.w_input.shape(), layer.w_input, names.stored_transposed);
    if (chooses_lateral_ || signs_)
      add(names.lateral, layer.w_lateral.shape(), layer.w_lateral, names.stored_transposed);
    for (std::size_t k = 0; k < field_list.size(); ++k) {
      if (is_shared(k)) {
        add(field_list[k].field.stored_name(), field_shape(k, settings_.hidden_size), layer.raw[k]);
        list.back().field = field_list[k].field;
      }
    }
    if (delays_ && is_learned(delays_)) add("synaptic_delay", {1, settings_.hidden_size}, delays_on(tape));
    return list;
  }

  /// The layer with its parameters on a tape. std::logic_error where they were never initialised: all are zero.
  [[nodiscard]] Layer<N, T> on(Tape<T>& tape) const {
    require_initialized();
    return layer_on(tape);
  }

  /// The whole sequence in one fused operation.
  [[nodiscard]] ScanResult<N, T> run(Tape<T>& tape, const Sequence<T>& input, const OutputMask<T>& mask = {},
                                     const ScanOptions& options = {}, const InitialState<N, T>& initial = {}) const {
    return scan(on(tape), input, initial, mask, options);
  }

  /// The same, one tape operation for every operation of every time step.
  [[nodiscard]] ScanResult<N, T> run_composed(Tape<T>& tape, const Sequence<T>& input, const OutputMask<T>& mask = {},
                                              const ScanOptions& options = {},
                                              const InitialState<N, T>& initial = {}) const {
    return scan_composed(on(tape), input, initial, mask, options);
  }

 private:
  [[nodiscard]] Layer<N, T> layer_on(Tape<T>& tape) const {
    Layer<N, T> layer;
    layer.w_input = weights_on(tape, 0, input_connections_, 0, settings_.input_size);
    layer.w_lateral = weights_on(tape, 1, lateral_connections_, signs_, settings_.hidden_size);
    for (std::size_t k = 0; k < field_list.size(); ++k) layer.raw[k] = field_on(tape, k);
    layer.constants = settings_.constants;
    layer.neurons = settings_.hidden_size;
    layer.delay = settings_.delay;
    if (delays_) {
      layer.delays = delays_on(tape) / time_step_in_ms();
      layer.longest_delay = longest_delay_;
    }
    return layer;
  }

  /// Ends at the first number that is not zero, so at the first of all as a rule.
  void require_initialized() const {
    for (const Parameter<T>& parameter : parameters_) {
      if (parameter.is_structure) continue;
      for (const T value : parameter.value.values()) {
        if (value != T(0)) return;
      }
    }
    throw std::logic_error(parameters_[0].name + " and all other parameters of its layer are zero: before a network " +
                           "runs, initialize_homogeneous(network, seed) draws them or a checkpoint is loaded");
  }

  static constexpr std::uint32_t wiring_key = 0x77697265;  // apart from the places of parameters

  // --- making the parameters

  void add_weights(bool is_chosen, bool is_signed, const char* name, const std::vector<detail::ConnectionBlock>& blocks,
                   Index senders) {
    const Index rows = is_chosen ? inputs : senders;
    const Index columns = is_chosen ? detail::count_connections(blocks) : inputs * settings_.hidden_size;
    const char* trans = is_chosen || is_signed ? "trans_" : "";
    parameters_.emplace_back(prefix_ + trans + name, Shape{rows, columns},
                             !is_chosen && weight_names<N>.stored_transposed);
  }

  [[nodiscard]] static Shape field_shape(std::size_t k, Index columns) {
    const auto& [field, extent, is_array] = field_list[k];
    return field.is_flat ? Shape{extent * columns} : is_array ? Shape{extent, 1, columns} : Shape{1, columns};
  }

  void add_field(std::size_t k) {
    const Field& field = field_list[k].field;
    const Population& population = settings_.population;
    const std::vector<detail::GroupSpan> spans = detail::group_spans(population, settings_.hidden_size);
    const Per per = detail::parameter_of(population, population.groups.size(), field.name).per;
    const bool is_shared = per != Per::neuron;
    const Index columns = per == Per::neuron ? settings_.hidden_size : per == Per::layer ? 1 : std::ssize(spans);
    Parameter<T>& parameter =
        parameters_.emplace_back(prefix_ + (is_shared ? "shared_" : "") + field.stored_name(), field_shape(k, columns));
    parameter.field = field;
    std::vector<SpreadColumns>& parts = spread_[k];
    bool all_are_trained = true;
    parameter.is_trained = false;
    for (std::size_t g = 0; g < spans.size(); ++g) {
      const ParameterDescription description = detail::parameter_of(population, g, field.name);
      const Index column = per == Per::neuron ? spans[g].first : per == Per::layer ? 0 : static_cast<Index>(g);
      parts.push_back({column, is_shared, spans[g].first, spans[g].count, description.is_trained});
      all_are_trained = all_are_trained && description.is_trained;
      parameter.is_trained = parameter.is_trained || description.is_trained;
      if (description.initial && (per != Per::layer || g == 0))
        parameter.initial.push_back({column, is_shared ? 1 : spans[g].count, columns, *description.initial});
    }
    if (!is_shared && (all_are_trained || !parameter.is_trained)) parts.clear();  // the values as they are
  }

  void add_delays() {
    const Population& population = settings_.population;
    const Index n = settings_.hidden_size;
    const std::vector<detail::GroupSpan> spans = detail::group_spans(population, n);
    const double dt = time_step_in_ms();
    double shortest = std::numeric_limits<double>::infinity(), longest = 0;
    bool is_trained = false;
    for (std::size_t g = 0; g < spans.size(); ++g)
      is_trained = is_trained || detail::delays_of(population, g).is_trained;
    delays_ = parameters_.size();
    Parameter<T>& delays =
        parameters_.emplace_back(prefix_ + (is_trained ? "trans_synaptic_delay" : "synaptic_delay"), Shape{1, n});
    delays.is_trained = is_trained;
    delays.field = Field{.name = "synaptic_delay",
                         .unit = "ms",
                         .stored_as = is_trained ? "trans_synaptic_delay" : nullptr,
                         .transform = is_trained ? Transform::fraction : Transform::identity};
    for (std::size_t g = 0; g < spans.size(); ++g) {
      const DelayDescription description = detail::delays_of(population, g);
      const Range range{.lowest = std::max(dt, description.shortest), .highest = std::max(dt, description.longest)};
      Distribution initial = description.initial;
      if (initial.kind == Distribution::Kind::number) initial.first = std::max(dt, initial.first);
      delays.initial.push_back({spans[g].first, spans[g].count, n, initial});
      delays.ranges.insert(delays.ranges.end(), static_cast<std::size_t>(spans[g].count), range);
      delay_parts_.push_back({spans[g].first, false, spans[g].first, spans[g].count, description.is_trained});
      delay_ranges_.push_back(range);
      shortest = std::min(shortest, range.lowest);
      longest = std::max(longest, range.highest);
    }
    settings_.delay = delay_steps(shortest, dt);
    longest_delay_ = std::max(settings_.delay + 1, static_cast<Index>(std::ceil(longest / dt - 1e-9)));
  }

  Parameter<T>& add_structure(const char* name, const Shape& shape) {
    Parameter<T>& parameter = parameters_.emplace_back(prefix_ + name, shape);
    parameter.is_trained = false;
    parameter.is_structure = true;
    return parameter;
  }

  // --- the parameters on a tape

  [[nodiscard]] Var<T> weights_on(Tape<T>& tape, std::size_t parameter, std::size_t connections, std::size_t signs,
                                  Index senders) const {
    const Var<T> moved = tape.use(parameters_[parameter]);
    const Var<T> sign = signs ? tape.use(parameters_[signs]) : Var<T>{};
    if (connections)
      return place_weights(moved, tape.use(parameters_[connections]), sign, senders, settings_.hidden_size);
    return signs ? sign_weights(moved, sign) : moved;
  }
  [[nodiscard]] Var<T> field_on(Tape<T>& tape, std::size_t k) const {
    const Var<T> moved = tape.use(parameters_[2 + k]);
    if (spread_[k].empty()) return moved;
    const Index extent = field_list[k].extent;
    const Index columns = moved.shape().size() / extent;
    T* const grad = moved.has_grad() ? moved.grad().data : nullptr;
    return spread(tape.adopt({extent, 1, columns}, columns, moved.value().data, grad),
                  std::span<const SpreadColumns>(spread_[k]), settings_.hidden_size);
  }
  /// In ms.
  [[nodiscard]] Var<T> delays_on(Tape<T>& tape) const {
    const Var<T> moved = tape.use(parameters_[delays_]);
    if (!is_learned(delays_)) return moved;
    const Index n = settings_.hidden_size;
    const auto row = [&](auto&& value_of) {
      T* values = tape.memory().template allocate<T>(n);
      for (std::size_t g = 0; g < delay_parts_.size(); ++g) {
        kernels::fill(tape.memory(), View<T>(values + delay_parts_[g].neuron, 1, delay_parts_[g].neurons),
                      static_cast<T>(value_of(delay_ranges_[g])));
      }
      return tape.constant({1, n}, values);
    };
    const Var<T> raw =
        tape.alias(spread(tape.alias(moved, {1, 1, n}, 0), std::span<const SpreadColumns>(delay_parts_), n), {1, n}, 0);
    return row([](const Range& range) { return range.lowest; }) +
           row([](const Range& range) { return range.highest - range.lowest; }) * sigmoid(raw);
  }
  [[nodiscard]] bool is_shared(std::size_t k) const { return !spread_[k].empty() && spread_[k].front().is_shared; }
  [[nodiscard]] bool is_learned(std::size_t delays) const {
    return parameters_[delays].field->transform == Transform::fraction;
  }
  [[nodiscard]] double time_step_in_ms() const {
    return settings_.time_step > 0 ? settings_.time_step : glifr::time_step(settings_.constants);
  }

  Settings settings_;
  std::string prefix_;
  std::vector<Parameter<T>> parameters_;
  std::vector<detail::ConnectionBlock> input_blocks_, lateral_blocks_;
  bool chooses_input_ = false, chooses_lateral_ = false;
  // Places in `parameters_`; 0, where the input weights stand: there is none.
  std::size_t delays_ = 0, signs_ = 0, input_connections_ = 0, lateral_connections_ = 0;
  std::array<std::vector<SpreadColumns>, field_list.size()> spread_;  // empty: each neuron has its own value
  std::vector<SpreadColumns> delay_parts_;
  std::vector<Range> delay_ranges_;  // ms, of each of the parts
  Index longest_delay_ = 0;          // steps
};

}  // namespace glifr
