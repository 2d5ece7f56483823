#include "glifr/experiment/config.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>

#include "builtin_configs.hpp"
#include "config_values.hpp"
#include "glifr/cells/connections.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/event_file.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/number.hpp"
#include "glifr/training/micro_batch.hpp"
#include "layer_json.hpp"

namespace glifr {

namespace json = boost::json;

namespace {

using detail::Origin;

/// Keys and values of one source, in which nothing has been checked yet or everything.
struct ConfigLayer {
  json::object values;
  Origin origin;
};

/// The least number of letters to add, drop or change to make one name the other.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j < row.size(); ++j) {
      const std::size_t changed = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row.back();
}

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

/// The key that whoever wrote `name` is likely to have meant: one of which it is a part ("epochs") or that is a part of
/// it, or the one that is the least different, up to a third of its letters; nothing where no key is near.
std::optional<std::string> nearest_key(std::string_view name) {
  constexpr std::size_t shortest_part = 4;
  const std::string wanted = in_lower_case(name);
  std::optional<std::string> nearest;
  std::pair<bool, std::size_t> least;
  for (const ConfigKey& key : config_keys()) {
    const std::string candidate = in_lower_case(key.name);
    const auto holds = [](const std::string& text, const std::string& part) {
      return part.size() >= shortest_part && text.find(part) != std::string::npos;
    };
    const bool is_part = holds(candidate, wanted) || holds(wanted, candidate);
    const std::size_t distance = edit_distance(wanted, candidate);
    const std::size_t most = std::max<std::size_t>(1, std::max(wanted.size(), candidate.size()) / 3);
    const bool is_near = distance <= most && distance < std::min(wanted.size(), candidate.size());
    const std::pair difference(!is_part, distance);
    if (distance > 0 && !is_part && !is_near) continue;
    if (!nearest || difference < least) {
      nearest = key.name;
      least = difference;
    }
  }
  return nearest;
}

/// What a name that is no key may have been meant for: an option of glifr_train ("seed", "first_trial"), or a key.
std::string advice(std::string_view name) {
  constexpr auto options = std::to_array<std::string_view>(
      {"task",      "model",   "ntrials",     "first-trial", "config",     "epochs",    "data",
       "cache",     "out",     "resume",      "overwrite",   "no-figures", "device",    "tf32",
       "precision", "threads", "jobs",        "seed",        "engine",     "benchmark", "benchmark-seconds",
       "sweep",     "monitor", "tensorboard", "cpu-target"});
  std::string wanted = in_lower_case(name);
  std::ranges::replace(wanted, '_', '-');
  const auto option = std::ranges::find(options, wanted);
  const std::optional<std::string> key = nearest_key(name);
  std::string text;
  if (option != options.end()) text += "; there is the option --" + std::string(*option);
  if (key) text += "; the nearest is " + *key;
  return text.empty() ? "; --print-config shows those that there are" : text;
}

/// Finds a key of a task by its name. Throws ConfigError where no task has such a key, or where only other tasks have
/// it.
const ConfigKey& find_key(const std::vector<ConfigKey>& keys, std::string_view name, const Task& task,
                          const Origin& origin) {
  const auto found = std::ranges::find(keys, name, &ConfigKey::name);
  if (found != keys.end()) return *found;
  std::string others;
  for (const Task* other : known_tasks()) {
    const std::vector<ConfigKey> theirs = config_keys(*other);
    if (std::ranges::find(theirs, name, &ConfigKey::name) != theirs.end())
      others += (others.empty() ? "" : ", ") + other->name();
  }
  if (others.empty()) {
    throw ConfigError(name.empty() ? "''" : std::string(name),
                      "is no configuration key" + origin.place() + advice(name));
  }
  throw ConfigError(std::string(name),
                    "is no key of task " + task.name() + origin.place() + "; accepted for " + others);
}

/// The value that a layer gives a key for a model, or null.
const json::value* value_for(const ConfigLayer& layer, const ConfigKey& key, std::string_view model) {
  const json::value* value = layer.values.if_contains(key.name);
  const json::object* by_model = value ? value->if_object() : nullptr;
  if (!by_model) return value;
  const json::value* own = by_model->if_contains(model);
  return own ? own : by_model->if_contains("default");
}

void check(const ConfigLayer& layer, const Task& task, const std::vector<Model>& described) {
  const std::vector<ConfigKey> keys = config_keys(task);
  Settings scratch = default_settings(task);
  for (const json::key_value_pair& member : layer.values) {
    const ConfigKey& key = find_key(keys, member.key(), task, layer.origin);
    if (!key.is_by_model || !member.value().is_object()) {
      detail::assign(key, member.value(), layer.origin, scratch);
      continue;
    }
    for (const json::key_value_pair& entry : member.value().get_object()) {
      const std::string_view model = entry.key();
      const auto is_one = [&](const Model& known) { return known.name == model; };
      if (model != "default" && std::ranges::none_of(known_models(), is_one) &&
          std::ranges::none_of(described, is_one)) {
        throw ConfigError(key.name, "found '" + std::string(model) + "'" + layer.origin.place() +
                                        "; accepted: default or the name of a model, as glifr_lheta");
      }
      detail::assign(key, entry.value(), {layer.origin.file, {}}, scratch);
    }
  }
}

/// A member of a file that says something about the file and is no key; taken out of `values`.
std::optional<std::string> take_text(json::object& values, std::string_view name, const std::string& file) {
  const json::value* value = values.if_contains(name);
  if (!value) return std::nullopt;
  if (!value->is_string())
    throw ConfigError(std::string(name), "found " + to_line(*value) + " in " + file + "; accepted: text");
  std::string text(value->get_string());
  values.erase(name);
  return text;
}

struct BuiltinTask {
  TaskInfo info;
  json::object values;
};

BuiltinTask parse_builtin(const std::string& name, std::string_view text) {
  json::value document = parse_json(text, name + ".json");
  if (!document.is_object()) throw ConfigError("task", "the configuration of " + name + " is no JSON object");
  json::object values = std::move(document.get_object());
  const std::string base = take_text(values, "base", name).value_or("");
  const std::string description = take_text(values, "description", name).value_or("");
  return {{name, base, description}, std::move(values)};
}

/// The tasks that are known, then the built-in variations.
std::vector<BuiltinTask> builtin() {
  std::vector<BuiltinTask> list;
  for (const Task* task : known_tasks()) list.push_back(parse_builtin(task->name(), task->configuration()));
  for (const detail::BuiltinConfig& config : detail::builtin_configs()) {
    BuiltinTask variation = parse_builtin(std::string(config.name), config.text);
    if (!variation.info.base.empty()) list.push_back(std::move(variation));
  }
  return list;
}

BuiltinTask find_builtin(std::string_view task) {
  std::string names;
  for (BuiltinTask& candidate : builtin()) {
    if (candidate.info.name == task) return std::move(candidate);
    names.append(names.empty() ? "" : ", ").append(candidate.info.name);
  }
  throw ConfigError("task", "found '" + std::string(task) + "'; accepted: " + names + ", or a variation in a file");
}

/// A task's name is the name of a folder of results.
void check_task_name(const char* member, const std::string& name, const std::string& file) {
  // Behind an @ stands what a sweep changed: sine@lr=0.001,hidden_size=64.
  const std::size_t at = name.find('@');
  std::string changes = at == std::string::npos ? "-" : name.substr(at + 1);
  std::erase_if(changes, [](char c) { return c == '=' || c == ',' || c == '+'; });
  if (!detail::is_folder_name(name.substr(0, at)) || !detail::is_folder_name("x" + changes)) {
    throw ConfigError(member, "found '" + name + "'" + (file.empty() ? "" : " in " + file) +
                                  "; accepted: letters, digits, '-', '_', '.', as my-task");
  }
}

/// Takes from the data what they decide.
void complete(Settings& settings, const Task& task, const DataFiles& files) {
  task.complete(settings, files);
  const std::pair<const char*, Index> sizes[] = {{"input_size", settings.model.input_size},
                                                 {"output_size", settings.model.output_size}};
  for (const auto& [key, size] : sizes) {
    if (size == 0 && task.knows(key)) throw ConfigError(key, "is missing in the configuration of task " + task.name());
  }
}

/// Shares of a batch's gradient, by the size of the problem.
Index shares_of(const Settings& s) {
  const NetworkDescription network = describe_network(s);
  const Index batch = s.training.batch_size, steps = s.time_steps();
  if (steps < 1) return 0;  // only the data tell, and they are not there
  Index micro_batch = s.training.micro_batch;
  for (std::size_t k = 0; s.training.micro_batch == 0 && k < network.layers.size(); ++k) {
    const LayerDescription& layer = network.layers[k];
    const NeuronInfo& neuron = find_neuron(layer.neuron, layer.num_ascs);
    const bool last_step_only = k + 1 == network.layers.size() && network.outputs == Outputs::last_step;
    micro_batch = std::max(micro_batch, choose_micro_batch(batch, steps, delay_steps(layer.synaptic_delay, network.dt),
                                                           neuron.carries_state, last_step_only, layer.size));
  }
  return choose_shares(batch, micro_batch, steps);
}

/// Validation that is needed and not there, or that there cannot be.
void check_validation(const Settings& s) {
  constexpr const char* how = "; accepted without validation (validation_fraction, validation_data): ";
  const bool needs_accuracy = s.training.monitor == Monitor::val_acc;
  if (!validates(s)) {
    if (s.training.test_checkpoint == TestedCheckpoint::best)
      throw ConfigError("test_checkpoint", std::string("found best") + how + "last");
    if (needs_accuracy || s.training.monitor == Monitor::val_loss)
      throw ConfigError("monitor",
                        std::string("found ") + (needs_accuracy ? "val_acc" : "val_loss") + how + "train_loss");
  }
  const bool has_values = s.training.loss == LossKind::mse;  // LossKind::automatic: the data tell, and are not there
  if (needs_accuracy && has_values)
    throw ConfigError("monitor", "found val_acc; the targets are values, accepted: train_loss, val_loss");
  if (s.training.weights == ClassWeights::balanced && has_values)
    throw ConfigError("class_weights", "found balanced; the targets are values, accepted: none");
}

/// The physical values that a parameter can have.
Range range_of(Transform transform, double dt) {
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

/// Initial values that no neuron can start with: a number out of range, or a distribution of which none of as many
/// values as are drawn for a neuron is within it.
void check_initial_value(const std::string& key, const Distribution& initial, const Range& range) {
  const bool is_recorded = initial.kind == Distribution::Kind::recorded;
  if (is_recorded && initial.values.empty()) return;  // its file was not read
  const auto value = initial.draw(Random(0, Stream::initialize), 0, 1, [&](double x) { return range.contains(x); });
  if (value) return;
  const std::string found = initial.kind == Distribution::Kind::number
                                ? "the initial value " + format_number(initial.first)
                                : "initial values of which none is one that a neuron can have" +
                                      (is_recorded && !initial.file.empty() ? ", in " + initial.file : "");
  throw ConfigError(key, "found " + found + "; accepted: " + to_string(range));
}

void check_initial_values(const std::map<std::string, ParameterDescription>& parameters, const NeuronInfo& neuron,
                          double dt) {
  for (const FieldExtent& parameter : neuron.parameters) {
    const auto found = parameters.find(parameter.field.name);
    if (found == parameters.end() || !found->second.initial) continue;
    check_initial_value(parameter.field.name, *found->second.initial, range_of(parameter.field.transform, dt));
  }
}

/// Delays of which each neuron has its own: longer than the simulation, or with initial values out of their range.
void check_delays(const Settings& s, const Population& population) {
  if (!detail::has_neuron_delays(population)) return;
  std::vector<DelayDescription> delays;
  for (std::size_t g = 0; g < std::max<std::size_t>(1, population.groups.size()); ++g)
    delays.push_back(detail::delays_of(population, g));
  const bool is_learned = std::ranges::any_of(delays, &DelayDescription::is_trained);
  for (const DelayDescription& delay : delays) {
    check_steps("synaptic_delay", s, delay.longest, 0);
    Range range{.lowest = std::max(s.model.dt, delay.shortest), .highest = std::max(s.model.dt, delay.longest)};
    // Learned ones never reach the ends of their range.
    range.excludes_lowest = range.excludes_highest = is_learned && range.highest > range.lowest;
    Distribution initial = delay.initial;
    if (initial.kind == Distribution::Kind::number) initial.first = std::max(s.model.dt, initial.first);
    check_initial_value("synaptic_delay", initial, range);
  }
}

/// What only the whole network and its training show of its layers.
void check_layers(const Settings& s) {
  Index input_size = s.model.input_size;
  for (const LayerDescription& layer : s.model.layers) {
    const Population& population = layer.population;
    const NeuronInfo& neuron = find_neuron(layer.neuron, layer.num_ascs);
    check_initial_values(population.parameters, neuron, s.model.dt);
    for (const NeuronGroup& group : population.groups) check_initial_values(group.parameters, neuron, s.model.dt);
    for (const std::string& name : detail::partly_frozen(population, neuron.parameters))
      s.training.optimizer.require_no_decay(name);
    check_delays(s, population);
    if (input_size > 0) detail::check_population(population, layer.neuron, neuron.parameters, input_size, layer.size);
    input_size = layer.size;
  }
}

/// What single values cannot show: whether they fit each other and the task.
void check_consistency(const Settings& s) {
  check_steps("synaptic_delay", s, s.model.synaptic_delay, 0);
  for (const LayerDescription& layer : s.model.layers) check_steps("synaptic_delay", s, layer.synaptic_delay, 0);
  const Task& task = find_task(s.task.base);
  if (const std::vector<std::string> able = task.models(); !able.empty() && !s.model.layers.empty())
    throw ConfigError("model", "found '" + s.model.name + "'; accepted for task " + s.task.name + ": " + able.front());
  task.check(s);
  check_validation(s);
  check_layers(s);
}

/// What a file of settings says of itself beside its keys.
struct Heading {
  std::optional<std::string> base, name;              // of a variation
  std::optional<std::string> task, base_task, model;  // as `to_json` writes them

  friend bool operator==(const Heading&, const Heading&) = default;
};

/// What config.json records of a trial beside its settings. Not settings: each is an option, or follows.
constexpr auto record_members =
    std::to_array<std::string_view>({"version", "seed", "trial", "precision", "device", "engine", "cpu_target",
                                     "trained_parameters", "data", "starts_from", "imported_from"});

/// A document of a file, its members told apart.
struct Document {
  Heading heading;
  json::object values;  // keys, not yet checked
  std::vector<Model> described;
  json::object record;  // what config.json records of a trial
};

Document take_apart(json::value& value, const std::string& file) {
  if (!value.is_object()) throw DataError(file, "is no JSON object; a configuration is one, as {\"lr\": 0.001}");
  Document document;
  json::object& members = value.get_object();
  Heading& heading = document.heading;
  heading.base = take_text(members, "base", file);
  heading.name = take_text(members, "name", file);
  static_cast<void>(take_text(members, "description", file));
  heading.task = take_text(members, "task", file);
  heading.base_task = take_text(members, "base_task", file);
  heading.model = take_text(members, "model", file);
  if ((heading.base || heading.name) && (heading.task || heading.base_task)) {
    throw ConfigError(heading.task ? "task" : "base_task",
                      "stands beside " + std::string(heading.base ? "base" : "name") + " in " + file +
                          "; accepted: base and name (of a variation), or task and base_task (as --print-config "
                          "writes them)");
  }
  if (const json::value* described = members.if_contains("models")) {
    document.described = detail::models_from_json(*described, " in " + file);
    members.erase("models");
  }
  if (const json::value* layers = members.if_contains("layers")) {  // as `to_json` writes a described model
    if (!heading.model) throw ConfigError("layers", "stand beside no model in " + file + "; accepted: in models");
    detail::check_model_name(*heading.model, " in " + file);
    document.described.push_back({.name = *heading.model, .layers = detail::layers_from_json(*layers, " in " + file)});
    members.erase("layers");
  } else if (heading.model) {
    static_cast<void>(find_model(*heading.model));
  }
  if (heading.task && heading.base_task && heading.model) {
    for (const std::string_view name : record_members) {
      if (const json::value* found = members.if_contains(name)) document.record[name] = *found;
      members.erase(name);
    }
  }
  document.values = std::move(members);
  return document;
}

std::vector<Document> read_documents(const std::filesystem::path& path) {
  const std::string file = path.string();
  std::vector<Document> documents;
  for (json::value& value : parse_json_documents(read_file(path), file)) {
    documents.push_back(take_apart(value, file));
    const Heading& first = documents.front().heading;
    const Heading& heading = documents.back().heading;
    if (documents.size() == 1) continue;
    for (std::size_t i = 0; i + 1 < documents.size(); ++i) {
      if (!heading.model || documents[i].heading.model == heading.model) {
        throw DataError(file, "holds several configurations; accepted: one of each model, with its name as \"model\"");
      }
    }
    Heading same_model = heading;
    same_model.model = first.model;
    if (same_model != first) throw DataError(file, "holds configurations of several tasks; accepted: one task a file");
  }
  return documents;
}

/// The built-in task over which a file lies, and the name of the task that it makes of it.
struct Ground {
  Config builtin;
  std::string task;
};

Ground find_ground(const Heading& heading, const std::filesystem::path& path, std::optional<std::string_view> asked) {
  const std::string file = path.string();
  if (heading.task || heading.base_task) {
    const std::string name = heading.task ? *heading.task : *heading.base_task;
    const std::vector<TaskInfo> known = builtin_tasks();
    const bool is_builtin = std::ranges::find(known, name, &TaskInfo::name) != known.end();
    if (!is_builtin && !heading.base_task) {
      throw ConfigError(
          "task", "found '" + name + "' in " + file + "; accepted: a built-in task, or any name beside a base_task");
    }
    if (heading.base_task) static_cast<void>(find_task(*heading.base_task));
    Ground ground{Config(is_builtin ? name : *heading.base_task), name};
    if (heading.base_task && ground.builtin.base_task() != *heading.base_task) {
      throw ConfigError("base_task", "found " + *heading.base_task + " in " + file + "; accepted beside task " + name +
                                         ": " + ground.builtin.base_task());
    }
    return ground;
  }
  const std::string builtin = heading.base.value_or(std::string(asked.value_or(default_task)));
  const std::string name = heading.name ? *heading.name : heading.base ? path.stem().string() : builtin;
  const std::vector<TaskInfo> known = builtin_tasks();
  const auto same = std::ranges::find(known, name, &TaskInfo::name);
  // The file of a built-in variation is that variation.
  if (name != builtin && same != known.end() && same->base != builtin) {
    throw ConfigError(
        "name", "found '" + name + "' for " + file + ", which is another task; accepted: a \"name\" that is no task's");
  }
  return {Config(builtin), name};
}

/// A value that all documents give a key, each its own model, and that is not the task's own for any of them.
std::optional<json::value> common_change(const ConfigKey& key, const std::vector<Document>& documents,
                                         const Config& task, const std::string& file) {
  std::optional<json::value> common;
  for (const Document& document : documents) {
    const json::value* found = document.values.if_contains(key.name);
    if (!found || !document.heading.model || !document.described.empty()) return std::nullopt;
    Settings settings = task.resolve(find_model(*document.heading.model));
    const json::value own = detail::value_of(key, settings);
    detail::assign(key, *found, {file, {}}, settings);
    const json::value value = detail::value_of(key, settings);  // of the key's type: 1 and 1.0 are the same
    if (value == own || (common && *common != value)) return std::nullopt;
    common = value;
  }
  return common;
}

/// The documents of a file as one: a key that may differ by model has the value of each model's own document, and a
/// change that all of them make is one for the other models, too.
json::object merge(const std::vector<Document>& documents, const Config& task, const std::string& file) {
  const std::vector<ConfigKey> keys = config_keys(find_task(task.base_task()));
  json::object merged;
  for (const Document& document : documents) {
    for (const json::key_value_pair& member : document.values) {
      const auto key = std::ranges::find(keys, std::string_view(member.key()), &ConfigKey::name);
      const bool is_by_model = key != keys.end() && key->is_by_model && !member.value().is_object();
      if (document.heading.model && is_by_model) {
        const auto [place, is_new] = merged.emplace(member.key(), json::object());
        if (const auto common = is_new ? common_change(*key, documents, task, file) : std::nullopt) {
          place->value().as_object()["default"] = *common;
        }
        place->value().as_object()[*document.heading.model] = member.value();
        continue;
      }
      const auto [place, is_new] = merged.emplace(member.key(), member.value());
      if (!is_new && place->value() != member.value()) {
        throw ConfigError(std::string(member.key()), "found " + to_line(place->value()) + " and " +
                                                         to_line(member.value()) + " in " + file +
                                                         "; accepted: one value for all models");
      }
    }
  }
  return merged;
}

}  // namespace

struct Config::Content {
  std::string task, base_task;
  std::vector<ConfigLayer> layers;  // checked, lowest first
  std::vector<std::string> models;
  std::vector<Model> described;
  json::object record;
};

Config::Config(std::string_view task) {
  const BuiltinTask found = find_builtin(task);
  Content content;
  if (!found.info.base.empty()) content = *Config(found.info.base).content_;
  content.task = task;
  if (found.info.base.empty()) content.base_task = task;
  content.layers.push_back({found.values, {found.info.name + ".json", {}}});
  check(content.layers.back(), find_task(content.base_task), content.described);
  content_ = std::make_shared<const Content>(std::move(content));
}

Config Config::from_file(const std::filesystem::path& path, std::optional<std::string_view> task) {
  const std::string file = path.string();
  const std::vector<Document> documents = read_documents(path);
  const Heading& heading = documents.front().heading;
  const Ground ground = find_ground(heading, path, task);
  const std::string& base = heading.base ? *heading.base : ground.builtin.base_task();
  check_task_name(heading.task ? "task" : "name", ground.task, file);
  const bool names_task = heading.base || heading.task || heading.base_task;
  if (names_task && task && *task != ground.task && *task != heading.base.value_or(ground.task)) {
    throw ConfigError("task", "found '" + std::string(*task) + "', but " + file + " is " + ground.task +
                                  (base == ground.task ? "" : ", a variation of " + base));
  }
  Content content = *ground.builtin.content_;
  content.task = ground.task;
  content.layers.push_back({merge(documents, ground.builtin, file), {file, {}}});
  for (const Document& document : documents) {
    if (document.heading.model) content.models.push_back(*document.heading.model);
    content.described.insert(content.described.end(), document.described.begin(), document.described.end());
  }
  check(content.layers.back(), find_task(content.base_task), content.described);
  content.record = documents.front().record;
  return Config(std::make_shared<const Content>(std::move(content)));
}

void Config::set(std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) {
    throw ConfigError("--set", "found '" + std::string(assignment) + "'; accepted: key=value, as lr=0.001");
  }
  Content content = *content_;
  const Task& task = find_task(content.base_task);
  const std::vector<ConfigKey> keys = config_keys(task);
  const ConfigKey& key = find_key(keys, assignment.substr(0, equals), task, {});
  const std::string_view text = assignment.substr(equals + 1);
  if (!detail::is_utf8(text)) {  // of which config.json could not be written
    throw ConfigError(key.name, "found " + quote_unless_number(text) + ", which is not UTF-8; accepted: UTF-8");
  }
  content.layers.push_back({{{key.name, detail::parse_value(key, text)}}, {"", std::string(text)}});
  check(content.layers.back(), find_task(content.base_task), content.described);
  content_ = std::make_shared<const Content>(std::move(content));
}

