#pragma once

#include <cstddef>

namespace glifr::test {

/// Blocks that C++ code of this process has asked the heap for so far: every `new` and every container. What a BLAS
/// written in C does for itself is not seen. Link support/allocations.cpp.
std::size_t allocations();

}  // namespace glifr::test
