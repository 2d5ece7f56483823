// Reads a checkpoint of GLIFR neurons, written by glifr_train or the example first_network, and draws their f-I curves.
//   fi_curves last.safetensors
#include <cstdio>
#include <exception>

#include <glifr/analysis/fi_curve.hpp>
#include <glifr/analysis/figures.hpp>
#include <glifr/io/safetensors.hpp>

int main(int argc, char** argv) try {
  using namespace glifr;
  if (argc != 2) throw ConfigError("fi_curves", "expected the name of a checkpoint");
  const TensorFile checkpoint = read_safetensors(argv[1]);
  const analysis::NeuronTable neurons = analysis::neurons_of(checkpoint, argv[1]);
  const analysis::GlifrConstants constants = analysis::constants_of(checkpoint, argv[1]);

  const analysis::FiCurves curves = analysis::fi_curves(neurons, constants, analysis::standard_currents());
  std::printf("%td neurons, rates of the first from %.3f at %.0f pA to %.3f at %.0f pA\n", curves.neurons, curves(0, 0),
              curves.currents.front(), curves(static_cast<Index>(curves.currents.size()) - 1, 0),
              curves.currents.back());

  const analysis::Drawing drawing = analysis::draw(analysis::fi_figure(curves), ".");
  std::printf("fi_curves.svg and fi_curves.pdf: %s\n", drawing.problem.empty() ? "drawn" : drawing.problem.c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
