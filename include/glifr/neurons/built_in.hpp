#pragma once

#include "glifr/neurons/glifr.hpp"
#include "glifr/neurons/lstm.hpp"
#include "glifr/neurons/rnn.hpp"

/// The neurons that come with the library: the one list behind kernels, layers, the GPU's scans and configurations.
/// `use` is a macro that takes a neuron's type and expands to declarations.
#define GLIFR_FOR_EACH_BUILT_IN_NEURON(use) \
  use(Glifr<0>) use(Glifr<1>) use(Glifr<2>) use(Glifr<3>) use(Glifr<4>) use(Rnn) use(Lstm)