void Config::rename(const std::string& name) {
  check_task_name("--name", name, "");
  const std::vector<TaskInfo> known = builtin_tasks();
  if (name != task() && std::ranges::find(known, name, &TaskInfo::name) != known.end())
    throw ConfigError("--name", "found '" + name + "', which is another task; accepted: a name that is no task's");
  Content content = *content_;
  content.task = name;
  content_ = std::make_shared<const Content>(std::move(content));
}

namespace {

/// A value within the name of a variation: numbers without an exponent where that is short, 0.0003.
std::string name_part(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (!value.is_double()) return to_line(value);
  constexpr std::size_t longest = 12;
  std::array<char, 400> text{};
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), value.get_double(), std::chars_format::fixed);
  const std::string plain(text.data(), error == std::errc{} ? end : text.data());
  return plain.empty() || plain.size() > longest ? to_line(value) : plain;
}

/// A value of a sweep as it was typed, and within the name of a variation.
struct SweptValue {
  std::string text, name;
};

/// The values that a sweep gives a key, separated by commas. ConfigError where one of them is not accepted, stands
/// twice or cannot be part of the name of a folder.
std::vector<SweptValue> swept_values(const Config& config, const ConfigKey& key, std::string_view texts) {
  std::vector<SweptValue> values;
  std::vector<json::value> seen;
  for (bool is_last = false; !is_last;) {
    const std::size_t comma = texts.find(',');
    const std::string text(texts.substr(0, comma));
    is_last = comma == std::string_view::npos;
    texts.remove_prefix(is_last ? texts.size() : comma + 1);
    Config(config).set(key.name + "=" + text);  // checks it
    const json::value value = detail::parse_value(key, text);
    const std::string name = name_part(value);
    if (!detail::is_folder_name(name) && !value.is_number())
      throw ConfigError("--sweep", "found the value '" + text + "' of " + key.name +
                                       ", which cannot be part of the name of a folder");
    Settings settings = default_settings(find_task(config.base_task()));
    detail::assign(key, value, {}, settings);
    const json::value assigned = detail::value_of(key, settings);  // of the key's type: 1 and 1.0 are the same
    if (std::ranges::find(seen, assigned) != seen.end())
      throw ConfigError("--sweep", "has the value " + name + " of " + key.name + " twice");
    seen.push_back(assigned);
    values.push_back({text, name});
  }
  return values;
}

}  // namespace

