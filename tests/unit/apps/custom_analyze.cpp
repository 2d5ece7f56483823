// glifr_analyze with a custom neuron.
#include "glifr/apps/analyze.hpp"
#include "support/neurons.hpp"

int main(int argc, char** argv) {
  return glifr::analyze_main<glifr::test::Spiking>(argc, argv);
}
