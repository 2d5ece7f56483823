#pragma once

#include <span>
#include <string_view>

namespace glifr::detail {

/// A file of the folder configs/.
struct BuiltinConfig {
  std::string_view name;  ///< of the file, without .json
  std::string_view text;
};

/// The files of the folder configs/ as they were when the library was built, sorted by name.
[[nodiscard]] std::span<const BuiltinConfig> builtin_configs();

}  // namespace glifr::detail
