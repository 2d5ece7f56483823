#pragma once

#include "glifr/network/description.hpp"

namespace glifr {

namespace apps {

/// The program; the exit code. In the library glifr::apps (find_package(glifr COMPONENTS apps)).
[[nodiscard]] int run_analyze(int argc, char** argv);

}  // namespace apps

/// All of glifr_analyze, for neurons of a program's own, too: analyses what it left behind. A configuration
/// names them in the layers of its models, {"neuron": "my_neuron"}. Returns the exit code of the program.
///
///     int main(int argc, char** argv) { return glifr::analyze_main<MyNeuron>(argc, argv); }
template <Neuron... Own>
int analyze_main(int argc, char** argv) {
  (register_neuron<Own>(), ...);
  return apps::run_analyze(argc, argv);
}

}  // namespace glifr
