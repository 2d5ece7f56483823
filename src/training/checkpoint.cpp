#include "glifr/training/checkpoint.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

#include "glifr/io/number.hpp"
#include "glifr/io/text.hpp"
#include "glifr/neurons/indexing.hpp"

namespace glifr {

namespace {

std::vector<Index> sizes_of(const Shape& shape) {
  std::vector<Index> sizes;
  for (int axis = 0; axis < shape.rank(); ++axis) sizes.push_back(shape[axis]);
  return sizes;
}

template <Scalar T>
std::vector<T> transposed(std::span<const T> values, Index rows, Index columns) {
  std::vector<T> turned(values.size());
  for (Index r = 0; r < rows; ++r) {
    for (Index c = 0; c < columns; ++c) at(turned, c * rows + r) = at(values, r * columns + c);
  }
  return turned;
}

/// A tensor shaped like a parameter, as files have it.
template <Scalar T>
NamedTensor store(std::string name, const Parameter<T>& parameter, std::span<const T> values) {
  const Shape& shape = parameter.value.shape();
  if (!parameter.is_stored_transposed) return make_named_tensor<T>(std::move(name), sizes_of(shape), values);
  const std::vector<T> turned = transposed(values, shape[0], shape[1]);
  return make_named_tensor<T>(std::move(name), {shape[1], shape[0]}, std::span<const T>(turned));
}

/// DataError where values that are stored as they are, as delays that are not trained, are none that the parameter can
/// have.
template <Scalar T>
void require_range(const std::vector<T>& values, const Parameter<T>& parameter, const std::string& file_name) {
  if (parameter.ranges.empty() || parameter.field->transform != Transform::identity) return;
  constexpr double rounding = 1e-5;  // of a file of another precision
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Range& range = parameter.ranges[i % parameter.ranges.size()];
    const auto value = static_cast<double>(values[i]);
    if (value >= range.lowest * (1 - rounding) && value <= range.highest * (1 + rounding)) continue;
    throw DataError(file_name, "tensor '" + parameter.name + "' holds " + format_number(value) + ", accepted: " +
                                   format_number(range.lowest) + " to " + format_number(range.highest));
  }
}

/// The values of a tensor shaped like a parameter, checked.
template <Scalar T>
std::vector<T> fetch(const TensorFile& file, const std::string& file_name, const std::string& name,
                     const Parameter<T>& parameter) {
  const NamedTensor* tensor = file.find(name);
  if (!tensor) throw DataError(file_name, "there is no tensor '" + name + "', which this network needs");
  const Shape& shape = parameter.value.shape();
  const auto expected = parameter.is_stored_transposed ? std::vector<Index>{shape[1], shape[0]} : sizes_of(shape);
  if (tensor->shape != expected) {
    throw DataError(file_name, "tensor '" + name + "' has shape " + shape_text(tensor->shape) + ", expected " +
                                   shape_text(expected));
  }
  const std::vector<T> values = values_of<T>(*tensor, file_name);
  for (const T value : values) {
    if (!std::isfinite(value)) throw DataError(file_name, "tensor '" + name + "' holds a value that is not finite");
  }
  require_range(values, parameter, file_name);
  return parameter.is_stored_transposed ? transposed<T>(values, shape[1], shape[0]) : values;
}

/// DataError where a checkpoint holds something that decides what its neurons do and that this network does not have:
/// other layers, after-spike currents, delays or wiring. Other tensors are passed over, as foreign files have some.
template <Scalar T>
void require_nothing_else(RecurrentNetwork<T>& network, const TensorFile& file, const std::string& file_name) {
  constexpr std::array<std::string_view, 6> telling{"a_j",  "synaptic_delay", "trans_synaptic_delay",
                                                    "sign", "connections_in", "connections_lat"};
  const ParameterList<T> parameters = network.parameters();
  const auto has = [&](const std::string& name) {
    return std::ranges::any_of(parameters, [&](const Parameter<T>* parameter) { return parameter->name == name; });
  };
  const auto is_foreign = [&](const NamedTensor& tensor) {
    for (std::size_t k = 0; k < network.depth(); ++k) {
      const std::string prefix = layer_prefix(k);
      if (!tensor.name.starts_with(prefix)) continue;
      const std::string rest = tensor.name.substr(prefix.size());
      const bool is_derived = rest == "synaptic_delay" && has(prefix + "trans_synaptic_delay");
      if (std::ranges::find(telling, rest) == telling.end() || has(tensor.name) || is_derived) return false;
      return !std::ranges::all_of(values_of<T>(tensor, file_name),
                                  [](T value) { return value == T(0); });  // without effect
    }
    return tensor.name.starts_with("neuron_layer_");
  };
  const auto foreign = std::ranges::find_if(file.tensors, is_foreign);
  if (foreign != file.tensors.end())
    throw DataError(file_name,
                    "holds tensor '" + foreign->name +
                        "', which this network does not have: it is of other neurons, or of a layer whose population "
                        "(connections, signs, delays) has to be described first");
}

/// The optimiser's state with the prefixes of its tensors' names; what its kind does not keep is left out.
template <Scalar T>
std::vector<std::pair<std::string, std::span<T>>> moments(Optimizer<T>& optimizer) {
  std::vector<std::pair<std::string, std::span<T>>> list;
  if (!optimizer.first().empty()) list.emplace_back("optimizer.first.", optimizer.first());
  if (!optimizer.second().empty()) list.emplace_back("optimizer.second.", optimizer.second());
  return list;
}

/// What belongs to a parameter in a buffer of `ParameterLayout`.
template <Scalar T>
std::span<T> values_in(std::span<T> buffer, const Parameter<T>& parameter, Index offset) {
  return buffer.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(parameter.value.size()));
}