std::vector<Config> Config::sweep(const std::vector<std::string>& sweeps) const {
  std::vector<Config> variations{*this};
  std::vector<std::string> swept;
  const std::vector<ConfigKey> keys = config_keys(find_task(base_task()));
  for (const std::string& assignment : sweeps) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos)
      throw ConfigError("--sweep", "found '" + assignment + "'; accepted: key=value,value, as lr=0.001,0.0003");
    const ConfigKey& key = find_key(keys, assignment.substr(0, equals), find_task(base_task()), {});
    if (std::ranges::find(swept, key.name) != swept.end()) throw ConfigError("--sweep", "names " + key.name + " twice");
    const std::vector<SweptValue> values = swept_values(*this, key, std::string_view(assignment).substr(equals + 1));
    std::vector<Config> next;
    for (const Config& variation : variations) {
      for (const SweptValue& value : values) {
        Config changed = variation;
        changed.set(key.name + "=" + value.text);
        Content content = *changed.content_;
        content.task += (swept.empty() ? "@" : ",") + key.name + "=" + value.name;
        next.push_back(Config(std::make_shared<const Content>(std::move(content))));
      }
    }
    variations = std::move(next);
    swept.push_back(key.name);
  }
  return variations;
}

namespace {

/// An annealed threshold is that of all layers, which thus cannot have their own.
void check_annealing(const Settings& settings, const Model& model) {
  if (!settings.training.sigma_v_anneal) return;
  for (std::size_t k = 0; k < model.layers.size(); ++k) {
    const auto own = model.layers[k].constants.find("sigma_v");
    if (own == model.layers[k].constants.end()) continue;
    throw ConfigError("sigma_v_anneal", "found true, and layer " + std::to_string(k + 1) + " of " + model.name +
                                            " states a sigma_v of " + format_number(own->second) +
                                            "; accepted: false, or layers that state none");
  }
}

/// Whether all layers of described models say themselves what a key says of models that are known.
bool is_stated_by_layers(const std::string& key, const std::vector<Model>& models) {
  if (key == "hidden_size" || key == "num_ascs" || key == "train_dynamics") return true;
  bool is_constant = false;
  for (const Model& model : models) {
    for (const LayerDescription& layer : model.layers) {
      const std::vector<NeuronConstant>& constants = find_neuron(layer.neuron, layer.num_ascs).constants;
      if (std::ranges::find(constants, key, &NeuronConstant::name) == constants.end()) continue;
      if (!layer.constants.contains(key)) return false;
      is_constant = true;
    }
  }
  return is_constant;
}

}  // namespace

