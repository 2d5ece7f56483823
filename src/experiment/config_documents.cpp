#include "config_documents.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "config_values.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/json.hpp"
#include "layer_json.hpp"
#include "record.hpp"

namespace glifr::detail {

namespace json = boost::json;

namespace {

Heading take_heading(json::object& members, const std::string& file) {
  Heading heading;
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
  return heading;
}

/// The models that a file describes: in `models`, or, as `to_json` writes one, by the layers of its `model`.
std::vector<Model> take_models(json::object& members, const Heading& heading, const std::string& file) {
  std::vector<Model> described;
  if (const json::value* models = members.if_contains("models")) {
    described = models_from_json(*models, " in " + file);
    members.erase("models");
  }
  if (const json::value* layers = members.if_contains("layers")) {
    if (!heading.model) throw ConfigError("layers", "stand beside no model in " + file + "; accepted: in models");
    check_model_name(*heading.model, " in " + file);
    described.push_back({.name = *heading.model, .layers = layers_from_json(*layers, " in " + file)});
    members.erase("layers");
  } else if (heading.model) {
    static_cast<void>(find_model(*heading.model));
  }
  return described;
}

json::object take_record(json::object& members) {
  json::object record;
  for (const std::string_view name : record_members) {
    if (const json::value* found = members.if_contains(name)) record[name] = *found;
    members.erase(name);
  }
  return record;
}

Document take_apart(json::value& value, const std::string& file) {
  if (!value.is_object()) throw DataError(file, "is no JSON object; a configuration is one, as {\"lr\": 0.001}");
  Document document;
  json::object& members = value.get_object();
  document.heading = take_heading(members, file);
  document.described = take_models(members, document.heading, file);
  const bool is_resolved = document.heading.task && document.heading.base_task && document.heading.model;
  if (is_resolved) document.record = take_record(members);
  document.values = std::move(members);
  return document;
}

/// Of a file that names its task, as `to_json` writes it.
Ground ground_of_record(const Heading& heading, const std::string& file) {
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

/// Of a file that names its base, or nothing.
Ground ground_of_variation(const Heading& heading, const std::filesystem::path& path,
                           std::optional<std::string_view> asked) {
  const std::string builtin = heading.base.value_or(std::string(asked.value_or(default_task)));
  const std::string name = heading.name ? *heading.name : heading.base ? path.stem().string() : builtin;
  const std::vector<TaskInfo> known = builtin_tasks();
  const auto same = std::ranges::find(known, name, &TaskInfo::name);
  // The file of a built-in variation is that variation.
  if (name != builtin && same != known.end() && same->base != builtin) {
    throw ConfigError("name", "found '" + name + "' for " + path.string() +
                                  ", which is another task; accepted: a \"name\" that is no task's");
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
    const json::value own = value_of(key, settings);
    assign(key, *found, {file, {}}, settings);
    const json::value value = value_of(key, settings);  // of the key's type: 1 and 1.0 are the same
    if (value == own || (common && *common != value)) return std::nullopt;
    common = value;
  }
  return common;
}

}  // namespace

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

Ground find_ground(const Heading& heading, const std::filesystem::path& path, std::optional<std::string_view> asked,
                   bool is_renamed) {
  std::error_code unknown;
  const bool has_file_name = std::filesystem::is_regular_file(path, unknown) && !path.string().starts_with("/dev/");
  if (heading.base && !heading.name && !is_renamed && !has_file_name) {
    throw ConfigError("name", "is missing in " + path.string() +
                                  ", which is no file that would name the variation; accepted: a \"name\" beside "
                                  "\"base\", or --name");
  }
  const bool names_task = heading.task || heading.base_task;
  return names_task ? ground_of_record(heading, path.string()) : ground_of_variation(heading, path, asked);
}

json::object merge_documents(const std::vector<Document>& documents, const Config& task, const std::string& file) {
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

}  // namespace glifr::detail
