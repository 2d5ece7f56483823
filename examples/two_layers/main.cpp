// Two layers of different neurons tell which of two channels received its pulse first.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <vector>

#include <glifr/glifr.hpp>

namespace {

using namespace glifr;

constexpr Index steps = 40, samples = 200;

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

}  // namespace

int main() try {
  const auto train = pulses(1), test = pulses(2);

  RecurrentNetwork<float> network(Outputs::last_step);
  network.add<Glifr<2>>({.input_size = 2, .hidden_size = 24, .delay = 5});
  network.add<Rnn>({.input_size = 24, .hidden_size = 16});
  network.add_readout(2);
  initialize_homogeneous(network, 3);

  Workers workers(available_processors());
  TrainingSettings settings{.batch_size = 50, .max_epochs = 150};
  settings.learning_rate.initial = 5e-3;
  std::printf("test loss before: %.4f\n", evaluate(network, test, workers).loss());
  Trainer<float>(network, train, settings, workers).fit();
  const Score score = evaluate(network, test, workers);
  std::printf("after: %.4f\n", score.loss());
  std::printf("%.1f %% of the test samples are classified correctly\n", 100 * score.accuracy());
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
