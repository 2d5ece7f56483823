#pragma once

#include "glifr/datasets/sine.hpp"
#include "glifr/experiment/settings.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// The waves that settings of the task sine ask for.
[[nodiscard]] GLIFR_API SineSettings sine_settings(const Settings& settings);

}  // namespace glifr
