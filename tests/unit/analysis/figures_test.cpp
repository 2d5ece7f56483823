#include "glifr/analysis/figures.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "glifr/analysis/style.hpp"
#include "glifr/analysis/tables.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"
#include "glifr/network/models.hpp"
#include "results_folder.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/process.hpp"

using namespace glifr;
using namespace glifr::analysis;

namespace {

NeuronTable some_neurons(Index neurons, Index num_ascs) {
  NeuronTable table{neurons, num_ascs, {}};
  for (Index i = 0; i < neurons * table.columns(); ++i)
    table.values.push_back(0.01 * static_cast<double>(i * 7919 % 101));
  return table;
}

const GlifrConstants constants{0.05, 0.05, 1, 0.1, 0, 0};

/// The program of that name, where it is installed.
std::optional<std::string> find_program(const std::string& name) {
  std::istringstream path(test::environment("PATH").value_or(""));
  for (std::string folder; std::getline(path, folder, ':');) {
    const std::string file = folder + "/" + name;
    if (::access(file.c_str(), X_OK) == 0) return file;
  }
  return std::nullopt;
}

/// What rsvg-convert, which is stricter than browsers, says of a drawing; empty where it takes it.
std::string complaint(const std::string& renderer, const std::filesystem::path& svg,
                      const std::filesystem::path& folder) {
  const test::Finished run =
      test::Process({renderer, svg.string(), "--output", (folder / "out.png").string()}, folder).wait();
  return run.exit_code == 0 ? run.error : "exit code " + std::to_string(run.exit_code) + ": " + run.error;
}

/// Draws at all widths and, where there is a gnuplot, expects drawings, that librsvg takes where it is installed.
std::string drawn(const Figure& figure) {
  const test::TemporaryFolder folder;
  const auto renderer = find_program("rsvg-convert");
  std::string svg;
  for (const std::optional<double> width : {std::optional<double>(), std::optional(85.0), std::optional(170.0)}) {
    const Drawing drawing = draw(figure, folder.path(), width);
    INFO(figure.name << ": " << drawing.problem);
    const bool has_no_gnuplot = drawing.problem.starts_with("gnuplot was not found");
    CHECK((drawing.is_drawn || has_no_gnuplot));
    if (!drawing.is_drawn) return "";
    if (renderer) CHECK(complaint(*renderer, drawing.svg(), folder.path()) == "");
    if (!width) svg = read_file(drawing.svg());
  }
  return svg;
}

}  // namespace

TEST_CASE("a model has the same colour everywhere, and none that of another") {
  std::set<std::uint32_t> colors;
  for (const Model& model : known_models()) colors.insert(model_ink(model.name).color);
  CHECK(colors.size() == known_models().size());
  CHECK(model_label("glifr_lheta") == "LHetA");
  CHECK(model_label("my_own") == "my\\_own");
  CHECK(model_ink("my_own").color == 0x5c4400);  // from run to run
}

TEST_CASE("people read one name of a model everywhere") {
  CHECK(model_name("glifr_lheta") == "LHetA");
  CHECK(model_name("my_own") == "my_own");
  CHECK(model_label(std::string(40, 'x') + "_end").size() < 30);
  CHECK_THAT(model_label("a" + std::string(40, 'x') + "_end"), Catch::StartsWith("ax") && Catch::EndsWith("x\\_end"));
  CHECK(counted(1, "cluster") == "1 cluster");
  CHECK(counted(2, "cluster") == "2 clusters");
  CHECK(counted(0, "trial") == "0 trials");
}

TEST_CASE("librsvg is there to judge the drawings") {
  const auto renderer = find_program("rsvg-convert");
  if (!renderer) GLIFR_SKIP("rsvg-convert is not installed: no drawing was given to it");
  const test::TemporaryFolder folder;
  // A matrix that cannot be inverted, as gnuplot writes one for points without a size.
  test::write_text(
      folder.path() / "bad.svg",
      "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' width='9' "
      "height='9'><defs><circle id='p' r='1'/></defs><use xlink:href='#p' transform='scale(0.00)'/></svg>");
  CHECK(complaint(*renderer, folder.path() / "bad.svg", folder.path()) != "");
}

