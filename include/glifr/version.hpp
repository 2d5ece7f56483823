#pragma once

#include <string_view>

namespace glifr {

/// The version of the library that is linked: "0.1.0".
[[nodiscard]] std::string_view version();

}  // namespace glifr
