#include "glifr/experiment/config.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "builtin_configs.hpp"
#include "config_values.hpp"
#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/json.hpp"

namespace glifr {

namespace json = boost::json;

namespace {

/// Keys and values of one source, in which nothing has been checked yet or everything.
struct Layer {
  json::object values;
  std::string origin;  // "my.json", or empty for the command line
};

std::string place(const std::string& origin) {
  return origin.empty() ? "" : " in " + origin;
}

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

/// The key that whoever wrote `name` is most likely to have meant: one that holds it ("epochs"), or the least different
/// one.
std::string_view nearest_key(std::string_view name) {
  return std::ranges::min_element(config_keys(), {},
                                  [&](const ConfigKey& key) {
                                    return std::pair(key.name.find(name) == std::string_view::npos,
                                                     edit_distance(name, key.name));
                                  })
      ->name;
}

const ConfigKey& find_key(std::string_view name, const std::string& origin) {
  const auto found = std::ranges::find(config_keys(), name, &ConfigKey::name);
  if (found == config_keys().end()) {
    throw ConfigError(std::string(name),
                      "is no configuration key" + place(origin) + "; the nearest is " + std::string(nearest_key(name)));
  }
  return *found;
}

std::string tasks_of(const ConfigKey& key) {
  std::string text;
  for (const Settings::Data data : key.used_by) text.append(text.empty() ? "" : ", ").append(detail::to_string(data));
  return text;
}

/// The value that a layer gives a key for a model, or null.
const json::value* value_for(const Layer& layer, const ConfigKey& key, std::string_view model) {
  const json::value* value = layer.values.if_contains(key.name);
  const json::object* by_model = value ? value->if_object() : nullptr;
  if (!by_model) return value;
  const json::value* own = by_model->if_contains(model);
  return own ? own : by_model->if_contains("default");
}

void check(const Layer& layer, Settings::Data data) {
  Settings scratch;
  for (const json::key_value_pair& member : layer.values) {
    const ConfigKey& key = find_key(member.key(), layer.origin);
    if (!key.is_used_by(data)) {
      throw ConfigError(std::string(key.name), "is no key of task " + std::string(detail::to_string(data)) +
                                                   place(layer.origin) + "; accepted for " + tasks_of(key));
    }
    if (!key.is_by_model || !member.value().is_object()) {
      detail::assign(key, member.value(), layer.origin, scratch);
      continue;
    }
    for (const json::key_value_pair& entry : member.value().get_object()) {
      const std::string_view model = entry.key();
      if (model != "default" && std::ranges::find(models, model, &Model::name) == models.end()) {
        throw ConfigError(std::string(key.name), "found '" + std::string(model) + "'" + place(layer.origin) +
                                                     "; accepted: default or the name of a model, as glifr_lheta");
      }
      detail::assign(key, entry.value(), layer.origin, scratch);
    }
  }
}

/// A member of a file that says something about the file and is no key; taken out of `values`.
std::optional<std::string> take_text(json::object& values, std::string_view name, const std::string& origin) {
  const json::value* value = values.if_contains(name);
  if (!value) return std::nullopt;
  if (!value->is_string())
    throw ConfigError(std::string(name), "found " + to_line(*value) + place(origin) + "; accepted: text");
  std::string text(value->get_string());
  values.erase(name);
  return text;
}

struct BuiltinTask {
  TaskInfo info;
  json::object values;
};

const std::vector<BuiltinTask>& builtin() {
  static const std::vector<BuiltinTask> tasks = [] {
    std::vector<BuiltinTask> result;
    for (const detail::BuiltinConfig& config : detail::builtin_configs()) {
      const std::string name(config.name);
      json::object values = parse_json(config.text, name + ".json").as_object();
      const std::string base = take_text(values, "base", name).value_or("");
      const std::string description = take_text(values, "description", name).value_or("");
      result.push_back({{name, base, description}, std::move(values)});
    }
    std::ranges::stable_sort(result, {}, [](const BuiltinTask& task) {
      return std::pair(!task.info.base.empty(),
                       task.info.base.empty() ? detail::data_of(task.info.name) : Settings::Data{});
    });
    return result;
  }();
  return tasks;
}

const BuiltinTask& find_builtin(std::string_view task) {
  const auto found = std::ranges::find(
      builtin(), task, [](const BuiltinTask& candidate) { return std::string_view(candidate.info.name); });
  if (found == builtin().end()) {
    std::string names;
    for (const BuiltinTask& candidate : builtin()) names.append(names.empty() ? "" : ", ").append(candidate.info.name);
    throw ConfigError("task", "found '" + std::string(task) + "'; accepted: " + names + ", or a variation in a file");
  }
  return *found;
}

/// A task's name is the name of a folder of results.
void check_task_name(const std::string& name, const std::string& origin) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  if (name.empty() || name.front() == '.' || name.front() == '-' || !std::ranges::all_of(name, is_allowed)) {
    throw ConfigError(
        "name", "found '" + name + "'" + place(origin) + "; accepted: letters, digits, '-', '_', '.', as my-task");
  }
}

void check_steps(const char* key, const Settings& settings, double duration, Index fewest) {
  constexpr double most = 1e6;
  const double steps = duration / settings.dt;
  if (steps <= most && steps >= static_cast<double>(fewest) * (1 - 1e-9)) return;
  throw ConfigError(key, "found " + format_number(duration) + " ms with a time step (dt) of " +
                             format_number(settings.dt) + " ms; accepted: " + std::to_string(fewest) +
                             " to 1000000 steps");
}

/// The sizes of inputs and outputs are the task's; to ask for others is a mistake. Those that depend on which images
/// are trained on are compared with these when they are read.
void check_size(const ConfigKey& key, const Settings& settings) {
  const json::value found = detail::value_of(key, settings);
  const json::value& needed = find_builtin(detail::to_string(settings.data)).values.at(key.name);
  if (found == needed) return;
  throw ConfigError(std::string(key.name),
                    "found " + to_line(found) + "; accepted for task " + settings.task + ": " + to_line(needed));
}

/// What single values cannot show: whether they fit each other and the task.
void check_consistency(const Settings& s) {
  check_steps("synaptic_delay", s, s.synaptic_delay, 0);
  if (s.data == Settings::Data::sine || s.data == Settings::Data::realizable) check_steps("sim_time", s, s.sim_time, 1);
  if (s.data == Settings::Data::realizable) return;
  const bool is_lines = s.data == Settings::Data::lmnist, is_pixels = s.data == Settings::Data::pmnist;
  if (!is_lines) check_size(find_key("input_size", ""), s);
  if (!is_lines && !is_pixels) check_size(find_key("output_size", ""), s);
  const Settings::Loss loss = s.data == Settings::Data::sine ? Settings::Loss::mse : Settings::Loss::cross_entropy;
  if (s.loss_fn != loss) {
    throw ConfigError("loss_fn", s.data == Settings::Data::sine
                                     ? "found cross_entropy; the targets are values, accepted: mse"
                                     : "found mse; the targets are classes, accepted: cross_entropy");
  }
  if (s.freq_min > s.freq_max) {
    throw ConfigError("freq_min", "found " + format_number(s.freq_min) + " 1/ms; accepted: at most freq_max, " +
                                      format_number(s.freq_max));
  }
}

}  // namespace

