// Compiled once for each instruction set.
#include "glifr/backend/detail/scan_kernels.hpp"

GLIFR_FOR_EACH_BUILT_IN_NEURON(GLIFR_COMPILE_NEURON)
