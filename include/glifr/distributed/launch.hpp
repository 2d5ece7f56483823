#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "glifr/backend/view.hpp"
#include "glifr/distributed/group.hpp"

/// Processes that were started together, by mpirun or srun. `join_launched` is in the library glifr::mpi
/// (find_package(glifr COMPONENTS mpi)); the other functions are in glifr::glifr.
namespace glifr {

/// What started several processes.
struct Launcher {
  std::string name;     ///< "mpirun", "srun"
  Index processes = 1;  ///< how many
  Index rank = 0;       ///< number of this one, from 0
};

/// Whether this process is one of several that were started together, by what a launcher leaves in the environment;
/// nothing where it is alone.
[[nodiscard]] GLIFR_API std::optional<Launcher> find_launcher();

/// A group that ends together with its processes.
class GLIFR_API LaunchedGroup : public Group {
 public:
  /// Processes of the group on this machine, and the number of this one among them.
  struct Local {
    Index rank = 0, size = 1;
  };
  /// Who shares this machine.
  [[nodiscard]] virtual Local local() const = 0;

  /// Sets `stop` in all processes as soon as it is set in one, until `is_done` holds in all. The processes do nothing
  /// else with the group meanwhile; the calling threads sleep most of the time.
  virtual void share_until_done(std::atomic<bool>& stop, const std::function<bool()>& is_done) = 0;

  /// Whether all processes call this within so many seconds (0: however long it takes), whatever else of the group some
  /// of them are in. What a process does at its end, and where it fails.
  [[nodiscard]] virtual bool meet(double seconds) = 0;
  /// Ends all processes at once, with this exit code.
  [[noreturn]] virtual void abort(int code) = 0;
};

/// The group of the processes that were started together with this one; null where this process is alone. MPI is
/// started, and ended with the group, unless the program has started it with MPI_THREAD_SERIALIZED or more. ConfigError
/// where the processes cannot form a group: this build has no MPI, or the launcher does not use it. Without MPI, the
/// first process throws that, the others PeerFailure.
[[nodiscard]] std::unique_ptr<LaunchedGroup> join_launched();

}  // namespace glifr