void Config::check_effect(const std::vector<Model>& models) const {
  for (const Model& model : models) {
    if (!model.layers.empty()) check_annealing(resolve(model), model);
  }
  const bool all_described =
      std::ranges::all_of(models, [](const Model& model) { return !model.layers.empty(); }) && !models.empty();
  for (const ConfigLayer& layer : content_->layers) {
    if (!all_described || !layer.origin.typed) continue;
    for (const json::key_value_pair& value : layer.values) {
      const std::string key = value.key();
      if (!is_stated_by_layers(key, models)) continue;
      throw ConfigError(key, "found " + *layer.origin.typed + "; the layers of " + models.front().name +
                                 " say what they are themselves, accepted: no value");
    }
  }
}

const std::string& Config::task() const {
  return content_->task;
}

const std::string& Config::base_task() const {
  return content_->base_task;
}

const std::vector<Model>& Config::described_models() const {
  return content_->described;
}

const std::vector<std::string>& Config::models() const {
  return content_->models;
}

const json::object& Config::record() const {
  return content_->record;
}

Settings Config::resolve(const Model& model, const DataFiles* files) const {
  const Task& task = find_task(content_->base_task);
  Settings settings = default_settings(task);
  settings.task.name = content_->task;
  settings.model.name = model.name;
  settings.model.num_ascs = model.num_ascs;
  settings.model.train_dynamics = model.trains_dynamics;
  for (const ConfigKey& key : config_keys(task)) {
    for (const ConfigLayer& layer : content_->layers) {
      if (const json::value* value = value_for(layer, key, model.name))
        detail::assign(key, *value, {layer.origin.file, {}}, settings);
    }
  }
  if (settings.output.tensorboard) {
    if (const auto problem = event_file_problem()) throw ConfigError("tensorboard", *problem);
  }
  if (files) complete(settings, task, *files);
  if (settings.model.final_reduction == FinalReduction::automatic)
    settings.model.final_reduction =
        settings.training.loss == LossKind::cross_entropy ? FinalReduction::last : FinalReduction::none;
  if (settings.training.monitor == Monitor::automatic)
    settings.training.monitor = validates(settings) ? Monitor::val_loss : Monitor::train_loss;
  if (settings.output.parameter_every == 0)
    settings.output.parameter_every = settings.training.max_epochs > 500 ? 10 : 1;
  const auto finished = [&] {
    check_consistency(settings);
    if (settings.training.shares == 0 && task.knows("shares")) settings.training.shares = shares_of(settings);
    return settings;
  };
  if (!model.layers.empty()) {
    settings.model.layers = model.layers;
    settings.model.layers = describe_network(settings).layers;
    if (files) detail::read_files(settings.model.layers, settings.model.input_size, files->root);
    detail::follow_layers(settings.model);
    return finished();
  }
  // What a model has not is not there, whatever was asked of the others.
  const NeuronInfo& neuron = find_neuron(model.neuron, model.num_ascs);
  if (model.num_ascs == 0) settings.model.num_ascs = 0;
  if (!neuron.has_dynamics()) settings.model.train_dynamics = false;
  if (!neuron.has_synaptic_delay) settings.model.synaptic_delay = 0;
  return finished();
}