struct Config::Content {
  std::string task, base_task;
  std::vector<Layer> layers;  // checked, lowest first
};

Config::Config(std::string_view task) {
  const BuiltinTask& found = find_builtin(task);
  Content content;
  if (!found.info.base.empty()) content = *Config(found.info.base).content_;
  content.task = task;
  if (found.info.base.empty()) content.base_task = task;
  content.layers.push_back({found.values, found.info.name + ".json"});
  check(content.layers.back(), detail::data_of(content.base_task));
  content_ = std::make_shared<const Content>(std::move(content));
}

Config Config::from_file(const std::filesystem::path& path, std::optional<std::string_view> task) {
  const std::string origin = path.string();
  json::value document = read_json_file(path);
  if (!document.is_object()) throw DataError(origin, "is no JSON object; a configuration is one, as {\"lr\": 0.001}");
  json::object& values = document.get_object();
  const std::optional<std::string> base = take_text(values, "base", origin);
  const std::optional<std::string> name = take_text(values, "name", origin);
  static_cast<void>(take_text(values, "description", origin));

  Content content = *Config(base ? *base : task.value_or(default_task)).content_;
  if (base) content.task = path.stem().string();
  if (name) content.task = *name;
  check_task_name(content.task, origin);
  if (base && task && *task != *base && *task != content.task) {
    throw ConfigError("task", "found '" + std::string(*task) + "', but " + origin + " is " + content.task +
                                  ", a variation of " + *base);
  }
  content.layers.push_back({std::move(values), origin});
  check(content.layers.back(), detail::data_of(content.base_task));
  return Config(std::make_shared<const Content>(std::move(content)));
}

