#pragma once

#include <string_view>
#include <vector>

#include "config_values.hpp"
#include "glifr/experiment/keys.hpp"
#include "glifr/experiment/task.hpp"

namespace glifr::detail {

/// Finds a key of a task by its name. Throws UnknownKey where no task has such a key, with the one that may have been
/// meant, and ConfigError where only other tasks have it.
[[nodiscard]] const ConfigKey& find_key(const std::vector<ConfigKey>& keys, std::string_view name, const Task& task,
                                        const Origin& origin);

}  // namespace glifr::detail
