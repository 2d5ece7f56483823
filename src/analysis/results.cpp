#include "glifr/analysis/results.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string_view>
#include <system_error>
#include <tuple>

#include "glifr/error.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/trial_folder.hpp"
#include "glifr/network/models.hpp"
#include "task_order.hpp"

namespace glifr::analysis {
namespace {

namespace fs = std::filesystem;

/// Where a trial lies, and what it is by its place.
struct Place {
  std::string task, model;
  Index number = 0;
  fs::path folder;

  [[nodiscard]] std::string name() const { return task + "/" + model + "/trial_" + std::to_string(number); }
};

/// The number of a folder that is called trial_N.
std::optional<Index> trial_number(const fs::path& folder) {
  constexpr std::string_view prefix = "trial_";
  const std::string name = folder.filename().string();
  if (!name.starts_with(prefix)) return std::nullopt;
  Index number = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + prefix.size(), end, number);
  if (error != std::errc() || stop != end || number < 0) return std::nullopt;
  return number;
}

/// Whether a folder is another or lies above it; both without links on the way.
bool holds(const fs::path& folder, const fs::path& other) {
  return std::ranges::mismatch(folder, other).in1 == folder.end();
}

/// Throws where it is the machine that failed, and not what was looked at.
void require_machine(const std::error_code& error, const fs::path& path) {
  for (const std::errc failure : {std::errc::too_many_files_open, std::errc::too_many_files_open_in_system,
                                  std::errc::not_enough_memory, std::errc::io_error}) {
    if (error == failure) throw std::system_error(error, path.string());
  }
}

/// What lies at or below a folder, down to TASK/MODEL/trial_N: the trials, and what cannot be looked into.
class Search {
 public:
  explicit Search(const fs::path& root) {
    std::error_code error;
    root_ = fs::canonical(root, error);
    if (error) refuse(root, error);
    if (!fs::is_directory(root_, error)) throw DataError(root.string(), "is no folder");
    fs::directory_iterator(root_, error);
    if (error) refuse(root, error);
    look_into(root_, 0);
    drop_repetitions();
    std::ranges::sort(places_, [](const Place& a, const Place& b) {
      const auto within_task = [](const Place& place) {
        return std::tuple(place_of_model(place.model), place.model, place.number);
      };
      return a.task == b.task ? within_task(a) < within_task(b) : detail::task_comes_before(a.task, b.task);
    });
  }

  [[nodiscard]] const std::vector<Place>& places() const { return places_; }
  [[nodiscard]] std::vector<Rejected>& rejected() { return rejected_; }

 private:
  [[noreturn]] static void refuse(const fs::path& root, const std::error_code& error) {
    require_machine(error, root);
    throw DataError(root.string(), error.message());
  }
  void reject(const fs::path& path, const std::string& reason) {
    rejected_.push_back({path.lexically_relative(root_).string(), reason});
  }
  void reject(const fs::path& path, const std::error_code& error) {
    require_machine(error, path);
    reject(path, error.message());
  }

  void look_into(const fs::path& folder, int depth) {
    constexpr int depth_of_trials = 3;
    if (const auto number = trial_number(folder)) {
      const fs::path model = folder.parent_path();
      places_.push_back({model.parent_path().filename().string(), model.filename().string(), *number, folder});
      return;
    }
    std::error_code error;
    if (folder.filename().string().starts_with("trial_") && fs::exists(TrialFolder(folder).record(), error)) {
      reject(folder, "its name is not trial_ and a number below 2^63");
      return;
    }
    if (depth == depth_of_trials) return;
    fs::directory_iterator entry(folder, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) look_at(*entry, folder, depth + 1);
    if (error) reject(folder, error);
  }

  void look_at(const fs::directory_entry& entry, const fs::path& folder, int depth) {
    std::error_code error;
    const fs::file_type type = entry.status(error).type();
    if (type == fs::file_type::not_found) return reject(entry.path(), "is a link to what is not there");
    if (error) return reject(entry.path(), error);
    if (type != fs::file_type::directory) return;
    if (entry.is_symlink(error)) {  // one to a folder on the way to it would be followed in circles
      const fs::path target = fs::canonical(entry.path(), error);
      const fs::path here = error ? fs::path() : fs::canonical(folder, error);
      if (error) return reject(entry.path(), error);
      if (holds(target, here)) return;
    }
    look_into(entry.path(), depth);
  }

