#include "glifr/distributed/launch.hpp"

#include <cstdlib>

#include "glifr/io/number.hpp"

namespace glifr {

std::optional<Launcher> find_launcher() {
  struct Trace {
    const char *processes, *rank, *launcher;
  };
  // A launcher within a job of another one decides, so mpirun's come first.
  constexpr Trace traces[] = {{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "mpirun"},
                              {"PMI_SIZE", "PMI_RANK", "mpiexec"},
                              {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "srun"}};
  const auto number = [](const char* variable) {
    const char* text = std::getenv(variable);
    return text ? parse_integer(text) : std::nullopt;
  };
  for (const auto& [processes, rank, launcher] : traces) {
    if (!std::getenv(processes)) continue;
    const std::optional<Index> count = number(processes);
    if (!count || *count < 2) return std::nullopt;
    return Launcher{launcher, *count, number(rank).value_or(0)};
  }
  return std::nullopt;
}

}  // namespace glifr