/// A count in the metadata, `lowest` or more.
Index metadata_count(const TensorFile& file, const std::string& key, const std::string& name, Index lowest) {
  const double value = metadata_number(file, key, name);
  if (!(value >= static_cast<double>(lowest) && value <= 9e15 && value == std::floor(value))) {
    throw DataError(name, "the metadata's " + key + " is '" + format_number(value) +
                              "', expected an integer >= " + std::to_string(lowest));
  }
  return static_cast<Index>(value);
}

}  // namespace

double metadata_number(const TensorFile& file, const std::string& key, const std::string& name) {
  const auto entry = file.metadata.find(key);
  if (entry == file.metadata.end())
    throw DataError(name, "the metadata has no " + key + "; is this a checkpoint of these neurons?");
  const std::optional<double> value = parse_number(entry->second);
  if (!value || !std::isfinite(*value))
    throw DataError(name, "the metadata's " + key + " is '" + entry->second + "', expected a number");
  return *value;
}

detail::StoredSizes detail::stored_sizes(const TensorFile& file, const WeightNames& weights, const std::string& name) {
  const auto size = [&](const std::string& tensor_name, bool of_source) {
    const NamedTensor* tensor = file.find(tensor_name);
    if (!tensor || tensor->shape.size() != 2) {
      throw DataError(
          name, (tensor ? "tensor '" + tensor_name + "' is no matrix" : "there is no tensor '" + tensor_name + "'") +
                    "; is this a checkpoint of these neurons?");
    }
    const Index found = tensor->shape[of_source == weights.stored_transposed ? 1 : 0];
    if (found < 1) {
      throw DataError(name, "tensor '" + tensor_name + "' has shape " + shape_text(tensor->shape) +
                                "; a network needs 1 or more of each");
    }
    return found;
  };
  StoredSizes sizes;
  sizes.input = size(std::string("neuron_layer.") + weights.input, true);
  sizes.hidden = size(std::string("neuron_layer.") + weights.lateral, true);
  const NamedTensor* bias = file.find("output_linear.bias");
  if (bias) sizes.output = bias->size();
  sizes.delay = metadata_count(file, "delay_steps", name, 1);
  return sizes;
}

template <Scalar T>
TensorFile to_tensor_file(RecurrentNetwork<T>& network) {
  TensorFile file;
  for (const Parameter<T>* parameter : network.parameters()) {
    file.tensors.push_back(store<T>(parameter->name, *parameter, parameter->value.values()));
  }
  for (const auto& [name, value] : network.constants()) file.metadata[name] = format_number(value);
  for (std::size_t k = 0; k < network.depth(); ++k) {
    for (const Parameter<T>& parameter : network.layer(k).derived())
      file.tensors.push_back(store<T>(parameter.name, parameter, parameter.value.values()));
    const std::string prefix = k == 0 ? "" : layer_prefix(k);
    file.metadata[prefix + "delay_steps"] = std::to_string(network.layer(k).delay());
    if (network.depth() > 1) file.metadata[prefix + "neuron"] = network.layer(k).neuron();
  }
  return file;
}

