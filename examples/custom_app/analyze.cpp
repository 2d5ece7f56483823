// The whole of glifr_analyze for what custom_train leaves behind:  custom_analyze ablation results
#include <glifr/apps/analyze.hpp>

#include "flip_flop.hpp"
#include "neurons.hpp"

int main(int argc, char** argv) {
  return glifr::analyze_main<example::AdaptiveRate, example::FlipFlop>(argc, argv);
}
