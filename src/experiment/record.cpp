#include "record.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

#include "../io/crc32.hpp"
#include "config_values.hpp"
#include "glifr/backend/cpu_target.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/json.hpp"
#include "glifr/version.hpp"
#include "layer_files.hpp"

namespace glifr {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view how_to_start_afresh = "; --overwrite starts the trial afresh";

/// Members of a record that say of what its keys are the settings.
constexpr auto headings = std::to_array<std::string_view>({"task", "base_task", "model", "layers"});

std::string text_of(std::uint32_t checksum) {
  char text[9];
  std::snprintf(text, sizeof text, "%08x", static_cast<unsigned>(checksum));
  return text;
}

json::object to_json(const DataDigest& digest) {
  return {{"samples", digest.samples}, {"inputs", text_of(digest.inputs)}, {"targets", text_of(digest.targets)}};
}

std::string text_of(const json::object& record, std::string_view key, const char* otherwise) {
  const json::value* value = record.if_contains(key);
  return value ? to_line(*value) : otherwise;
}

/// Of one trial: seed and the like, which are no settings.
std::optional<Difference> difference_beside_settings(const json::object& record, Index trial,
                                                     const RunOptions& options) {
  const std::pair<const char*, json::value> expected[] = {
      {"seed", json::value(options.seed)},
      {"trial", json::value(trial)},
      {"precision", json::value(std::string(to_string(options.precision)))},
      {"engine", json::value(std::string(to_string(options.engine)))}};
  for (const auto& [key, here] : expected) {
    // Records of versions before 0.1 have no engine.
    const std::string there = text_of(record, key, key == std::string_view("engine") ? "\"fused\"" : "none");
    if (there != to_line(here)) return Difference{key, there, to_line(here)};
  }
  return std::nullopt;
}

std::optional<Difference> difference_of_settings(const Settings& there, const Settings& here) {
  const auto found = first_difference(there, here);
  if (!found) return std::nullopt;
  return Difference{found->key, found->first, found->second};
}

/// The settings of a record, with those that decide no result as they are here. Where data lie decides none where the
/// data can be compared by themselves.
Settings comparable_settings(const json::object& record, const std::string& file, const Settings& here) {
  Settings there = settings_from_json(record, file);
  if (!record.contains("shares")) there.training.shares = here.training.shares;  // of a version before 0.1
  detail::take_missing_checksums(there.model.layers, here.model.layers);         // likewise
  for (const ConfigKey& key : config_keys(find_task(here.task.base))) {
    if (key.decides == Decides::nothing || (key.decides == Decides::place && names_data(record)))
      detail::assign(key, detail::value_of(key, here), {}, there);
  }
  return there;
}

/// Why the first epochs of a training depend on how many there will be; nothing where they do not.
std::optional<std::string> why_epochs_are_fixed(const Settings& s) {
  const Model model = model_of(s);
  if (s.training.learning_rate.schedule == LearningRate::Schedule::cosine)
    return "the cosine schedule of the learning rate depends on it";
  if (s.training.sigma_v_anneal) return "the width of the threshold in each epoch (sigma_v_anneal) depends on it";
  if (validates(s) && s.training.validation_every > 1)
    return "the last epoch is validated, too, where validation_every is above 1, so that what follows depends on it";
  if (model.is_heterogeneous()) {
    return "it also decides how long " + std::string(model.starts_from) + ", from which " + s.model.name +
           " starts, is trained";
  }
  return std::nullopt;
}

}  // namespace

std::string checksum(std::string_view content) {
  return text_of(detail::crc32(content));
}

Source describe_source(const Settings& settings, const TrialFolder& folder) {
  json::object deciding = to_json(settings);
  for (const ConfigKey& key : config_keys(find_task(settings.task.base))) {
    if (key.decides != Decides::results) deciding.erase(key.name);
  }
  return {settings.model.name, checksum(to_line(deciding)), checksum(read_file(folder.last_checkpoint()))};
}

json::object to_json(const TaskDigest& data) {
  json::object object{{"train", to_json(data.train)}, {"test", to_json(data.test)}};
  if (data.validation) object["validation"] = to_json(*data.validation);
  return object;
}

json::object to_json(const Source& source) {
  return {{"model", source.model}, {"settings", source.settings}, {"checkpoint", source.checkpoint}};
}

json::object make_record(const Trial& trial, const RunOptions& options, Index trained_parameters) {
  json::object record = to_json(trial.settings);
  record["version"] = std::string(version());
  record["seed"] = options.seed;
  record["trial"] = trial.number;
  record["precision"] = std::string(to_string(options.precision));
  record["engine"] = std::string(to_string(options.engine));
  record["device"] = options.device;
  record["cpu_target"] = std::string(to_string(cpu_target()));
  record["trained_parameters"] = trained_parameters;
  return record;
}