template <Scalar T>
void load_parameters(RecurrentNetwork<T>& network, const TensorFile& file, const std::string& name) {
  require_nothing_else(network, file, name);
  const ParameterList<T> parameters = network.parameters();
  std::vector<std::vector<T>> values;
  for (const Parameter<T>* parameter : parameters) values.push_back(fetch(file, name, parameter->name, *parameter));
  for (std::size_t p = 0; p < parameters.size(); ++p)
    std::copy(values[p].begin(), values[p].end(), parameters[p]->value.data());
}

template <Scalar T>
void load_constants(RecurrentNetwork<T>& network, const TensorFile& file, const std::string& name) {
  for (std::size_t k = 0; k < network.depth(); ++k) {
    for (const auto& [constant, value] : network.layer(k).constants()) {
      const std::string key = (k == 0 ? "" : layer_prefix(k)) + constant;
      if (!file.metadata.contains(key)) continue;
      try {
        network.layer(k).set_constant(constant, metadata_number(file, key, name));
      } catch (const ConfigError& error) {  // a value out of the constant's range
        throw DataError(name, error.what());
      }
    }
  }
}

template <Scalar T>
void add_training_state(TensorFile& file, Trainer<T>& trainer) {
  Optimizer<T>& optimizer = trainer.optimizer();
  for (const auto& [parameter, offset] : optimizer.layout().trained()) {
    for (const auto& [prefix, state] : moments(optimizer)) {
      file.tensors.push_back(store<T>(prefix + parameter->name, *parameter, values_in<T>(state, *parameter, offset)));
    }
  }
  const Position& position = trainer.position();
  file.metadata["epoch"] = std::to_string(position.epoch);
  file.metadata["step"] = std::to_string(position.step);
  file.metadata["running_loss_sum"] = format_number(position.running.loss_sum);
  file.metadata["running_correct"] = std::to_string(position.running.correct);
  file.metadata["running_samples"] = std::to_string(position.running.samples);
  file.metadata["optimizer_steps"] = std::to_string(trainer.optimizer().steps());
}

template <Scalar T>
void load_training_state(Trainer<T>& trainer, const TensorFile& file, const std::string& name) {
  if (!file.metadata.contains("epoch"))
    throw DataError(name, "there is no training state in it ('epoch'), it cannot be resumed");
  const auto count = [&](const char* key) { return metadata_count(file, key, name, 0); };
  Position position;
  position.epoch = count("epoch");
  position.step = count("step");
  position.running = {metadata_number(file, "running_loss_sum", name), count("running_correct"),
                      count("running_samples")};
  if (position.step > trainer.steps_per_epoch()) {
    throw DataError(name, "was written after step " + std::to_string(position.step) +
                              " of an epoch; with these data one has " + std::to_string(trainer.steps_per_epoch()));
  }
  const Index optimizer_steps = count("optimizer_steps");
  Optimizer<T>& optimizer = trainer.optimizer();
  std::vector<std::pair<std::span<T>, std::vector<T>>> states;  // where they go, before any of them does
  for (const auto& [parameter, offset] : optimizer.layout().trained()) {
    for (const auto& [prefix, state] : moments(optimizer))
      states.emplace_back(values_in<T>(state, *parameter, offset),
                          fetch(file, name, prefix + parameter->name, *parameter));
  }
  load_parameters(trainer.network(), file, name);
  for (const auto& [place, values] : states) std::ranges::copy(values, place.begin());
  optimizer.set_steps(optimizer_steps);
  trainer.set_position(position);
}

#define GLIFR_INSTANTIATE(T)                                                                     \
  template TensorFile to_tensor_file<T>(RecurrentNetwork<T>&);                                   \
  template void load_parameters<T>(RecurrentNetwork<T>&, const TensorFile&, const std::string&); \
  template void load_constants<T>(RecurrentNetwork<T>&, const TensorFile&, const std::string&);  \
  template void add_training_state<T>(TensorFile&, Trainer<T>&);                                 \
  template void load_training_state<T>(Trainer<T>&, const TensorFile&, const std::string&)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr
