#include "layer_json.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <limits>
#include <span>
#include <tuple>
#include <utility>
#include <variant>

#include "config_values.hpp"
#include "glifr/analysis/parameters.hpp"
#include "glifr/cells/connections.hpp"
#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/elements.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/npy.hpp"
#include "glifr/io/number.hpp"
#include "record.hpp"

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
  /// The names of all members that are there.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> list;
    for (const json::key_value_pair& member : members_) list.emplace_back(member.key());
    return list;
  }
  bool flag(const std::string& name, bool otherwise) {
    const auto value = take(name);
    if (!value) return otherwise;
    if (!value->is_bool()) refuse(name, to_line(*value), "true or false");
    return value->get_bool();
  }
  [[noreturn]] void refuse(const std::string& name, const std::string& found, const std::string& accepted) const {
    throw ConfigError(name,
                      "found " + found + (name == what_ ? "" : " in " + what_) + place_ + "; accepted: " + accepted);
  }
  void check_that_none_is_left() const {
    if (members_.empty()) return;
    const std::string name(members_.begin()->key());
    throw ConfigError(name, "is no member of " + what_ + place_ + "; accepted: " + known_);
  }

 private:
  std::string what_, place_;
  json::object members_;
  std::string known_;
};

constexpr Range sizes{.lowest = 1, .highest = 1e6};
constexpr Range currents{.lowest = 0, .highest = 1e3};
constexpr Range delays = Range::from(0);

constexpr Range shares{.lowest = 0, .highest = 1};

[[noreturn]] void refuse(const std::string& key, const json::value& found, const std::string& where,
                         const std::string& accepted) {
  throw ConfigError(key, "found " + to_line(found) + where + "; accepted: " + accepted);
}

bool is_finite_number(const json::value& value) {
  return value.is_number() && std::isfinite(value.to_number<double>());
}

/// Two numbers: a list of them, or an object of two members.
std::pair<double, double> pair_from_json(const json::value& value, const std::string& key,
                                         const std::array<const char*, 2>& names, const std::string& where) {
  const auto refuse_pair = [&] {
    refuse(key, value, where,
           std::string("two numbers, as [0.5, 2]") +
               (names[0] ? std::string(" or {\"") + names[0] + "\": 1, \"" + names[1] + "\": 0.5}" : ""));
  };
  if (const json::array* list = value.if_array()) {
    if (list->size() != 2 || !is_finite_number((*list)[0]) || !is_finite_number((*list)[1])) refuse_pair();
    return {(*list)[0].to_number<double>(), (*list)[1].to_number<double>()};
  }
  const json::object* object = value.if_object();
  if (!object || !names[0]) refuse_pair();
  const json::value *first = object->if_contains(names[0]), *second = object->if_contains(names[1]);
  if (object->size() != 2 || !first || !second || !is_finite_number(*first) || !is_finite_number(*second))
    refuse_pair();
  return {first->to_number<double>(), second->to_number<double>()};
}

constexpr const char* known_distributions =
    "a number, {\"uniform\": [LOWEST, HIGHEST]}, {\"normal\": {\"mean\": M, \"sd\": S}}, {\"lognormal\": {\"median\": "
    "M, "
    "\"sigma\": S}} or {\"file\": \"learnedparams.csv\", \"column\": \"k_m\"}";

/// The distribution that is a member of an object beside others; nothing where there is none.
std::optional<Distribution> take_distribution(Members& members, const std::string& key, const std::string& where) {
  std::optional<Distribution> found;
  const auto take = [&](const char* kind, const std::array<const char*, 2>& names, auto&& make) {
    const auto value = members.take(kind);
    if (!value) return;
    if (found) refuse(key, *value, where, "one distribution");
    const auto [first, second] = pair_from_json(*value, kind, names, " of " + key + where);
    found = make(first, second);
    const bool is_uniform = found->kind == Distribution::Kind::uniform;
    const bool is_there =
        is_uniform ? second >= first : second >= 0 && (found->kind != Distribution::Kind::lognormal || first > 0);
    if (!is_there)
      refuse(kind, *value, " of " + key + where,
             is_uniform ? "the lowest and the highest number"
                        : "a width >= 0, and of a lognormal distribution a median > 0");
  };
  take("uniform", {nullptr, nullptr}, Distribution::uniform);
  take("normal", {"mean", "sd"}, Distribution::normal);
  take("lognormal", {"median", "sigma"}, Distribution::lognormal);
  if (const auto file = members.take("file")) {
    if (found || !file->is_string() || file->get_string().empty())
      refuse("file", *file, " of " + key + where, "the name of a CSV file");
    found = Distribution{.kind = Distribution::Kind::recorded, .file = std::string(file->get_string())};
  }
  if (const auto column = members.take("column")) {
    if (!found || found->kind != Distribution::Kind::recorded || !column->is_string())
      refuse("column", *column, " of " + key + where, "the name of a column of the file, as k_m");
    found->column = std::string(column->get_string());
  }
  if (const auto checksum = members.take("checksum")) {
    if (!found || found->kind != Distribution::Kind::recorded || !checksum->is_string())
      refuse("checksum", *checksum, " of " + key + where, "text, beside a file, as config.json records it");
    found->checksum = std::string(checksum->get_string());
  }
  return found;
}

