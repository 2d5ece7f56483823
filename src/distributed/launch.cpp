#include "glifr/distributed/launch.hpp"

#include <cstdlib>

#include "glifr/io/number.hpp"

namespace glifr {

std::optional<Launcher> find_launcher() {
  struct Trace {
    const char *variable, *launcher;
  };
  // A launcher within a job of another one decides, so mpirun's come first.
  constexpr Trace traces[] = {
      {"OMPI_COMM_WORLD_SIZE", "mpirun"}, {"PMI_SIZE", "mpiexec"}, {"SLURM_STEP_NUM_TASKS", "srun"}};
  for (const auto& [variable, launcher] : traces) {
    const char* text = std::getenv(variable);
    if (!text) continue;
    const std::optional<Index> processes = parse_integer(text);
    if (!processes || *processes < 2) return std::nullopt;
    return Launcher{launcher, *processes};
  }
  return std::nullopt;
}

}  // namespace glifr
