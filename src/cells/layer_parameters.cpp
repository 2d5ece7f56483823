#include "glifr/cells/layer_parameters.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "glifr/core/random.hpp"
#include "glifr/error.hpp"
#include "glifr/io/number.hpp"
#include "glifr/ops/elementwise.hpp"
#include "glifr/ops/wiring.hpp"
#include "spread.hpp"

namespace glifr {

namespace {

constexpr std::uint32_t wiring_key = 0x77697265;  // apart from the places of parameters

void require_positive(const char* key, Index value, const char* member = "") {
  if (value < 1)
    throw ConfigError(key, std::string("expected 1 or more") + member + ", found " + std::to_string(value));
}

/// `key` is what configurations call the duration.
Index count_steps(const char* key, double duration, double dt) {
  detail::check_range("dt", dt, Range::above(0));
  detail::check_range(key, duration, Range::from(0));
  if (!(duration / dt <= most_steps))
    throw ConfigError(key, "found " + format_number(duration) + " ms with a time step (dt) of " + format_number(dt) +
                               " ms; accepted: 0 to " + std::to_string(most_steps) + " steps");
  const double quotient = duration / dt, nearest = std::round(quotient);
  const bool is_whole = std::abs(quotient - nearest) <= 1e-9 * std::max(1.0, nearest);
  return static_cast<Index>(is_whole ? nearest : std::floor(quotient));
}

}  // namespace

void detail::check_range(const std::string& key, double value, const Range& range) {
  if (!range.contains(value))
    throw ConfigError(key, "found " + format_number(value) + "; accepted: " + to_string(range));
}

Index whole_steps(double duration, double dt) {
  return count_steps("duration", duration, dt);
}

Index delay_steps(double synaptic_delay, double dt) {
  return std::max<Index>(1, count_steps("synaptic_delay", synaptic_delay, dt));
}

// --- making the parameters

template <Scalar T>
LayerParameters<T>::LayerParameters(LayerPlan plan, std::string prefix)
    : plan_(std::move(plan)), prefix_(std::move(prefix)) {
  require_positive("input_size", plan_.input_size);
  require_positive("hidden_size", plan_.hidden_size);
  require_positive("synaptic_delay", plan_.delay, " (CellSettings::delay)");
  const Population& population = plan_.population;
  const Index n = plan_.hidden_size;
  detail::check_population(population, plan_.neuron, plan_.fields, plan_.input_size, n);
  input_blocks_ = detail::input_blocks(population, plan_.input_size, n);
  lateral_blocks_ = detail::lateral_blocks(population, n);
  chooses_input_ = population.input.kind != Connectivity::Kind::all;
  chooses_lateral_ = !lateral_blocks_.empty();
  const std::vector<detail::GroupSpan> inhibitory = detail::inhibitory_spans(population, n);
  parameters_.reserve(2 + plan_.fields.size() + 4);
  add_weights(chooses_input_, false, plan_.weights.input, input_blocks_, plan_.input_size);
  add_weights(chooses_lateral_, !inhibitory.empty(), plan_.weights.lateral, lateral_blocks_, n);
  spread_.resize(plan_.fields.size());
  for (std::size_t k = 0; k < plan_.fields.size(); ++k) add_field(k);
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

template <Scalar T>
void LayerParameters<T>::add_weights(bool is_chosen, bool is_signed, const char* name,
                                     const std::vector<detail::ConnectionBlock>& blocks, Index senders) {
  const Index rows = is_chosen ? plan_.inputs : senders;
  const Index columns = is_chosen ? detail::count_connections(blocks) : plan_.inputs * plan_.hidden_size;
  const char* trans = is_chosen || is_signed ? "trans_" : "";
  parameters_.emplace_back(prefix_ + trans + name, Shape{rows, columns}, !is_chosen && plan_.weights.stored_transposed);
}

template <Scalar T>
Shape LayerParameters<T>::field_shape(std::size_t k, Index columns) const {
  const auto& [field, extent, is_array] = plan_.fields[k];
  return field.is_flat ? Shape{extent * columns} : is_array ? Shape{extent, 1, columns} : Shape{1, columns};
}

template <Scalar T>
void LayerParameters<T>::add_field(std::size_t k) {
  const Field& field = plan_.fields[k].field;
  const Population& population = plan_.population;
  const std::vector<detail::GroupSpan> spans = detail::group_spans(population, plan_.hidden_size);
  const Per per = detail::parameter_of(population, population.groups.size(), field.name).per;
  const bool is_shared = per != Per::neuron;
  const Index columns = per == Per::neuron ? plan_.hidden_size : per == Per::layer ? 1 : std::ssize(spans);
  Parameter<T>& parameter =
      parameters_.emplace_back(prefix_ + (is_shared ? "shared_" : "") + field.stored_name(), field_shape(k, columns));
  parameter.field = field;
  std::vector<detail::SpreadColumns>& parts = spread_[k];
  parameter.is_trained = false;
  for (std::size_t g = 0; g < spans.size(); ++g) {
    const ParameterDescription description = detail::parameter_of(population, g, field.name);
    const Index column = per == Per::neuron ? spans[g].first : per == Per::layer ? 0 : static_cast<Index>(g);
    parts.push_back({column, is_shared, spans[g].first, spans[g].count, description.is_trained});
    if (!description.is_trained && per != Per::layer)
      parameter.frozen_values += plan_.fields[k].extent * (is_shared ? 1 : spans[g].count);
    parameter.is_trained = parameter.is_trained || description.is_trained;
    if (description.initial && (per != Per::layer || g == 0))
      parameter.initial.push_back({column, is_shared ? 1 : spans[g].count, columns, *description.initial});
  }
  if (!parameter.is_trained) parameter.frozen_values = 0;
  if (!is_shared && parameter.frozen_values == 0) parts.clear();  // the values as they are
}

template <Scalar T>
void LayerParameters<T>::add_delays() {
  const Population& population = plan_.population;
  const Index n = plan_.hidden_size;
  const std::vector<detail::GroupSpan> spans = detail::group_spans(population, n);
  const double dt = plan_.time_step;
  double shortest = std::numeric_limits<double>::infinity(), longest = 0;
  Index trained = 0;  // neurons
  for (std::size_t g = 0; g < spans.size(); ++g)
    trained += detail::delays_of(population, g).is_trained ? spans[g].count : 0;
  const bool is_trained = trained > 0;
  delays_ = parameters_.size();
  Parameter<T>& delays =
      parameters_.emplace_back(prefix_ + (is_trained ? "trans_synaptic_delay" : "synaptic_delay"), Shape{1, n});
  delays.is_trained = is_trained;
  delays.frozen_values = is_trained ? n - trained : 0;
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
  plan_.delay = delay_steps(shortest, dt);
  static_cast<void>(delay_steps(longest, dt));  // which refuses what are too many
  longest_delay_ = std::max(plan_.delay + 1, static_cast<Index>(std::ceil(longest / dt - 1e-9)));
}

template <Scalar T>
Parameter<T>& LayerParameters<T>::add_structure(const char* name, const Shape& shape) {
  Parameter<T>& parameter = parameters_.emplace_back(prefix_ + name, shape);
  parameter.is_trained = false;
  parameter.is_structure = true;
  return parameter;
}

// --- initial values

template <Scalar T>
void LayerParameters<T>::draw_wiring(std::uint64_t seed, std::size_t number) {
  const auto draw = [&](std::size_t parameter, const Connectivity& connectivity, const auto& blocks, bool is_input) {
    const Random random(seed, Stream::initialize,
                        wiring_key + static_cast<std::uint32_t>(2 * number + (is_input ? 1 : 0)));
    const auto pairs = detail::draw_connections(connectivity, blocks, plan_.hidden_size, random);
    View<T> list = parameters_[parameter].value.view();
    for (std::size_t k = 0; k < pairs.size(); ++k) {
      list(0, static_cast<Index>(k)) = static_cast<T>(pairs[k].first);
      list(1, static_cast<Index>(k)) = static_cast<T>(pairs[k].second);
    }
  };
  if (chooses_input_) draw(input_connections_, plan_.population.input, input_blocks_, true);
  if (chooses_lateral_) draw(lateral_connections_, plan_.population.lateral, lateral_blocks_, false);
}

template <Scalar T>
void LayerParameters<T>::balance_weights() {
  if (!signs_) return;
  const std::span<const T> signs = parameters_[signs_].value.values();
  const View<T> weights = parameters_[1].value.view();
  const auto is_inhibitory = [&](Index row, Index column) {
    const Index sender =
        chooses_lateral_ ? static_cast<Index>(parameters_[lateral_connections_].value.view()(0, column)) : row;
    return signs[static_cast<std::size_t>(sender)] < 0;
  };
  const auto receiver = [&](Index column) {
    return chooses_lateral_ ? static_cast<Index>(parameters_[lateral_connections_].value.view()(1, column))
                            : column % plan_.hidden_size;
  };
  for (const detail::GroupSpan& group : detail::group_spans(plan_.population, plan_.hidden_size)) {
    const auto for_each = [&](auto&& f) {
      for (Index r = 0; r < weights.rows; ++r) {
        for (Index c = 0; c < weights.columns; ++c) {
          const Index j = receiver(c);
          if (j >= group.first && j < group.first + group.count) f(weights(r, c), is_inhibitory(r, c));
        }
      }
    };
    Index excitatory = 0, inhibitory = 0;  // connections
    for_each([&](T, bool inhibits) { ++(inhibits ? inhibitory : excitatory); });
    if (inhibitory == 0 || excitatory == 0) continue;
    const T factor = static_cast<T>(static_cast<double>(excitatory) / static_cast<double>(inhibitory));
    for_each([&](T& weight, bool inhibits) {
      if (inhibits) weight *= factor;
    });
  }
}

template <Scalar T>
void LayerParameters<T>::require_initialized() const {
  // Ends at the first number that is not zero, so at the first of all as a rule.
  for (const Parameter<T>& parameter : parameters_) {
    if (parameter.is_structure) continue;
    for (const T value : parameter.value.values()) {
      if (value != T(0)) return;
    }
  }
  throw std::logic_error(parameters_[0].name + " and all other parameters of its layer are zero: before a network " +
                         "runs, initialize_homogeneous(network, seed) draws them or a checkpoint is loaded");
}

// --- the parameters on a tape

template <Scalar T>
Var<T> LayerParameters<T>::input_weights_on(Tape<T>& tape) const {
  return tape.use(parameters_[0]);
}

template <Scalar T>
Var<T> LayerParameters<T>::lateral_weights_on(Tape<T>& tape) const {
  const Var<T> moved = tape.use(parameters_[1]);
  return signs_ ? sign_weights(moved, tape.use(parameters_[signs_]), lateral_connections_on(tape)) : moved;
}

template <Scalar T>
Var<T> LayerParameters<T>::input_connections_on(Tape<T>& tape) const {
  return input_connections_ ? tape.use(parameters_[input_connections_]) : Var<T>{};
}

template <Scalar T>
Var<T> LayerParameters<T>::lateral_connections_on(Tape<T>& tape) const {
  return lateral_connections_ ? tape.use(parameters_[lateral_connections_]) : Var<T>{};
}

template <Scalar T>
Var<T> LayerParameters<T>::field_on(Tape<T>& tape, std::size_t k) const {
  const Var<T> moved = tape.use(parameters_[2 + k]);
  if (spread_[k].empty()) return moved;
  const Index extent = plan_.fields[k].extent;
  const Index columns = moved.shape().size() / extent;
  T* const grad = moved.has_grad() ? moved.grad().data : nullptr;
  return spread(tape.adopt({extent, 1, columns}, columns, moved.value().data, grad),
                std::span<const detail::SpreadColumns>(spread_[k]), plan_.hidden_size);
}

template <Scalar T>
Var<T> LayerParameters<T>::delays_on(Tape<T>& tape) const {
  const Var<T> moved = tape.use(parameters_[delays_]);
  if (!learns_delays()) return moved;
  const Index n = plan_.hidden_size;
  const auto row = [&](auto&& value_of) {
    T* values = tape.memory().template allocate<T>(n);
    for (std::size_t g = 0; g < delay_parts_.size(); ++g) {
      kernels::fill(tape.memory(), View<T>(values + delay_parts_[g].neuron, 1, delay_parts_[g].neurons),
                    static_cast<T>(value_of(delay_ranges_[g])));
    }
    return tape.constant({1, n}, values);
  };
  const Var<T> raw = tape.alias(
      spread(tape.alias(moved, {1, 1, n}, 0), std::span<const detail::SpreadColumns>(delay_parts_), n), {1, n}, 0);
  return row([](const Range& range) { return range.lowest; }) +
         row([](const Range& range) { return range.highest - range.lowest; }) * sigmoid(raw);
}

template <Scalar T>
std::vector<Parameter<T>> LayerParameters<T>::derived() const {
  std::vector<Parameter<T>> list;
  Tape<T> tape(Tape<T>::Mode::forward_only);
  const auto add = [&](const std::string& name, const Shape& shape, const Var<T>& value, bool transposed = false) {
    Parameter<T>& parameter = list.emplace_back(prefix_ + name, shape, transposed);
    std::copy_n(value.value().data, shape.size(), parameter.value.data());
  };
  const auto add_weights = [&](const char* name, Var<T> weights, const Var<T>& connections, Index senders) {
    if (!connections.is_empty()) weights = place_weights(weights, connections, senders, plan_.hidden_size);
    add(name, weights.shape(), weights, plan_.weights.stored_transposed);
  };
  if (chooses_input_)
    add_weights(plan_.weights.input, input_weights_on(tape), input_connections_on(tape), plan_.input_size);
  if (chooses_lateral_ || signs_)
    add_weights(plan_.weights.lateral, lateral_weights_on(tape), lateral_connections_on(tape), plan_.hidden_size);
  for (std::size_t k = 0; k < plan_.fields.size(); ++k) {
    if (!is_shared(k)) continue;
    const Field& field = plan_.fields[k].field;
    add(field.stored_name(), field_shape(k, plan_.hidden_size), field_on(tape, k));
    list.back().field = field;
  }
  if (has_delays() && learns_delays()) add("synaptic_delay", {1, plan_.hidden_size}, delays_on(tape));
  return list;
}

template <Scalar T>
bool LayerParameters<T>::is_shared(std::size_t k) const {
  return !spread_[k].empty() && spread_[k].front().is_shared;
}

template <Scalar T>
bool LayerParameters<T>::learns_delays() const {
  return parameters_[delays_].field->transform == Transform::fraction;
}

template class LayerParameters<float>;
template class LayerParameters<double>;

}  // namespace glifr
