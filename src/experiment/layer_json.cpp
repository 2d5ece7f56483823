#include "layer_json.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "config_members.hpp"
#include "config_values.hpp"
#include "distribution_json.hpp"
#include "glifr/cells/connections.hpp"
#include "glifr/error.hpp"
#include "glifr/io/json.hpp"

namespace glifr::detail {

namespace json = boost::json;

namespace {

constexpr Range sizes{.lowest = 1, .highest = 1e6};
constexpr Range currents{.lowest = 0, .highest = 1e3};
constexpr Range shares{.lowest = 0, .highest = 1};

Connectivity connectivity_from_json(const json::value& value, const std::string& key, const std::string& where,
                                    bool may_be_mask) {
  const std::string accepted =
      std::string("\"all\", \"none\", {\"density\": 0.2}") + (may_be_mask ? " or {\"file\": \"mask.npy\"}" : "");
  if (value.is_string() && value.get_string() == "all") return Connectivity::all();
  if (value.is_string() && value.get_string() == "none") return Connectivity::none();
  if (!value.is_object()) refuse_value(key, value, where, accepted);
  ConfigMembers members(value, key, where);
  Connectivity connectivity;
  const auto density = members.number("density", shares);
  const auto file = may_be_mask ? members.take("file") : std::nullopt;
  if (density.has_value() == file.has_value()) refuse_value(key, value, where, accepted);
  if (density) {
    connectivity = Connectivity::with_density(*density);
  } else {
    if (!file->is_string() || file->get_string().empty())
      refuse_value("file", *file, " of " + key + where, "the name of a .npy file");
    connectivity.kind = Connectivity::Kind::mask;
    connectivity.file = std::string(file->get_string());
    connectivity.connections = members.whole("connections", 0, Range{.lowest = 0, .highest = 1e12});
    connectivity.checksum = members.text("checksum", "");
  }
  members.check_that_none_is_left();
  return connectivity;
}

json::value to_json(const Connectivity& connectivity) {
  switch (connectivity.kind) {
    case Connectivity::Kind::none:
      return "none";
    case Connectivity::Kind::density:
      return json::object{{"density", connectivity.share}};
    case Connectivity::Kind::mask: {
      json::object object{{"file", connectivity.file}, {"connections", connectivity.connections}};
      if (!connectivity.checksum.empty()) object["checksum"] = connectivity.checksum;
      return object;
    }
    case Connectivity::Kind::all:
      break;
  }
  return "all";
}

std::optional<double> take_inhibitory(ConfigMembers& members) {
  const auto value = members.take("inhibitory");
  if (!value) return std::nullopt;
  if (value->is_bool()) return value->get_bool() ? 1.0 : 0.0;
  if (!value->is_number() || !shares.contains(value->to_number<double>()))
    members.refuse("inhibitory", to_line(*value), "a share of the neurons, 0 to 1, or true or false");
  return value->to_number<double>();
}

ParameterDescription parameter_from_json(const json::value& value, const std::string& name, const std::string& where,
                                         bool is_group) {
  ConfigMembers members(value, name, where);
  ParameterDescription description;
  if (!is_group) {
    const std::string per = members.text("per", "neuron");
    if (per != "neuron" && per != "layer" && per != "group")
      members.refuse("per", '"' + per + '"', "neuron, layer, group");
    description.per = per == "neuron" ? Per::neuron : per == "layer" ? Per::layer : Per::group;
  }
  description.is_trained = members.flag("train", true);
  if (const auto initial = members.take("initial"))
    description.initial = distribution_from_json(*initial, "initial", " of " + name + where);
  members.check_that_none_is_left();
  return description;
}

/// By the names of the neuron's parameters; "all" stands for those that are not named.
std::map<std::string, ParameterDescription> parameters_from_json(const json::value& value, const NeuronInfo& neuron,
                                                                 const std::string& where, bool is_group) {
  std::map<std::string, ParameterDescription> described;
  ConfigMembers members(value, "parameters", where);
  for (const FieldExtent& parameter : neuron.parameters) {
    const std::string name = parameter.field.name;
    if (const auto own = members.take(name)) described[name] = parameter_from_json(*own, name, where, is_group);
  }
  if (const auto others = members.take("all")) {
    const ParameterDescription description = parameter_from_json(*others, "all", where, is_group);
    for (const FieldExtent& parameter : neuron.parameters) described.try_emplace(parameter.field.name, description);
  }
  members.check_that_none_is_left();
  return described;
}

json::object to_json(const std::map<std::string, ParameterDescription>& parameters) {
  json::object object;
  for (const auto& [name, description] : parameters) {
    json::object& of_one = object[name].emplace_object();
    if (description.per != Per::neuron) of_one["per"] = description.per == Per::layer ? "layer" : "group";
    of_one["train"] = description.is_trained;
    if (description.initial) of_one["initial"] = detail::to_json(*description.initial);
  }
  return object;
}

/// A delay that all neurons have.
DelayDescription single_delay(double delay) {
  return {.initial = Distribution::number(delay), .shortest = delay, .longest = delay};
}

/// Connections of a group's neurons to those of others, by the names of these.
std::map<std::string, Connectivity> lateral_from_json(const json::value& value, const std::string& of_group) {
  const json::object* by_group = value.if_object();
  if (!by_group)
    refuse_value("lateral", value, of_group, "an object of densities by the names of groups, as {\"E\": 0.1}");
  std::map<std::string, Connectivity> lateral;
  for (const json::key_value_pair& to : *by_group) {
    const std::string name(to.key());
    const bool is_density = to.value().is_number() && shares.contains(to.value().to_number<double>());
    lateral[name] = is_density ? Connectivity::with_density(to.value().to_number<double>())
                               : connectivity_from_json(to.value(), "lateral", " to " + name + of_group, false);
  }
  return lateral;
}

NeuronGroup group_from_json(const json::value& value, const std::string& name, const NeuronInfo& neuron,
                            const std::string& where) {
  const std::string of_group = " of group " + name + where;
  NeuronGroup group{.name = name};
  ConfigMembers members(value, "group " + name, where);
  group.size = members.whole("size", 0, sizes);
  if (group.size == 0) throw ConfigError("size", "is missing in group " + name + where);
  if (const auto parameters = members.take("parameters"))
    group.parameters = parameters_from_json(*parameters, neuron, of_group, true);
  group.inhibitory = take_inhibitory(members);
  if (const auto delay = members.take("synaptic_delay")) {
    const auto found = delay_from_json(*delay, of_group);
    const double* number = std::get_if<double>(&found);
    group.synaptic_delay = number ? single_delay(*number) : std::get<DelayDescription>(found);
  }
  if (const auto lateral = members.take("lateral")) group.lateral = lateral_from_json(*lateral, of_group);
  members.check_that_none_is_left();
  return group;
}

std::vector<NeuronGroup> groups_from_json(const json::value& value, const NeuronInfo& neuron,
                                          const std::string& where) {
  const json::object* object = value.if_object();
  if (!object || object->empty())
    refuse_value("groups", value, where,
                 "an object of groups by their names, as {\"E\": {\"size\": 80}, \"I\": {\"size\": 20}}");
  std::vector<NeuronGroup> groups;
  for (const json::key_value_pair& member : *object) {
    const std::string name(member.key());
    if (name == "density" || name == "file" || name.empty())
      refuse_value("groups", json::value(member.key()), where, "other names than density and file");
    const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; };
    if (std::ranges::any_of(name, is_control))  // tables of neurons hold it in one line
      refuse_value("groups", json::value(member.key()), where, "names without line ends and other control characters");
    groups.push_back(group_from_json(member.value(), name, neuron, where));
  }
  return groups;
}

json::object to_json(const std::vector<NeuronGroup>& groups) {
  json::object object;
  for (const NeuronGroup& group : groups) {
    json::object& of_group = object[group.name].emplace_object();
    of_group["size"] = group.size;
    if (!group.parameters.empty()) of_group["parameters"] = to_json(group.parameters);
    if (group.inhibitory) of_group["inhibitory"] = *group.inhibitory;
    if (group.synaptic_delay) of_group["synaptic_delay"] = detail::to_json(*group.synaptic_delay);
    if (group.lateral.empty()) continue;
    json::object& lateral = of_group["lateral"].emplace_object();
    for (const auto& [to, connectivity] : group.lateral) lateral[to] = to_json(connectivity);
  }
  return object;
}

/// One delay for all neurons, or one for each.
void take_delay(ConfigMembers& members, const std::string& where, LayerDescription& layer) {
  layer.synaptic_delay = LayerDescription::of_the_task;
  const auto delay = members.take("synaptic_delay");
  if (!delay) return;
  const auto found = delay_from_json(*delay, where);
  if (const double* all = std::get_if<double>(&found)) {
    layer.synaptic_delay = *all;
  } else {
    layer.population.synaptic_delay = std::get<DelayDescription>(found);
  }
}

/// Where the neurons of some groups have their own delays, those of others have the layer's single one.
void complete_delays(LayerDescription& layer) {
  if (!has_neuron_delays(layer.population)) return;
  if (!layer.population.synaptic_delay && layer.synaptic_delay >= 0)
    layer.population.synaptic_delay = single_delay(layer.synaptic_delay);
  layer.synaptic_delay = 0;  // does not count, so it is not the task's
}

LayerDescription layer_from_json(const json::value& value, std::size_t number, const std::string& place) {
  const std::string name = "layer " + std::to_string(number), where = " of " + name + place;
  ConfigMembers members(value, name, place);
  LayerDescription layer;
  layer.neuron = members.text("neuron", layer.neuron);
  layer.size = members.whole("size", 0, sizes);
  layer.num_ascs = members.whole("num_ascs", 0, currents);
  const NeuronInfo* found_neuron = nullptr;
  name_place(" in " + name + place, [&] { found_neuron = &find_neuron(layer.neuron, layer.num_ascs); });
  const NeuronInfo& neuron = *found_neuron;
  Population& population = layer.population;
  if (const auto groups = members.take("groups")) {
    population.groups = groups_from_json(*groups, neuron, where);
    Index sum = 0;
    for (const NeuronGroup& group : population.groups) sum += group.size;
    if (layer.size == 0) layer.size = sum;
  }
  if (layer.size == 0) throw ConfigError("size", "is missing in " + name + place);
  take_delay(members, where, layer);
  for (const NeuronConstant& constant : neuron.constants) {
    if (constant.name == "dt") continue;
    if (const auto found = members.number(constant.name, constant.field.range)) layer.constants[constant.name] = *found;
  }
  name_place(" in " + name + place, [&] { require_whole_arrays(neuron, layer.constants); });
  if (const auto parameters = members.take("parameters"))
    population.parameters = parameters_from_json(*parameters, neuron, where, false);
  if (const auto lateral = members.take("lateral"))
    population.lateral = connectivity_from_json(*lateral, "lateral", where, true);
  if (const auto input = members.take("input")) population.input = connectivity_from_json(*input, "input", where, true);
  population.inhibitory = take_inhibitory(members);
  members.check_that_none_is_left();
  complete_delays(layer);
  name_place(" in " + name + place,
             [&] { check_population(population, neuron.name, neuron.parameters, 0, layer.size); });
  return layer;
}

}  // namespace

