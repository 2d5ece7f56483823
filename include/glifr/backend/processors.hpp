#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// Processors whose time this process may use: those that it may run on (its affinity), and no more than the quotas of
/// its control groups allow (a batch system's or a container's; 1.5 processors are 2). 1 or more.
[[nodiscard]] GLIFR_API Index available_processors();

/// The numbers of the processors that the calling thread may run on (its affinity), ascending; none where the system
/// does not say.
[[nodiscard]] GLIFR_API std::vector<Index> allowed_processors();

namespace detail {

/// The quota of the control groups (version 1 or 2) of a process, in processors, rounded up; nothing where there is
/// none. `groups`: the process's list of groups, /proc/self/cgroup; `root`: where the groups are mounted.
[[nodiscard]] GLIFR_API std::optional<Index> processor_quota(const std::filesystem::path& groups,
                                                             const std::filesystem::path& root);

}  // namespace detail

}  // namespace glifr
