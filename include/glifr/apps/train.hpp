#pragma once

#include "glifr/apps/register.hpp"

namespace glifr {

namespace apps {

/// The program; the exit code. In the library glifr::apps (find_package(glifr COMPONENTS apps)).
[[nodiscard]] int run_train(int argc, char** argv);

}  // namespace apps

/// All of glifr_train, with custom neurons and tasks: training with progress, folders of results, resuming and figures.
/// A configuration names the neurons in the layers of its models, {"neuron": "my_neuron"}; `--task` names a task.
/// Returns the exit code of the program.
///
///     int main(int argc, char** argv) { return glifr::train_main<MyNeuron, MyTask>(argc, argv); }
template <apps::NeuronOrTask... Custom>
int train_main(int argc, char** argv) {
  (apps::register_custom<Custom>(), ...);
  return apps::run_train(argc, argv);
}

}  // namespace glifr
