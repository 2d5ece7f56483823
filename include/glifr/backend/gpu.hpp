#pragma once

#include <memory>
#include <optional>
#include <string>
#include <typeindex>

#include "glifr/backend/device.hpp"

namespace glifr {

/// Which GPU, and how it computes.
struct GpuSettings {
  int ordinal = 0;         ///< its number among those that CUDA_VISIBLE_DEVICES leaves
  bool uses_tf32 = false;  ///< products of float numbers from their leading 10 bits: faster, and less exact
};

/// Why a GPU cannot be computed on, in a few words: this build knows none, there is none of that number, its driver is
/// too old, or this build has no code for it. Nothing where it can be used.
[[nodiscard]] GLIFR_API std::optional<std::string> gpu_problem(int ordinal = 0);

/// GPUs that CUDA_VISIBLE_DEVICES leaves, whether they can be computed on or not; 0 in a build without CUDA. Starts
/// none of them, where `gpu_problem` starts the one that it looks at.
[[nodiscard]] GLIFR_API int gpu_count();

/// A GPU of this machine. DeviceUnavailable where there is a `gpu_problem`.
[[nodiscard]] GLIFR_API std::unique_ptr<Device> open_gpu(const GpuSettings& settings = {});

/// Whether this program holds a kernel for a body, so that a GPU can run it.
[[nodiscard]] GLIFR_API bool is_compiled_for_gpu(std::type_index body);

}  // namespace glifr
