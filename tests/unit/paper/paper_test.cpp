// How results are held against the paper: verdicts, claims, what is missing, and the archive of a results folder.
#include <algorithm>
#include <set>

#include "glifr/analysis/tables.hpp"
#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"
#include "glifr/paper/archive.hpp"
#include "glifr/paper/contents.hpp"
#include "glifr/paper/reproduction.hpp"
#include "support/catch.hpp"
#include "unit/paper/published_trials.hpp"

namespace glifr {
namespace {

namespace fs = std::filesystem;
using analysis::Moments;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using Catch::Matchers::WithinRel;
using paper::Verdict;

const paper::Row& find_row(const std::vector<paper::Row>& rows, const std::string& task, const std::string& model,
                           const std::string& statement = "") {
  const auto found = std::ranges::find_if(rows, [&](const paper::Row& row) {
    return row.task == task && row.model == model && (statement.empty() || row.statement == statement);
  });
  REQUIRE(found != rows.end());
  return *found;
}

paper::Reproduction reproduce(const fs::path& results, std::span<const analysis::TaskAblation> silenced = {}) {
  return paper::reproduce(analysis::read_results(results), silenced);
}

/// The courses of the parameters of `neurons` neurons: `scale` is the spread of a_j and r_j after training. Those of
/// the first half are far from those of the second.
void write_courses(const fs::path& trial, int neurons, double scale) {
  const auto course = [&](const std::string& name, int blocks, double before, double after, double step) {
    std::string text;
    for (const double middle : {before, after}) {
      for (int i = 0; i < blocks * neurons; ++i) {
        const double side = i % neurons < neurons / 2 ? 1 : -1;
        const double value = middle + (middle == after ? step : 0.005) * side + 1e-4 * (i % 3);
        text += (i == 0 ? "" : ",") + format_number(value);
      }
      text += "\n";
    }
    test::write_text(trial / "parameters" / (name + ".csv"), text);
  };
  course("thresh", 1, 1, 1.5, 0.1);
  course("k_m", 1, 0.05, 0.07, 0.001);
  course("r_j", 2, 0, 0.01, scale);
  course("k_j", 2, 2, 2.5, 0.1);
  course("a_j", 2, 0, 0.01, scale);
}

TEST_CASE("a verdict is the same only where the means are equivalent") {
  const Moments published{10, 0.94, 0.002};
  const auto verdict = [&](Index count, double mean, double sd) {
    return paper::judge({count, mean, sd}, published, true).verdict;
  };
  CHECK(verdict(10, 0.9401, 0.002) == Verdict::same);
  CHECK(verdict(10, 0.946, 0.002) == Verdict::better);
  CHECK(verdict(10, 0.934, 0.002) == Verdict::different);
  CHECK(verdict(5, 0.94, 0.002) == Verdict::same);
  CHECK(verdict(4, 0.94, 0.002) == Verdict::not_enough_trials);  // equivalent, but of too few
  CHECK(verdict(3, 0.94, 0.004) == Verdict::not_enough_trials);  // no significant difference is not the same
  CHECK(verdict(10, 0.942, 0.002) == Verdict::not_enough_trials);
  CHECK(verdict(1, 0.94, std::nan("")) == Verdict::not_enough_trials);
  CHECK(verdict(0, std::nan(""), std::nan("")) == Verdict::not_enough_trials);
  CHECK(verdict(10, 0.9401, 0) == Verdict::same);
}

TEST_CASE("of losses less is better") {
  const Moments published{10, 0.02, 0.002};
  CHECK(paper::judge({10, 0.015, 0.002}, published, false).verdict == Verdict::better);
  CHECK(paper::judge({10, 0.025, 0.002}, published, false).verdict == Verdict::different);
}

TEST_CASE("a wider margin makes means equivalent") {
  const Moments ours{10, 0.942, 0.002}, published{10, 0.94, 0.002};
  const paper::Judgement narrow = paper::judge(ours, published, true),
                         wide = paper::judge(ours, published, true, {.margin = 3});
  CHECK(narrow.verdict == Verdict::not_enough_trials);
  CHECK(wide.verdict == Verdict::same);
  CHECK_THAT(wide.equivalence->margin, WithinRel(0.006, 1e-12));
}

TEST_CASE("every published row is held against the trials with the published settings") {
  const test::TemporaryFolder folder;
  const fs::path& results = folder.path();
  test::write_published_trials(results, "sine", "glifr_lheta", 10, 0.05);
  test::write_published_trials(results, "sine", "glifr_hom", 3, 0);
  test::write_published_trials(results, "sine", "glifr_homa", 10, -4);
  test::write_published_trials(results, "lmnist", "glifr_homa", 10, -4);
  test::write_published_trials(results, "lmnist", "rnn", 10, 0, [](auto& config) { config["lr"] = 0.01; });
  const paper::Reproduction found = reproduce(results);
  CHECK(std::ranges::count(found.numbers, "table 2", &paper::Row::item) == 35);
  const auto check = [&](const char* task, const char* model, Index trials, Verdict verdict) {
    const paper::Row& row = find_row(found.numbers, task, model);
    CAPTURE(task, model);
    CHECK(row.trials == trials);
    CHECK(row.has_verdict);
    CHECK(row.judgement.verdict == verdict);
    CHECK(row.note.empty());
  };
  check("sine", "glifr_lheta", 10, Verdict::same);
  check("sine", "glifr_hom", 3, Verdict::not_enough_trials);
  check("sine", "glifr_homa", 10, Verdict::better);
  check("lmnist", "glifr_homa", 10, Verdict::different);
  check("pmnist", "glifr_lheta", 0, Verdict::not_enough_trials);

  const paper::Row& other = find_row(found.numbers, "lmnist", "rnn");
  CHECK_FALSE(other.has_verdict);
  CHECK_FALSE(other.judgement.difference);
  CHECK(other.note == "no test: lr (0.01, 0.001)");
}

TEST_CASE("trials with other settings are left out of a verdict, and named") {
  const test::TemporaryFolder folder;
  test::write_published_trials(folder.path(), "sine", "rnn", 10, 0);
  test::write_published_trial(folder.path(), "sine", "rnn", 10, 5.0, 5.0,
                              [](auto& config) { config["max_epochs"] = 7; });
  const paper::Row row = find_row(reproduce(folder.path()).numbers, "sine", "rnn");
  CHECK(row.trials == 10);
  CHECK(row.judgement.verdict == Verdict::same);
  CHECK(row.note == "1 trial left out: max_epochs (7, 5000)");
}

TEST_CASE("settings that an earlier version did not record count as their defaults") {
  std::string recent;
  for (const ConfigKey& key : config_keys()) {
    if (key.is_recent && key.is_recorded && Config("sine").resolve(find_model("rnn")).task.base == "sine" &&
        to_json(Config("sine").resolve(find_model("rnn"))).contains(key.name))
      recent = key.name;
  }
  REQUIRE_FALSE(recent.empty());
  const test::TemporaryFolder folder;
  test::write_published_trials(folder.path(), "sine", "rnn", 2, 0, [&](auto& config) { config.erase(recent); });
  const paper::Row row = find_row(reproduce(folder.path()).numbers, "sine", "rnn");
  CAPTURE(recent);
  CHECK(row.note.empty());
  CHECK(row.trials == 2);
}

TEST_CASE("a smoke run has no verdicts") {
  const test::TemporaryFolder folder;
  test::write_published_trials(folder.path(), "sine", "rnn", 2, 0, [](auto& config) { config["max_epochs"] = 3; });
  const paper::Reproduction found = reproduce(folder.path());
  CHECK(std::ranges::none_of(found.numbers, &paper::Row::has_verdict));
  CHECK(std::ranges::none_of(found.claims, &paper::Row::has_verdict));
  CHECK(find_row(found.numbers, "sine", "rnn").trials == 2);
}

TEST_CASE("an ordering that the paper found holds, fails, or cannot be told") {
  const std::string statement = "RHetA better than HomA";
  const auto verdict = [&](double shift, int trials) {
    const test::TemporaryFolder folder;
    test::write_published_trials(folder.path(), "lmnist", "glifr_rheta", trials, shift);
    test::write_published_trials(folder.path(), "lmnist", "glifr_homa", trials, 0);
    const paper::Row row = find_row(reproduce(folder.path()).claims, "lmnist", "glifr_rheta", statement);
    CHECK(row.trials == trials);
    CHECK(row.item == "table 2");
    return row.judgement.verdict;
  };
  CHECK(verdict(0, 10) == Verdict::same);
  CHECK(verdict(-18, 10) == Verdict::different);  // 2.3 % worse, published 1.2 % better
  CHECK(verdict(0, 1) == Verdict::not_enough_trials);
}

TEST_CASE("where the published results do not differ significantly there is no ordering") {
  const test::TemporaryFolder folder;
  test::write_published_trials(folder.path(), "sine", "rnn", 2, 0);
  for (const paper::Row& row : reproduce(folder.path()).claims)
    CHECK_FALSE((row.task == "lmnist" && row.statement.find("LHet better than Hom") != std::string::npos));
}

TEST_CASE("learned after-spike currents diversify where their spread grows, and neurons fall into clusters") {
  const test::TemporaryFolder folder;
  test::write_published_trials(folder.path(), "lmnist", "glifr_lheta", 6, 0);
  for (int i = 0; i < 6; ++i) {
    write_courses(folder.path() / "lmnist/glifr_lheta" / ("trial_" + std::to_string(i)), 24, 0.4 + 0.01 * i);
  }
  const auto spread = [&] {
    return find_row(reproduce(folder.path()).claims, "lmnist", "glifr_lheta",
                    "learned after-spike currents diversify: the standard deviation of a_j grows");
  };
  const paper::Row grown = spread();
  CHECK(grown.trials == 6);
  CHECK(grown.ours.mean > 50);
  CHECK(grown.judgement.verdict == Verdict::same);
  const auto trained = paper::trained_neurons(analysis::read_results(folder.path()).trials.front());
  REQUIRE(trained);
  CHECK(trained->learned.neurons == 24);
  CHECK(trained->learned.num_ascs == 2);
  CHECK(trained->learned(0, trained->learned.a(1)) > 0.3);
  CHECK(trained->learned(23, trained->learned.a(1)) < -0.3);
  CHECK(trained->initial(0, analysis::NeuronTable::thresh()) < 1.1);
  CHECK(trained->constants.dt == 0.05);

  for (int i = 0; i < 6; ++i) {
    write_courses(folder.path() / "lmnist/glifr_lheta" / ("trial_" + std::to_string(i)), 24, 0.0005 + 1e-5 * i);
  }
  CHECK(spread().judgement.verdict == Verdict::different);
}

TEST_CASE("a course with a column too few is an error that names it") {
  const test::TemporaryFolder folder;
  test::write_published_trials(folder.path(), "lmnist", "glifr_lheta", 1, 0);
  const fs::path trial = folder.path() / "lmnist/glifr_lheta/trial_0";
  write_courses(trial, 24, 0.4);
  test::write_text(trial / "parameters/k_m.csv", "1,2\n1,2\n");
  CHECK_THROWS_WITH(reproduce(folder.path()), Contains("k_m.csv") && Contains("2 columns"));
}

TEST_CASE("silencing is compared draw by draw") {
  const test::TemporaryFolder folder;
  test::write_published_trials(folder.path(), "lmnist", "rnn", 1, 0);
  test::write_published_trials(folder.path(), "lmnist", "glifr_rheta", 1, 0);
  const analysis::TaskAblation ablation{
      "lmnist",
      true,
      {{"rnn", {0, 0.4}, {{0.98}, {0.2, 0.25, 0.3}}}, {"glifr_rheta", {0, 0.4}, {{0.95}, {0.7, 0.71, 0.75}}}}};
  const fs::path file = paper::silencing_file(folder.path());
  create_folder(file.parent_path());
  analysis::ablation_draws_table(std::span(&ablation, 1)).write(file);
  const std::vector<analysis::TaskAblation> read = analysis::read_ablation_draws(file);
  REQUIRE(read.size() == 1);
  CHECK(read.front().has_accuracy);
  REQUIRE(read.front().models.size() == 2);
  CHECK(read.front().models[1].model == "glifr_rheta");
  CHECK(read.front().models[1].ratios == std::vector<double>{0, 0.4});
  CHECK(read.front().models[1].values[1] == std::vector<double>{0.7, 0.71, 0.75});

  const paper::Row row =
      find_row(reproduce(folder.path(), read).claims, "lmnist", "glifr_rheta", "40 % silenced, RHetA better than RNN");
  CHECK(row.trials == 3);
  CHECK(row.judgement.verdict == Verdict::same);

  analysis::TaskAblation of_two = ablation;  // the draws of two trials of one model: trials are compared
  of_two.models[0].trials = {{0}, {0, 0, 0}};
  of_two.models[1].trials = {{0}, {0, 1, 1}};
  const paper::Row by_trial = find_row(reproduce(folder.path(), std::span(&of_two, 1)).claims, "lmnist", "glifr_rheta",
                                       "40 % silenced, RHetA better than RNN");
  CHECK(by_trial.trials == 1);
  CHECK(by_trial.judgement.verdict == Verdict::not_enough_trials);
  CHECK_THAT(by_trial.note, StartsWith("of each trial the mean"));

  test::write_text(file, "task,model,ratio_silenced,metric,value\nlmnist,rnn,0.4,test_acc,much\n");
  CHECK_THROWS_WITH(analysis::read_ablation_draws(file), Contains("line 2") && Contains("'much'") && Contains("value"));
  test::write_text(file, "task,model,ratio_silenced,value\nlmnist,rnn,0.4,0.2\n");
  CHECK_THROWS_WITH(analysis::read_ablation_draws(file), Contains("column metric is missing"));
}

TEST_CASE("what was not run is named with a cost estimated from measured epochs") {
  const test::TemporaryFolder folder;
  test::write_published_trials(folder.path(), "lmnist", "rnn", 4, 0);
  test::write_published_trials(folder.path(), "pmnist", "rnn", 1, 0, [](auto& config) { config["max_epochs"] = 3; });
  const paper::Reproduction found = reproduce(folder.path());
  const auto missing = [&](const std::string& task, const std::string& model) {
    const auto at = std::ranges::find_if(
        found.missing, [&](const paper::Missing& each) { return each.task == task && each.model == model; });
    REQUIRE(at != found.missing.end());
    return *at;
  };
  CHECK(missing("lmnist", "rnn").trials == 6);
  CHECK_THAT(missing("lmnist", "rnn").seconds.value(), WithinRel(2.0 * 30, 1e-12));
  CHECK(missing("pmnist", "rnn").trials == 10);  // a trial with other settings is not the published one
  CHECK_THAT(missing("pmnist", "rnn").seconds.value(), WithinRel(2.0 * 50, 1e-12));
  CHECK_THAT(missing("lmnist-dropout20", "rnn").seconds.value(), WithinRel(2.0 * 30, 1e-12));  // as its base task
  CHECK_THAT(missing("nmnist", "rnn").seconds.value(), WithinRel(30 * 0.0255 * 60000 / 512, 1e-12));
  CHECK(missing("nmnist", "rnn").basis == "docs/performance.md");
  CHECK_FALSE(missing("realizable", "glifr_lheta").seconds);
}

TEST_CASE("paper.csv has a line a row, and every item of the paper") {
  const test::TemporaryFolder folder;
  test::write_published_trials(folder.path(), "sine", "rnn", 10, 0);
  test::write_published_trials(folder.path(), "sine", "lstmn", 2, 0, [](auto& config) { config["lr"] = 0.01; });
  const fs::path file = folder.path() / "paper.csv";
  paper::paper_table(reproduce(folder.path())).write(file);
  const CsvCells table = read_csv_cells(file);
  CHECK(table.header == std::vector<std::string>{"row", "task", "model", "trials", "ours", "published", "verdict"});
  std::set<std::vector<std::string>> keys;
  std::set<std::string> verdicts, items;
  for (const auto& row : table.rows) {
    keys.insert({row[0], row[1], row[2]});
    verdicts.insert(row[6]);
    items.insert(row[0].substr(0, row[0].find(':')));
  }
  CHECK(keys.size() == table.rows.size());
  CHECK(verdicts == std::set<std::string>{"", "not enough trials", "same"});
  for (const paper::Item& item : paper::contents()) CHECK(items.contains(item.name));
  CHECK(table.rows[0] == std::vector<std::string>{"table 2", "sine", "rnn", "10", table.rows[0][4], "0.05608", "same"});
  CHECK_THAT(std::stod(table.rows[0][4]), WithinRel(0.05608, 1e-6));
  CHECK(table.rows[1][6].empty());
}

TEST_CASE("an archive holds no checkpoints and gives the same page") {
  const test::TemporaryFolder folder;
  const fs::path results = folder.path() / "results", kept = folder.path() / "kept";
  test::write_published_trials(results, "sine", "glifr_lheta", 3, 0);
  for (int i = 0; i < 3; ++i) {
    const fs::path trial = results / "sine/glifr_lheta" / ("trial_" + std::to_string(i));
    write_courses(trial, 12, 0.4 + 0.1 * i);
    test::write_text(trial / "checkpoints/last.safetensors", "large");
    std::string metrics = "epoch,train_loss,train_acc,seconds\n";
    for (int epoch = 1; epoch <= 1000; ++epoch) metrics += std::to_string(epoch) + ",0.25,,0.5\n";
    test::write_text(trial / "metrics.csv", metrics);
  }
  test::write_text(paper::notes_file(results), "{\"sine/glifr_lheta\": \"why\"}\n");
  fs::create_directories(paper::silencing_file(results).parent_path());
  fs::create_symlink(paper::silencing_file(results), paper::silencing_file(results));  // cannot be looked at
  const analysis::Results before = analysis::read_results(results);
  paper::archive(before, results, kept);

  const analysis::Results after = analysis::read_results(kept);
  REQUIRE(after.trials.size() == 3);
  CHECK(after.rejected.empty());
  CHECK(after.trials.front().metrics.epoch.size() == 101);
  CHECK(after.trials.front().metrics.epoch.front() == 1);
  CHECK(after.trials.front().metrics.epoch[1] == 10);
  CHECK(after.trials.front().metrics.epoch.back() == 1000);
  double seconds = 0;
  for (const double each : after.trials.front().metrics.seconds) seconds += each;
  CHECK_THAT(seconds, WithinRel(500.0, 1e-12));
  for (const auto& entry : fs::recursive_directory_iterator(kept)) CHECK(entry.path().extension() != ".safetensors");
  CHECK(read_file(paper::notes_file(kept)) == read_file(paper::notes_file(results)));
  CHECK(paper::paper_table(paper::reproduce(before, {})).text() ==
        paper::paper_table(paper::reproduce(after, {})).text());

  paper::archive(after, kept, folder.path() / "again");  // thins nothing twice
  CHECK(analysis::read_results(folder.path() / "again").trials.front().metrics.epoch ==
        after.trials.front().metrics.epoch);
}

TEST_CASE("an archive never replaces the trials of which it is made") {
  const test::TemporaryFolder folder;
  const fs::path results = folder.path() / "results", linked = folder.path() / "linked";
  test::write_published_trials(results, "sine", "rnn", 2, 0);
  fs::create_directories(linked);
  fs::create_directory_symlink(results / "sine", linked / "sine");
  std::string metrics = "epoch,train_loss,train_acc,seconds\n";
  for (int epoch = 1; epoch <= 1000; ++epoch) metrics += std::to_string(epoch) + ",0.25,,0.5\n";
  for (const char* trial : {"trial_0", "trial_1"})
    test::write_text(results / "sine/rnn" / trial / "metrics.csv", metrics);
  for (const fs::path& from : {results, results / "sine", results / "sine/rnn", results / "sine/rnn/trial_1", linked}) {
    INFO(from);
    CHECK_THROWS_WITH(paper::archive(analysis::read_results(from), from, results),
                      StartsWith("--archive: ") && Contains("holds sine/rnn/trial_") && Contains("itself"));
  }
  for (const char* trial : {"trial_0", "trial_1"})
    CHECK(read_file(results / "sine/rnn" / trial / "metrics.csv") == metrics);
}

TEST_CASE("every training of the paper can be asked for") {
  for (const paper::Training& training : paper::trainings()) {
    CAPTURE(training.task);
    CHECK_FALSE(training.models.empty());
    for (const std::string& model : training.models)
      CHECK_NOTHROW((void)Config(training.task).resolve(find_model(model)));
  }
  CHECK(paper::command_of(paper::trainings()[1]) == "glifr_train --task sine --model paper --ntrials 10");
  CHECK_THROWS_AS(paper::find_item("figure 1"), std::logic_error);
}

}  // namespace
}  // namespace glifr
