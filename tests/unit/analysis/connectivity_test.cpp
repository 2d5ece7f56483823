#include "glifr/analysis/connectivity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "glifr/analysis/parts.hpp"
#include "glifr/cells/glifr.hpp"
#include "glifr/error.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/training/checkpoint.hpp"
#include "support/catch.hpp"

using namespace glifr;
using namespace glifr::analysis;
using Catch::Matchers::WithinAbs;

namespace {

/// A checkpoint of these recurrent weights, [senders, receivers].
TensorFile checkpoint_of(const std::vector<double>& weights, std::vector<Index> shape) {
  TensorFile file;
  file.tensors.push_back(
      make_named_tensor<double>("neuron_layer.weight_lat", std::move(shape), std::span<const double>(weights)));
  return file;
}

const std::vector<double>& numbers(const Figure& figure, const std::string& table, const std::string& column) {
  const auto of_table = std::ranges::find(figure.tables, table, &Table::name);
  REQUIRE(of_table != figure.tables.end());
  const auto of_column = std::ranges::find(of_table->columns, column, &Column::name);
  REQUIRE(of_column != of_table->columns.end());
  return std::get<std::vector<double>>(of_column->values);
}

}  // namespace

TEST_CASE("the eigenvalues of recurrent weights, the largest first") {
  // A triangular matrix has those of its diagonal; a turn by an angle, scaled by r, has r exp(+-i angle).
  const RecurrentWeights triangular =
      recurrent_weights(checkpoint_of({2, 1, 7, 0, -3, 4, 0, 0, 0.5}, {3, 3}), "a checkpoint");
  REQUIRE(triangular.eigenvalues.size() == 3);
  const double expected[] = {-3, 2, 0.5};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK_THAT(triangular.eigenvalues[i].real(), WithinAbs(expected[i], 1e-12));
    CHECK_THAT(triangular.eigenvalues[i].imag(), WithinAbs(0, 1e-12));
  }
  CHECK_THAT(triangular.spectral_radius(), WithinAbs(3, 1e-12));
  CHECK(triangular.connections == 6);

  const double r = 0.8, angle = 0.6;
  const RecurrentWeights turning = recurrent_weights(
      checkpoint_of({r * std::cos(angle), r * std::sin(angle), -r * std::sin(angle), r * std::cos(angle)}, {2, 2}),
      "a checkpoint");
  CHECK_THAT(turning.spectral_radius(), WithinAbs(r, 1e-12));
  CHECK_THAT(turning.eigenvalues[0].imag(), WithinAbs(r * std::sin(angle), 1e-12));
  CHECK_THAT(turning.eigenvalues[1].imag(), WithinAbs(-r * std::sin(angle), 1e-12));
  CHECK(recurrent_weights(checkpoint_of({0, 0, 0, 0}, {2, 2}), "a checkpoint").spectral_radius() == 0);
}

TEST_CASE("excitation and inhibition are sums over the senders of a neuron") {
  // Neuron 0 excites, neuron 1 inhibits, neuron 2 does both, neuron 3 sends nothing.
  const RecurrentWeights weights = recurrent_weights(
      checkpoint_of({0.5, 1, 0, 2, -0.25, 0, 0, -1, 1, -3, 0, 0, 0, 0, 0, 0}, {4, 4}), "a checkpoint");
  const double excitation[] = {1.5, 1, 0, 2}, inhibition[] = {-0.25, -3, 0, -1};
  for (std::size_t n = 0; n < 4; ++n) {
    CHECK(weights.balance[n].excitation == excitation[n]);
    CHECK(weights.balance[n].inhibition == inhibition[n]);
  }
  CHECK_THAT(weights.balance[0].balance(), WithinAbs(1.25 / 1.75, 1e-15));
  CHECK(weights.balance[1].balance() == -0.5);
  CHECK(weights.balance[2].balance() == 0);
  CHECK(NeuronBalance{.excitation = 2, .inhibition = -2}.balance() == 0);
  CHECK(weights.sent[0].excitation == 3.5);
  CHECK(weights.sent[2].inhibition == -3);
  const RecurrentWeights::Senders senders = weights.senders();
  CHECK(senders.excitatory == 1);
  CHECK(senders.inhibitory == 1);
  CHECK(senders.both == 1);
}

