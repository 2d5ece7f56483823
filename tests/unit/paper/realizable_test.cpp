// The realizable task: a learner in the teacher's place reproduces the teacher's responses.
#include "glifr/paper/realizable.hpp"

#include <algorithm>
#include <cmath>

#include "glifr/analysis/ablation.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/config.hpp"
#include "support/catch.hpp"

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

}  // namespace
}  // namespace glifr
