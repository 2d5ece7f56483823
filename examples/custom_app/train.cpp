// The whole of glifr_train with a custom neuron and a custom task:
//   custom_train --config adaptive.json
//   custom_train --task flip_flop --model rnn
#include <glifr/apps/train.hpp>

#include "flip_flop.hpp"
#include "neurons.hpp"

int main(int argc, char** argv) {
  return glifr::train_main<example::AdaptiveRate, example::FlipFlop>(argc, argv);
}