void Config::set(std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) {
    throw ConfigError(std::string(assignment), "has no value; accepted: key=value, as lr=0.001");
  }
  const ConfigKey& key = find_key(assignment.substr(0, equals), "");
  Content content = *content_;
  content.layers.push_back({{{key.name, detail::parse_value(key, assignment.substr(equals + 1))}}, ""});
  check(content.layers.back(), detail::data_of(content.base_task));
  content_ = std::make_shared<const Content>(std::move(content));
}

const std::string& Config::task() const {
  return content_->task;
}

const std::string& Config::base_task() const {
  return content_->base_task;
}

Settings Config::resolve(const Model& model) const {
  Settings settings;
  settings.task = content_->task;
  settings.model = model.name;
  settings.data = detail::data_of(content_->base_task);
  settings.num_ascs = model.num_ascs;
  settings.train_dynamics = model.trains_dynamics;
  for (const ConfigKey& key : config_keys()) {
    for (const Layer& layer : content_->layers) {
      if (const json::value* value = value_for(layer, key, model.name))
        detail::assign(key, *value, layer.origin, settings);
    }
  }
  // What a model has not is not there, whatever was asked of the others.
  if (model.num_ascs == 0) settings.num_ascs = 0;
  if (model.cell != CellKind::glifr) settings.train_dynamics = false;
  if (model.cell == CellKind::lstm) settings.synaptic_delay = 0;
  if (settings.parameter_every == 0) settings.parameter_every = settings.max_epochs > 500 ? 10 : 1;
  check_consistency(settings);
  return settings;
}

const std::vector<TaskInfo>& builtin_tasks() {
  static const std::vector<TaskInfo> tasks = [] {
    std::vector<TaskInfo> result;
    for (const BuiltinTask& task : builtin()) result.push_back(task.info);
    return result;
  }();
  return tasks;
}

json::object to_json(const Settings& settings) {
  json::object object;
  object["task"] = settings.task;
  object["base_task"] = detail::to_string(settings.data);
  object["model"] = settings.model;
  for (const ConfigKey& key : config_keys()) {
    if (key.is_used_by(settings.data)) object[key.name] = detail::value_of(key, settings);
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
  Settings settings;
  settings.task = text("task");
  settings.model = text("model");
  try {
    settings.data = detail::data_of(text("base_task"));
    static_cast<void>(find_model(settings.model));
    for (const ConfigKey& key : config_keys()) {
      if (key.is_used_by(settings.data)) detail::assign(key, member(key.name), "", settings);
    }
    check_consistency(settings);
  } catch (const ConfigError& error) {
    throw DataError(name, error.what());
  }
  return settings;
}

std::optional<SettingDifference> first_difference(const Settings& first, const Settings& second) {
  const json::object one = to_json(first), other = to_json(second);
  for (const json::key_value_pair& member : one) {
    const json::value* counterpart = other.if_contains(member.key());
    if (!counterpart || *counterpart != member.value()) {
      return SettingDifference{member.key(), to_line(member.value()), counterpart ? to_line(*counterpart) : "nothing"};
    }
  }
  return std::nullopt;
}

}  // namespace glifr
