#pragma once

#include <string>
#include <string_view>

namespace glifr::analysis::detail {

/// Text with U+FFFD in place of what neither XML nor HTML may hold, as names of folders do: bytes that are no UTF-8,
/// and control characters other than tabs and line ends.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace glifr::analysis::detail
