#include "glifr/analysis/results.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string_view>
#include <system_error>
#include <tuple>

#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/json.hpp"
#include "glifr/network/models.hpp"

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

/// Places in training order: the ten models as they are listed, others behind them.
std::size_t rank(std::string_view model) {
  const auto found = std::ranges::find(models, model, &Model::name);
  return static_cast<std::size_t>(found - models.begin());
}

std::vector<Place> find_trials(const fs::path& folder) {
  std::vector<fs::path> folders{fs::canonical(folder)};
  constexpr auto options =
      fs::directory_options::skip_permission_denied | fs::directory_options::follow_directory_symlink;
  for (auto entry = fs::recursive_directory_iterator(folders.front(), options); entry != fs::end(entry); ++entry) {
    if (!entry->is_directory()) continue;
    folders.push_back(entry->path());
    if (entry.depth() >= 2 || trial_number(entry->path())) entry.disable_recursion_pending();
  }
  std::vector<Place> places;
  for (const fs::path& path : folders) {
    const auto number = trial_number(path);
    if (!number) continue;
    const fs::path model = path.parent_path();
    places.push_back({model.parent_path().filename().string(), model.filename().string(), *number, path});
  }
  std::ranges::sort(places, {}, [](const Place& place) {
    return std::tuple(place.task, rank(place.model), place.model, place.number);
  });
  return places;
}

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

TestResult read_test(const fs::path& file) {
  const boost::json::object object = read_object(file);
  TestResult result{finite_number(object, "test_loss", file), std::nullopt};
  if (!member(object, "test_acc", file).is_null()) {
    const double accuracy = finite_number(object, "test_acc", file);
    if (accuracy < 0 || accuracy > 1) {
      throw DataError(file.string(), "test_acc is " + format_number(accuracy) + ", expected 0 to 1");
    }
    result.accuracy = accuracy;
  }
  return result;
}

/// How far an unfinished run came, as far as its files tell.
std::string progress(const fs::path& metrics, const boost::json::object& config) {
  std::error_code error;
  if (!fs::exists(metrics, error)) return "no epoch is complete";
  const auto epochs = static_cast<Index>(read_metrics(metrics).epoch.size());
  const boost::json::value* planned = config.if_contains("max_epochs");
  return std::to_string(epochs) + (planned ? " of " + boost::json::serialize(*planned) : std::string()) + " epochs";
}

Trial read_trial(const Place& place) {
  Trial trial{place.task, place.model, place.number, place.folder, {}, {}, {}};
  trial.config = read_object(place.folder / "config.json");
  const fs::path metrics = place.folder / "metrics.csv";
  const fs::path test = place.folder / "test.json";
  std::error_code error;
  if (!fs::exists(test, error)) {
    throw DataError(test.string(), "is missing: the run did not finish (" + progress(metrics, trial.config) + ")");
  }
  trial.metrics = read_metrics(metrics);
  trial.test = read_test(test);
  return trial;
}

/// The numbers that are missing between a model's first and last trial.
std::vector<Rejected> find_gaps(const std::vector<Place>& places) {
  std::vector<Rejected> gaps;
  for (std::size_t i = 1; i < places.size(); ++i) {
    const Place& before = places[i - 1];
    if (before.task != places[i].task || before.model != places[i].model) continue;
    for (Place gap = before; ++gap.number < places[i].number;) {
      gaps.push_back(
          {gap.name(), "there is no such folder, though trial " + std::to_string(places[i].number) + " is there"});
    }
  }
  return gaps;
}

}  // namespace

bool Metrics::has_accuracy() const {
  return std::ranges::none_of(train_acc, [](double value) { return std::isnan(value); });
}

std::string Trial::name() const {
  return Place{task, model, number, {}}.name();
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
  Metrics metrics{column("epoch", false), column("train_loss", false), column("train_acc", true),
                  column("seconds", true)};
  if (metrics.epoch.empty()) throw DataError(file.string(), "holds no epoch");
  return metrics;
}

Results read_results(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) throw DataError(folder.string(), "there is no such folder");
  const std::vector<Place> places = find_trials(folder);
  Results results;
  results.rejected = find_gaps(places);
  for (const Place& place : places) {
    try {
      results.trials.push_back(read_trial(place));
    } catch (const Error& problem) {
      results.rejected.push_back({place.name(), problem.what()});
    }
  }
  std::ranges::sort(results.rejected, {}, &Rejected::name);
  if (!results.trials.empty()) return results;
  if (places.empty()) {
    throw DataError(folder.string(), "found no trial, expected folders TASK/MODEL/trial_N as glifr_train makes them");
  }
  throw DataError(folder.string(), "none of " + std::to_string(places.size()) + " trials is whole; " +
                                       results.rejected.front().name + ": " + results.rejected.front().reason);
}

std::vector<std::string> tasks(const Results& results) {
  std::set<std::string> names;
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
