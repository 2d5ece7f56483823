// A network of excitatory and inhibitory neurons, a fifth of the pairs connected, learns which of two channels received
// its pulse first; beside it one whose weights have any sign. No weight takes the wrong sign while training goes on.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <vector>

#include <glifr/glifr.hpp>

namespace {

using namespace glifr;

constexpr Index steps = 40, samples = 200, excitatory = 32, inhibitory = 8;

/// A pulse of five steps on each channel, at independent random times; the label is the channel of the first pulse.
LabelDataset<float> pulses(std::uint64_t seed) {
  const Random random(seed, Stream::data);
  std::vector<float> inputs(static_cast<std::size_t>(steps * samples * 2));
  std::vector<std::int32_t> labels;
  for (Index sample = 0; sample < samples; ++sample) {
    const auto draw = [&](Index k) { return Index{random.below(static_cast<std::uint64_t>(2 * sample + k), 30)}; };
    const Index onset[] = {draw(0), draw(1)};
    for (Index channel = 0; channel < 2; ++channel) {
      for (Index t = onset[channel]; t < onset[channel] + 5; ++t)
        inputs[static_cast<std::size_t>((t * samples + sample) * 2 + channel)] = 1;
    }
    labels.push_back(onset[1] < onset[0] ? 1 : 0);
  }
  return {Shape{steps, samples, 2}, std::move(inputs), 2, std::move(labels)};
}

Population excitation_and_inhibition() {
  Population population;
  population.groups = {{.name = "E", .size = excitatory, .inhibitory = 0},
                       {.name = "I", .size = inhibitory, .inhibitory = 1}};
  population.lateral = Connectivity::with_density(0.2);
  population.groups[1].lateral["E"] = Connectivity::with_density(0.5);  // dense inhibition
  return population;
}

/// Weights of excitatory neurons below 0 and of inhibitory ones above it.
Index wrong_signs(const Cell<Glifr<2>, float>& cell) {
  Index wrong = 0;
  for (const Parameter<float>& weights : cell.derived()) {
    for (Index sender = 0; sender < excitatory + inhibitory; ++sender) {
      for (Index receiver = 0; receiver < excitatory + inhibitory; ++receiver) {
        const float weight = weights.value.view()(sender, receiver);
        wrong += sender < excitatory ? weight < 0 : weight > 0;
      }
    }
  }
  return wrong;
}

}  // namespace

int main() try {
  const auto train = pulses(1), test = pulses(2);
  Workers workers(available_processors());
  for (const bool is_free : {true, false}) {
    CellSettings<Glifr<2>> layer{.input_size = 2, .hidden_size = excitatory + inhibitory, .delay = 5};
    if (!is_free) layer.population = excitation_and_inhibition();
    Network<GlifrCell<2, float>> network(layer, 2, Outputs::last_step);
    initialize_homogeneous(network, 3);

    TrainingSettings settings{.batch_size = 50, .max_epochs = 150};
    settings.learning_rate.initial = 5e-3;
    std::printf("%s: test loss before: %.4f\n", is_free ? "any sign" : "excitatory and inhibitory",
                evaluate(network, test, workers).loss());
    Trainer<float>(network, train, settings, workers).fit();
    const Score score = evaluate(network, test, workers);
    std::printf("after: %.4f\n%.1f %% of the test samples are classified correctly", score.loss(),
                100 * score.accuracy());
    if (!is_free) std::printf("; %td weights have the wrong sign", wrong_signs(network.cell()));
    std::printf("\n");
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
