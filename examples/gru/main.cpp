// A layer that is not made of a Neuron with a step: gated recurrent units behind a layer of GLIFR neurons.
#include <cstdio>
#include <exception>
#include <memory>

#include <glifr/glifr.hpp>

#include "gru.hpp"

int main() try {
  using namespace glifr;
  RecurrentNetwork<float> network(Outputs::every_step);
  network.add<Glifr<0>>({.input_size = 1, .hidden_size = 16, .delay = delay_steps(1.0, 0.05)});
  network.add(std::make_unique<example::Gru<float>>(16, 12, layer_prefix(1)));
  network.add_readout(1);
  initialize_homogeneous(network, 1);

  const auto waves = make_sine<float>({.num_freqs = 3});
  Workers workers(available_processors());
  TrainingSettings settings{.batch_size = 3, .max_epochs = 300};
  settings.learning_rate.initial = 5e-3;
  std::printf("mean squared error before: %.4f\n", evaluate(network, waves, workers).loss());
  Trainer<float>(network, waves, settings, workers).fit();
  std::printf("after: %.4f\n", evaluate(network, waves, workers).loss());

  write_safetensors("gru.safetensors", to_tensor_file(network));
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