void check_model_name(const std::string& name, const std::string& place) {
  if (!is_folder_name(name))
    throw ConfigError("models",
                      "found '" + name + "'" + place +
                          "; accepted: letters, digits, '-', '_', '.', the first none of '-' and '.', as deep");
  const bool is_taken = std::ranges::find(known_models(), name, &Model::name) != known_models().end() ||
                        name == "all" || name == "paper" || name == "default";
  if (is_taken) throw ConfigError("models", "found '" + name + "'" + place + ", which has a meaning already");
}

std::vector<LayerDescription> layers_from_json(const json::value& value, const std::string& place) {
  const json::array* list = value.if_array();
  if (!list || list->empty()) {
    throw ConfigError("layers",
                      "found " + to_line(value) + place +
                          "; accepted: a list of one layer or more, as [{\"neuron\": \"rnn\", \"size\": 64}]");
  }
  std::vector<LayerDescription> layers;
  for (const json::value& layer : *list) layers.push_back(layer_from_json(layer, layers.size() + 1, place));
  return layers;
}

std::vector<Model> models_from_json(const json::value& value, const std::string& place) {
  const json::object* object = value.if_object();
  if (!object)
    throw ConfigError("models", "found " + to_line(value) + place + "; accepted: an object of models by their names");
  std::vector<Model> described;
  for (const json::key_value_pair& member : *object) {
    const std::string name(member.key());
    check_model_name(name, place);
    ConfigMembers members(member.value(), "model " + name, place);
    const auto layers = members.take("layers");
    if (!layers) throw ConfigError("layers", "is missing in model " + name + place);
    members.check_that_none_is_left();
    described.push_back({.name = name, .layers = layers_from_json(*layers, " of model " + name + place)});
  }
  return described;
}