std::vector<TaskInfo> builtin_tasks() {
  std::vector<TaskInfo> result;
  for (const BuiltinTask& task : builtin()) result.push_back(task.info);
  return result;
}

std::vector<Model> select_models(std::string_view request, const Config& config) {
  const std::vector<std::string> only = find_task(config.base_task()).models();
  std::vector<Model> able;
  for (const Model& model : known_models()) {
    if (only.empty() || std::ranges::find(only, model.name) != only.end()) able.push_back(model);
  }
  const std::size_t known = able.size();
  able.insert(able.end(), config.described_models().begin(), config.described_models().end());
  if (request == "all") return {able.begin(), able.begin() + static_cast<std::ptrdiff_t>(known)};
  std::vector<std::string_view> wanted;
  for (std::size_t end; (end = request.find(',')) != std::string_view::npos; request.remove_prefix(end + 1))
    wanted.push_back(request.substr(0, end));
  wanted.push_back(request);
  if (std::ranges::find(wanted, "all") != wanted.end())
    throw ConfigError("model", "found 'all' beside other names; accepted: 'all' alone, or names");
  for (const std::string_view name : wanted) {
    if (std::ranges::find(able, name, &Model::name) != able.end()) continue;
    std::string names;
    for (const Model& model : able) names += ", " + model.name;
    throw ConfigError("model",
                      "found '" + std::string(name) + "'; accepted for task " + config.task() + ": all" + names);
  }
  std::erase_if(able, [&](const Model& model) {
    return std::ranges::find(wanted, std::string_view(model.name)) == wanted.end();
  });
  return able;
}

