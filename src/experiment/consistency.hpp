#pragma once

#include "glifr/experiment/settings.hpp"

namespace glifr::detail {

/// What single values cannot show: ConfigError where they do not fit each other or the task.
void check_consistency(const Settings& settings);

}  // namespace glifr::detail
