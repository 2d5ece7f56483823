// Trials by their settings: the table of all trials, groups by settings that were swept or set otherwise, tasks of one
// base task against each other, and what is known of validation and of confused classes.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/summary.hpp"
#include "glifr/analysis/tables.hpp"
#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"
#include "results_folder.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/python.hpp"

using namespace glifr;
using namespace glifr::analysis;

namespace {

/// A trial of a variation of sine with these settings (JSON members) and this test loss.
std::filesystem::path write_variation(const std::filesystem::path& results, const std::string& task, int number,
                                      const std::string& settings, double loss, const std::string& base = "sine") {
  const auto folder = test::write_trial(results, task, "rnn", number, loss, {});
  test::write_text(folder / "config.json", "{\"task\": \"" + task + "\", \"base_task\": \"" + base +
                                               "\", \"model\": \"rnn\", \"seed\": " + std::to_string(number) +
                                               ", \"trained_parameters\": 300, \"data\": {\"train\": 1}, " + settings +
                                               "}\n");
  return folder;
}

/// 2 x 2 variations of two trials each.
void write_sweep(const std::filesystem::path& results) {
  for (const char* lr : {"0.001", "1e-04"}) {
    for (const int size : {128, 16}) {
      const std::string name = "sine@lr=" + std::string(lr) + ",hidden_size=" + std::to_string(size);
      for (const int number : {0, 1}) {
        write_variation(
            results, name, number,
            "\"lr\": " + std::string(lr) + ", \"hidden_size\": " + std::to_string(size) + ", \"optimizer\": \"adam\"",
            0.1 * std::stod(lr) + 0.001 * size + 0.01 * number);
      }
    }
  }
}

std::vector<std::string> lines(const CsvRows& table) {
  std::vector<std::string> result;
  std::istringstream stream{std::string(table.text())};
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

}  // namespace

TEST_CASE("the table of trials has a row a trial, every setting that is one value, and the results") {
  const test::TemporaryFolder folder;
  write_variation(folder.path(), "sine", 0, R"("lr": 1e-04, "optimizer": "adam", "tensorboard": false)", 0.1);
  const auto validated = write_variation(folder.path(), "sine", 1, R"("lr": 0.01, "test_checkpoint": "best")", 0.2);
  test::write_text(validated / "metrics.csv",
                   "epoch,train_loss,train_acc,seconds,val_loss,val_acc\n"
                   "1,0.9,0.5,0.25,0.8,0.6\n2,0.7,0.6,0.5,0.75,0.7\n3,0.5,0.7,0.25,,\n");
  test::write_text(validated / "test.json",
                   R"({"test_loss": 0.2, "test_acc": 0.75, "samples": 40, "test_checkpoint": "best", "epoch": 2})");
  const auto table = lines(trials_table(read_results(folder.path())));
  REQUIRE(table.size() == 3);
  CHECK(table[0] ==
        "task,base_task,model,trial,seed,lr,optimizer,tensorboard,epochs,train_loss,train_acc,val_loss,val_acc,"
        "test_loss,test_acc,samples,test_checkpoint,epoch,trained_parameters,seconds");
  CHECK(table[1] == "sine,sine,rnn,0,0,1e-04,adam,false,3,0.1,,,,0.1,,6,,,300,1.5");
  CHECK(table[2] == "sine,sine,rnn,1,1,0.01,,,3,0.5,0.7,0.75,0.7,0.2,0.75,40,best,2,300,1");
}

TEST_CASE("the table of trials counts epochs, also where not every one has a row") {
  const test::TemporaryFolder folder;
  test::write_text(test::write_trial(folder.path(), "sine", "rnn", 0, 0.1, {}) / "metrics.csv",
                   "epoch,train_loss,train_acc,seconds\n1,0.9,,1\n50,0.7,,49\n100,0.5,,50\n");
  CHECK_THAT(lines(trials_table(read_results(folder.path())))[1], Catch::Contains(",100,0.5,,,,0.1,"));
}

TEST_CASE("groups by settings are shown by losses where one of them has no accuracies") {
  const test::TemporaryFolder folder;
  write_variation(folder.path(), "cls", 0, R"("lr": 0.1)", 1.5, "files");
  write_variation(folder.path(), "reg", 0, R"("lr": 0.2)", 2.5, "files");
  test::write_text(folder.path() / "cls/rnn/trial_0/test.json", R"({"test_loss": 1.5, "test_acc": 0.5})");
  const SettingSummary summary = summarize_by(read_results(folder.path()), {"lr"});
  CHECK_FALSE(have_accuracies(groups_of(summary, "files"), &SettingGroup::results));
  CHECK(groups_of(summary, "sine").empty());
  const Figure figure = settings_figure(summary, "files");
  CHECK(figure.panels[0].y.label == "test loss");
  CHECK(std::get<0>(figure.tables[0].columns[5].values) == std::vector<double>{1.5, 2.5});
}

TEST_CASE("what was swept is a setting, though each layer of a described model records it for itself") {
  const test::TemporaryFolder folder;
  for (const char* delay : {"1", "10", "2.5"})
    write_variation(folder.path(), std::string("lmnist@lr=0.1,synaptic_delay=") + delay, 0, R"("lr": 0.1)", 0.5,
                    "lmnist");
  const Results results = read_results(folder.path());
  const SettingSummary summary = summarize_by(results, {"synaptic_delay"});
  REQUIRE(summary.groups.size() == 3);
  CHECK(summary.groups[0].values == std::vector<std::string>{"1"});
  CHECK(summary.groups[1].values == std::vector<std::string>{"2.5"});
  CHECK(summary.groups[2].values == std::vector<std::string>{"10"});
  CHECK(lines(trials_table(results))[0].find("lr,synaptic_delay,") != std::string::npos);
}

TEST_CASE("the sizes of a described model's layers are settings of its trials") {
  const test::TemporaryFolder folder;
  write_variation(folder.path(), "lmnist", 0,
                  R"("layers": [{"neuron": "glifr", "size": 30, "num_ascs": 2}, {"neuron": "rnn", "size": 12}])", 0.5);
  write_variation(folder.path(), "lmnist", 1, R"("hidden_size": 8)", 0.5);
  const Results results = read_results(folder.path());
  CHECK(setting_text(results.trials[0], "hidden_size") == "30+12");
  CHECK(setting_text(results.trials[0], "num_ascs") == "2+0");
  const std::vector<std::string> table = lines(trials_table(results));
  CHECK(table[0].starts_with("task,base_task,model,trial,seed,hidden_size,num_ascs,"));
  CHECK(table[1].starts_with("lmnist,sine,rnn,0,0,30+12,2+0,"));
  CHECK(table[2].starts_with("lmnist,sine,rnn,1,1,8,,"));
  CHECK(summarize_by(results, {"hidden_size"}).groups.size() == 2);
}

TEST_CASE("pandas reads the table of trials") {
  const auto python = test::python_with("pandas");
  if (!python) GLIFR_SKIP("Python has no pandas");
  const test::TemporaryFolder folder;
  write_sweep(folder.path());
  trials_table(read_results(folder.path())).write(folder.path() / "trials.csv");
  const std::string said = test::run_python(*python, folder.path(), R"(import pandas
trials = pandas.read_csv("trials.csv")
assert trials.columns.is_unique
print(len(trials), trials["lr"].dtype, trials["hidden_size"].dtype, trials["task"][0])
print(trials.groupby(["lr", "hidden_size"])["test_loss"].mean().idxmin())
)");
  CHECK_THAT(said, Catch::Contains("8 float64 int64 sine@lr=1e-04,hidden_size=16") && Catch::Contains("0.0001") &&
                       Catch::Contains("16)"));
}

TEST_CASE("trials are grouped by settings over all tasks of a base task, numbers by size") {
  const test::TemporaryFolder folder;
  write_sweep(folder.path());
  write_variation(folder.path(), "sine", 0, R"("lr": 0.001, "hidden_size": 16, "optimizer": "sgd")", 1);
  const Results results = read_results(folder.path());
  const SettingSummary by_both = summarize_by(results, {"hidden_size", "lr"});
  std::vector<std::vector<std::string>> values;
  for (const SettingGroup& group : by_both.groups) values.push_back(group.values);
  CHECK(values ==
        std::vector<std::vector<std::string>>{{"16", "1e-04"}, {"16", "0.001"}, {"128", "1e-04"}, {"128", "0.001"}});
  CHECK(by_both.groups[0].results.losses.size() == 2);
  CHECK(by_both.groups[1].results.losses.size() == 3);  // that of sine itself, too
  const auto table = lines(setting_table(by_both));
  CHECK(table.size() == 5);
  CHECK_THAT(table[0], Catch::StartsWith("base_task,model,hidden_size,lr,trials,test_acc_mean,"));
  CHECK_THAT(table[1], Catch::StartsWith("sine,rnn,16,1e-04,2,,,,,0.02101,"));
  CHECK(summarize_by(results, {"optimizer"}).groups.size() == 2);
  CHECK_THROWS_WITH(summarize_by(results, {"learning_rate"}), Catch::StartsWith("--by: found 'learning_rate'") &&
                                                                  Catch::Contains("accepted: ") &&
                                                                  Catch::Contains("lr, hidden_size, optimizer"));
  CHECK_THROWS_WITH(summarize_by(results, {"lr", "lr"}), Catch::Contains("names lr twice"));
  CHECK_THROWS_AS(summarize_by(results, {"data"}), ConfigError);  // a list is no value to group by

  CHECK(swept_settings("sine@lr=0.001,hidden_size=64") == std::vector<std::string>{"lr", "hidden_size"});
  CHECK(swept_settings("sine").empty());
  CHECK(sweep_of(results, "sine").trials.size() == 8);
}

TEST_CASE("a training under several names, since what was swept has no effect on it, counts once") {
  const test::TemporaryFolder folder;
  for (const std::string lr : {"0.1", "0.2"}) {
    for (const std::string ascs : {"1", "2"}) {
      for (const int number : {0, 1, 2})
        write_variation(folder.path(), "sine@lr=" + lr + ",num_ascs=" + ascs, number,
                        "\"lr\": " + lr + R"(, "num_ascs": 0)", std::stod(lr) + 0.01 * number);
    }
  }
  // Other draws that happen to come to the same losses.
  write_variation(folder.path(), "sine@lr=0.1,num_ascs=2", 3, R"("lr": 0.1, "num_ascs": 0)", 0.1);
  const Results results = read_results(folder.path());
  const SettingSummary summary = summarize_by(results, {"lr", "num_ascs"});
  REQUIRE(summary.groups.size() == 2);
  CHECK(summary.groups[0].results.losses.size() == 4);
  CHECK(summary.groups[1].results.losses.size() == 3);
  for (const VariationComparison& pair : compare_variations(results))
    CHECK(pair.comparison.first.substr(0, 11) != pair.comparison.second.substr(0, 11));
  CHECK(compare_variations(results).size() == 8);
}

TEST_CASE("the figure by settings has numbers on a numeric axis and a panel for each of the other values") {
  const test::TemporaryFolder folder;
  write_sweep(folder.path());
  const Results results = read_results(folder.path());
  const Figure by_lr = settings_figure(summarize_by(results, {"lr", "hidden_size"}), "sine");
  REQUIRE(by_lr.panels.size() == 2);
  CHECK(by_lr.panels[0].title == literal("hidden_size = 16"));
  CHECK(by_lr.panels[0].x.is_logarithmic);
  CHECK(by_lr.panels[0].x.tics.empty());
  CHECK(by_lr.shares_y);
  const auto has_line = [](const Figure& figure) {
    return std::ranges::any_of(figure.panels[0].series, [](const Series& each) { return each.mark == Mark::line; });
  };
  CHECK(has_line(by_lr));
  // The rows of a line stand together, in the order of its values.
  const auto& rows = std::get<1>(by_lr.tables[0].columns[0].values);
  CHECK(rows == std::vector<std::string>{"hidden_size = 128/rnn", "hidden_size = 128/rnn", "hidden_size = 16/rnn",
                                         "hidden_size = 16/rnn"});
  CHECK(std::get<1>(by_lr.tables[0].columns[2].values) == std::vector<std::string>{"1e-04", "0.001", "1e-04", "0.001"});
  const Figure by_size = settings_figure(summarize_by(results, {"hidden_size"}), "sine");
  REQUIRE(by_size.panels.size() == 1);
  CHECK_FALSE(by_size.panels[0].x.is_logarithmic);  // 16 to 128 are less than a factor of 10
  const test::TemporaryFolder alike;
  write_variation(alike.path(), "sine", 0, R"("lr": 1e-04)", 1);
  const Axis single = settings_figure(summarize_by(read_results(alike.path()), {"lr"}), "sine").panels.at(0).x;
  CHECK((single.lower > 0 && single.lower < 1e-4));  // around the only value, by its size
  CHECK((single.upper > 1e-4 && single.upper < 2e-4));
  const Figure by_word = settings_figure(summarize_by(results, {"optimizer"}), "sine");
  REQUIRE(by_word.panels[0].x.tics.size() == 1);
  CHECK(by_word.panels[0].x.tics[0].label == "adam");
  CHECK_FALSE(has_line(by_word));
  for (const Figure& figure : {by_lr, by_size, by_word}) {
    const test::TemporaryFolder drawings;
    const Drawing drawing = draw(figure, drawings.path());
    INFO(drawing.problem);
    CHECK((drawing.is_drawn || drawing.problem.find("not found") != std::string::npos));
  }
}

TEST_CASE("tasks of one base task are compared with each other, model by model") {
  const test::TemporaryFolder folder;
  for (const int number : {0, 1, 2}) {
    write_variation(folder.path(), "sine", number, R"("lr": 0.1)", 1 + 0.1 * number);
    write_variation(folder.path(), "sine-noisy", number, R"("lr": 0.1)", 2 + 0.1 * number);
    write_variation(folder.path(), "other", number, R"("lr": 0.1)", 3, "lmnist");
  }
  const auto comparisons = compare_variations(read_results(folder.path()));
  REQUIRE(comparisons.size() == 2);
  CHECK(comparisons[0].comparison.first == "sine");
  CHECK(comparisons[0].comparison.second == "sine-noisy");
  REQUIRE(comparisons[0].comparison.pooled.has_value());
  // (1.1 - 2.1) / sqrt(0.1^2 (1/3 + 1/3))
  CHECK(comparisons[0].comparison.pooled->t == Approx(-12.2474487).epsilon(1e-6));
  const auto table = lines(variation_table(comparisons));
  CHECK_THAT(table[0], Catch::StartsWith("base_task,model,metric,first,second,n_first,"));
  CHECK_THAT(table[1], Catch::StartsWith("sine,rnn,test_loss,sine,sine-noisy,3,3,1.1,2.1,"));
}

TEST_CASE("trials of one number and seed in two tasks are tested as pairs") {
  const test::TemporaryFolder folder;
  const std::vector<double> first{0.52, 0.91, 0.33, 0.74, 1.2}, second{0.50, 0.86, 0.34, 0.70, 1.13};
  for (int number = 0; number < 5; ++number) {
    write_variation(folder.path(), "sine@lr=0.1", number, R"("lr": 0.1)", first[static_cast<std::size_t>(number)]);
    write_variation(folder.path(), "sine@lr=0.2", number, R"("lr": 0.2)", second[static_cast<std::size_t>(number)]);
  }
  const auto table = lines(variation_table(compare_variations(read_results(folder.path()))));
  REQUIRE(table.size() == 3);
  CHECK_THAT(table[0], Catch::EndsWith(",cohens_d,n_pairs,paired_t,paired_df,paired_p"));
  CHECK_THAT(table[1], Catch::Contains(",sine@lr=0.1,sine@lr=0.2,5,5,") && Catch::Contains(",5,2.4930009553630") &&
                           Catch::Contains(",4,0.0672680731561"));
  CHECK_THAT(table[2], Catch::Contains(",5,-2.4930009553630"));

  // Others than these are in no pair: another seed, a network from elsewhere, a number that the other task lacks.
  const auto replace = [&](const std::string& trial, const std::string& text) {
    const auto file = folder.path() / "sine@lr=0.2/rnn" / trial / "config.json";
    std::string config = read_file(file);
    const std::size_t place = config.find("\"seed\": ");
    config.replace(place, config.find(',', place) - place, text);
    test::write_text(file, config);
  };
  replace("trial_0", R"("seed": 7)");
  replace("trial_1", R"("seed": 1, "imported_from": "a.ckpt")");
  replace("trial_2", R"("unknown": 2)");
  std::filesystem::remove_all(folder.path() / "sine@lr=0.2/rnn/trial_4");
  const auto one_pair = compare_variations(read_results(folder.path()));
  CHECK(one_pair[0].pairs == 1);
  CHECK_FALSE(one_pair[0].paired.has_value());
  CHECK_THAT(lines(variation_table(one_pair))[1], Catch::EndsWith(",1,,,"));
}

TEST_CASE("captions of training curves say where the training loss weighs classes") {
  const test::TemporaryFolder folder;
  const auto trial = write_variation(folder.path(), "mine", 0, R"("class_weights": "balanced")", 0.1, "files");
  write_variation(folder.path(), "plain", 0, R"("class_weights": "none")", 0.1, "files");
  const auto caption = [&](const std::string& task) {
    return training_curves_figure(task, training_curves(read_results(folder.path()), task)).caption;
  };
  CHECK_THAT(caption("mine"), Catch::EndsWith("The training loss weighs classes (class_weights)."));
  CHECK_THAT(caption("plain"), !Catch::Contains("weighs"));
  draw_trial(TrialFolder(trial), "mine", "rnn");
  CHECK_THAT(read_file(trial / "training_curve.gp"), Catch::Contains("The training loss weighs classes"));
  test::write_text(trial / "metrics.csv", "epoch,train_loss,train_acc,seconds,val_loss,val_acc\n1,0.9,0.5,1,0.8,0.6\n");
  CHECK_THAT(caption("mine"), Catch::EndsWith("(class_weights), the validation loss does not."));
}

TEST_CASE("validation is read where it is there and drawn dashed") {
  const test::TemporaryFolder folder;
  for (const int number : {0, 1}) {
    const auto trial = test::write_trial(folder.path(), "lmnist", "rnn", number, 0.1, 0.9);
    test::write_text(trial / "metrics.csv",
                     "epoch,train_loss,train_acc,seconds,val_loss,val_acc\n1,0.9,0.5,1,,\n2,0.8,0.6,1,0.85,0.55\n"
                     "3,0.7,0.7,1,,\n4,0.6,0.8,1,0.7,0.65\n");
  }
  test::write_trial(folder.path(), "lmnist", "glifr_hom", 0, 0.1, 0.9);
  const Results results = read_results(folder.path());
  CHECK(std::isnan(results.trials[0].metrics.val_loss[0]));
  CHECK(results.trials[0].metrics.val_acc[3] == 0.65);
  const auto curves = training_curves(results, "lmnist");
  REQUIRE(curves.size() == 2);
  CHECK(curves[0].val_loss.epoch == std::vector<double>{2, 4});
  CHECK(curves[0].val_loss.mean == std::vector<double>{0.85, 0.7});
  CHECK(curves[1].val_loss.epoch.empty());
  const Figure figure = training_curves_figure("lmnist", curves);
  REQUIRE(figure.panels.size() == 2);
  const auto count_dash = [&](int dash) {
    return std::ranges::count_if(figure.panels[0].series, [&](const Series& series) {
      return series.mark != Mark::band && series.ink.dash == dash;
    });
  };
  CHECK(count_dash(1) == 2);  // training of both models
  CHECK(count_dash(2) == 2);  // validation of one, and what the key says of all
  CHECK(figure.panels[0].series.back().title == "validation");
  CHECK_THAT(figure.caption, Catch::Contains("dashed: validation"));
  const Figure own = training_curve_figure(results.trials[0].metrics, "rnn");
  REQUIRE(own.panels[0].series.size() == 2);
  CHECK(own.has_key);
  CHECK(own.panels[0].series[0].title == "training");
  CHECK(own.panels[0].series[1].title == "validation");
  const Figure unvalidated = training_curve_figure(results.trials[2].metrics, "glifr_hom");
  REQUIRE(unvalidated.panels[0].series.size() == 1);
  CHECK(unvalidated.panels[0].series[0].title.empty());
  for (const Figure& each : {figure, own}) {
    const test::TemporaryFolder drawings;
    const Drawing drawing = draw(each, drawings.path());
    INFO(drawing.problem);
    CHECK((drawing.is_drawn || drawing.problem.find("not found") != std::string::npos));
  }
  const auto table = lines(curves_table(std::vector{std::pair{std::string("lmnist"), curves}}));
  CHECK_THAT(table[2], Catch::EndsWith(",0.85,0,0.55,0"));
  CHECK_THAT(table[1], Catch::EndsWith(",,,,"));
}

TEST_CASE("a confusion matrix is read, checked, and drawn as squares by their share") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "confusion.csv";
  test::write_text(file, "label,0,1,2\n0,4,0,0\n1,1,3,0\n2,0,0,0\n");
  const Confusion confusion = read_confusion(file);
  CHECK(confusion.classes == 3);
  CHECK(confusion(1, 0) == 1);
  CHECK(std::string(confusion_table(confusion).text()) == "label,0,1,2\n0,4,0,0\n1,1,3,0\n2,0,0,0\n");
  const Figure figure = confusion_figure("lmnist", "rnn", confusion);
  std::vector<double> opacities;
  std::vector<std::uint32_t> letters;
  for (const Series& series : figure.panels[0].series) {
    if (series.mark == Mark::cells) {
      opacities.push_back(series.ink.opacity);
    } else {
      letters.push_back(series.ink.color);
    }
  }
  CHECK(opacities == std::vector<double>{0.25, 0.75, 1});  // a class without samples has no square
  CHECK(letters == std::vector<std::uint32_t>{0, 0xFFFFFF, 0xFFFFFF});
  CHECK(confusion_figure("lmnist", "rnn", {13, std::vector<double>(169, 1)}).panels[0].series.size() == 1);
  const Drawing drawing = draw(figure, folder.path());
  INFO(drawing.problem);
  CHECK((drawing.is_drawn || drawing.problem.find("not found") != std::string::npos));
  CHECK_THAT(read_file(drawing.script), Catch::Contains("  unset grid\n  plot "));

