#include "session.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <set>
#include <utility>

#include "common/program.hpp"
#include "glifr/backend/parallel.hpp"
#include "glifr/error.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/trial_folder.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

namespace {

std::filesystem::path default_data_root() {
  const char* root = std::getenv("GLIFR_DATA");
  return root && *root ? root : "./datasets";
}

/// The last checkpoint of a trial that did not finish, where a path is its folder.
std::optional<std::filesystem::path> unfinished_checkpoint(const std::filesystem::path& place) {
  const glifr::TrialFolder own(place);
  const bool is_unfinished = !std::filesystem::exists(own.test()) && std::filesystem::exists(own.last_checkpoint());
  return is_unfinished ? std::optional(own.last_checkpoint()) : std::nullopt;
}

}  // namespace

void Session::add_options(CLI::App& command, std::initializer_list<std::string_view> effective) {
  add_output_option(command);
  add_common_options(command, effective);
  for (const char* option : {"--no-figures", "--width"})
    command.get_option(option)->group(command.get_option("--out")->get_group());
}

void Session::add_output_option(CLI::App& command) {
  cli::add_path(command, "--out", out_, "Folder for tables and figures")->type_name("DIR")->capture_default_str();
}

void Session::add_common_options(CLI::App& command, std::initializer_list<std::string_view> effective) {
  data_ = default_data_root();
  cli::add_path(command, "--data", data_, "Root folder of the data sets (default $GLIFR_DATA, then ./datasets)")
      ->type_name("DIR");
  cli::add_path(command, "--cache", cache_,
                "Folder for decoded recordings (default: a cache beside the data is read, none is written)")
      ->type_name("DIR");
  cli::add_choice(command, "--precision", precision_, {"float32", "float64"},
                  "Numbers to compute with: float32 or float64")
      ->type_name("NAME")
      ->capture_default_str();
  cli::add_threads(command, threads_);
  cli::add_cpu_target(command);
  cli::add_seed(command, seed_, "Seed of random draws: same seed, same results, on any number of threads")
      ->type_name("S")
      ->capture_default_str();
  command.add_flag("--no-figures", no_figures_, "Write tables only, draw no figures");
  cli::add_number(command, "--width", width_, {.lowest = analysis::least_figure_width, .highest = 1000},
                  "Width of the figures for print, mm, with letters of 8 points: 85 for one column of a journal, 170 "
                  "for two (default: as wide as looks right on a screen)")
      ->type_name("MM");
  for (const char* option : {"--data", "--cache", "--precision", "--seed", "--no-figures", "--width"}) {
    if (std::ranges::find(effective, option) == effective.end()) command.get_option(option)->group("");
  }
}

void Session::run() const {
  const glifr::ThreadLimit limit(threads());
  action_();
}

glifr::DataStore Session::open_data() const {
  return glifr::DataStore({.root = data_, .cache = cache_, .caching = glifr::DataFiles::Caching::nowhere});
}

void Session::for_each_network(const std::string& place,
                               const std::function<void(const Session&, const NetworkPlace&)>& analyse) const {
  if (!std::filesystem::is_directory(place)) return analyse(*this, {place});  // who reads it says what is wrong with it
  if (const auto checkpoint = unfinished_checkpoint(place)) return analyse(*this, {checkpoint->string()});
  const analysis::Results results = read_results(place);
  if (results.trials.size() == 1) return analyse(*this, {results.trials.front().tested_checkpoint().string()});
  std::exception_ptr problem;
  std::vector<std::pair<std::string, std::string>> left_out;  // the names of trials, and why
  for (const analysis::Trial& trial : results.trials) {
    const NetworkPlace network{trial.tested_checkpoint().string(),
                               trial.folder.lexically_relative(std::filesystem::canonical(place))};
    Session own = *this;
    own.out_ /= network.below;
    own.heading_ = trial.name() + ":\n";
    try {
      analyse(own, network);
    } catch (const glifr::OutputError&) {
      throw;
    } catch (const glifr::FolderRefused&) {
      throw;
    } catch (const glifr::Error& error) {
      problem = std::current_exception();
      left_out.emplace_back(trial.name(), error.what());
    }
  }
  const bool is_none_done = left_out.size() == results.trials.size();
  // What is wrong with all alike is not theirs, but what was asked.
  if (is_none_done &&
      std::ranges::all_of(left_out, [&](const auto& each) { return each.second == left_out[0].second; }))
    std::rethrow_exception(problem);
  for (const auto& [name, reason] : left_out) warn("left out " + name + ": " + reason);
  if (is_none_done)
    throw glifr::DataError(place, "none of its " + std::to_string(left_out.size()) + " networks can be analysed");
}

std::filesystem::path Session::output(const std::string& file) const {
  glifr::create_folder(out_);
  if (std::exchange(cleared_, out_) != out_) glifr::remove_abandoned(out_);
  return out_ / file;
}

void Session::write(const glifr::CsvRows& table, const std::string& file) const {
  const auto path = output(file);
  table.write(path);
  say("wrote " + path.string());
}

void Session::name_old(const std::string& file, std::initializer_list<std::string_view> inputs) const {
  const auto path = out_ / file;
  std::error_code ignored;
  const auto is_here = [&](std::string_view input) { return std::filesystem::equivalent(path, input, ignored); };
  if (std::ranges::any_of(inputs, is_here) || !std::filesystem::is_regular_file(path, ignored)) return;
  warn(path.string() + " was there before: this run makes no such table");
}

