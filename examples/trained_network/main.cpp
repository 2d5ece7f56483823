// Takes the network of a trial that glifr_train trained, and tests it with and without some of its neurons.
//   trained_network results/sine/glifr_lheta/trial_0 [DATA]
#include <cstdio>
#include <exception>
#include <vector>

#include <glifr/analysis/ablation.hpp>
#include <glifr/error.hpp>
#include <glifr/experiment/data.hpp>
#include <glifr/experiment/trained.hpp>
#include <glifr/io/safetensors.hpp>

int main(int argc, char** argv) try {
  using namespace glifr;
  if (argc < 2) throw ConfigError("trained_network", "expected the folder of a trial, or a checkpoint in it");
  const TrainedNetwork trained = read_trained(argv[1]);
  const auto network = make_trained<float>(trained);
  for (const auto& [name, value] : network->constants()) std::printf("%s = %g\n", name.c_str(), value);

  const TensorFile checkpoint = read_safetensors(trained.checkpoint);  // which may hold the scale of the inputs
  DataStore store({.root = argc > 2 ? argv[2] : "datasets"});
  const auto data = store.load_test<float>(trained.settings, trained.seed, &checkpoint, trained.checkpoint.string());
  const std::vector<double> outputs = analysis::outputs(*network, *data);
  std::printf("%zu outputs, the last of them %.4f\n", outputs.size(), outputs.back());

  for (const analysis::AblationResult& result :
       analysis::ablate(trained_maker<float>(trained), *data, {.ratios = {0, 0.5}, .draws = 3})) {
    std::printf("%td neurons silenced: loss %.4f\n", result.silenced, result.scores.front().loss());
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
