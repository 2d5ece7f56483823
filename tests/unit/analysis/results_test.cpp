#include "glifr/analysis/results.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/summary.hpp"
#include "glifr/analysis/tables.hpp"
#include "glifr/error.hpp"
#include "results_folder.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"

using namespace glifr;
using namespace glifr::analysis;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

std::string reason(const Results& results, const std::string& trial) {
  const auto found = std::ranges::find(results.rejected, trial, &Rejected::name);
  return found == results.rejected.end() ? "" : found->reason;
}

}  // namespace

TEST_CASE("trials are found by task, model in training order, and number") {
  const test::TemporaryFolder folder;
  test::write_trial(folder.path(), "sine", "zz_own", 0, 0.1, {});
  test::write_trial(folder.path(), "sine", "glifr_hom", 10, 0.1, {});
  test::write_trial(folder.path(), "sine", "glifr_hom", 9, 0.1, {});
  test::write_trial(folder.path(), "sine", "rnn", 0, 0.1, {});
  test::write_trial(folder.path(), "lmnist", "rnn", 3, 0.1, 0.9);
  const Results results = read_results(folder.path());
  std::vector<std::string> names;
  for (const Trial& trial : results.trials) names.push_back(trial.name());
  CHECK(names == std::vector<std::string>{"lmnist/rnn/trial_3", "sine/rnn/trial_0", "sine/glifr_hom/trial_9",
                                          "sine/glifr_hom/trial_10", "sine/zz_own/trial_0"});
  CHECK(results.rejected.empty());
  CHECK(tasks(results) == std::vector<std::string>{"lmnist", "sine"});
  CHECK(results.trials[0].test->accuracy == 0.9);
  CHECK(results.trials[0].metrics.train_loss == std::vector<double>{0.4, 0.2, 0.1});
  CHECK_FALSE(results.trials[1].test->accuracy.has_value());
  CHECK(std::isnan(results.trials[1].metrics.train_acc[0]));
  CHECK(read_results(folder.path() / "sine").trials.size() == 4);
  CHECK(read_results(folder.path() / "sine" / "glifr_hom").trials.size() == 2);
  CHECK(read_results(folder.path() / "sine" / "rnn" / "trial_0").trials[0].name() == "sine/rnn/trial_0");
}

TEST_CASE("a results folder may be made of links to others") {
  const test::TemporaryFolder folder;
  test::write_trial(folder.path() / "a", "sine", "rnn", 0, 0.1, {});
  test::write_trial(folder.path() / "b", "lmnist", "rnn", 3, 0.1, 0.9);
  const auto all = folder.path() / "all";
  std::filesystem::create_directories(all);
  std::filesystem::create_directory_symlink("../a/sine", all / "sine");
  std::filesystem::create_directory_symlink("../b/lmnist", all / "lmnist");
  std::filesystem::create_directory_symlink(".", all / "itself");
  std::filesystem::create_directory_symlink("nowhere", all / "dangling");
  const Results results = read_results(all);
  REQUIRE(results.trials.size() == 2);
  CHECK(results.trials[0].name() == "lmnist/rnn/trial_3");
  CHECK(results.trials[1].name() == "sine/rnn/trial_0");
}