namespace {

/// Whether the layers of a described model say what a key says of a model that is known.
bool is_in_layers(const ConfigKey& key, const Settings& settings) {
  constexpr auto keys =
      std::to_array<std::string_view>({"hidden_size", "num_ascs", "train_dynamics", "synaptic_delay"});
  return !settings.model.layers.empty() && std::ranges::find(keys, key.name) != keys.end();
}

}  // namespace

json::object to_json(const Settings& settings) {
  json::object object;
  object["task"] = settings.task.name;
  object["base_task"] = settings.task.base;
  object["model"] = settings.model.name;
  if (!settings.model.layers.empty()) object["layers"] = detail::to_json(settings.model.layers);
  for (const ConfigKey& key : config_keys(find_task(settings.task.base))) {
    if (key.is_recorded && !is_in_layers(key, settings)) object[key.name] = detail::value_of(key, settings);
  }
  return object;
}

Settings settings_from_json(const json::object& object, const std::string& name) {
  const auto member = [&](std::string_view key) -> const json::value& {
    const json::value* value = object.if_contains(key);
    if (!value) throw DataError(name, "has no " + std::string(key));
    return *value;
  };
  const auto text = [&](std::string_view key) {
    const json::value& value = member(key);
    if (!value.is_string()) throw DataError(name, std::string(key) + ": found " + to_line(value) + "; accepted: text");
    return std::string(value.get_string());
  };
  const std::string task_name = text("task"), model = text("model"), base_task = text("base_task");
  try {
    const Task& task = find_task(base_task);
    Settings settings = default_settings(task);
    settings.task.name = task_name;
    settings.model.name = model;
    if (const json::value* layers = object.if_contains("layers")) {
      settings.model.layers = detail::layers_from_json(*layers, "");
    } else {
      const Model& known = find_model(model);
      settings.model.num_ascs = known.num_ascs;
      settings.model.train_dynamics = known.trains_dynamics;
    }
    for (const ConfigKey& key : config_keys(task)) {
      if (!key.is_recorded || is_in_layers(key, settings)) continue;
      if (key.is_recent && !object.contains(key.name)) continue;
      detail::assign(key, member(key.name), {}, settings);
    }
    if (!settings.model.layers.empty()) detail::follow_layers(settings.model);
    check_consistency(settings);
    return settings;
  } catch (const ConfigError& error) {
    throw DataError(name, error.what());
  }
}

