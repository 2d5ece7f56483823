#include "glifr/analysis/summary.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include "common/format.hpp"
#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/style.hpp"
#include "glifr/analysis/tables.hpp"
#include "subcommands.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

namespace {

void print(const analysis::TaskSummary& summary) {
  const char* metric = summary.has_accuracy() ? "test accuracy (%)" : "test loss";
  std::printf("\n%s, %s\n", summary.task.c_str(), metric);
  const double factor = summary.has_accuracy() ? 100 : 1;
  for (const analysis::ModelSummary& model : summary.models) {
    if (model.losses.empty()) continue;
    const analysis::Moments m = analysis::moments(model.values(summary.has_accuracy()));
    std::printf("  %-14s %3td trial%s  %.6g", analysis::model_name(model.model).c_str(), m.count,
                m.count == 1 ? " " : "s", factor * m.mean);
    if (!std::isnan(m.sd)) std::printf(" +- %.3g", factor * m.sd);
    std::printf("\n");
  }
}

std::string mean_and_sd(const analysis::ModelSummary& results, bool has_accuracy) {
  const double factor = has_accuracy ? 100 : 1;
  const analysis::Moments m = analysis::moments(results.values(has_accuracy));
  const std::string mean = format("%.6g", factor * m.mean);
  return std::isnan(m.sd) ? mean : mean + format(" +- %.3g", factor * m.sd);
}

void print(const analysis::SettingSummary& summary, const std::string& base_task) {
  std::vector<std::vector<std::string>> rows{{"model"}};
  rows.front().insert(rows.front().end(), summary.keys.begin(), summary.keys.end());
  const std::vector<analysis::SettingGroup> groups = groups_of(summary, base_task);
  const bool has_accuracy = have_accuracies(groups, &analysis::SettingGroup::results);
  rows.front().insert(rows.front().end(), {"trials", has_accuracy ? "test accuracy (%)" : "test loss"});
  for (const analysis::SettingGroup& group : groups) {
    std::vector<std::string>& row = rows.emplace_back(std::vector{analysis::model_name(group.results.model)});
    row.insert(row.end(), group.values.begin(), group.values.end());
    row.push_back(std::to_string(group.results.losses.size()));
    row.push_back(mean_and_sd(group.results, has_accuracy));
  }
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::printf("\n%s by settings\n", base_task.c_str());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      std::printf("  %-*s", i + 1 < row.size() ? static_cast<int>(widths[i]) : 0, row[i].c_str());
    std::printf("\n");
  }
}

/// Files that trials of one name were trained or tested on, each with what config.json records of its content.
struct DataFiles {
  std::vector<std::pair<std::string, std::string>> files{};

  /// Adds the file of a trial, unless the same file or content is there.
  void add(const analysis::Trial& trial, const std::string& part) {
    const std::string file = analysis::setting_text(trial, part + "_data");
    const boost::json::value* data = trial.config.if_contains("data");
    const boost::json::value* of_part = data && data->is_object() ? data->get_object().if_contains(part) : nullptr;
    const std::string content = of_part ? boost::json::serialize(*of_part) : file;
    if (std::ranges::none_of(files, [&](const auto& other) { return other.first == file || other.second == content; }))
      files.emplace_back(file, content);
  }
};

/// Says of each task and, of groups by `keys`, of each base task whose trials have different data, that they are taken
/// together.
void warn_of_mixed_data(const analysis::Results& results, const std::vector<std::string>& keys) {
  std::map<std::string, std::string> mixed;  // "train_data (a.csv, b.csv)" by the name of the task
  for (const std::string part : {"train", "test"}) {
    const std::string key = part + "_data";
    const bool are_by_base_task = !keys.empty() && std::ranges::find(keys, key) == keys.end();
    std::map<std::string, DataFiles> by_name;
    for (const analysis::Trial& trial : results.trials) {
      if (!trial.test) continue;
      by_name[trial.task].add(trial, part);
      if (are_by_base_task) by_name[trial.base_task()].add(trial, part);
    }
    for (const auto& [name, data] : by_name) {
      if (data.files.size() < 2) continue;
      std::string& text = mixed[name];
      text += (text.empty() ? "" : ", ") + key + " (" + data.files[0].first + ", " + data.files[1].first + ")";
    }
  }
  for (const auto& [name, text] : mixed)
    Session::warn(name + ": trials of different data are taken together, by " + text + "; --by groups them");
}

void summarize_by(const Session& session, const analysis::Results& results, const std::vector<std::string>& keys) {
  const analysis::SettingSummary summary = analysis::summarize_by(results, keys);
  session.write(analysis::setting_table(summary), "summary_by.csv");
  std::set<std::string> base_tasks;
  for (const analysis::SettingGroup& group : summary.groups) base_tasks.insert(group.base_task);
  for (const std::string& base : base_tasks) session.draw(analysis::settings_figure(summary, base));
  for (const std::string& base : base_tasks) print(summary, base);
}

void run(const Session& session, const std::string& folder, const std::vector<std::string>& keys) {
  const analysis::Results results = session.read_results(folder);
  if (!keys.empty()) (void)analysis::summarize_by(results, keys);  // refuses names before anything is written
  warn_of_mixed_results(results, !keys.empty());
  warn_of_mixed_data(results, keys);
  const auto summaries = analysis::summarize(results);
  session.write(analysis::summary_table(summaries), "summary.csv");
  session.write(analysis::comparison_table(summaries), "ttests.csv");
  session.write(analysis::variation_table(analysis::compare_variations(results)), "variations.csv");
  session.write(analysis::trials_table(results), "trials.csv");
  for (const analysis::TaskSummary& summary : summaries) {
    if (is_tested(summary)) session.draw(analysis::summary_figure(summary));
  }
  for (const analysis::TaskSummary& summary : summaries) print(summary);
  if (!keys.empty()) summarize_by(session, results, keys);
}

}  // namespace

void add_summary(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("summary",
                                         "Test results of every task and model, t-tests between all pairs of models "
                                         "and of tasks of one base task, error bars, a table of all trials");
  auto folder = std::make_shared<std::string>("results");
  auto keys = std::make_shared<std::vector<std::string>>();
  add_results_option(*command, *folder);
  command->add_option("--by", *keys, "Group trials by settings, swept or not: summary_by.csv and a figure by the first")
      ->type_name("KEY[,KEY...]")
      ->delimiter(',')
      ->allow_extra_args(false);
  session.add_options(*command, {});
  command->callback(
      [&session, folder, keys] { session.set_action([&session, folder, keys] { run(session, *folder, *keys); }); });
}

}  // namespace glifr::apps
