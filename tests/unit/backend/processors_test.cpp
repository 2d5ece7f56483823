// Processors that a process may use: quotas of control groups of both versions.
#include "glifr/backend/processors.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/files.hpp"

namespace {

/// Processors that the system counts beyond 1,024, the last of which this process may run on; 0: as it is.
int further_processors = 0;

}  // namespace

// The linker prefers a program's own functions to those of the C library.
extern "C" int sched_getaffinity(pid_t process, std::size_t bytes, cpu_set_t* set) noexcept {
  const std::size_t needed = further_processors > 0 ? static_cast<std::size_t>(1024 + further_processors + 7) / 8 : 0;
  if (bytes < needed) {
    errno = EINVAL;
    return -1;
  }
  std::memset(set, 0, bytes);
  if (needed > 0) {
    CPU_SET_S(static_cast<std::size_t>(1024 + further_processors - 1), bytes, set);
    return 0;
  }
  return syscall(SYS_sched_getaffinity, process, bytes, set) < 0 ? -1 : 0;
}

namespace {

namespace fs = std::filesystem;
using glifr::allowed_processors;
using glifr::available_processors;
using glifr::Index;
using glifr::detail::processor_quota;
using glifr::test::TemporaryFolder;

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  glifr::test::write_text(file, text);
}

TEST_CASE("the least quota of a group and those above it counts, rounded up") {
  const TemporaryFolder folder;
  const fs::path groups = folder.path() / "cgroup", root = folder.path() / "sys";
  write(groups, "0::/job/step\n");
  write(root / "job/step/cpu.max", "max 100000\n");
  CHECK_FALSE(processor_quota(groups, root));
  write(root / "job/cpu.max", "250000 100000\n");
  CHECK(processor_quota(groups, root) == 3);
  write(root / "job/step/cpu.max", "50000 100000\n");
  CHECK(processor_quota(groups, root) == 1);
}

TEST_CASE("a container that sees its own group as the root has its quota") {
  const TemporaryFolder folder;
  const fs::path groups = folder.path() / "cgroup", root = folder.path() / "sys";
  write(groups, "0::/not/mounted/here\n");
  write(root / "cpu.max", "400000 100000\n");
  CHECK(processor_quota(groups, root) == 4);
}

TEST_CASE("quotas of the first version are in files by their controller") {
  const TemporaryFolder folder;
  const fs::path groups = folder.path() / "cgroup", root = folder.path() / "sys";
  write(groups, "9:memory:/job\n4:cpu,cpuacct:/job\n1:cpuset:/\n");
  CHECK_FALSE(processor_quota(groups, root));
  write(root / "cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
  write(root / "cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  CHECK_FALSE(processor_quota(groups, root));
  write(root / "cpu,cpuacct/job/cpu.cfs_quota_us", "200000\n");
  CHECK(processor_quota(groups, root) == 2);
}

TEST_CASE("what cannot be read is no quota") {
  const TemporaryFolder folder;
  CHECK_FALSE(processor_quota(folder.path() / "missing", folder.path()));
  write(folder.path() / "strange", "no colons here\n");
  CHECK_FALSE(processor_quota(folder.path() / "strange", folder.path()));
}

TEST_CASE("machines may have more processors than a set of the C library") {
  for (const int further : {1, 1000, 5000}) {
    further_processors = further;
    const std::vector<Index> allowed = allowed_processors();
    const Index available = available_processors();
    further_processors = 0;
    CHECK(allowed == std::vector<Index>{1024 + further - 1});
    CHECK(available == 1);
  }
}

TEST_CASE("a process that is bound to one processor has one") {
  cpu_set_t before, one;
  REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &before)) continue;
    CPU_SET(cpu, &one);
    break;
  }
  REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(available_processors() == 1);
  CHECK((allowed_processors().size() == 1 && CPU_ISSET(allowed_processors().front(), &one)));
  REQUIRE(::sched_setaffinity(0, sizeof before, &before) == 0);
  CHECK(available_processors() >= 1);
}

}  // namespace
