#include "glifr/experiment/config.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "builtin_tasks.hpp"
#include "config_content.hpp"
#include "config_documents.hpp"
#include "config_values.hpp"
#include "find_key.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/number.hpp"

namespace glifr {

namespace json = boost::json;

namespace {

void check(const detail::ConfigLayer& layer, const Task& task, const std::vector<Model>& described) {
  const std::vector<ConfigKey> keys = config_keys(task);
  Settings scratch = default_settings(task);
  for (const json::key_value_pair& member : layer.values) {
    const ConfigKey& key = detail::find_key(keys, member.key(), task, layer.origin);
    if (!key.is_by_model || !member.value().is_object()) {
      detail::assign(key, member.value(), layer.origin, scratch);
      continue;
    }
    if (member.value().get_object().empty())
      throw ConfigError(key.name, "found {}" + layer.origin.place() + "; accepted: " + key.accepted());
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

/// A task's name is the name of a folder of results.
void check_task_name(const char* member, const std::string& name, const std::string& file) {
  // Behind an @ stands what a sweep changed: sine@lr=0.001,hidden_size=64.
  const std::size_t at = name.find('@');
  std::string changes = at == std::string::npos ? "-" : name.substr(at + 1);
  std::erase_if(changes, [](char c) { return c == '=' || c == ',' || c == '+'; });
  if (!detail::is_folder_name(name.substr(0, at)) || !detail::is_folder_name("x" + changes)) {
    throw ConfigError(member, "found '" + name + "'" + (file.empty() ? "" : " in " + file) +
                                  "; accepted: letters, digits, '-', '_', '.', the first none of '-' and '.', as "
                                  "my-task");
  }
}

}  // namespace

Config::Config(std::string_view task) {
  const detail::BuiltinTask found = detail::find_builtin(task);
  Content content;
  if (!found.info.base.empty()) content = *Config(found.info.base).content_;
  content.task = task;
  if (found.info.base.empty()) content.base_task = task;
  content.layers.push_back({found.values, {found.info.name + ".json", {}}});
  check(content.layers.back(), find_task(content.base_task), content.described);
  content_ = std::make_shared<const Content>(std::move(content));
}

Config Config::from_file(const std::filesystem::path& path, std::optional<std::string_view> task, bool is_renamed) {
  const std::string file = path.string();
  const std::vector<detail::Document> documents = detail::read_documents(path);
  const detail::Heading& heading = documents.front().heading;
  const detail::Ground ground = detail::find_ground(heading, path, task, is_renamed);
  const std::string& base = heading.base ? *heading.base : ground.builtin.base_task();
  check_task_name(heading.task ? "task" : "name", ground.task, file);
  const bool names_task = heading.base || heading.task || heading.base_task;
  if (names_task && task && *task != ground.task && *task != heading.base.value_or(ground.task)) {
    throw ConfigError("task", "found '" + std::string(*task) + "', but " + file + " is " + ground.task +
                                  (base == ground.task ? "" : ", a variation of " + base));
  }
  Content content = *ground.builtin.content_;
  content.task = ground.task;
  content.layers.push_back({detail::merge_documents(documents, ground.builtin, file), {file, {}}});
  for (const detail::Document& document : documents) {
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
  const ConfigKey& key = detail::find_key(keys, assignment.substr(0, equals), task, {});
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
  if (name != task() && name.find('@') != std::string::npos)
    throw ConfigError("--name",
                      "found '" + name + "'; behind an @ stands what a --sweep changes, accepted: a name without it");
  const std::vector<TaskInfo> known = builtin_tasks();
  if (name != task() && std::ranges::find(known, name, &TaskInfo::name) != known.end())
    throw ConfigError("--name", "found '" + name + "', which is another task; accepted: a name that is no task's");
  Content content = *content_;
  content.task = name;
  content_ = std::make_shared<const Content>(std::move(content));
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

/// Refuses a constant that is set beside what a layer states, naming the first that does.
void refuse_constant(const std::string& key, const std::string& typed, const std::vector<Model>& models) {
  for (const Model& model : models) {
    for (std::size_t k = 0; k < model.layers.size(); ++k) {
      const auto own = model.layers[k].constants.find(key);
      if (own == model.layers[k].constants.end()) continue;
      throw ConfigError(key, "found " + typed + ", and layer " + std::to_string(k + 1) + " of model " + model.name +
                                 " has \"" + key + "\": " + format_number(own->second) +
                                 ", which counts; remove that to set or sweep " + key);
    }
  }
}

/// Refuses what a described model is given by its name and its layers say themselves.
void check_values_by_model(const detail::ConfigLayer& layer, const std::vector<Model>& models) {
  for (const json::key_value_pair& member : layer.values) {
    const std::string key(member.key());
    const json::object* by_model = member.value().if_object();
    for (const Model& model : models) {
      const json::value* own = by_model && !model.layers.empty() ? by_model->if_contains(model.name) : nullptr;
      if (!own || !is_stated_by_layers(key, {model})) continue;
      throw ConfigError(key, "found " + to_line(*own) + " for " + model.name + layer.origin.place() +
                                 "; its layers say what they are themselves, accepted: no value");
    }
  }
}

}  // namespace

void Config::check_effect(const std::vector<Model>& models) const {
  for (const Model& model : models) {
    if (!model.layers.empty()) check_annealing(resolve(model), model);
  }
  const bool all_described =
      std::ranges::all_of(models, [](const Model& model) { return !model.layers.empty(); }) && !models.empty();
  for (const detail::ConfigLayer& layer : content_->layers) check_values_by_model(layer, models);
  for (const detail::ConfigLayer& layer : content_->layers) {
    if (!all_described || !layer.origin.typed) continue;
    for (const json::key_value_pair& value : layer.values) {
      const std::string key = value.key();
      if (!is_stated_by_layers(key, models)) continue;
      refuse_constant(key, *layer.origin.typed, models);
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

std::vector<Model> select_models(std::string_view request, const Config& config, const std::string& also) {
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
    std::string names = also.empty() ? "all" : "all, " + also;
    for (const Model& model : able) names += ", " + model.name;
    throw ConfigError("model", "found '" + std::string(name) + "'; accepted for task " + config.task() + ": " + names);
  }
  std::erase_if(able, [&](const Model& model) {
    return std::ranges::find(wanted, std::string_view(model.name)) == wanted.end();
  });
  return able;
}

}  // namespace glifr