TEST_CASE("figures of training and test") {
  const test::TemporaryFolder folder;
  for (int trial = 0; trial < 3; ++trial) {
    test::write_trial(folder.path(), "lmnist", "rnn", trial, 0.1 * (trial + 1), 0.9 + 0.01 * trial);
    test::write_trial(folder.path(), "lmnist", "user's_model", trial, 0.2, 0.8);
    test::write_trial(folder.path(), "sine", "glifr_hom", trial, 0.001 * std::pow(10, trial), {});
  }
  test::write_trial(folder.path(), "lmnist", "lstmn", 0, 0.1, 0.9);  // a single trial has no sd
  const Results results = read_results(folder.path());
  for (const TaskSummary& summary : summarize(results)) drawn(summary_figure(summary));
  for (const std::string& task : tasks(results)) drawn(training_curves_figure(task, training_curves(results, task)));

  const Figure figure = summary_figure(summarize(results)[0]);
  CHECK(std::get<0>(figure.tables[0].columns[3].values)[0] == 91);  // mean accuracy of the RNN, %

  const TrialFolder trial(folder.path(), "sine", "glifr_hom", 0);
  CHECK(draw_trial(trial, "sine", "glifr_hom").script == trial.path() / "training_curve.gp");
  CHECK(read_csv_numbers(trial.path() / "training_curve.csv", {.has_header = true}).rows == 3);
  const TrialFolder classes(folder.path(), "lmnist", "rnn", 0);
  test::write_text(classes.confusion(), "label,0,1\n0,3,1\n1,0,4\n");
  draw_trial(classes, "lmnist", "rnn");
  CHECK(std::filesystem::exists(classes.path() / "confusion_lmnist_rnn.gp"));
  Confusion many;
  many.classes = Confusion::most_classes_drawn + 1;
  many.counts.resize(static_cast<std::size_t>(many.classes * many.classes));
  confusion_table(many).write(classes.confusion());
  std::filesystem::remove(classes.path() / "confusion_lmnist_rnn.gp");
  draw_trial(classes, "lmnist", "rnn");
  CHECK_FALSE(std::filesystem::exists(classes.path() / "confusion_lmnist_rnn.gp"));
}

TEST_CASE("long curves are thinned, with their ends") {
  Metrics metrics;
  for (int epoch = 1; epoch <= 5000; ++epoch) {
    metrics.epoch.push_back(epoch);
    metrics.train_loss.push_back(1.0 / epoch);
    metrics.train_acc.push_back(std::nan(""));
  }
  const Figure figure = training_curve_figure(metrics, "rnn");
  const auto& epochs = std::get<0>(figure.tables[0].columns[0].values);
  CHECK(epochs.size() == 500);
  CHECK(epochs.front() == 1);
  CHECK(epochs.back() == 5000);
  drawn(figure);
}

TEST_CASE("ablation bars stand side by side at each ratio") {
  const TaskAblation ablation{
      "lmnist",
      true,
      {{"rnn", {0, 0.5, 1}, {{0.9}, {0.4, 0.5, 0.6}, {0.1}}}, {"glifr_lheta", {0, 0.5}, {{0.9}, {0.7, 0.8, 0.9}}}}};
  const Figure figure = ablation_figure(ablation);
  CHECK(std::get<0>(figure.tables[0].columns[3].values)[1] == 50);
  const auto& positions = std::get<0>(figure.tables[0].columns[2].values);
  const std::vector<double> expected{-0.14, 0.86, 1.86, 0.14, 1.14};
  CHECK_THAT(positions, Catch::Approx(expected));
  drawn(figure);
}

TEST_CASE("figures of neurons with and without after-spike currents, clusters and initial values") {
  for (const Index num_ascs : {0, 1, 2}) {
    CAPTURE(num_ascs);
    const NeuronTable learned = some_neurons(20, num_ascs);
    const NeuronTable initial{1, num_ascs, std::vector<double>(static_cast<std::size_t>(learned.columns()), 0.5)};
    const std::vector<double> currents{-1000, 0, 1000};
    const FiCurves curves = fi_curves(learned, constants, currents);
    const Clustering clustering = choose_clusters(learned.view());
    drawn(fi_figure(curves));
    drawn(fi_figure(curves, {clustering.labels}, fi_curves(initial, constants, currents)));
    drawn(parameter_scatter_figure(learned));
    drawn(parameter_scatter_figure(learned, {clustering.labels}, initial));
    drawn(parameter_histogram_figure(learned, std::nullopt));
    drawn(parameter_histogram_figure(learned, some_neurons(30, num_ascs)));
    drawn(parameter_histogram_figure(learned, initial));
    drawn(cluster_index_figure(clustering));
  }
}

