#pragma once

#include <cstddef>

namespace glifr::cpu {

/// Memory of the calling thread, aligned as `memory_alignment` says, the same at each call while `bytes` do not grow.
std::byte* product_scratch(std::size_t bytes);

}  // namespace glifr::cpu
