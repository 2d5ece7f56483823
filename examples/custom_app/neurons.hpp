#pragma once

#include <glifr/backend/compile_neuron.hpp>

#include "adaptive_rate.hpp"

GLIFR_DECLARE_NEURON(example::AdaptiveRate)
