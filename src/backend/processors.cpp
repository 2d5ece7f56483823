#include "glifr/backend/processors.hpp"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

namespace glifr {

namespace {

namespace fs = std::filesystem;

/// Processor time over the period in which it may be used; nothing where there is no limit.
std::optional<double> share_of(const std::string& quota, double period) {
  if (quota.empty() || quota == "max" || quota.front() == '-' || period <= 0) return std::nullopt;
  return std::strtod(quota.c_str(), nullptr) / period;
}

std::optional<double> quota_of_version_2(const fs::path& group) {
  std::ifstream file(group / "cpu.max");
  std::string quota;
  double period = 0;
  file >> quota >> period;
  return share_of(quota, period);
}

std::optional<double> quota_of_version_1(const fs::path& group) {
  std::ifstream file(group / "cpu.cfs_quota_us"), period_file(group / "cpu.cfs_period_us");
  std::string quota;
  double period = 0;
  file >> quota;
  period_file >> period;
  return share_of(quota, period);
}

/// The least quota of a group and of those above it. Within a container a group's path may be one that is not mounted
/// there; the mount itself is then the container's group.
template <class QuotaOf>
std::optional<double> least_quota(const fs::path& mount, fs::path group, QuotaOf quota_of) {
  std::optional<double> least;
  for (group = group.relative_path();; group = group.parent_path()) {
    const std::optional<double> quota = quota_of(group.empty() ? mount : mount / group);
    if (quota) least = least ? std::min(*least, *quota) : quota;
    if (group.empty()) return least;
  }
}

}  // namespace

namespace detail {

std::optional<Index> processor_quota(const fs::path& groups, const fs::path& root) {
  std::ifstream file(groups);
  std::optional<double> least;
  for (std::string line; std::getline(file, line);) {  // "0::/path", or "3:cpu,cpuacct:/path"
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path group = line.substr(second + 1);
    std::optional<double> quota;
    if (controllers.empty()) {
      const bool is_mixed = fs::exists(root / "unified");  // beside version 1
      quota = least_quota(is_mixed ? root / "unified" : root, group, quota_of_version_2);
    } else if (("," + controllers + ",").find(",cpu,") != std::string::npos) {
      const fs::path both = root / controllers;
      quota = least_quota(fs::exists(both) ? both : root / "cpu", group, quota_of_version_1);
    }
    if (quota) least = least ? std::min(*least, *quota) : quota;
  }
  if (!least) return std::nullopt;
  return std::max<Index>(1, static_cast<Index>(std::ceil(*least)));
}

}  // namespace detail

std::vector<Index> allowed_processors() {
  constexpr std::size_t most_sets = 1024;  // of 1,024 processors each
  std::vector<cpu_set_t> sets(1);
  const auto bytes = [&] { return sets.size() * sizeof(cpu_set_t); };
  while (::sched_getaffinity(0, bytes(), sets.data()) != 0) {
    if (errno != EINVAL || sets.size() == most_sets) return {};
    sets.resize(2 * sets.size());  // the system counts more processors
  }
  std::vector<Index> processors;
  for (std::size_t cpu = 0; cpu < 8 * bytes(); ++cpu) {
    if (CPU_ISSET_S(cpu, bytes(), sets.data())) processors.push_back(static_cast<Index>(cpu));
  }
  return processors;
}

Index available_processors() {
  const Index allowed = std::ssize(allowed_processors());
  const Index processors = allowed > 0 ? allowed : std::max<Index>(1, std::thread::hardware_concurrency());
  const std::optional<Index> quota = detail::processor_quota("/proc/self/cgroup", "/sys/fs/cgroup");
  return quota ? std::min(processors, *quota) : processors;
}

}  // namespace glifr
