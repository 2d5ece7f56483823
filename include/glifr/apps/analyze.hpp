#pragma once

#include "glifr/apps/register.hpp"

namespace glifr {

namespace apps {

/// The program; the exit code. In the library glifr::apps (find_package(glifr COMPONENTS apps)).
[[nodiscard]] int run_analyze(int argc, char** argv);

}  // namespace apps

/// All of glifr_analyze, for what `train_main` with the same neurons and tasks leaves behind. Returns the exit code of
/// the program.
///
///     int main(int argc, char** argv) { return glifr::analyze_main<MyNeuron, MyTask>(argc, argv); }
template <apps::NeuronOrTask... Custom>
int analyze_main(int argc, char** argv) {
  (apps::register_custom<Custom>(), ...);
  return apps::run_analyze(argc, argv);
}

}  // namespace glifr