  /// A trial counts once: where links lead to it on several ways, by the way without links, and of several with one
  /// number the one without leading zeros.
  void drop_repetitions() {
    std::map<fs::path, std::string> by_folder;
    std::map<std::string, fs::path> by_name;
    std::vector<std::pair<fs::path, Place>> all;
    for (Place& place : places_) {
      std::error_code error;
      fs::path target = fs::canonical(place.folder, error);
      all.emplace_back(error ? place.folder : std::move(target), std::move(place));
    }
    std::ranges::sort(all, {}, [](const auto& each) {
      const fs::path& folder = each.second.folder;
      const bool is_padded = folder.filename() != "trial_" + std::to_string(each.second.number);
      return std::tuple(each.first != folder, is_padded, folder);
    });
    places_.clear();
    for (auto& [target, place] : all) {
      if (const auto [same, is_new] = by_folder.emplace(target, place.name()); !is_new) {
        reject(place.folder, "is the same folder as " + same->second);
      } else if (const auto [other, is_first] = by_name.emplace(place.name(), place.folder); !is_first) {
        reject(place.folder, "has the number of " + other->second.filename().string());
      } else {
        places_.push_back(std::move(place));
      }
    }
  }

  fs::path root_;
  std::vector<Place> places_;
  std::vector<Rejected> rejected_;
};

const boost::json::value& member(const boost::json::object& object, std::string_view key, const fs::path& file) {
  const boost::json::value* value = object.if_contains(key);
  if (!value) throw DataError(file.string(), "key " + std::string(key) + " is missing");
  return *value;
}

double finite_number(const boost::json::object& object, std::string_view key, const fs::path& file) {
  const boost::json::value& value = member(object, key, file);
  if (!value.is_number() || !std::isfinite(value.to_number<double>())) {
    throw DataError(file.string(),
                    "key " + std::string(key) + " is " + boost::json::serialize(value) + ", expected a finite number");
  }
  return value.to_number<double>();
}

boost::json::object read_object(const fs::path& file) {
  boost::json::value document = read_json_file(file);
  if (!document.is_object()) throw DataError(file.string(), "found no JSON object");
  return std::move(document.as_object());
}

/// A count, where there is one.
std::optional<Index> optional_count(const boost::json::object& object, std::string_view key, const fs::path& file) {
  const boost::json::value* value = object.if_contains(key);
  if (!value || value->is_null()) return std::nullopt;
  boost::json::error_code problem;
  const auto count = value->to_number<std::int64_t>(problem);
  if (problem || count < 0) {
    throw DataError(file.string(),
                    "key " + std::string(key) + " is " + boost::json::serialize(*value) + ", expected an integer >= 0");
  }
  return static_cast<Index>(count);
}

/// How far an unfinished run came, as far as its files tell.
std::string progress(const fs::path& metrics, const boost::json::object& config) {
  std::error_code error;
  if (!fs::exists(metrics, error)) return "no epoch is complete";
  const auto epochs = static_cast<Index>(read_metrics(metrics).epoch.size());
  const boost::json::value* planned = config.if_contains("max_epochs");
  return std::to_string(epochs) + (planned ? " of " + boost::json::serialize(*planned) : std::string()) + " epochs";
}

/// Throws where metrics.csv does not go as far as the training of the network that was tested.
void check_end(const Metrics& metrics, const fs::path& file, const TestResult& test) {
  if (!test.epoch) return;
  const auto tested = static_cast<double>(*test.epoch);
  const bool may_go_on = test.checkpoint == "best";
  if (metrics.epoch.back() == tested || (may_go_on && metrics.epoch.back() > tested)) return;
  throw DataError(file.string(), "ends with epoch " + format_number(metrics.epoch.back()) +
                                     "; the tested network is of epoch " + std::to_string(*test.epoch));
}

Trial read_trial(const Place& place, bool takes_unfinished) {
  Trial trial{place.task, place.model, place.number, place.folder, {}, {}, {}};
  const TrialFolder files(place.folder);
  trial.config = read_object(files.record());
  const fs::path metrics = files.metrics();
  const fs::path test = files.test();
  std::error_code error;
  if (trial.is_imported()) {  // there was no training here, and the test data need not have been there
    if (fs::exists(test, error)) trial.test = read_test(test);
    return trial;
  }
  if (!fs::exists(test, error)) {
    if (takes_unfinished && fs::exists(metrics, error)) {
      trial.metrics = read_metrics(metrics);
      return trial;
    }
    throw DataError(test.string(), "is missing: the run did not finish (" + progress(metrics, trial.config) + ")");
  }
  trial.metrics = read_metrics(metrics);
  trial.test = read_test(test);
  check_end(trial.metrics, metrics, *trial.test);
  return trial;
}

/// The numbers that are missing between a model's first and last trial, a line for each gap.
void add_gaps(const std::vector<Place>& places, std::vector<Rejected>& rejected) {
  for (std::size_t i = 1; i < places.size(); ++i) {
    const Place &before = places[i - 1], &after = places[i];
    if (before.task != after.task || before.model != after.model) continue;
    const Index missing = after.number - before.number - 1;
    if (missing == 0) continue;
    Place first = before;
    ++first.number;
    const std::string last = missing > 1 ? " to trial_" + std::to_string(after.number - 1) : "";
    const std::string what = missing > 1 ? "there are no such folders" : "there is no such folder";
    rejected.push_back({first.name() + last, what + ", though trial " + std::to_string(after.number) + " is there"});
  }
}

}  // namespace