TEST_CASE("in histograms of parameters a line stands for one value of all neurons before training alone") {
  NeuronTable learned = some_neurons(20, 0), initial = learned;
  for (std::size_t i = 0; i < initial.values.size(); ++i) initial.values[i] = 0.5 + (i % 2 == 0 ? 0 : 1e-9);
  const auto mark = [&](const Figure& figure) { return figure.panels[0].series.back().mark; };
  const Figure alike = parameter_histogram_figure(learned, initial);
  CHECK(mark(alike) == Mark::line);
  CHECK_THAT(alike.caption, Catch::Contains("A vertical line marks the one value"));
  // Two values that are near each other, with nothing between them.
  for (Index i = 0; i < initial.neurons; ++i)
    initial.values[static_cast<std::size_t>(i * initial.columns())] = i % 2 == 0 ? 0.49 : 0.51;
  const Figure apart = parameter_histogram_figure(learned, initial);
  CHECK(mark(apart) == Mark::outline);
  const auto counts = std::ranges::find(apart.tables[0].columns, "initial", &Column::name);
  REQUIRE(counts != apart.tables[0].columns.end());
  const auto& values = std::get<0>(counts->values);
  CHECK(std::accumulate(values.begin(), values.end(), 0.0) == 20);
  CHECK_THAT(parameter_histogram_figure(learned, learned).caption, !Catch::Contains("vertical line"));
}

TEST_CASE("of very many f-I curves some are drawn, and the caption says so") {
  FiCurves curves{{0, 1}, 1000, std::vector<double>(2000, 0.5)};
  const Figure figure = fi_figure(curves);
  CHECK(figure.tables[0].columns.size() == 1 + 250);
  CHECK_THAT(figure.caption, Catch::Contains("Of 1000 neurons every 4th is drawn"));
}

TEST_CASE("clusters' f-I curves are a mean and a band that stays where rates can be") {
  const FiCurves curves{{0, 1}, 3, {0.0, 0.9, 0.5, 0.1, 1.0, 0.5}};  // the third neuron is a cluster of its own
  const FiCurves initial{{0, 1}, 2, {0.2, 0.4, 0.2, 0.4}};
  const Figure figure = fi_figure(curves, {{0, 0, 1}}, initial);
  const auto column = [&](const std::string& name) {
    const auto& columns = figure.tables[0].columns;
    const auto found = std::ranges::find(columns, name, &Column::name);
    return found == columns.end() ? std::vector<double>{} : std::get<0>(found->values);
  };
  const std::vector<double> means{0.45, 0.55};
  CHECK_THAT(column("cluster_0_mean"), Catch::Approx(means));
  CHECK(column("cluster_0_lower")[0] == 0);
  CHECK(column("cluster_0_upper")[1] == 1);
  CHECK(column("cluster_1_mean") == std::vector<double>{0.5, 0.5});
  CHECK(column("cluster_1_lower").empty());
  CHECK_THAT(column("initial_mean")[0], Catch::Matchers::WithinRel(0.3, 1e-12));
  CHECK(column("initial_lower").size() == 2);
  CHECK_THAT(figure.caption, Catch::Contains("Black: before training, mean and standard deviation"));
  drawn(figure);
}

TEST_CASE("clusters have the numbers of their labels in every figure") {
  const NeuronParts clusters{{0, 1, 1}}, groups{{0, 0, 1}, {"E", "I"}};
  CHECK(clusters.name_of(0) == "0");
  CHECK(clusters.name_of(2) == "1");
  const Figure figure = cluster_groups_figure(clusters, groups);
  const std::vector<Column>& columns = figure.tables[0].columns;  // cluster, then of each group places and counts
  CHECK(std::get<0>(columns[0].values) == std::vector<double>{0, 1});
  CHECK(std::get<0>(columns[2].values) == std::vector<double>{1, 1});
  CHECK(std::get<0>(columns[4].values) == std::vector<double>{0, 1});
}

TEST_CASE("a count of clusters at the end of its range is said to be there") {
  Clustering clustering{{2, 3, 4}, {1, 2, 3}, 4, {0, 1, 2, 3, 0, 1}};
  CHECK(clustering.is_most_tried());
  CHECK_THAT(cluster_index_figure(clustering).caption,
             Catch::Contains("It is highest for 4, the most that were tried"));
  CHECK_FALSE(clustering.has_mostly_single_points());
  const Clustering of_five{{2, 3, 4}, {1, 2, 3}, 4, {0, 1, 2, 3, 0}};  // of which there can be no more to choose from
  CHECK_FALSE(of_five.is_most_tried());
  CHECK(of_five.has_mostly_single_points());
  const Clustering single{{2, 3, 4}, {1, 2, 3}, 4, {0, 1, 2, 3, 0, 0}};  // for which more would say no more
  CHECK_FALSE(single.is_most_tried());
  CHECK(single.has_mostly_single_points());
  const Clustering asked{{2, 3, 4}, {1, 3, 2}, 4, {0, 1, 2, 3, 0, 1}};  // for which the index is not highest
  CHECK_FALSE(asked.is_most_tried());
  clustering.best = 3;
  CHECK_FALSE(clustering.is_most_tried());
  CHECK_THAT(cluster_index_figure(clustering).caption, !Catch::Contains("the most that were tried"));
}

