#include "glifr/network/description.hpp"

#include <algorithm>

#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/json_members.hpp"
#include "glifr/neurons/built_in.hpp"

namespace glifr {

namespace {

std::vector<NeuronInfo>& neurons() {
  static std::vector<NeuronInfo> list = [] {
    std::vector<NeuronInfo> built_in;
#define GLIFR_LIST_NEURON(...)                                  \
  {                                                             \
    NeuronInfo info = detail::describe_neuron<__VA_ARGS__>();   \
    info.make_float = detail::make_layer<__VA_ARGS__, float>;   \
    info.make_double = detail::make_layer<__VA_ARGS__, double>; \
    info.is_built_in = true;                                    \
    built_in.push_back(std::move(info));                        \
  }
    GLIFR_FOR_EACH_BUILT_IN_NEURON(GLIFR_LIST_NEURON)
#undef GLIFR_LIST_NEURON
    return built_in;
  }();
  return list;
}

const char* name_of(const Field& field) {
  return field.name;
}
const char* name_of(const FieldExtent& member) {
  return member.field.name;
}

template <class List>
std::string names_of(const List& list) {
  std::string names;
  for (const auto& entry : list) names.append(names.empty() ? "" : ", ").append(name_of(entry));
  return names.empty() ? "none" : names;
}

const Field* find_field(const std::vector<Field>& fields, const std::string& name) {
  const auto found = std::ranges::find_if(fields, [&](const Field& field) { return name == field.name; });
  return found == fields.end() ? nullptr : &*found;
}

/// Freezes the parameters of a layer that its description says are not trained.
template <Scalar T>
void freeze(NetworkLayer<T>& layer, const NeuronInfo& info, const LayerDescription& description) {
  for (const auto& [name, is_trained] : description.trained) {
    if (std::ranges::none_of(info.parameters, [&](const FieldExtent& p) { return name == p.field.name; })) {
      throw ConfigError("parameters", "found '" + name + "'; the parameters of neuron " + info.name + " are " +
                                          names_of(info.parameters));
    }
    for (Parameter<T>* parameter : layer.parameters()) {
      if (parameter->field && name == parameter->field->name) parameter->is_trained = is_trained;
    }
  }
}

}  // namespace

const std::vector<NeuronInfo>& known_neurons() {
  return neurons();
}

const NeuronInfo& find_neuron(const std::string& name, Index num_ascs) {
  std::string names, counts;
  for (const NeuronInfo& info : neurons()) {
    if (info.name == name && info.num_ascs == num_ascs) return info;
    if (info.name == name) counts.append(counts.empty() ? "" : ", ").append(std::to_string(info.num_ascs));
    if (names.find(info.name) == std::string::npos) names.append(names.empty() ? "" : ", ").append(info.name);
  }
  if (counts.empty()) throw ConfigError("neuron", "found '" + name + "'; accepted: " + names);
  throw ConfigError("num_ascs", "found " + std::to_string(num_ascs) + "; accepted for neuron " + name + ": " + counts);
}

void detail::add_neuron(NeuronInfo info) {
  for (NeuronInfo& known : neurons()) {
    if (known.name == info.name && known.num_ascs == info.num_ascs) return void(known = std::move(info));
  }
  neurons().push_back(std::move(info));
}

void detail::set_constants(const NeuronInfo& info, const std::map<std::string, double>& values,
                           const std::function<void(const std::string&, double)>& set) {
  for (const auto& [name, value] : values) {
    const Field* field = find_field(info.constants, name);
    if (!field)
      throw ConfigError(name, "is no constant of neuron " + info.name + "; it has " + names_of(info.constants));
    if (!field->range.contains(value))
      throw ConfigError(name, "found " + format_number(value) + "; accepted: " + to_string(field->range));
    set(name, value);
  }
}

ParameterCount count_parameters(const NetworkDescription& description) {
  ParameterCount count;
  Index input_size = description.input_size;
  for (const LayerDescription& layer : description.layers) {
    const NeuronInfo& info = find_neuron(layer.neuron, layer.num_ascs);
    const Index weights = (input_size + layer.size) * info.inputs * layer.size;
    count.all += weights;
    count.trained += weights;
    for (const FieldExtent& parameter : info.parameters) {
      const Index size = parameter.extent * layer.size;
      const auto trained = layer.trained.find(parameter.field.name);
      count.all += size;
      count.trained += trained == layer.trained.end() || trained->second ? size : 0;
    }
    input_size = layer.size;
  }
  const Index readout = (input_size + 1) * description.output_size;
  return {count.all + readout, count.trained + readout};
}

template <Scalar T>
std::unique_ptr<RecurrentNetwork<T>> make_network(const NetworkDescription& description) {
  if (description.layers.empty()) throw ConfigError("layers", "found none; a network has one or more");
  auto network = std::make_unique<RecurrentNetwork<T>>(description.outputs);
  Index input_size = description.input_size;
  for (LayerDescription layer : description.layers) {
    const NeuronInfo& info = find_neuron(layer.neuron, layer.num_ascs);
    if (layer.constants.contains("dt")) throw ConfigError("dt", "is the whole network's, not a layer's");
    if (find_field(info.constants, "dt")) layer.constants["dt"] = description.dt;
    const Index delay = delay_steps(layer.synaptic_delay, description.dt);
    const std::string prefix = layer_prefix(network->depth());
    if constexpr (std::is_same_v<T, float>) {
      network->add(info.make_float(layer, input_size, delay, prefix));
    } else {
      network->add(info.make_double(layer, input_size, delay, prefix));
    }
    freeze(network->layer(network->depth() - 1), info, layer);
    input_size = layer.size;
  }
  if (description.output_size > 0) network->add_readout(description.output_size);
  return network;
}

template std::unique_ptr<RecurrentNetwork<float>> make_network(const NetworkDescription&);
template std::unique_ptr<RecurrentNetwork<double>> make_network(const NetworkDescription&);

}  // namespace glifr