TEST_CASE("the checkpoint of a population tells its senders, its connections and its delays") {
  CellSettings<Glifr<0>> settings{.input_size = 2, .hidden_size = 20};
  settings.population.groups = {{.name = "E", .size = 15, .inhibitory = 0}, {.name = "I", .size = 5, .inhibitory = 1}};
  settings.population.lateral = Connectivity::with_density(0.5);
  settings.population.synaptic_delay = DelayDescription::learned(0.5, 2);
  Network<GlifrCell<0, float>> network(settings, 1, Outputs::last_step);
  initialize_homogeneous(network, 3);
  const RecurrentWeights weights = recurrent_weights(to_tensor_file(network), "a checkpoint");
  CHECK(weights.connections == 200);
  CHECK(weights.senders().excitatory == 15);
  CHECK(weights.senders().inhibitory == 5);
  CHECK(weights.senders().both == 0);
  REQUIRE(weights.delays.size() == 20);
  CHECK(std::ranges::all_of(weights.delays, [](double ms) { return ms > 0.5 && ms < 2; }));

  const NeuronParts groups = parts_of(settings.population.groups);
  CHECK(groups.count() == 2);
  CHECK(groups.name_of(14) == "E");
  CHECK(groups.members(1, 20) == std::vector<Index>{15, 16, 17, 18, 19});

  // What training moved stands beside what was there before.
  std::vector<double> before(20, 1.0);
  const Figure figure = connectivity_figure(weights, groups, before);
  REQUIRE(figure.panels.size() == 3);
  CHECK_THAT(figure.caption, Catch::Contains("excitation and inhibition that each neuron receives"));
  CHECK(figure.panels[0].has_equal_axes);
  for (const Series& group : figure.panels[1].series) {  // a colour a group, which nothing else has
    CHECK(std::ranges::none_of(figure.panels[0].series,
                               [&](const Series& other) { return other.ink.color == group.ink.color; }));
    const auto has_colour = [&](const Series& other) { return other.ink.color == group.ink.color; };
    const std::vector<Series>& delays = figure.panels[2].series;
    const auto own = std::ranges::find_if(delays, has_colour);
    REQUIRE(own != delays.end());
    CHECK(own->title == group.title);
    CHECK(std::ranges::count_if(delays, has_colour) == 1);
  }
  CHECK(figure.panels[1].series.size() == 2);
  const auto sum = [&](const char* column) {
    double all = 0;
    for (const double count : numbers(figure, "delays", column)) all += count;
    return all;
  };
  CHECK(sum("neurons") == 20);
  CHECK(sum("group_0") == 15);
  CHECK(sum("group_1") == 5);
  CHECK(sum("before_training") == 20);
  CHECK(figure.panels[2].series.size() == 3);
  CHECK(connectivity_figure(weights, {}, before).panels[2].series[0].title == "learned");
  CHECK(connectivity_figure(weights).panels[1].series.size() == 1);
  CHECK(connectivity_figure(weights, {}, weights.delays).panels[2].series.size() == 1);  // nothing was moved

  const Figure course = delays_figure({before, weights.delays}, groups);
  CHECK(course.panels[0].series.size() == 2);
  CHECK(course.panels[0].series[1].y.size() == 5);
  CHECK(course.panels[0].x.label == literal("recorded epoch (row of synaptic_delay.csv)"));
  CHECK(numbers(course, "delays", "record") == std::vector<double>{0, 1});
  CHECK(numbers(course, "delays", "neuron_0") == std::vector<double>{1, weights.delays[0]});
  const Figure by_epoch = delays_figure({before, weights.delays}, groups, {0, 25});
  CHECK(by_epoch.panels[0].x.label == "epoch");
  CHECK(by_epoch.panels[0].series[0].x == "epoch");
  CHECK(numbers(by_epoch, "delays", "epoch") == std::vector<double>{0, 25});
  CHECK_THROWS_AS(delays_figure({before, weights.delays}, groups, {0}), std::invalid_argument);
}

TEST_CASE("checkpoints without a square matrix of finite recurrent weights are refused by name") {
  using Catch::Matchers::Contains;
  const auto refuse = [](const TensorFile& file, const char* text) {
    CHECK_THROWS_WITH(recurrent_weights(file, "some.safetensors"), Contains("some.safetensors") && Contains(text));
  };
  refuse({}, "there is no square matrix 'neuron_layer.weight_lat'");
  refuse(checkpoint_of({1, 2, 3, 4, 5, 6}, {2, 3}), "there is no square matrix");
  refuse(checkpoint_of({1, 2}, {1, 2}), "a layer of neurons with one synaptic current is needed, this one has 2");
  TensorFile lstm = checkpoint_of({1, 2, 3, 4}, {4, 1});
  lstm.tensors.front().name = "neuron_layer.weight_hh";
  refuse(lstm, "one synaptic current is needed, this one has 4");
  refuse(checkpoint_of({1, 2, 3, 4}, {4}), "there is no square matrix");
  refuse(checkpoint_of({}, {0, 0}), "there is no square matrix");
  refuse(checkpoint_of({1, std::numeric_limits<double>::infinity(), 0, 1}, {2, 2}), "not finite");
  TensorFile counts;
  const std::vector<std::int64_t> integers{1, 2, 3, 4};
  counts.tensors.push_back(
      make_named_tensor<std::int64_t>("neuron_layer.weight_lat", {2, 2}, std::span<const std::int64_t>(integers)));
  refuse(counts, "weight_lat");
}
