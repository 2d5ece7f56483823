#pragma once

#include <cstddef>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/io/safetensors.hpp"

namespace glifr {

/// Whether elements of that type are real numbers that `convert_elements` takes: floating-point numbers of 16 bits and
/// more, integers, and booleans.
[[nodiscard]] GLIFR_API bool is_real(Dtype dtype);

/// The values of `count` elements of that type, little-endian, at any address; false is 0 and true is 1. What the type
/// T cannot hold is rounded to the nearest. Throws std::logic_error where `is_real(dtype)` is false.
template <Scalar T>
GLIFR_API void convert_elements(Dtype dtype, const std::byte* elements, Index count, T* values);

}  // namespace glifr
