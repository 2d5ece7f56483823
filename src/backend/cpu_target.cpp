#include "glifr/backend/cpu_target.hpp"

#include <atomic>
#include <cstdlib>
#include <string>

#include "glifr/error.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace glifr {

namespace {

/// Whether this processor multiplies tiles of bfloat16, and the system lets this process, which has to ask, use them.
/// What is granted stays: from then on, threads need larger stacks for signals. So it is not asked for in vain.
bool may_use_tiles() {
#if defined(__x86_64__) && defined(__linux__)
  constexpr unsigned bfloat16 = 1u << 22, tiles = 1u << 24, with_xgetbv = 1u << 27;  // by CPUID
  constexpr unsigned tile_state = 3u << 17;                                          // by XGETBV: what the system keeps
  constexpr long request_permission = 0x1023, tile_data = 18;                        // of arch_prctl
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & with_xgetbv) == 0) return false;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & bfloat16) == 0 || (d & tiles) == 0) return false;
  unsigned kept = 0, unused = 0;
  asm("xgetbv" : "=a"(kept), "=d"(unused) : "c"(0));
  return (kept & tile_state) == tile_state && syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
  return false;
#endif
}

/// Whether this processor, under this system, runs the code of a target.
bool machine_has(CpuTarget target) {
#if defined(__x86_64__)
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                  __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  if (target == CpuTarget::x86_64_v3) return v3;
  if (target == CpuTarget::x86_64_v4) return v4;
  if (target == CpuTarget::x86_64_v4_amx) {
    static const bool has_tiles = v4 && may_use_tiles();
    return has_tiles;
  }
#endif
  return target == CpuTarget::baseline;
}

/// Those that this build has, lowest first.
constexpr CpuTarget compiled[] = {
    CpuTarget::baseline,
#ifdef GLIFR_HAS_X86_64_V3
    CpuTarget::x86_64_v3,
#endif
#ifdef GLIFR_HAS_X86_64_V4
    CpuTarget::x86_64_v4,
    CpuTarget::x86_64_v4_amx,
#endif
};

std::string names(const std::vector<CpuTarget>& targets) {
  std::string list = "auto";
  for (const CpuTarget target : targets) (list += ", ") += to_string(target);
  return list;
}

constexpr int undecided = -1;
std::atomic<int> chosen = undecided;

}  // namespace

std::string_view to_string(CpuTarget target) {
  switch (target) {
    case CpuTarget::x86_64_v3:
      return "x86-64-v3";
    case CpuTarget::x86_64_v4:
      return "x86-64-v4";
    case CpuTarget::x86_64_v4_amx:
      return "x86-64-v4-amx";
    default:
      return "baseline";
  }
}

std::vector<CpuTarget> usable_cpu_targets() {
  std::vector<CpuTarget> usable;
  for (const CpuTarget target : compiled) {
    if (machine_has(target)) usable.push_back(target);
  }
  return usable;
}

CpuTarget parse_cpu_target(std::string_view name, std::string_view key) {
  if (name == "auto") return usable_cpu_targets().back();
  const auto refuse = [&](const std::string& what) {
    throw ConfigError(std::string(key), what + "; accepted here: " + names(usable_cpu_targets()));
  };
  for (const CpuTarget target : compiled) {
    if (to_string(target) != name) continue;
    if (machine_has(target)) return target;
    refuse("this machine does not have " + std::string(name));
  }
  for (const CpuTarget target : {CpuTarget::x86_64_v3, CpuTarget::x86_64_v4, CpuTarget::x86_64_v4_amx}) {
    if (to_string(target) == name) refuse("this build has no kernels for " + std::string(name));
  }
  refuse("found '" + std::string(name) + "'");
  return CpuTarget::baseline;
}

CpuTarget cpu_target() {
  if (const int target = chosen.load(std::memory_order_relaxed); target != undecided)
    return static_cast<CpuTarget>(target);
  const char* name = std::getenv("GLIFR_CPU_TARGET");
  const CpuTarget target = parse_cpu_target(name && *name ? name : "auto", "GLIFR_CPU_TARGET");
  int expected = undecided;
  chosen.compare_exchange_strong(expected, static_cast<int>(target));
  return static_cast<CpuTarget>(chosen.load());
}

void use_cpu_target(CpuTarget target) {
  chosen = static_cast<int>(parse_cpu_target(to_string(target)));
}

}  // namespace glifr
