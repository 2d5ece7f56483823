#pragma once

#include "glifr/neurons/detail/derive/program.hpp"
#include "glifr/neurons/detail/derive/run.hpp"

/// From a neuron's `step`, written once, to its reverse step, by the compiler. The step is run at compile time on
/// symbols (derive/symbol.hpp), which record what it computes as a graph (graph.hpp); reverse-mode differentiation of
/// that graph, in a constexpr function, writes the adjoint computations into another (reverse.hpp); what does not lead
/// to a result drops out (prune.hpp). The straight-line program that is left (program.hpp) is expanded on any value
/// type by `run_reverse` (run.hpp): lanes of a vector register, plain numbers, numbers on a device.
namespace glifr::derive {}
