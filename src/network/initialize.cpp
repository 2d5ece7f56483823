#include "glifr/network/initialize.hpp"

#include <cmath>
#include <optional>

#include "glifr/io/number.hpp"

namespace glifr {

namespace {

/// The raw form of an initial value that a description gives, or nothing where the parameter cannot have it.
template <Scalar T>
std::optional<double> raw_of(const Parameter<T>& parameter, Index column, double physical, double dt) {
  const Transform transform = parameter.field ? parameter.field->transform : Transform::identity;
  if (!parameter.ranges.empty()) {
    const Range& range = parameter.ranges[static_cast<std::size_t>(column)];
    if (!range.contains(physical)) return std::nullopt;
    if (transform == Transform::fraction) {
      const double width = range.highest - range.lowest;
      physical = width > 0 ? (physical - range.lowest) / width : 0.5;
    }
  }
  const double raw = to_raw(transform, physical, dt);
  return std::isfinite(raw) ? std::optional(raw) : std::nullopt;
}

/// Why no initial value could be drawn. `is_too_large`: there are some that a neuron can have, but not as a T.
template <Scalar T>
std::string problem_of(const Parameter<T>& parameter, Index column, const Distribution& initial, bool is_too_large,
                       const std::string& where) {
  const bool is_number = initial.kind == Distribution::Kind::number;
  std::string found = is_number ? "found the initial value " + format_number(initial.first)
                                : std::string("found initial values of which none is one that a neuron can have");
  if (is_too_large) found += is_number ? ", which float32 does not hold" : " and float32 holds";
  found += (initial.file.empty() ? "" : ", in " + initial.file) + where;
  if (is_too_large) return found + "; accepted: smaller ones, or --precision float64";
  if (parameter.ranges.empty()) return found;
  return found + "; accepted: " + to_string(parameter.ranges[static_cast<std::size_t>(column)]);
}

/// Draws what a description says of a parameter's initial values, over those of its field.
template <Scalar T>
void draw_described(Parameter<T>& parameter, const Random& random, double dt, const std::string& where) {
  const auto size = static_cast<std::uint64_t>(parameter.value.size());
  for (const InitialColumns& part : parameter.initial) {
    if (part.distribution.kind == Distribution::Kind::recorded && part.distribution.values.empty()) {
      throw ConfigError(parameter.field ? parameter.field->name : parameter.name,
                        "found no recorded value to draw initial values from" +
                            (part.distribution.file.empty() ? "" : ": " + part.distribution.file + " was not read"));
    }
    for (Index i = 0; i < parameter.value.size(); ++i) {
      const Index column = i % part.columns;
      if (column < part.first || column >= part.first + part.count) continue;
      std::optional<double> raw;
      bool is_too_large = false;
      const auto accept = [&](double physical) {
        raw = raw_of(parameter, column, physical, dt);
        const bool fits = raw && std::isfinite(static_cast<T>(*raw));
        is_too_large = is_too_large || (raw && !fits);
        return fits;
      };
      if (!part.distribution.draw(random, static_cast<std::uint64_t>(i), size, accept)) {
        throw ConfigError(parameter.field ? parameter.field->name : parameter.name,
                          problem_of(parameter, column, part.distribution, is_too_large, where));
      }
      parameter.value.data()[i] = static_cast<T>(*raw);
    }
  }
}

/// Why a parameter cannot start with what its field says.
std::string refusal(const Field& field, double dt, const std::string& where) {
  const bool has_time_step = field.transform == Transform::decay_rate;
  const std::string start = has_time_step ? "with dt " + format_number(dt) + " ms " : std::string();
  if (field.initial || !field.value) return start + "the field's initial value is not finite in raw form" + where;
  return start + "a neuron cannot start with all that the field gives, " + format_number(*field.value) +
         (field.spread != 0 ? " ± " + format_number(field.spread) : "") + where +
         "; accepted: " + to_string(detail::physical_range(field.transform, dt)) + (has_time_step ? " (1 / dt)" : "");
}

/// Draws the initial values of parameters, whose places in the network's list begin at `place`, for a layer of so many
/// neurons with a time step `dt`.
template <Scalar T>
void draw(const ParameterList<T>& parameters, std::size_t place, double dt, Index neurons, std::uint64_t seed,
          const std::string& where) {
  for (Parameter<T>* parameter : parameters) {
    const Random random(seed, Stream::initialize, static_cast<std::uint32_t>(place++));
    if (parameter->is_structure) continue;
    Index described = 0;
    for (const InitialColumns& part : parameter->initial) described += part.count;
    if (!parameter->initial.empty() && described == parameter->initial.front().columns) {
      draw_described(*parameter, random, dt, where);
      continue;
    }
    const Field field = parameter->field.value_or(Field{});
    std::uint64_t position = 0;
    for (T& value : parameter->value.values()) {
      value = static_cast<T>(initial_raw(field, random.uniform(position++), dt, static_cast<double>(neurons)));
      if (!std::isfinite(value)) {
        throw ConfigError(parameter->field ? field.name : parameter->name, refusal(field, dt, where));
      }
    }
    draw_described(*parameter, random, dt, where);
  }
}

template <Scalar T>
double time_step_of(const NetworkLayer<T>& layer) {
  for (const auto& [name, value] : layer.constants()) {
    if (name == "dt") return value;
  }
  return 1;
}

}  // namespace

Range detail::physical_range(Transform transform, double dt) {
  switch (transform) {
    case Transform::decay_rate:
      return {.lowest = 0, .highest = 1 / dt, .excludes_lowest = true, .excludes_highest = true};
    case Transform::bounded:
      return {.lowest = -1, .highest = 1, .excludes_lowest = true, .excludes_highest = true};
    case Transform::positive:
      return Range::above(0);
    case Transform::fraction:
      return {.lowest = 0, .highest = 1, .excludes_lowest = true, .excludes_highest = true};
    case Transform::identity:
      break;
  }
  return {};
}

template <Scalar T>
void initialize_homogeneous(RecurrentNetwork<T>& network, std::uint64_t seed) {
  std::size_t place = 0;
  for (std::size_t k = 0; k < network.depth(); ++k) {
    NetworkLayer<T>& layer = network.layer(k);
    const ParameterList<T> parameters = layer.parameters();
    layer.draw_wiring(seed, k);
    draw(parameters, place, time_step_of(layer), layer.size(), seed, " in layer " + std::to_string(k + 1));
    layer.balance_weights();
    place += parameters.size();
  }
  if (Readout<T>* readout = network.readout())
    draw(readout->parameters(), place, 1, network.layer(network.depth() - 1).size(), seed, " in the readout");
}

template <Scalar T>
void initialize_heterogeneous(RecurrentNetwork<T>& network,
                              const std::function<std::span<const T>(const std::string&)>& trained,
                              std::uint64_t seed) {
  initialize_homogeneous(network, seed);  // the readout, and nothing else, stays
  std::uint32_t place = 0;
  for (std::size_t k = 0; k < network.depth(); ++k) {
    for (Parameter<T>* parameter : network.layer(k).parameters()) {
      const Random random(seed, Stream::initialize, place++);
      if (parameter->is_structure) continue;
      const std::span<const T> pool = trained(parameter->name);
      if (pool.empty())
        throw std::logic_error("there is no value of " + parameter->name + " to draw initial values from");
      std::uint64_t position = 0;
      for (T& value : parameter->value.values())
        value = pool[random.below(position++, static_cast<std::uint32_t>(pool.size()))];
    }
  }
}

#define GLIFR_INSTANTIATE(T)                                                    \
  template void initialize_homogeneous<T>(RecurrentNetwork<T>&, std::uint64_t); \
  template void initialize_heterogeneous<T>(                                    \
      RecurrentNetwork<T>&, const std::function<std::span<const T>(const std::string&)>&, std::uint64_t)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr
