#pragma once

#include <string_view>
#include <vector>

#include "glifr/export.hpp"

/// The instruction sets that kernels on the processor are compiled for. One is chosen when a program starts: the
/// highest that the machine has, unless another is asked for. It is part of what determines the bits of a result.
namespace glifr {

/// Instruction sets, lowest first. The levels are those of the x86-64 psABI.
enum class CpuTarget {
  baseline,       ///< what every processor of the architecture has: SSE2 on x86-64, NEON on arm64
  x86_64_v3,      ///< AVX2 and FMA
  x86_64_v4,      ///< AVX-512 F, BW, CD, DQ and VL
  x86_64_v4_amx,  ///< those, and the tiles of AMX for products of float matrices; compiled together with x86_64_v4
};

/// "baseline", "x86-64-v3", "x86-64-v4" or "x86-64-v4-amx".
[[nodiscard]] GLIFR_API std::string_view to_string(CpuTarget target);
/// The target of a name as `to_string` gives it, or of "auto", the highest that can be used here. ConfigError, which
/// names `key`, where the name is none of these, or where this build or this machine does not have the target.
[[nodiscard]] GLIFR_API CpuTarget parse_cpu_target(std::string_view name, std::string_view key = "cpu_target");

/// The targets that this build and this machine have, lowest first.
[[nodiscard]] GLIFR_API std::vector<CpuTarget> usable_cpu_targets();

/// The target in use: what `use_cpu_target` was given, else what the environment variable GLIFR_CPU_TARGET names, else
/// the highest usable one. ConfigError where the variable names none.
[[nodiscard]] GLIFR_API CpuTarget cpu_target();
/// Chooses the target for the whole process, one of `usable_cpu_targets()`. Before networks and trainers are made:
/// what they keep is laid out for the target.
GLIFR_API void use_cpu_target(CpuTarget target);

}  // namespace glifr
