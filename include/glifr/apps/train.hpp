#pragma once

#include "glifr/network/description.hpp"

namespace glifr {

namespace apps {

/// The program; the exit code. In the library glifr::apps (find_package(glifr COMPONENTS apps)).
[[nodiscard]] int run_train(int argc, char** argv);

}  // namespace apps

/// All of glifr_train, for neurons of a program's own, too: trains, with progress, results folders, resuming and
/// figures. A configuration names them in the layers of its models, {"neuron": "my_neuron"}. Returns the exit code of
/// the program.
///
///     int main(int argc, char** argv) { return glifr::train_main<MyNeuron>(argc, argv); }
template <Neuron... Own>
int train_main(int argc, char** argv) {
  (register_neuron<Own>(), ...);
  return apps::run_train(argc, argv);
}

}  // namespace glifr
