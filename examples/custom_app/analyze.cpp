// glifr_analyze for what custom_train leaves behind:  custom_analyze ablation results
// All of it works on custom neurons but fi-curve and cluster, which need GLIFR neurons (see docs/neurons.md for
// curves).
#include <glifr/apps/analyze.hpp>

#include "flip_flop.hpp"
#include "neurons.hpp"

int main(int argc, char** argv) {
  return glifr::analyze_main<example::AdaptiveRate, example::FlipFlop>(argc, argv);
}
