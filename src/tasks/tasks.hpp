#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "glifr/experiment/task.hpp"

/// What the files of this folder have in common. Each task is a file NAME.cpp that defines
///
///     std::unique_ptr<Task> make_NAME_task();
///
/// in namespace glifr::detail, and a file configs/NAME.json; CMake makes the list of them.
namespace glifr::detail {

/// The text of configs/NAME.json.
[[nodiscard]] std::string built_in_configuration(std::string_view name);

}  // namespace glifr::detail