TEST_CASE("what is not whole is listed with the reason, the rest is read") {
  const test::TemporaryFolder folder;
  test::write_trial(folder.path(), "sine", "rnn", 0, 0.1, {});
  const auto broken = [&](int number) { return test::write_trial(folder.path(), "sine", "rnn", number, 0.1, {}); };
  std::filesystem::remove(broken(1) / "test.json");
  std::filesystem::remove(broken(2) / "config.json");
  test::write_text(broken(3) / "test.json", "{\"test_loss\": null, \"test_acc\": null}");
  test::write_text(broken(4) / "test.json", "{\"test_loss\": 0.1, \"tes");
  test::write_text(broken(5) / "metrics.csv", "epoch,train_loss,train_acc,seconds\n1,0.5,,0.1\n2,0.");
  test::write_text(broken(6) / "metrics.csv", "epoch,train_acc\n1,0.5\n");
  test::write_text(broken(7) / "metrics.csv", "epoch,train_loss,train_acc,seconds\n1,nan,,0.1\n");
  test::write_text(broken(8) / "test.json", "{\"test_loss\": 0.1, \"test_acc\": 90}");
  test::write_text(broken(9) / "metrics.csv", "");
  test::write_text(broken(10) / "test.json", "{\"test_loss\": NaN, \"test_acc\": null}");
  test::write_trial(folder.path(), "sine", "rnn", 12, 0.1, {});
  std::filesystem::create_directories(folder.path() / "sine" / "rnn" / "trial_x");

  const Results results = read_results(folder.path());
  CHECK(results.trials.size() == 2);
  CHECK(results.rejected.size() == 11);
  CHECK_THAT(reason(results, "sine/rnn/trial_1"), Catch::Contains("did not finish (3 of 3 epochs)"));
  CHECK_THAT(reason(results, "sine/rnn/trial_2"), Catch::Contains("config.json"));
  CHECK_THAT(reason(results, "sine/rnn/trial_3"), Catch::Contains("test_loss is null, expected a finite number"));
  CHECK_THAT(reason(results, "sine/rnn/trial_4"), Catch::Contains("test.json"));
  CHECK_THAT(reason(results, "sine/rnn/trial_5"), Catch::Contains("metrics.csv"));
  CHECK_THAT(reason(results, "sine/rnn/trial_6"), Catch::Contains("column train_loss is missing"));
  CHECK_THAT(reason(results, "sine/rnn/trial_7"), Catch::Contains("line 2, column 2 (train_loss): found 'nan'"));
  CHECK_THAT(reason(results, "sine/rnn/trial_8"), Catch::Contains("test_acc is 90, expected 0 to 1"));
  CHECK_THAT(reason(results, "sine/rnn/trial_9"), Catch::Contains("metrics.csv"));
  CHECK_THAT(reason(results, "sine/rnn/trial_10"), Catch::Contains("test.json"));
  CHECK_THAT(reason(results, "sine/rnn/trial_11"), Catch::Contains("no such folder, though trial 12 is there"));
}

TEST_CASE("a trial whose record has other epochs than its training is left out") {
  const test::TemporaryFolder folder;
  const auto write = [&](int number, const std::string& epochs, const std::string& tested) {
    const auto trial = test::write_trial(folder.path(), "sine", "rnn", number, 0.1, {});
    std::string metrics = "epoch,train_loss,train_acc,seconds\n";
    std::istringstream list(epochs);
    for (std::string epoch; list >> epoch;) metrics += epoch + ",0.5,,1\n";
    test::write_text(trial / "metrics.csv", metrics);
    test::write_text(trial / "test.json", "{\"test_loss\": 0.1, \"test_acc\": null" + tested + "}");
  };
  const std::string last = R"(, "test_checkpoint": "last", "epoch": )",
                    best = R"(, "test_checkpoint": "best", "epoch": )";
  write(0, "1 2 3", last + "3");
  write(1, "1 2 3", best + "2");
  write(2, "1 50 100", last + "100");
  write(3, "1 2 2 3", last + "3");
  write(4, "1 3 2", last + "3");
  write(5, "2 3", last + "3");
  write(6, "1 1.5 2", last + "2");
  write(7, "1", last + "5");
  write(8, "1 2 3", last + "2");
  write(9, "1", best + "5");

  const Results results = read_results(folder.path());
  CHECK(results.trials.size() == 3);
  CHECK(results.rejected.size() == 7);
  const auto says = [&](int number, const std::string& text) {
    CHECK_THAT(reason(results, "sine/rnn/trial_" + std::to_string(number)), Catch::Contains("metrics.csv: " + text));
  };
  says(3, "line 4: found epoch 2 behind epoch 2");
  says(4, "line 4: found epoch 2 behind epoch 3");
  says(5, "line 2: found epoch 2; the first is 1");
  says(6, "line 3: found epoch 1.5 behind epoch 1");
  says(7, "ends with epoch 1; the tested network is of epoch 5");
  says(8, "ends with epoch 3; the tested network is of epoch 2");
  says(9, "ends with epoch 1; the tested network is of epoch 5");
}

TEST_CASE("a gap in the numbers of trials is one line, however wide") {
  const test::TemporaryFolder folder;
  for (const int number : {0, 2, 20240611, 20240612}) test::write_trial(folder.path(), "sine", "rnn", number, 0.1, {});
  const Results results = read_results(folder.path());
  CHECK(results.trials.size() == 4);
  REQUIRE(results.rejected.size() == 2);
  CHECK_THAT(reason(results, "sine/rnn/trial_1"), Catch::Contains("there is no such folder"));
  CHECK_THAT(reason(results, "sine/rnn/trial_3 to trial_20240610"), Catch::Contains("though trial 20240611 is there"));
}

