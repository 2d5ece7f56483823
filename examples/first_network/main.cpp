// A first network: 32 GLIFR neurons learn to produce three sine waves.
#include <cstdio>
#include <exception>

#include <glifr/glifr.hpp>

int main() try {
  using namespace glifr;
  // Two after-spike currents per neuron; outputs reach other neurons after 1 ms, which is 20 steps of 0.05 ms.
  Network<GlifrCell<2, float>> network({.input_size = 1, .hidden_size = 32, .delay = delay_steps(1.0, 0.05)}, 1,
                                       Outputs::every_step);
  initialize_homogeneous(network, 1);

  const auto waves = make_sine<float>({.num_freqs = 3});
  Workers workers(available_processors());
  TrainingSettings settings{.batch_size = 3, .max_epochs = 1000};
  settings.learning_rate.initial = 5e-3;
  Trainer<float> trainer(network, waves, settings, workers);
  std::printf("mean squared error before: %.4f\n", evaluate(network, waves, workers).loss());
  trainer.fit();
  std::printf("and after 1000 epochs:     %.4f\n", evaluate(network, waves, workers).loss());

  write_safetensors("network.safetensors", to_tensor_file(network));
  std::puts("written: network.safetensors");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