TEST_CASE("figures of extreme values are drawn") {
  Metrics one;  // a single epoch
  one.epoch = {1};
  one.train_loss = {2.3};
  one.train_acc = {0.1};
  drawn(training_curve_figure(one, "rnn"));
  const TrainingCurve curve{"rnn", {1}, {1}, {2.3}, {std::nan("")}, {}, {}};
  CHECK(training_curves_figure("sine", std::vector{curve}).panels[0].series.back().mark == Mark::line_and_points);
  const test::TemporaryFolder folder;
  test::write_trial(folder.path(), "a task with a very long name that goes on and on", "only", 0, 1e-8, {});
  for (int trial = 0; trial < 30; ++trial)
    test::write_trial(folder.path(), "wide", "<b>&'a'" + std::to_string(trial), trial, std::pow(10, trial % 11 - 5),
                      {});
  const Results results = read_results(folder.path());
  for (const TaskSummary& summary : summarize(results)) drawn(summary_figure(summary));
  for (const std::string& task : tasks(results)) drawn(training_curves_figure(task, training_curves(results, task)));
  const SingleGlifr neuron{{1, 1, {1, 0.05, 3, 0.1, 1}}, constants, 1e300};  // overflows
  drawn(trace_figure(std::vector<double>(50, 1e10),
                     std::vector<SigmaTrace>{{1, trace(neuron, std::vector<double>(50, 1e10))}}, 0.05));
  FiCurves undefined{{0, 1}, 2, std::vector<double>(4, std::nan(""))};
  drawn(fi_figure(undefined, {{0, 1}}));
  const TaskAblation losses{"sine", false, {{"rnn", {0, 0.333, 1}, {{1e-6}, {1, 2, 3}, {1e4}}}}};
  drawn(ablation_figure(losses));
}

TEST_CASE("figures of signals") {
  const SingleGlifr neuron{{1, 2, {1, 0.05, 0.1, 0.1, 1, 1, 0.5, -0.5}}, constants, 1};
  const std::vector<double> input{0, 1, 2, 1, 0};
  drawn(trace_figure(input, std::vector<SigmaTrace>{{1, trace(neuron, input)}}, 0.05));
  drawn(trace_figure(input, std::vector<SigmaTrace>{{1, trace(neuron, input)}, {1e-3, trace(neuron, input)}}, 0.05));

  Responses responses{.dt = 0.05,
                      .samples = 2,
                      .targets = {0, 1, 0.5, 0.5, 1, 0},
                      .frequencies = {0.1, 0.2},
                      .networks = {{"rnn", {0, 1, 0.4, 0.6, 1, 0}}}};
  CHECK(responses.steps() == 3);
  drawn(responses_figure(responses));

  // Without frequencies, of different length, and of two outputs.
  Responses padded{.samples = 2,
                   .outputs = 2,
                   .targets = {0, 1, 0.5, 0.5, 1, 0, 0, 0},
                   .lengths = {2, 1},
                   .networks = {{"rnn", {0, 1, 0.4, 0.6, 1, 0, 9, 9}}}};
  CHECK(padded.steps() == 2);
  const Figure courses = responses_figure(padded);
  CHECK(courses.panels.size() == 4);
  CHECK(courses.panels[3].title == "sample 1, output 1");
  drawn(courses);
  const auto& columns = courses.tables[0].columns;
  const auto last = std::ranges::find(columns, "rnn_1_1", &Column::name);
  REQUIRE(last != columns.end());
  CHECK(std::get<0>(last->values) == std::vector<double>{0.6});  // what lies behind its end is not drawn

  padded.is_of_last_step = true;
  padded.targets = {0, 1, 0.5, 0.5};
  padded.networks[0].values = {0.1, 0.9, 0.4, 0.6};
  const Figure ends = responses_figure(padded);
  CHECK(ends.panels.size() == 2);
  CHECK(ends.panels[1].title == "output 1");
  CHECK(ends.panels[1].series[0].x == "target_1");
  drawn(ends);

  Responses many{.samples = 20, .outputs = 5, .targets = std::vector<double>(100, 1.0)};
  CHECK(responses_figure(many).panels.size() == 6 * 3);
}