TEST_CASE("links upwards are not followed, and a trial counts once on however many ways links lead to it") {
  namespace fs = std::filesystem;
  const test::TemporaryFolder folder;
  const fs::path model = folder.path() / "sine" / "rnn";
  test::write_trial(folder.path(), "sine", "rnn", 0, 0.1, {});
  fs::create_directory_symlink("trial_0", model / "trial_1");
  fs::create_directory_symlink(".", model / "here");
  fs::create_directory_symlink("..", folder.path() / "sine" / "up");
  fs::create_directory_symlink("sine", folder.path() / "again");
  fs::create_directory_symlink("itself", folder.path() / "itself");
  fs::create_directory_symlink("nowhere", folder.path() / "gone");
  for (const fs::path& root : {folder.path(), folder.path() / "sine", model}) {
    const Results results = read_results(root);
    INFO(root);
    REQUIRE(results.trials.size() == 1);
    CHECK(results.trials[0].name() == "sine/rnn/trial_0");
  }
  const Results results = read_results(folder.path());
  CHECK(results.rejected.size() == 5);
  CHECK_THAT(reason(results, "sine/rnn/trial_1"), Catch::Contains("is the same folder as sine/rnn/trial_0"));
  CHECK_THAT(reason(results, "again/rnn/trial_0"), Catch::Contains("is the same folder as sine/rnn/trial_0"));
  CHECK_THAT(reason(results, "gone"), Catch::Contains("is a link to what is not there"));
  CHECK_FALSE(reason(results, "itself").empty());
}

TEST_CASE("folders that may not be read, and trials without a proper number, are named") {
  namespace fs = std::filesystem;
  const test::TemporaryFolder folder;
  test::write_trial(folder.path(), "sine", "rnn", 0, 0.1, {});
  test::write_trial(folder.path(), "sine", "lstmn", 0, 0.1, {});
  const fs::path model = folder.path() / "sine" / "rnn", closed = folder.path() / "sine" / "lstmn";
  fs::copy(model / "trial_0", model / "trial_0_before", fs::copy_options::recursive);
  fs::copy(model / "trial_0", model / "trial_99999999999999999999", fs::copy_options::recursive);
  for (const char* padded : {"trial_00", "trial_000"})
    fs::copy(model / "trial_0", model / padded, fs::copy_options::recursive);
  fs::permissions(closed, fs::perms::none);
  {
    const test::WithoutRoot unprivileged;
    const Results results = read_results(folder.path());
    CHECK(results.trials.size() == 1);
    CHECK_THAT(reason(results, "sine/lstmn"), Catch::Contains("Permission denied"));
    CHECK_THAT(reason(results, "sine/rnn/trial_0_before"), Catch::Contains("its name is not trial_ and a number"));
    CHECK_FALSE(reason(results, "sine/rnn/trial_99999999999999999999").empty());
    for (const char* padded : {"sine/rnn/trial_00", "sine/rnn/trial_000"})
      CHECK_THAT(reason(results, padded), Catch::EndsWith("has the number of trial_0"));
    CHECK_THROWS_WITH(read_results(closed), Catch::Contains("lstmn: Permission denied"));
  }
  fs::permissions(closed, fs::perms::owner_all);
}

TEST_CASE("a machine that can open no more files is no fault of the results") {
  const test::TemporaryFolder folder;
  test::write_trial(folder.path(), "sine", "rnn", 0, 0.1, {});
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const int free = ::dup(STDERR_FILENO);
  REQUIRE(free >= 0);
  ::close(free);
  const rlimit one_more{.rlim_cur = static_cast<rlim_t>(free) + 1, .rlim_max = limit.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &one_more) == 0);
  std::string problem;
  try {
    (void)read_results(folder.path());
  } catch (const std::system_error& error) {
    problem = error.what();
  } catch (const Error& error) {
    problem = std::string("refused: ") + error.what();
  }
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK_THAT(problem, Catch::EndsWith("sine: Too many open files"));
}

TEST_CASE("a folder without a whole trial is an error that says why") {
  const test::TemporaryFolder folder;
  CHECK_THROWS_WITH(read_results(folder.path() / "none"), Catch::Contains("there is no such folder"));
  CHECK_THROWS_WITH(read_results(folder.path()), Catch::Contains("found no trial"));
  std::filesystem::remove(test::write_trial(folder.path(), "sine", "rnn", 0, 0.1, {}) / "test.json");
  CHECK_THROWS_WITH(read_results(folder.path()), Catch::Contains("none of 1 trials is whole; sine/rnn/trial_0"));
  CHECK_THROWS_AS(read_results(folder.path()), DataError);
}

