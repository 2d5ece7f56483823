#include "layer_json.hpp"

#include <algorithm>
#include <limits>

#include "config_values.hpp"
#include "glifr/error.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/json_members.hpp"

namespace glifr::detail {
namespace {

namespace json = boost::json;

/// The members of an object, taken one by one; what is left in the end is refused.
class Members {
 public:
  Members(const json::value& value, std::string what, const std::string& place)
      : what_(std::move(what)), place_(place) {
    const json::object* object = value.if_object();
    if (!object) refuse(what_, to_line(value), "an object");
    members_ = *object;
  }

  /// The member of that name, or nothing.
  std::optional<json::value> take(const std::string& name) {
    known_ += (known_.empty() ? "" : ", ") + name;
    const auto found = members_.find(name);
    if (found == members_.end()) return std::nullopt;
    json::value value = found->value();
    members_.erase(found);
    return value;
  }
  std::string text(const std::string& name, const std::string& otherwise) {
    const auto value = take(name);
    if (!value) return otherwise;
    if (!value->is_string()) refuse(name, to_line(*value), "text");
    return std::string(value->get_string());
  }
  Index whole(const std::string& name, Index otherwise, const Range& range) {
    const auto value = take(name);
    if (!value) return otherwise;
    const std::optional<Index> number = whole_number(*value);
    if (!number || !range.contains(static_cast<double>(*number))) refuse(name, to_line(*value), to_string(range, true));
    return *number;
  }
  std::optional<double> number(const std::string& name, const Range& range) {
    const auto value = take(name);
    if (!value) return std::nullopt;
    if (!value->is_number() || !range.contains(value->to_number<double>()))
      refuse(name, to_line(*value), to_string(range));
    return value->to_number<double>();
  }
  bool flag(const std::string& name, bool otherwise) {
    const auto value = take(name);
    if (!value) return otherwise;
    if (!value->is_bool()) refuse(name, to_line(*value), "true or false");
    return value->get_bool();
  }
  void check_that_none_is_left() const {
    if (members_.empty()) return;
    const std::string name(members_.begin()->key());
    throw ConfigError(name, "is no member of " + what_ + place_ + "; accepted: " + known_);
  }

 private:
  [[noreturn]] void refuse(const std::string& name, const std::string& found, const std::string& accepted) const {
    throw ConfigError(name,
                      "found " + found + (name == what_ ? "" : " in " + what_) + place_ + "; accepted: " + accepted);
  }

  std::string what_, place_;
  json::object members_;
  std::string known_;
};

constexpr Range sizes{.lowest = 1, .highest = 1e6};
constexpr Range currents{.lowest = 0, .highest = 1e3};
constexpr Range delays = Range::from(0);

LayerDescription layer_from_json(const json::value& value, std::size_t number, const std::string& place) {
  Members members(value, "layer " + std::to_string(number), place);
  LayerDescription layer;
  layer.neuron = members.text("neuron", layer.neuron);
  layer.size = members.whole("size", 0, sizes);
  if (layer.size == 0) throw ConfigError("size", "is missing in layer " + std::to_string(number) + place);
  layer.num_ascs = members.whole("num_ascs", 0, currents);
  const NeuronInfo& neuron = find_neuron(layer.neuron, layer.num_ascs);
  layer.synaptic_delay = members.number("synaptic_delay", delays).value_or(LayerDescription::of_the_task);
  for (const Field& constant : neuron.constants) {
    if (constant.name == std::string("dt")) continue;
    if (const auto found = members.number(constant.name, constant.range)) layer.constants[constant.name] = *found;
  }
  if (const auto parameters = members.take("parameters")) {
    Members by_name(*parameters, "parameters", " of layer " + std::to_string(number) + place);
    for (const FieldExtent& parameter : neuron.parameters) {
      const auto settings = by_name.take(parameter.field.name);
      if (!settings) continue;
      Members of_one(*settings, parameter.field.name, " of layer " + std::to_string(number) + place);
      layer.trained[parameter.field.name] = of_one.flag("train", true);
      of_one.check_that_none_is_left();
    }
    by_name.check_that_none_is_left();
  }
  members.check_that_none_is_left();
  return layer;
}

}  // namespace

void check_model_name(const std::string& name, const std::string& place) {
  if (!is_folder_name(name))
    throw ConfigError("models", "found '" + name + "'" + place + "; accepted: letters, digits, '-', '_', '.', as deep");
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
    Members members(member.value(), "model " + name, place);
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
    if (layer.synaptic_delay >= 0) object["synaptic_delay"] = layer.synaptic_delay;
    for (const auto& [name, constant] : layer.constants) object[name] = constant;
    if (!layer.trained.empty()) {
      json::object parameters;
      for (const auto& [name, is_trained] : layer.trained) parameters[name] = json::object{{"train", is_trained}};
      object["parameters"] = std::move(parameters);
    }
    list.push_back(std::move(object));
  }
  return list;
}

}  // namespace glifr::detail
