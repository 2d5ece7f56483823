#include "glifr/analysis/figures.hpp"

#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "glifr/analysis/style.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"
#include "glifr/network/models.hpp"
#include "results_folder.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"

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

/// Draws and, where there is a gnuplot, expects a drawing.
std::string drawn(const Figure& figure) {
  const test::TemporaryFolder folder;
  const Drawing drawing = draw(figure, folder.path());
  INFO(figure.name << ": " << drawing.problem);
  const bool has_no_gnuplot = drawing.problem.starts_with("gnuplot was not found");
  CHECK((drawing.is_drawn || has_no_gnuplot));
  return drawing.is_drawn ? read_file(drawing.svg()) : "";
}

}  // namespace

TEST_CASE("a model has the same colour everywhere, and none that of another") {
  std::set<std::uint32_t> colors;
  for (const Model& model : models) colors.insert(model_ink(model.name).color);
  CHECK(colors.size() == models.size());
  CHECK(model_label("glifr_lheta") == "LHetA");
  CHECK(model_label("my_own") == "my\\_own");
  CHECK(model_ink("my_own").color == model_ink("my_own").color);
}

TEST_CASE("a round axis holds all values between round numbers") {
  const Axis axis = round_axis("x", std::vector{-0.17, 0.79, std::nan("")});
  CHECK(axis.lower == -0.5);
  CHECK(axis.upper == 1.0);
  CHECK(axis.step == 0.5);
  const Axis constant = round_axis("x", std::vector{0.001, 0.001});
  CHECK(constant.lower == 0.0);
  CHECK(constant.upper == 0.002);
  CHECK(round_axis("x", std::vector{0.0}).lower == 0.0);
  CHECK_FALSE(round_axis("x", std::vector{std::numeric_limits<double>::infinity()}).lower.has_value());
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

  const auto metrics = folder.path() / "sine" / "glifr_hom" / "trial_0" / "metrics.csv";
  const Drawing drawing = draw_training_curve(metrics, "glifr_hom", folder.path());
  CHECK(read_csv_numbers(folder.path() / "training_curve.csv", {.has_header = true}).rows == 3);
  CHECK(drawing.script == folder.path() / "training_curve.gp");
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
    drawn(fi_figure(curves, clustering.labels, fi_curves(initial, constants, currents)));
    drawn(parameter_scatter_figure(learned));
    drawn(parameter_scatter_figure(learned, clustering.labels, initial));
    drawn(parameter_histogram_figure(learned, std::nullopt));
    drawn(parameter_histogram_figure(learned, some_neurons(30, num_ascs)));
    drawn(parameter_histogram_figure(learned, initial));
    drawn(cluster_index_figure(clustering));
  }
}

TEST_CASE("of very many f-I curves some are drawn, and the caption says so") {
  FiCurves curves{{0, 1}, 1000, std::vector<double>(2000, 0.5)};
  const Figure figure = fi_figure(curves);
  CHECK(figure.tables[0].columns.size() == 1 + 250);
  CHECK_THAT(figure.caption, Catch::Contains("Of 1000 neurons every 4th is drawn"));
}

TEST_CASE("figures of signals") {
  const SingleGlifr neuron{{1, 2, {1, 0.05, 0.1, 0.1, 1, 1, 0.5, -0.5}}, constants, 1};
  const std::vector<double> input{0, 1, 2, 1, 0};
  drawn(trace_figure(input, std::vector<SigmaTrace>{{1, trace(neuron, input)}}, 0.05));
  drawn(trace_figure(input, std::vector<SigmaTrace>{{1, trace(neuron, input)}, {1e-3, trace(neuron, input)}}, 0.05));

  SineResponses responses{0.05, 2, {0.1, 0.2}, {0, 1, 0.5, 0.5, 1, 0}, {{"rnn", {0, 1, 0.4, 0.6, 1, 0}}}};
  CHECK(responses.steps() == 3);
  drawn(sine_figure(responses));

  RealizableRun run{0.05, {1, 2, 3}, {0.1, 0.01, 0.001}, {0.5, 0.5}, {0.3, 0.4}, {0.3, 0.4}, {0, 1, 2, 3}, {}};
  run.distances.push_back({"thresh", std::vector<double>{1, 0.5, 0.1, 0.05}});
  drawn(realizable_figure(run));
}