TEST_CASE("unfinished trials are read where they are asked for") {
  const test::TemporaryFolder folder;
  std::filesystem::remove(test::write_trial(folder.path(), "sine", "rnn", 0, 0.1, {}) / "test.json");
  const auto empty = test::write_trial(folder.path(), "sine", "rnn", 1, 0.1, {});
  for (const char* file : {"test.json", "metrics.csv"}) std::filesystem::remove(empty / file);
  const Results results = read_results(folder.path(), true);
  REQUIRE(results.trials.size() == 1);
  CHECK(results.trials[0].metrics.epoch.size() == 3);
  CHECK_FALSE(results.trials[0].test);
  REQUIRE(results.rejected.size() == 1);
  CHECK_THAT(results.rejected[0].reason, Catch::Contains("no epoch is complete"));
}

TEST_CASE("variations of a sweep stand in the order of their values") {
  const test::TemporaryFolder folder;
  const std::vector<std::string> expected{"sine",
                                          "sine@lr=1e-04,n=2",
                                          "sine@lr=0.01,n=8",
                                          "sine@lr=0.01,n=16",
                                          "sine@lr=0.01,n=16.0",
                                          "sine@lr=0.01,n=off",
                                          "sine-2"};
  for (const std::string& task : expected) test::write_trial(folder.path(), task, "rnn", 0, 0.1, {});
  const Results results = read_results(folder.path());
  std::vector<std::string> found;
  for (const Trial& trial : results.trials) found.push_back(trial.task);
  CHECK(found == expected);
  CHECK(tasks(results) == expected);
}

TEST_CASE("a summary compares all pairs of models of a task") {
  const test::TemporaryFolder folder;
  for (int trial = 0; trial < 3; ++trial) {
    test::write_trial(folder.path(), "sine", "rnn", trial, 0.1 * (trial + 1), {});
    test::write_trial(folder.path(), "sine", "lstmn", trial, 0.1 * (trial + 2), {});
  }
  test::write_trial(folder.path(), "sine", "glifr_hom", 0, 0.5, {});
  const auto summaries = summarize(read_results(folder.path()));
  REQUIRE(summaries.size() == 1);
  CHECK_FALSE(summaries[0].has_accuracy());
  REQUIRE(summaries[0].models.size() == 3);
  CHECK(summaries[0].models[0].losses.size() == 3);
  REQUIRE(summaries[0].comparisons.size() == 6);
  const Comparison& first = summaries[0].comparisons[0];
  CHECK(first.first == "rnn");
  CHECK(first.second == "lstmn");
  CHECK_THAT(first.pooled.value().t, WithinRel(-0.1 / (0.1 * std::sqrt(2.0 / 3)), 1e-12));
  CHECK_THAT(first.effect.value(), WithinRel(-1.0, 1e-12));
  CHECK_FALSE(summaries[0].comparisons[1].pooled.has_value());  // a single trial of glifr_hom
}

TEST_CASE("the summary of the published results gives the published statistics") {
  const auto reference = test::environment("GLIFR_REFERENCE_DIR");
  if (!reference) GLIFR_SKIP("GLIFR_REFERENCE_DIR is not set");
  const test::TemporaryFolder folder;
  test::write_published_results(std::filesystem::path(*reference) / "results.csv", folder.path());
  const auto summaries = summarize(read_results(folder.path()));
  const auto lmnist = std::ranges::find(summaries, "lmnist", &TaskSummary::task);
  REQUIRE(lmnist != summaries.end());
  const auto t = [&](const std::string& first, const std::string& second) {
    for (const Comparison& comparison : lmnist->comparisons) {
      if (comparison.first == first && comparison.second == second) return comparison.pooled.value();
    }
    throw std::logic_error("no such pair");
  };
  CHECK(t("rnn", "lstmn").degrees_of_freedom == 18);
  CHECK_THAT(t("rnn", "lstmn").t, WithinAbs(-6.696, 5e-4));
  CHECK_THAT(t("glifr_rheta", "glifr_hom").t, WithinAbs(15.106, 5e-4));
}

