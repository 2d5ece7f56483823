#pragma once

#include <string_view>

#include "glifr/export.hpp"

namespace glifr {

/// The version of the library that is linked: "0.1.0".
[[nodiscard]] GLIFR_API std::string_view version();

}  // namespace glifr