analysis::Drawing Session::draw(const analysis::Figure& figure) const {
  if (no_figures_) return {{}, false, "figures were turned off by --no-figures"};
  const analysis::Drawing drawing = analysis::draw(figure, output(""), width_);
  if (drawing.is_drawn) {
    say("drew " + drawing.svg().string() + " and .pdf");
  } else if (!drawing.has_no_gnuplot) {
    warn(drawing.svg().string() + " is not drawn, its data and script are there: " + drawing.problem);
  } else if (!std::exchange(*has_said_why_not_drawn_, true)) {
    warn("figures are not drawn, their data and scripts are there: " + drawing.problem);
  }
  return drawing;
}

analysis::Results Session::read_results(const std::string& place, bool takes_unfinished) const {
  std::filesystem::path folder = place;
  if (std::filesystem::is_regular_file(folder)) {
    require_checkpoint(folder);
    folder = glifr::TrialFolder::of_checkpoint(folder).path();
    if (!std::filesystem::exists(glifr::TrialFolder(folder).record()))
      throw glifr::DataError(place, "is no folder of results, nor a checkpoint in a trial's folder");
  }
  analysis::Results results = analysis::read_results(folder, takes_unfinished);
  for (const analysis::Rejected& trial : results.rejected) warn("left out " + trial.name + ": " + trial.reason);
  std::string unfinished;
  for (const analysis::Trial& trial : results.trials) {
    if (!trial.test && !trial.is_imported())
      unfinished += (unfinished.empty() ? "" : ", ") + trial.name() + " (" +
                    glifr::format_number(trial.metrics.epoch.back()) + " epochs)";
  }
  if (!unfinished.empty()) warn("not finished, taken as far as they are: " + unfinished);
  for (const analysis::Trial& trial : results.trials) {
    const boost::json::value* model = trial.config.if_contains("model");
    if (model && model->is_string() && model->as_string() != trial.model)
      warn(trial.name() + " counts as " + trial.model + ", though its config.json says " +
           std::string(model->as_string()));
  }
  return results;
}

void Session::say(const std::string& text) const {
  std::cout << std::exchange(heading_, {}) << text << '\n';
}

void Session::warn(const std::string& text) {
  std::cerr << cli::program_name() << ": " << text << std::endl;
}

void warn_of_mixed_losses(const std::string& task) {
  Session::warn(task + ": some trials have an accuracy and others none; losses are compared, which differ in kind");
}

void warn_of_mixed_results(const analysis::Results& results, bool by_base_task) {
  std::map<std::string, std::set<bool>> kinds;
  for (const analysis::Trial& trial : results.trials) {
    if (!trial.test) continue;
    kinds[trial.task].insert(trial.test->accuracy.has_value());
    if (by_base_task) kinds[trial.base_task()].insert(trial.test->accuracy.has_value());
  }
  for (const auto& [task, of_task] : kinds) {
    if (of_task.size() > 1) warn_of_mixed_losses(task);
  }
}

void add_results_option(CLI::App& command, std::string& folder) {
  cli::add_text(command, "RESULTS", folder,
                "Results folder as glifr_train makes it, that of one task, model or trial, or a checkpoint in one")
      ->capture_default_str();
}

void SettingOptions::require_none(const std::string& place) const {
  if (config.empty() && set.empty()) return;
  throw glifr::ConfigError(config.empty() ? "--set" : "--config",
                           "is for a checkpoint of which no config.json says the settings; there is one of " + place);
}

void add_setting_options(CLI::App& command, SettingOptions& options, const std::string& config_help,
                         const std::string& set_help) {
  cli::add_path(command, "--config", options.config, config_help)->type_name("FILE");
  command.add_option("--set", options.set, set_help)->type_name("KEY=VALUE")->allow_extra_args(false);
}

void add_header_option(CLI::App& command, bool& has_header) {
  command.add_flag("--header", has_header, "Write the names of the columns into the first line of each table");
}

glifr::CsvRows start_table(bool has_header, const std::vector<std::string>& names) {
  glifr::CsvRows table;
  if (!has_header) return table;
  for (const std::string& name : names) table.cell(std::string_view(name));
  table.end_row();
  return table;
}

void require_checkpoint(const std::filesystem::path& file) {
  const std::string found = glifr::detail::foreign_content(glifr::detail::beginning_of(file));
  if (!found.empty())
    throw glifr::DataError(file.string(), "found " + found + "; accepted is a checkpoint (.safetensors)");
}

std::filesystem::path find_checkpoint(const std::string& place) {
  if (!std::filesystem::is_directory(place)) return place;  // whoever reads it says what is wrong with it
  if (const auto checkpoint = unfinished_checkpoint(place)) return *checkpoint;
  const analysis::Results results = analysis::read_results(place);
  if (results.trials.size() > 1) {
    throw glifr::DataError(place, "holds " + std::to_string(results.trials.size()) +
                                      " trials; accepted: a checkpoint, or the folder of one trial, as " +
                                      results.trials.front().name());
  }
  return results.trials.front().tested_checkpoint();
}

}  // namespace glifr::apps
