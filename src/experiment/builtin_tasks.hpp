#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "glifr/experiment/config.hpp"

namespace glifr::detail {

/// A task that is known, or a built-in variation of one, with the keys of its file.
struct BuiltinTask {
  TaskInfo info;
  boost::json::object values;
};

/// The one of that name. Throws ConfigError (key "task") where there is none.
[[nodiscard]] BuiltinTask find_builtin(std::string_view task);

}  // namespace glifr::detail
