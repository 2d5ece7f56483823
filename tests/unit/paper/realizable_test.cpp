// The realizable task: a learner in the teacher's place reproduces the teacher's responses.
#include "glifr/paper/realizable.hpp"

#include <algorithm>
#include <cmath>

#include "glifr/analysis/ablation.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/paper/realizable_figure.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"

namespace glifr {
namespace {

constexpr std::uint64_t run_seed = 7;

Settings realizable_settings() {
  return Config("realizable").resolve(find_model("glifr_lheta"));
}

std::vector<double> values_of(RecurrentNetwork<double>& network, bool of_neurons) {
  std::vector<double> values;
  for (const Parameter<double>* parameter : network.parameters()) {
    if (parameter->field.has_value() != of_neurons) continue;
    values.insert(values.end(), parameter->value.data(), parameter->value.data() + parameter->value.size());
  }
  return values;
}

double largest_difference(const RecurrentNetwork<double>& network, const Dataset<double>& data) {
  const std::vector<double> responses = analysis::outputs(network, data);
  std::vector<double> targets(responses.size());
  const Index only = 0;
  data.targets(std::span(&only, 1), targets.data());
  double largest = 0;
  for (std::size_t t = 0; t < targets.size(); ++t) largest = std::max(largest, std::abs(responses[t] - targets[t]));
  return largest;
}

TEST_CASE("a learner with the teacher's parameters responds as the teacher does") {
  const Settings settings = realizable_settings();
  const auto data = make_realizable_data<double>(settings, run_seed);
  for (const std::uint64_t trial_seed : {1u, 2u}) {
    const auto learner = make_network<double>(settings), teacher = make_network<double>(settings);
    initialize_learner(*learner, settings, {.run = run_seed, .trial = trial_seed});
    make_teacher(*teacher, settings, run_seed);
    CHECK(largest_difference(*learner, *data) > 1e-3);
    const auto learned = learner->parameters(), taught = teacher->parameters();
    for (std::size_t p = 0; p < learned.size(); ++p) {
      if (learned[p]->field) std::ranges::copy(taught[p]->value.values(), learned[p]->value.data());
    }
    CHECK(largest_difference(*learner, *data) == 0);
    for (const auto& [name, distance] : distances_to_teacher(*learner, settings)) CHECK(distance < 1e-9);
  }
}

TEST_CASE("learners of a run share the weights and differ in the neuron's parameters") {
  const Settings settings = realizable_settings();
  const auto learner = [&](std::uint64_t run, std::uint64_t trial) {
    auto network = make_network<double>(settings);
    initialize_learner(*network, settings, {.run = run, .trial = trial});
    return network;
  };
  const auto first = learner(7, 1), second = learner(7, 2), of_another_run = learner(8, 1);
  CHECK(values_of(*first, false) == values_of(*second, false));
  CHECK(values_of(*first, true) != values_of(*second, true));
  CHECK(values_of(*first, false) != values_of(*of_another_run, false));
}

TEST_CASE("the figure of a realizable trial shows its loss, its outputs beside the teacher's and its distances") {
  const test::TemporaryFolder folder;
  test::write_text(folder.path() / realizable_file, "epoch,thresh,k_m\n0,1,0.5\n1,0.25,0.5\n2,0.125,0.25\n");
  analysis::Trial trial;
  trial.folder = folder.path();
  trial.metrics.epoch = {1, 2};
  trial.metrics.train_loss = {1, 0.01};

  const Settings settings = realizable_settings();
  const auto data = make_realizable_data<double>(settings, run_seed);
  const auto learner = make_network<double>(settings), teacher = make_network<double>(settings);
  initialize_learner(*learner, settings, {.run = run_seed, .trial = 1});
  make_teacher(*teacher, settings, run_seed);
  const paper::RealizableRun run = paper::realizable_run(trial, settings, *learner, *teacher, *data);
  CHECK(run.loss_epoch == std::vector<double>{1, 2});
  CHECK(run.loss == std::vector<double>{1, 0.01});
  REQUIRE(std::ssize(run.time) == settings.time_steps());
  CHECK(run.time[1] == settings.model.dt);
  CHECK(run.learned == run.target);
  CHECK(run.initial == analysis::outputs(*learner, *data));
  CHECK(run.distance_epoch == std::vector<double>{0, 1, 2});
  REQUIRE(run.distances.size() == 2);
  CHECK(run.distances[1].name == "k_m");
  CHECK(std::get<0>(run.distances[1].values) == std::vector<double>{0.5, 0.5, 0.25});

  const analysis::Figure figure = paper::realizable_figure(run);
  REQUIRE(figure.panels.size() == 3);
  CHECK(figure.panels[0].y.is_logarithmic);
  CHECK(figure.panels[1].series.size() == 3);
  CHECK(figure.panels[2].series.size() == 2);
  const analysis::Drawing drawing = analysis::draw(figure, folder.path());
  INFO(drawing.problem);
  CHECK((drawing.is_drawn || drawing.problem.starts_with("gnuplot was not found")));
}

}  // namespace
}  // namespace glifr
