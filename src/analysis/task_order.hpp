#pragma once

#include <string>

namespace glifr::analysis::detail {

/// The order of tasks: by name, the variations of a sweep by the values of what was swept, numbers by size.
[[nodiscard]] bool task_comes_before(const std::string& first, const std::string& second);

}  // namespace glifr::analysis::detail
