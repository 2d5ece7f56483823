// Compiled for every instruction set (glifr_add_neurons in CMakeLists.txt).
#include "neurons.hpp"

GLIFR_COMPILE_NEURON(example::AdaptiveRate)