Distribution distribution_from_json(const json::value& value, const std::string& key, const std::string& where) {
  if (is_finite_number(value)) return Distribution::number(value.to_number<double>());
  if (!value.is_object()) refuse(key, value, where, known_distributions);
  Members members(value, key, where);
  const auto found = take_distribution(members, key, where);
  members.check_that_none_is_left();
  if (!found) refuse(key, value, where, known_distributions);
  return *found;
}

void add_distribution(json::object& object, const Distribution& distribution) {
  using Kind = Distribution::Kind;
  const double first = distribution.first, second = distribution.second;
  switch (distribution.kind) {
    case Kind::number:
      object["initial"] = first;
      break;
    case Kind::uniform:
      object["uniform"] = json::array{first, second};
      break;
    case Kind::normal:
      object["normal"] = json::object{{"mean", first}, {"sd", second}};
      break;
    case Kind::lognormal:
      object["lognormal"] = json::object{{"median", first}, {"sigma", second}};
      break;
    case Kind::recorded:
      object["file"] = distribution.file;
      if (!distribution.column.empty()) object["column"] = distribution.column;
      if (!distribution.checksum.empty()) object["checksum"] = distribution.checksum;
      break;
  }
}
json::value to_json(const Distribution& distribution) {
  if (distribution.kind == Distribution::Kind::number) return distribution.first;
  json::object object;
  add_distribution(object, distribution);
  return object;
}

/// A delay for each neuron, or, of a plain number, one for all.
std::variant<double, DelayDescription> delay_from_json(const json::value& value, const std::string& where) {
  const std::string key = "synaptic_delay";
  if (value.is_number()) {
    if (!delays.contains(value.to_number<double>())) refuse(key, value, where, to_string(delays));
    return value.to_number<double>();
  }
  const std::string accepted =
      "a number >= 0 (ms), or an object of a distribution (uniform, normal, lognormal, file; or "
      "\"initial\", a number), \"train\" and, for other distributions than uniform, \"range\"";
  if (!value.is_object()) refuse(key, value, where, accepted);
  Members members(value, key, where);
  DelayDescription delay;
  auto distribution = take_distribution(members, key, where);
  if (const auto initial = members.take("initial")) {
    if (distribution) refuse("initial", *initial, " of " + key + where, "one distribution");
    distribution = distribution_from_json(*initial, "initial", " of " + key + where);
  }
  if (!distribution) refuse(key, value, where, accepted);
  delay.initial = *distribution;
  delay.is_trained = members.flag("train", false);
  const Distribution::Kind kind = delay.initial.kind;
  if (const auto range = members.take("range")) {
    std::tie(delay.shortest, delay.longest) = pair_from_json(*range, "range", {nullptr, nullptr}, " of " + key + where);
  } else if (kind == Distribution::Kind::uniform) {
    std::tie(delay.shortest, delay.longest) = std::pair(delay.initial.first, delay.initial.second);
  } else if (kind == Distribution::Kind::number && !delay.is_trained) {
    delay.shortest = delay.longest = delay.initial.first;
  } else {
    throw ConfigError("range", "is missing in synaptic_delay" + where +
                                   "; accepted: the shortest and the longest delay, ms, as [0.5, 3]");
  }
  if (!(delay.shortest >= 0 && delay.longest >= delay.shortest && delay.longest <= 1e6)) {
    refuse(key, value, where, "delays of 0 ms or more, the shortest before the longest");
  }
  members.check_that_none_is_left();
  return delay;
}

json::value to_json(const DelayDescription& delay) {
  json::object object;
  add_distribution(object, delay.initial);
  object["range"] = json::array{delay.shortest, delay.longest};
  object["train"] = delay.is_trained;
  return object;
}

