// A custom neuron: configured by a JSON file, trained on sine waves, saved, loaded and analysed.
//   custom_neuron neuron.json
#include <boost/json.hpp>
#include <cstdio>
#include <exception>
#include <vector>

#include <glifr/analysis/fi_curve.hpp>
#include <glifr/analysis/trace.hpp>
#include <glifr/cells/settings.hpp>
#include <glifr/glifr.hpp>
#include <glifr/io/json.hpp>

#include "adaptive_rate.hpp"

int main(int argc, char** argv) try {
  using namespace glifr;
  using example::AdaptiveRate;
  if (argc != 2) throw ConfigError("custom_neuron", "expected the name of a JSON file");
  Network<Cell<AdaptiveRate, float>> network(cell_settings<AdaptiveRate>(read_json_file(argv[1]), argv[1]), 1,
                                             Outputs::every_step);
  initialize_homogeneous(network, 1);

  const auto waves = make_sine<float>({});
  Workers workers(available_processors());
  TrainingSettings settings{.batch_size = 6, .max_epochs = 1000};
  settings.learning_rate.initial = 3e-3;
  Trainer<float> trainer(network, waves, settings, workers);
  std::printf("mean squared error before: %.4f\n", evaluate(network, waves, workers).loss());
  trainer.fit();
  std::printf("after: %.4f\n", evaluate(network, waves, workers).loss());

  const char* file = "adaptive_rate.safetensors";
  write_safetensors(file, to_tensor_file(network));
  const TensorFile checkpoint = read_safetensors(file);
  const auto loaded = load_network<AdaptiveRate, float>(checkpoint, Outputs::every_step, file);
  std::printf("loaded again: %.4f\n", evaluate(loaded, waves, workers).loss());

  // The trained neurons one by one: their rates under constant input, and the response of the first neuron to a step.
  const auto neurons = analysis::neurons_of<AdaptiveRate>(checkpoint, file);
  const auto constants = constants_of<AdaptiveRate>(checkpoint, file);
  const std::vector<double> currents{-0.2, -0.1, 0, 0.1, 0.2};
  const auto curves = analysis::fi_curves<double, AdaptiveRate>(neurons, constants, currents);
  for (Index i = 0; i < 5; ++i)
    std::printf("current %5.2f: rates of the first three neurons %.3f %.3f %.3f\n", curves.currents[i], curves(i, 0),
                curves(i, 1), curves(i, 2));

  const std::vector<double> step(200, 0.2);
  const auto trace = analysis::trace<double, AdaptiveRate>(neurons[0], constants, step);
  for (const Index t : {0, 49, 199})
    std::printf("step %3td: %s %.3f, %s %.3f, %s %.3f\n", t + 1, trace.names[0].c_str(), trace(t, 0),
                trace.names[1].c_str(), trace(t, 1), trace.names[2].c_str(), trace(t, 2));
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