namespace {

/// The first member, or member of a member, in which two values differ. `file`: that the value around them was read
/// from; empty: none.
std::optional<SettingDifference> first_difference(const std::string& key, const json::value* one,
                                                  const json::value* other, std::string file) {
  if (one && other && *one == *other) return std::nullopt;
  if (one && other && one->is_object() && other->is_object()) {
    if (const json::value* name = one->get_object().if_contains("file"); name && name->is_string())
      file = name->get_string();
    const auto differs = [&](const json::object& members, const json::object& others) -> const json::key_value_pair* {
      for (const json::key_value_pair& member : members) {
        const json::value* counterpart = others.if_contains(member.key());
        if (!counterpart || *counterpart != member.value()) return &member;
      }
      return nullptr;
    };
    const json::key_value_pair* found = differs(one->get_object(), other->get_object());
    if (!found) found = differs(other->get_object(), one->get_object());
    return first_difference((key.empty() ? "" : key + ".") + std::string(found->key()),
                            one->get_object().if_contains(found->key()), other->get_object().if_contains(found->key()),
                            file);
  }
  const bool are_lists = one && other && one->is_array() && other->is_array();
  if (are_lists && one->get_array().size() == other->get_array().size()) {
    const json::array &list = one->get_array(), &others = other->get_array();
    const auto k = static_cast<std::size_t>(std::ranges::mismatch(list, others).in1 - list.begin());
    return first_difference(key + "[" + std::to_string(k) + "]", &list[k], &others[k], file);
  }
  const auto shown = [](const json::value* value) { return value ? to_line(*value) : "nothing"; };
  return SettingDifference{key + (file.empty() ? "" : " (" + file + ")"), shown(one), shown(other)};
}

}  // namespace

std::optional<SettingDifference> first_difference(const Settings& first, const Settings& second) {
  const json::value one = to_json(first), other = to_json(second);
  return first_difference("", &one, &other, "");
}

}  // namespace glifr