Connectivity connectivity_from_json(const json::value& value, const std::string& key, const std::string& where,
                                    bool may_be_mask) {
  const std::string accepted =
      std::string("\"all\", \"none\", {\"density\": 0.2}") + (may_be_mask ? " or {\"file\": \"mask.npy\"}" : "");
  if (value.is_string() && value.get_string() == "all") return Connectivity::all();
  if (value.is_string() && value.get_string() == "none") return Connectivity::none();
  if (!value.is_object()) refuse(key, value, where, accepted);
  Members members(value, key, where);
  Connectivity connectivity;
  const auto density = members.number("density", shares);
  const auto file = may_be_mask ? members.take("file") : std::nullopt;
  if (density.has_value() == file.has_value()) refuse(key, value, where, accepted);
  if (density) {
    connectivity = Connectivity::with_density(*density);
  } else {
    if (!file->is_string() || file->get_string().empty())
      refuse("file", *file, " of " + key + where, "the name of a .npy file");
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

std::optional<double> take_inhibitory(Members& members) {
  const auto value = members.take("inhibitory");
  if (!value) return std::nullopt;
  if (value->is_bool()) return value->get_bool() ? 1.0 : 0.0;
  if (!value->is_number() || !shares.contains(value->to_number<double>()))
    members.refuse("inhibitory", to_line(*value), "a share of the neurons, 0 to 1, or true or false");
  return value->to_number<double>();
}

ParameterDescription parameter_from_json(const json::value& value, const std::string& name, const std::string& where,
                                         bool is_group) {
  Members members(value, name, where);
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
  Members members(value, "parameters", where);
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
    if (description.initial) of_one["initial"] = to_json(*description.initial);
  }
  return object;
}

std::vector<NeuronGroup> groups_from_json(const json::value& value, const NeuronInfo& neuron,
                                          const std::string& where) {
  const json::object* object = value.if_object();
  if (!object || object->empty())
    refuse("groups", value, where,
           "an object of groups by their names, as {\"E\": {\"size\": 80}, \"I\": {\"size\": 20}}");
  std::vector<NeuronGroup> groups;
  for (const json::key_value_pair& member : *object) {
    NeuronGroup group{.name = std::string(member.key())};
    if (group.name == "density" || group.name == "file" || group.name.empty())
      refuse("groups", json::value(member.key()), where, "other names than density and file");
    const std::string of_group = " of group " + group.name + where;
    Members members(member.value(), "group " + group.name, where);
    group.size = members.whole("size", 0, sizes);
    if (group.size == 0) throw ConfigError("size", "is missing in group " + group.name + where);
    if (const auto parameters = members.take("parameters"))
      group.parameters = parameters_from_json(*parameters, neuron, of_group, true);
    group.inhibitory = take_inhibitory(members);
    if (const auto delay = members.take("synaptic_delay")) {
      const auto found = delay_from_json(*delay, of_group);
      if (const double* number = std::get_if<double>(&found)) {
        group.synaptic_delay =
            DelayDescription{.initial = Distribution::number(*number), .shortest = *number, .longest = *number};
      } else {
        group.synaptic_delay = std::get<DelayDescription>(found);
      }
    }
    if (const auto lateral = members.take("lateral")) {
      const json::object* by_group = lateral->if_object();
      if (!by_group)
        refuse("lateral", *lateral, of_group, "an object of densities by the names of groups, as {\"E\": 0.1}");
      for (const json::key_value_pair& to : *by_group) {
        group.lateral[std::string(to.key())] =
            to.value().is_number() && shares.contains(to.value().to_number<double>())
                ? Connectivity::with_density(to.value().to_number<double>())
                : connectivity_from_json(to.value(), "lateral", " to " + std::string(to.key()) + of_group, false);
      }
    }
    members.check_that_none_is_left();
    groups.push_back(std::move(group));
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
    if (group.synaptic_delay) of_group["synaptic_delay"] = to_json(*group.synaptic_delay);
    if (group.lateral.empty()) continue;
    json::object& lateral = of_group["lateral"].emplace_object();
    for (const auto& [to, connectivity] : group.lateral) lateral[to] = to_json(connectivity);
  }
  return object;
}

LayerDescription layer_from_json(const json::value& value, std::size_t number, const std::string& place) {
  Members members(value, "layer " + std::to_string(number), place);
  const std::string where = " of layer " + std::to_string(number) + place;
  LayerDescription layer;
  layer.neuron = members.text("neuron", layer.neuron);
  layer.size = members.whole("size", 0, sizes);
  layer.num_ascs = members.whole("num_ascs", 0, currents);
  const NeuronInfo& neuron = find_neuron(layer.neuron, layer.num_ascs);
  Population& population = layer.population;
  if (const auto groups = members.take("groups")) {
    population.groups = groups_from_json(*groups, neuron, where);
    Index sum = 0;
    for (const NeuronGroup& group : population.groups) sum += group.size;
    if (layer.size == 0) layer.size = sum;
  }
  if (layer.size == 0) throw ConfigError("size", "is missing in layer " + std::to_string(number) + place);
  layer.synaptic_delay = LayerDescription::of_the_task;
  if (const auto delay = members.take("synaptic_delay")) {
    const auto found = delay_from_json(*delay, where);
    if (const double* all = std::get_if<double>(&found)) {
      layer.synaptic_delay = *all;
    } else {
      population.synaptic_delay = std::get<DelayDescription>(found);
    }
  }
  for (const NeuronConstant& constant : neuron.constants) {
    if (constant.name == "dt") continue;
    if (const auto found = members.number(constant.name, constant.field.range)) layer.constants[constant.name] = *found;
  }
  require_whole_arrays(neuron, layer.constants);
  if (const auto parameters = members.take("parameters"))
    population.parameters = parameters_from_json(*parameters, neuron, where, false);
  if (const auto lateral = members.take("lateral"))
    population.lateral = connectivity_from_json(*lateral, "lateral", where, true);
  if (const auto input = members.take("input")) population.input = connectivity_from_json(*input, "input", where, true);
  population.inhibitory = take_inhibitory(members);
  members.check_that_none_is_left();
  if (has_neuron_delays(population)) {
    // A group that says nothing has the layer's single delay.
    if (!population.synaptic_delay && layer.synaptic_delay >= 0) {
      const double all = layer.synaptic_delay;
      population.synaptic_delay =
          DelayDescription{.initial = Distribution::number(all), .shortest = all, .longest = all};
    }
    layer.synaptic_delay = 0;  // does not count, so it is not the task's
  }
  check_population(population, neuron.name, neuron.parameters, 0, layer.size);
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

namespace {

/// Whether the first line of a table holds numbers.
bool begins_with_numbers(const std::filesystem::path& path) {
  std::ifstream stream(path);
  std::string line;
  if (!std::getline(stream, line)) return true;  // the reader says what is wrong
  return parse_number(line.substr(0, line.find_first_of(",\r"))).has_value();
}

/// Whether a column holds values of a quantity: "k_m" and "k_j" name those columns, "k_j" also "k_1", "k_2", …
bool is_column_of(const std::string& column, const std::string& wanted) {
  if (column == wanted) return true;
  return wanted.ends_with("_j") && column.starts_with(wanted.substr(0, wanted.size() - 1)) &&
         parse_number(column.substr(wanted.size() - 1)).has_value();
}

/// Sets the checksum of what was read from a file. DataError where it is another than the one that is recorded.
void take_checksum(std::string& recorded, std::span<const std::byte> content, const std::filesystem::path& file,
                   const std::string& what) {
  const std::string found = checksum({reinterpret_cast<const char*>(content.data()), content.size()});
  if (!recorded.empty() && recorded != found) {
    throw DataError(file.string(), what + " of checksum " + found + ", and the trial was recorded with " + recorded);
  }
  recorded = found;
}

void read_recorded(Distribution& distribution, const std::string& parameter, const std::filesystem::path& root) {
  if (distribution.kind != Distribution::Kind::recorded || distribution.file.empty()) return;
  const std::filesystem::path path = root / distribution.file;
  const std::string wanted = distribution.column.empty() ? parameter : distribution.column;
  const auto is_wanted = [&](const std::string& column) { return is_column_of(column, wanted); };
  CsvNumbers table = read_csv_numbers(path, {.has_header = !begins_with_numbers(path), .is_wanted = is_wanted});
  // Without names, one column is what it is, and others are those of learnedparams.csv.
  if (table.header.empty() && table.columns == 1) table.header = {wanted};
  if (table.header.empty() && table.columns % 3 == 2) table.header = analysis::column_names((table.columns - 2) / 3);
  std::string names;
  distribution.values.clear();
  for (Index c = 0; c < std::ssize(table.header); ++c) {
    const std::string& name = table.header[static_cast<std::size_t>(c)];
    names += (names.empty() ? "" : ", ") + name;
    if (!is_wanted(name)) continue;
    for (Index r = 0; r < table.rows; ++r) distribution.values.push_back(table(r, c));
  }
  if (!distribution.values.empty()) {
    take_checksum(distribution.checksum, std::as_bytes(std::span(distribution.values)), path,
                  "holds values of " + wanted);
    return;
  }
  throw DataError(path.string(), "there is no value in a column '" + wanted + "'; " +
                                     (names.empty() ? "its " + std::to_string(table.columns) + " columns have no names"
                                                    : "there are " + names));
}

void read_mask(Connectivity& connectivity, Index senders, Index receivers, const std::filesystem::path& root) {
  if (connectivity.kind != Connectivity::Kind::mask || connectivity.file.empty()) return;
  const std::filesystem::path path = root / connectivity.file;
  const NamedTensor array = decode_npy(read_file(path), path.string());
  if (array.shape != std::vector<Index>{senders, receivers}) {
    std::string shape;
    for (const Index size : array.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(size);
    throw DataError(path.string(), "found an array [" + shape + "]; accepted as a mask: [" + std::to_string(senders) +
                                       ", " + std::to_string(receivers) + "], senders by receivers");
  }
  if (!is_real(array.dtype)) {
    throw DataError(path.string(), "has elements of " + std::string(to_string(array.dtype)) +
                                       "; accepted as a mask are integers, floats and booleans");
  }
  std::vector<double> values(static_cast<std::size_t>(senders * receivers));
  convert_elements(array.dtype, array.bytes.data(), std::ssize(values), values.data());
  std::vector<std::uint8_t> mask;
  for (const double value : values) {
    if (!std::isfinite(value)) {
      const Index place = std::ssize(mask);
      throw DataError(path.string(), "has " + format_number(value) + " at sender " + std::to_string(place / receivers) +
                                         ", receiver " + std::to_string(place % receivers) +
                                         " (counted from 0); accepted as a mask are finite numbers");
    }
    mask.push_back(value != 0 ? 1 : 0);
  }
  const Index recorded = connectivity.connections;
  Connectivity held = Connectivity::with_mask(std::move(mask));
  held.file = connectivity.file;
  held.checksum = connectivity.checksum;
  connectivity = std::move(held);
  if (recorded > 0 && recorded != connectivity.connections) {
    throw DataError(path.string(), "holds " + std::to_string(connectivity.connections) +
                                       " connections, and the trial was recorded with " + std::to_string(recorded));
  }
  take_checksum(connectivity.checksum, std::as_bytes(std::span(connectivity.mask)), path, "holds a mask");
}

}  // namespace

void read_files(std::vector<LayerDescription>& layers, Index input_size, const std::filesystem::path& root) {
  for (LayerDescription& layer : layers) {
    Population& population = layer.population;
    const auto read_parameters = [&](std::map<std::string, ParameterDescription>& parameters) {
      for (auto& [name, description] : parameters) {
        if (description.initial) read_recorded(*description.initial, name, root);
      }
    };
    const auto read_delays = [&](std::optional<DelayDescription>& delay) {
      if (delay) read_recorded(delay->initial, "synaptic_delay", root);
    };
    read_parameters(population.parameters);
    read_delays(population.synaptic_delay);
    for (NeuronGroup& group : population.groups) {
      read_parameters(group.parameters);
      read_delays(group.synaptic_delay);
    }
    read_mask(population.lateral, layer.size, layer.size, root);
    read_mask(population.input, input_size, layer.size, root);
    input_size = layer.size;
  }
}

namespace {

void take_missing(Distribution& there, const Distribution& here) {
  if (there.kind == here.kind && there.checksum.empty()) there.checksum = here.checksum;
}

void take_missing(Connectivity& there, const Connectivity& here) {
  if (there.kind == here.kind && there.checksum.empty()) there.checksum = here.checksum;
}

void take_missing(std::optional<DelayDescription>& there, const std::optional<DelayDescription>& here) {
  if (there && here) take_missing(there->initial, here->initial);
}

void take_missing(std::map<std::string, ParameterDescription>& there,
                  const std::map<std::string, ParameterDescription>& here) {
  for (auto& [name, parameter] : there) {
    const auto found = here.find(name);
    if (found != here.end() && parameter.initial && found->second.initial)
      take_missing(*parameter.initial, *found->second.initial);
  }
}

}  // namespace

void take_missing_checksums(std::vector<LayerDescription>& there, const std::vector<LayerDescription>& here) {
  for (std::size_t k = 0; k < std::min(there.size(), here.size()); ++k) {
    Population& population = there[k].population;
    const Population& other = here[k].population;
    take_missing(population.lateral, other.lateral);
    take_missing(population.input, other.input);
    take_missing(population.parameters, other.parameters);
    take_missing(population.synaptic_delay, other.synaptic_delay);
    for (std::size_t g = 0; g < std::min(population.groups.size(), other.groups.size()); ++g) {
      take_missing(population.groups[g].parameters, other.groups[g].parameters);
      take_missing(population.groups[g].synaptic_delay, other.groups[g].synaptic_delay);
    }
  }
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
