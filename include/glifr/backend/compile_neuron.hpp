#pragma once

#include "glifr/backend/detail/scan_kernels.hpp"

/// A custom neuron's scans for every instruction set, chosen among at start as those of the built-in neurons. At global
/// scope, GLIFR_DECLARE_NEURON(MyNeuron) stands behind the neuron's definition, wherever that is included, and
/// GLIFR_COMPILE_NEURON(MyNeuron) in a source file that CMake's `glifr_add_neurons` compiles.
