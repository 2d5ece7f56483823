// The whole of glifr_analyze with a custom neuron:  custom_analyze ablation results
#include <glifr/apps/analyze.hpp>

#include "adaptive_rate.hpp"

int main(int argc, char** argv) {
  return glifr::analyze_main<example::AdaptiveRate>(argc, argv);
}