void follow_layers(ModelSettings& model) {
  const LayerDescription& first = model.layers.front();
  model.hidden_size = first.size;
  model.num_ascs = first.num_ascs;
  model.synaptic_delay = first.synaptic_delay;
  model.train_dynamics = false;
}

json::array to_json(const std::vector<LayerDescription>& layers) {
  json::array list;
  for (const LayerDescription& layer : layers) {
    json::object object{{"neuron", layer.neuron}, {"size", layer.size}};
    if (layer.num_ascs > 0) object["num_ascs"] = layer.num_ascs;
    const Population& population = layer.population;
    if (population.synaptic_delay) {
      object["synaptic_delay"] = to_json(*population.synaptic_delay);
    } else if (layer.synaptic_delay >= 0 && !has_neuron_delays(population)) {
      object["synaptic_delay"] = layer.synaptic_delay;
    }
    for (const auto& [name, constant] : layer.constants) object[name] = constant;
    if (!population.parameters.empty()) object["parameters"] = to_json(population.parameters);
    if (population.lateral != Connectivity::all()) object["lateral"] = to_json(population.lateral);
    if (population.input != Connectivity::all()) object["input"] = to_json(population.input);
    if (population.inhibitory) object["inhibitory"] = *population.inhibitory;
    if (!population.groups.empty()) object["groups"] = to_json(population.groups);
    list.push_back(std::move(object));
  }
  return list;
}

}  // namespace glifr::detail