  const auto refused = [&](const std::string& text, const std::string& problem) {
    test::write_text(file, text);
    CHECK_THROWS_WITH(read_confusion(file), Catch::Contains("confusion.csv") && Catch::Contains(problem));
  };
  refused("label,0,1\n0,4,0\n", "1 rows and 3 columns");
  refused("class,0\n0,4\n", "expected a column label");
  refused("label,0\n0,-4\n", "line 2: found -4");
  refused("label,0\n0,0.5\n", "line 2: found 0.5");
}

TEST_CASE("a trial whose network was imported needs neither training nor test") {
  const test::TemporaryFolder folder;
  test::write_trial(folder.path(), "sine", "rnn", 0, 0.1, {});
  const auto imported = test::write_trial(folder.path(), "sine", "lstmn", 0, 0.2, {});
  test::write_text(imported / "config.json", R"({"task": "sine", "model": "lstmn", "imported_from": "a.ckpt"})");
  std::filesystem::remove(imported / "metrics.csv");
  CHECK(read_results(folder.path()).trials[1].test->loss == 0.2);
  std::filesystem::remove(imported / "test.json");
  const Results results = read_results(folder.path());
  REQUIRE(results.trials.size() == 2);
  CHECK(results.rejected.empty());
  CHECK(results.trials[1].is_imported());
  CHECK_FALSE(results.trials[1].test.has_value());
  const auto summaries = summarize(results);
  CHECK(is_tested(summaries[0]));
  CHECK(summaries[0].comparisons.empty());
  CHECK(lines(summary_table(summaries))[2] == "sine,lstmn,0,,,,,,,,");
  CHECK(training_curves(results, "sine").size() == 1);
  CHECK(lines(trials_table(results)).size() == 3);
  const Drawing drawing = draw(summary_figure(summaries[0]), folder.path());
  INFO(drawing.problem);
  CHECK((drawing.is_drawn || drawing.problem.find("not found") != std::string::npos));
}
