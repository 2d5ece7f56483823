#pragma once

#include <memory>
#include <optional>
#include <string>
#include <typeindex>

#include "glifr/backend/device.hpp"

namespace glifr {

/// Why no GPU can be computed on, in a few words: this build knows none, there is none, or its driver is too old.
/// Nothing where there is one.
[[nodiscard]] GLIFR_API std::optional<std::string> gpu_problem();

/// The machine's first GPU (of those that CUDA_VISIBLE_DEVICES leaves). With `uses_tf32`, products of float numbers are
/// taken from their leading 10 bits: faster, and less exact. DeviceError where there is a `gpu_problem`.
[[nodiscard]] GLIFR_API std::unique_ptr<Device> open_gpu(bool uses_tf32 = false);

/// Whether this program holds a kernel for a body, so that a GPU can run it.
[[nodiscard]] GLIFR_API bool is_compiled_for_gpu(std::type_index body);

}  // namespace glifr