void write_record(const fs::path& file, const json::object& record) {
  write_file_atomically(file, to_text(record));
}

json::object read_record(const fs::path& file) {
  const auto fail = [&](const std::string& problem) {
    throw DataError(file.string(), problem + std::string(how_to_start_afresh));
  };
  if (!is_there(file)) fail("is missing, so that nothing says with which settings the trial beside it was started");
  json::value document;
  try {
    document = read_json_file(file);
  } catch (const DataError& error) {
    throw ConfigError("the record of the trial", error.what() + std::string(how_to_start_afresh));
  }
  if (!document.is_object()) fail("found " + to_line(document).substr(0, 40) + "; expected an object of settings");
  json::object& record = document.get_object();
  const std::vector<ConfigKey> keys = config_keys();
  for (const json::key_value_pair& member : record) {
    const std::string_view name = member.key();
    const bool is_known = std::ranges::find(headings, name) != headings.end() ||
                          std::ranges::find(record_members, name) != record_members.end() ||
                          std::ranges::find(keys, name, &ConfigKey::name) != keys.end();
    if (is_known) continue;
    fail("has '" + std::string(name).substr(0, 80) + "', which glifr " + std::string(version()) +
         " does not know; it was written by version " + text_of(record, "version", "(none)") +
         ", with which the trial can be gone on with");
  }
  return std::move(record);
}

std::optional<Difference> difference_to_go_on(const json::object& record, const std::string& file, const Trial& trial,
                                              const RunOptions& options) {
  const Settings& here = trial.settings;
  Settings there = comparable_settings(record, file, here);
  const bool goes_further = there.training.max_epochs < here.training.max_epochs;
  const auto why = goes_further ? why_epochs_are_fixed(here) : std::nullopt;
  if (goes_further && !why) there.training.max_epochs = here.training.max_epochs;
  if (auto found = difference_of_settings(there, here)) {
    if (found->key == "max_epochs" && why) found->why = *why;
    return found;
  }
  return difference_beside_settings(record, trial.number, options);
}

std::optional<Difference> difference_to_source(const json::object& record, const std::string& file, const Trial& source,
                                               const RunOptions& options) {
  Settings there = comparable_settings(record, file, source.settings);
  there.output.parameter_every =
      source.settings.output.parameter_every;  // decides what is recorded, not what is trained
  if (auto found = difference_of_settings(there, source.settings)) return found;
  return difference_beside_settings(record, source.number, options);
}

bool names_data(const json::object& record) {
  const json::value* data = record.if_contains("data");
  return data && data->is_object();
}

namespace {

/// Where a part of the data ("train") differs from what a record says of it; `name`: of the part, for messages.
std::optional<Difference> difference_of_part(const json::object& record, const char* part, const std::string& name,
                                             const DataDigest& digest) {
  const json::value* value = record.at("data").get_object().if_contains(part);
  const json::object none, *there = value && value->is_object() ? &value->get_object() : &none;
  const json::object here = to_json(digest);
  const std::pair<const char*, std::string> members[] = {{"samples", "samples of the " + name + " data"},
                                                         {"inputs", "checksum of the " + name + " inputs"},
                                                         {"targets", "checksum of the " + name + " targets"}};
  for (const auto& [key, meaning] : members) {
    const std::string one = text_of(*there, key, "none"), other = to_line(here.at(key));
    if (one != other) return Difference{meaning, one, other};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Difference> difference_of_data(const json::object& record, const TaskDigest& data, bool with_test) {
  if (!names_data(record)) return std::nullopt;
  if (auto found = difference_of_part(record, "train", "training", data.train)) return found;
  if (!with_test) return std::nullopt;
  if (auto found = difference_of_part(record, "test", "test", data.test)) return found;
  return data.validation ? difference_of_part(record, "validation", "validation", *data.validation) : std::nullopt;
}

std::optional<std::string> difference_of_test_data(const json::object& record, const DataDigest& test) {
  if (!names_data(record)) return std::nullopt;
  const auto found = difference_of_part(record, "test", "test", test);
  if (!found) return std::nullopt;
  return found->key + ": " + found->there + ", here " + found->here;
}

std::optional<Difference> difference_of_source(const json::object& record, const Source& source) {
  const json::value* value = record.if_contains("starts_from");
  if (!value || !value->is_object()) return std::nullopt;
  const std::string there = text_of(value->get_object(), "checkpoint", "none");
  const std::string here = to_line(json::value(source.checkpoint));
  if (there == here) return std::nullopt;
  return Difference{"checksum of the checkpoint of " + source.model + " that it starts from", there, here};
}

}  // namespace glifr