bool Metrics::has_accuracy() const {
  return std::ranges::none_of(train_acc, [](double value) { return std::isnan(value); });
}

std::string Trial::name() const {
  return Place{task, model, number, {}}.name();
}

std::string Trial::base_task() const {
  const boost::json::value* base = config.if_contains("base_task");
  return base && base->is_string() ? std::string(base->as_string()) : task.substr(0, task.find('@'));
}

fs::path Trial::tested_checkpoint() const {
  return test && test->checkpoint == "best" ? files().best_checkpoint() : files().last_checkpoint();
}

bool Trial::is_imported() const {
  return config.contains("imported_from");
}

bool weighs_classes(const boost::json::object& config) {
  const boost::json::value* weights = config.if_contains("class_weights");
  return weights && weights->is_string() && weights->get_string() != "none";
}

CsvRows metrics_header(bool has_validation) {
  if (has_validation) return CsvRows({"epoch", "train_loss", "train_acc", "seconds", "val_loss", "val_acc"});
  return CsvRows({"epoch", "train_loss", "train_acc", "seconds"});
}

Metrics read_metrics(const fs::path& file) {
  const CsvNumbers table = read_csv_numbers(file, {.has_header = true, .allows_empty_cells = true});
  const auto column = [&](std::string_view name, bool may_be_empty) {
    const auto found = std::ranges::find(table.header, name);
    std::vector<double> values(static_cast<std::size_t>(table.rows), std::numeric_limits<double>::quiet_NaN());
    if (found == table.header.end()) {
      if (!may_be_empty) throw DataError(file.string(), "column " + std::string(name) + " is missing");
      return values;
    }
    for (Index row = 0; row < table.rows; ++row) {
      const double value = table(row, found - table.header.begin());
      if (!std::isfinite(value) && !(may_be_empty && std::isnan(value))) {
        throw DataError(file.string(),
                        "line " + std::to_string(row + 2) + ": " + std::string(name) + " is no finite number");
      }
      values[static_cast<std::size_t>(row)] = value;
    }
    return values;
  };
  Metrics metrics{column("epoch", false),  column("train_loss", false), column("train_acc", true),
                  column("seconds", true), column("val_loss", true),    column("val_acc", true)};
  const std::vector<double>& epochs = metrics.epoch;
  if (epochs.empty()) throw DataError(file.string(), "holds no epoch");
  for (std::size_t i = 0; i < epochs.size(); ++i) {  // an archive has not all of them
    const bool follows = i == 0 ? epochs[i] == 1 : epochs[i] > epochs[i - 1] && epochs[i] == std::floor(epochs[i]);
    if (follows) continue;
    const std::string where = i == 0 ? "; the first is 1" : " behind epoch " + format_number(epochs[i - 1]);
    throw DataError(file.string(),
                    "line " + std::to_string(i + 2) + ": found epoch " + format_number(epochs[i]) + where);
  }
  return metrics;
}

