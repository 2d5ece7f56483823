// What is kept of a network's states against a run of each sample by itself.
#include "glifr/analysis/activity.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "glifr/analysis/ablation.hpp"
#include "glifr/network/initialize.hpp"
#include "support/catch.hpp"

using namespace glifr;
using namespace glifr::analysis;

namespace {

/// Samples of 6 steps and two features; of sample k, the first 3 + k % 4 are valid.
class Ramps final : public Dataset<double> {
 public:
  Index size() const override { return 19; }
  Index time_steps() const override { return 6; }
  Index input_size() const override { return 2; }
  Index classes() const override { return 3; }
  bool has_lengths() const override { return true; }
  void inputs(std::span<const Index> samples, double* x) const override {
    for (Index t = 0; t < time_steps(); ++t) {
      for (const Index k : samples) {
        *x++ = 0.1 * static_cast<double>(t * (k + 1));
        *x++ = static_cast<double>(k);
      }
    }
  }
  void labels(std::span<const Index> samples, std::int32_t* labels) const override {
    for (const Index k : samples) *labels++ = static_cast<std::int32_t>(k % 3);
  }
  void lengths(std::span<const Index> samples, std::int32_t* lengths) const override {
    for (const Index k : samples) *lengths++ = static_cast<std::int32_t>(3 + k % 4);
  }
};

RecurrentNetwork<double> make_two_layers() {
  RecurrentNetwork<double> network(Outputs::last_step);
  network.add<Glifr<1>>({.input_size = 2, .hidden_size = 5, .delay = 2});
  network.add<Lstm>({.input_size = 5, .hidden_size = 3});
  network.add_readout(3);
  initialize_homogeneous(network, 4);
  return network;
}

}  // namespace

TEST_CASE("the states of a network are those of each sample run alone, of all layers") {
  const Ramps data;
  const RecurrentNetwork<double> network = make_two_layers();
  std::vector<Index> samples(19);
  std::iota(samples.begin(), samples.end(), Index{0});
  const Activity all = activity<double>(network, data, samples, 0.5);
  CHECK(all.samples == 19);
  std::vector<std::string> names;
  for (const Activity::State& state : all.states) names.push_back(state.name);
  CHECK(names == std::vector<std::string>{"firing", "voltage", "after_spike_current", "synaptic_current",
                                          "neuron_layer_2.hidden", "neuron_layer_2.cell"});
  CHECK((all.states[0].is_output && all.states[4].is_output && !all.states[5].is_output));
  CHECK(all.states[1].unit == "mV");

  for (const Index sample : {0, 3, 17}) {
    std::vector<double> inputs(12);
    data.inputs(std::vector<Index>{sample}, inputs.data());
    Tape<double> tape(Tape<double>::Mode::forward_only);
    const auto alone =
        network.forward(tape, Sequence<double>::from(tape.constant({6, 1, 2}, inputs)), {.track_states = true});
    for (const std::size_t state : {0, 2, 3, 5}) {
      const Activity::State& kept = all.states[state];
      const View<double> values = alone.tracks[state].values.value();
      for (Index t = 0; t < 6; ++t) {
        for (Index n = 0; n < kept.neurons; ++n) {
          const float found = kept.values[static_cast<std::size_t>((sample * 6 + t) * kept.neurons + n)];
          INFO(kept.name << ", sample " << sample << ", step " << t << ", neuron " << n);
          if (t < 3 + sample % 4) {
            CHECK(found == static_cast<float>(values(t, n)));
          } else {
            CHECK(std::isnan(found));
          }
        }
      }
    }
  }
  const std::vector<double> output = outputs<double>(network, data, samples);
  REQUIRE(all.output.size() == output.size());
  CHECK(std::ranges::equal(all.output, output, {}, {}, [](double y) { return static_cast<float>(y); }));
}

TEST_CASE("activity goes into a file of arrays, and into a panel a layer and sample") {
  const Ramps data;
  const Activity some = activity<double>(make_two_layers(), data, std::vector<Index>{0, 1, 2, 3}, 0.5);
  const TensorFile file = to_tensor_file(some);
  CHECK(file.find("firing")->shape == std::vector<Index>{4, 6, 5});
  CHECK(file.find("inputs")->shape == std::vector<Index>{4, 6, 2});
  CHECK(file.find("output")->shape == std::vector<Index>{4, 1, 3});
  CHECK(values_of<std::int64_t>(*file.find("labels"), "activity") == std::vector<std::int64_t>{0, 1, 2, 0});
  CHECK(values_of<std::int64_t>(*file.find("lengths"), "activity") == std::vector<std::int64_t>{3, 4, 5, 6});
  CHECK(file.metadata.at("unit.voltage") == "mV");
  CHECK(file.metadata.at("dt") == "0.5");

  const Figure figure = activity_figure(some);
  REQUIRE(figure.panels.size() == 6);
  CHECK(figure.panels[0].title.starts_with("layer 1, sample 0, class 0, taken for "));
  CHECK(figure.panels[5].title.starts_with("layer 2, sample 2, class 2"));
  CHECK(figure.panels[0].series.size() == 6);  // five neurons and their mean
  CHECK_THROWS_AS(activity<double>(make_two_layers(), data, std::vector<Index>{19}, 0.5), std::invalid_argument);
}