TEST_CASE("training curves are the mean over the trials that have not ended, epoch by epoch") {
  const test::TemporaryFolder folder;
  test::write_trial(folder.path(), "lmnist", "rnn", 0, 0.1, 0.9);
  const auto second = test::write_trial(folder.path(), "lmnist", "rnn", 1, 0.3, 0.6);
  test::write_text(second / "metrics.csv", "epoch,train_loss,train_acc,seconds\n1,1.2,0.2,0.5\n2,0.6,0.4,0.5\n");
  const Results results = read_results(folder.path());
  const auto curves = training_curves(results, "lmnist");
  REQUIRE(curves.size() == 1);
  CHECK(curves[0].trials == std::vector<Index>{2, 2, 1});
  CHECK(curves[0].epoch == std::vector<double>{1, 2, 3});
  CHECK_THAT(curves[0].loss_mean[0], WithinRel(0.8, 1e-12));
  CHECK_THAT(curves[0].loss_sd[1], WithinRel(0.4 / std::sqrt(2.0), 1e-12));
  CHECK_THAT(curves[0].acc_mean[1], WithinRel(0.5, 1e-12));
  CHECK_THAT(curves[0].loss_mean[2], WithinRel(0.1, 1e-12));
  CHECK(std::isnan(curves[0].loss_sd[2]));
  const std::string table(curves_table(std::vector{std::pair{std::string("lmnist"), curves}}).text());
  CHECK_THAT(table, Catch::Contains("\nlmnist,rnn,2,2,") && Catch::Contains("\nlmnist,rnn,1,3,0.1,,"));
  CHECK_THAT(training_curves_figure("lmnist", curves).caption, Catch::Contains("over those that went on"));
  const Figure figure = training_curves_figure("lmnist", curves);
  const std::vector<Column>& columns = figure.tables[0].columns;  // model, epoch, mean, sd, lower, upper
  CHECK(std::get<0>(columns[4].values)[2] == std::get<0>(columns[5].values)[2]);  // the band closes
}

TEST_CASE("training curves of thinned records have the epochs that all trials share") {
  const test::TemporaryFolder folder;
  const auto write = [&](int trial, int distance, int last, double loss) {
    std::string rows = "epoch,train_loss,train_acc,seconds\n1," + format_number(loss) + ",,1\n";
    for (int epoch = distance; epoch <= last; epoch += distance)
      rows += std::to_string(epoch) + "," + format_number(loss / epoch) + ",,1\n";
    test::write_text(test::write_trial(folder.path(), "sine", "rnn", trial, 0.1, {}) / "metrics.csv", rows);
  };
  write(0, 50, 350, 2);
  write(1, 30, 300, 4);
  const auto curves = training_curves(read_results(folder.path()), "sine");
  REQUIRE(curves.size() == 1);
  CHECK(curves[0].epoch == std::vector<double>{1, 150, 300, 350});
  CHECK(curves[0].trials == std::vector<Index>{2, 2, 2, 1});
  CHECK_THAT(curves[0].loss_mean[1], WithinRel(3.0 / 150, 1e-12));
}

TEST_CASE("models are compared by accuracies where all have them, otherwise by losses") {
  const test::TemporaryFolder folder;
  for (int trial = 0; trial < 2; ++trial) {
    test::write_trial(folder.path(), "mine", "rnn", trial, 1 + trial, 0.25);
    test::write_trial(folder.path(), "mine", "lstmn", trial, 3 + trial, {});
    test::write_trial(folder.path(), "mine", "glifr_hom", trial, 5 + trial, {});
  }
  const TaskSummary mixed = summarize(read_results(folder.path())).front();
  CHECK_FALSE(mixed.has_accuracy());
  const std::string table(comparison_table(std::span(&mixed, 1)).text());
  CHECK_THAT(table, Catch::Contains("\nmine,test_loss,lstmn,glifr_hom,2,2,3.5,5.5,"));
  CHECK_THAT(table, !Catch::Contains("test_acc") && !Catch::Contains("rnn"));
  const Figure figure = summary_figure(mixed);
  CHECK(figure.panels[0].y.label == "test loss");
  CHECK(std::get<0>(figure.tables[0].columns[3].values) == std::vector<double>{1.5, 3.5, 5.5});

  test::write_trial(folder.path(), "mine", "rnn", 2, 2, {});  // a model's own trials may differ too
  const TaskSummary more = summarize(read_results(folder.path())).front();
  CHECK(more.models[0].accuracies.empty());
  CHECK(more.models[0].losses.size() == 3);
}