TestResult read_test(const fs::path& file) {
  const boost::json::object object = read_object(file);
  TestResult result{.loss = finite_number(object, "test_loss", file)};
  result.samples = optional_count(object, "samples", file);
  result.epoch = optional_count(object, "epoch", file);
  if (const auto* checkpoint = object.if_contains("test_checkpoint"); checkpoint && checkpoint->is_string())
    result.checkpoint = std::string(checkpoint->as_string());
  if (!member(object, "test_acc", file).is_null()) {
    const double accuracy = finite_number(object, "test_acc", file);
    if (accuracy < 0 || accuracy > 1) {
      throw DataError(file.string(), "test_acc is " + format_number(accuracy) + ", expected 0 to 1");
    }
    result.accuracy = accuracy;
  }
  return result;
}

void write_test(const TestResult& result, const fs::path& file) {
  boost::json::object object;
  object["test_loss"] = result.loss;
  object["test_acc"] = result.accuracy ? boost::json::value(*result.accuracy) : boost::json::value(nullptr);
  if (result.samples) object["samples"] = *result.samples;
  if (!result.checkpoint.empty()) object["test_checkpoint"] = result.checkpoint;
  if (result.epoch) object["epoch"] = *result.epoch;
  write_file_atomically(file, to_text(object));
}

Confusion read_confusion(const fs::path& file) {
  const CsvNumbers table = read_csv_numbers(file, {.has_header = true});
  if (table.columns != table.rows + 1 || table.header.front() != "label") {
    throw DataError(file.string(), "found " + std::to_string(table.rows) + " rows and " +
                                       std::to_string(table.columns) +
                                       " columns, expected a column label and as many others as rows");
  }
  Confusion confusion{table.rows, {}};
  for (Index row = 0; row < table.rows; ++row) {
    for (Index column = 1; column < table.columns; ++column) {
      const double count = table(row, column);
      if (count < 0 || count != std::floor(count))
        throw DataError(file.string(), "line " + std::to_string(row + 2) + ": found " + format_number(count) +
                                           ", expected a number of samples");
      confusion.counts.push_back(count);
    }
  }
  return confusion;
}

Results read_results(const fs::path& folder, bool takes_unfinished) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) throw DataError(folder.string(), "there is no such folder");
  Search search(folder);
  const std::vector<Place>& places = search.places();
  Results results;
  results.rejected = std::move(search.rejected());
  add_gaps(places, results.rejected);
  for (const Place& place : places) {
    try {
      results.trials.push_back(read_trial(place, takes_unfinished));
    } catch (const Error& problem) {
      results.rejected.push_back({place.name(), problem.what()});
    }
  }
  std::ranges::sort(results.rejected, {}, &Rejected::name);
  if (!results.trials.empty()) return results;
  if (places.empty()) {
    const std::string reasons =
        results.rejected.empty() ? "" : "; " + results.rejected.front().name + ": " + results.rejected.front().reason;
    throw DataError(folder.string(),
                    "found no trial, expected folders TASK/MODEL/trial_N as glifr_train makes them" + reasons);
  }
  throw DataError(folder.string(), "none of " + std::to_string(places.size()) + " trials is whole; " +
                                       results.rejected.front().name + ": " + results.rejected.front().reason);
}

std::vector<std::string> tasks(const Results& results) {
  std::set<std::string, decltype(&detail::task_comes_before)> names(detail::task_comes_before);
  for (const Trial& trial : results.trials) names.insert(trial.task);
  return {names.begin(), names.end()};
}

std::vector<ModelTrials> models_of(const Results& results, const std::string& task) {
  std::vector<ModelTrials> groups;
  for (const Trial& trial : results.trials) {
    if (trial.task != task) continue;
    if (groups.empty() || groups.back().model != trial.model) groups.push_back({trial.model, {}});
    groups.back().trials.push_back(&trial);
  }
  return groups;
}

}  // namespace glifr::analysis
