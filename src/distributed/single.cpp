#include "glifr/distributed/launch.hpp"

namespace glifr {

std::unique_ptr<LaunchedGroup> join_launched() {
  const std::optional<Launcher> launcher = find_launcher();
  if (!launcher) return nullptr;
  if (launcher->rank > 0) throw PeerFailure(false);  // the first process says it
  throw ConfigError(launcher->name, "started " + std::to_string(launcher->processes) +
                                        " processes, but this glifr was built without MPI (GLIFR_MPI); start one "
                                        "process, or several with --shard K/N");
}

}  // namespace glifr
