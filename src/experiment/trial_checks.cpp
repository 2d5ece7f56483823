#include "trial_checks.hpp"

#include <boost/json.hpp>
#include <stdexcept>
#include <utility>

#include "config_values.hpp"
#include "glifr/analysis/results.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/safetensors.hpp"

namespace glifr {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

[[noreturn]] void refuse(const Difference& difference, const std::string& trial, const std::string& what_to_do) {
  throw ConfigError(difference.key, trial + " with " + difference.there + ", this run has " + difference.here +
                                        (difference.why.empty() ? "" : ": " + difference.why) + "; " + what_to_do);
}

/// Whether the data of a trial that is gone on with lie in another place than its record says.
bool has_moved(json::object record, const Settings& settings) {
  return take_places(record, settings);
}

/// Refuses a heterogeneous trial whose source will have no after-spike current to draw those of its own from.
void check_currents(const Trial& trial) {
  const ModelSettings& own = trial.settings.model;
  const ModelSettings source = source_of(trial).settings.model;
  if (own.num_ascs == 0 || source.num_ascs > 0) return;
  throw ConfigError("num_ascs", "found 0 for " + source.name + " and " + std::to_string(own.num_ascs) + " for " +
                                    own.name +
                                    ", which draws its initial values from it; accepted: 0 for both, or 1 "
                                    "or more for " +
                                    source.name);
}

bool holds_trial(const TrialFolder& folder) {
  return is_there(folder.record()) || is_there(folder.last_checkpoint()) || is_there(folder.test());
}

/// Whether a trial has its table of epochs, or is an imported network, which has none. DataError where its record
/// cannot be read.
bool has_metrics(const TrialFolder& folder) {
  if (is_there(folder.metrics())) return true;
  const json::value record = read_json_file(folder.record());
  return record.is_object() && record.get_object().contains("imported_from");
}

}  // namespace

void refuse_to_go_on(const Difference& difference, const TrialFolder& folder) {
  refuse(difference, "the trial in " + folder.path().string() + " was started",
         "use the same settings and data, or --overwrite to start afresh");
}

void refuse_to_start(const Difference& difference, const Trial& trial, const TrialFolder& source) {
  refuse(difference,
         trial.settings.model.name + " starts from the " + trial.source->model.name + " in " + source.path().string() +
             ", which was trained",
         "use the same settings and data for both (--model " + trial.source->model.name + "," +
             trial.settings.model.name + " --overwrite trains both afresh), or another --out");
}

Trial source_of(const Trial& trial) {
  if (!trial.source) throw std::logic_error("a heterogeneous trial needs the settings of the one that it starts from");
  return {.settings = *trial.source, .number = trial.number};
}

json::object checked_source(const Trial& trial, const RunOptions& options) {
  const Trial source = source_of(trial);
  const TrialFolder folder = source.folder(options.out);
  if (!is_complete(folder)) {
    throw ConfigError("model", trial.settings.model.name + " starts from the trained " + source.settings.model.name +
                                   " of the same trial, and " + folder.path().string() + " holds no complete one");
  }
  const fs::path file = folder.record();
  json::object record = read_record(file);
  if (const auto difference = difference_to_source(record, file.string(), source, options))
    refuse_to_start(*difference, trial, folder);
  return record;
}

std::optional<Difference> difference_to_present_source(const json::object& record, const Trial& trial,
                                                       const RunOptions& options) {
  if (!model_of(trial.settings).is_heterogeneous()) return std::nullopt;
  const Trial source = source_of(trial);
  const TrialFolder folder = source.folder(options.out);
  if (!is_complete(folder)) return std::nullopt;
  return difference_of_source(record, describe_source(source.settings, folder));
}

bool take_places(json::object& record, const Settings& settings) {
  bool is_other = false;
  for (const ConfigKey& key : config_keys(find_task(settings.task.base))) {
    json::value* there = key.decides == Decides::place ? record.if_contains(key.name) : nullptr;
    if (!there) continue;
    json::value here = detail::value_of(key, settings);
    is_other = is_other || *there != here;
    *there = std::move(here);
  }
  return is_other;
}

bool is_done(const Trial& trial, const RunOptions& options) {
  const TrialFolder folder = trial.folder(options.out);
  const bool waits = options.waits && options.existing != Existing::overwrite;
  const bool takes_complete = options.existing == Existing::resume || options.is_prerequisite || waits;
  if (!takes_complete || !is_complete(folder)) return false;
  const fs::path file = folder.record();
  const json::object record = read_record(file);
  if (const auto difference = difference_to_go_on(record, file.string(), trial, options))
    refuse_to_go_on(*difference, folder);
  if (options.existing == Existing::resume && has_moved(record, trial.settings)) return false;
  return settings_from_json(record, file.string()).training.max_epochs == trial.settings.training.max_epochs;
}

void check_folder(const Trial& trial, const RunOptions& options) {
  const TrialFolder folder = trial.folder(options.out);
  if (options.existing == Existing::resume && (is_there(folder.record()) || is_there(folder.last_checkpoint()))) {
    const json::object record = read_record(folder.record());
    if (const auto difference = difference_to_go_on(record, folder.record().string(), trial, options))
      refuse_to_go_on(*difference, folder);
  }
  if (options.existing == Existing::refuse && holds_trial(folder)) {
    throw ConfigError(folder.path().string(),
                      std::string(is_complete(folder) ? "holds a complete trial" : "holds a partial trial") +
                          " already; go on with it by --resume, or start it afresh by --overwrite");
  }
}

bool is_complete(const TrialFolder& folder) {
  if (!is_there(folder.test()) || !is_there(folder.last_checkpoint())) return false;
  try {
    return analysis::read_test(folder.test()).samples && has_metrics(folder) &&
           read_safetensors_metadata(folder.last_checkpoint()).contains("epoch");
  } catch (const DataError&) {
    return false;
  }
}

void check_device(const RunOptions& options) {
  if ((options.device == "cpu") == !options.open_device) return;
  throw std::logic_error("a run of the device '" + options.device + "' opens " +
                         (options.open_device ? "one" : "none"));
}

bool can_be_resumed(const Trial& trial, const RunOptions& options) {
  return options.existing == Existing::resume && is_there(trial.folder(options.out).last_checkpoint());
}

void check_trial(const Trial& trial, const RunOptions& options, bool source_is_planned) {
  if (is_done(trial, options)) return;
  const TrialFolder folder = trial.folder(options.out);
  {
    // Where another run is writing, this is what the user should know first, unless it is waited for.
    std::optional<FolderLock> lock;
    const bool is_in_the_way = options.existing == Existing::refuse && holds_trial(folder) && !is_complete(folder);
    if (is_in_the_way && (options.is_prerequisite || options.waits)) {
      if (auto free = FolderLock::attempt(folder.path())) lock.emplace(std::move(*free));
      if (!lock) return;
    } else if (is_in_the_way) {
      lock.emplace(folder.path());
    }
    check_folder(trial, options);
  }
  if (can_be_resumed(trial, options) || !model_of(trial.settings).is_heterogeneous()) return;
  check_currents(trial);
  if (!source_is_planned) static_cast<void>(checked_source(trial, options));
}

}  // namespace glifr
