#include "glifr/backend/cpu_target.hpp"

#include <atomic>
#include <cstdlib>
#include <string>

#include "glifr/error.hpp"

namespace glifr {

namespace {

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
  const std::vector<CpuTarget> usable = usable_cpu_targets();
  if (name == "auto") return usable.back();
  for (const CpuTarget target : usable) {
    if (to_string(target) == name) return target;
  }
  const auto refuse = [&](const std::string& what) {
    throw ConfigError(std::string(key), what + "; accepted here: " + names(usable));
  };
  for (const CpuTarget target : compiled) {
    if (to_string(target) == name) refuse("this processor does not have " + std::string(name));
  }
  for (const CpuTarget target : {CpuTarget::x86_64_v3, CpuTarget::x86_64_v4}) {
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
