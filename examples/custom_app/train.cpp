// The whole of glifr_train with a custom neuron:  custom_train --config adaptive.json
#include <glifr/apps/train.hpp>

#include "adaptive_rate.hpp"

int main(int argc, char** argv) {
  return glifr::train_main<example::AdaptiveRate>(argc, argv);
}
