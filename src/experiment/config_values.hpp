#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "glifr/experiment/config.hpp"

namespace glifr::detail {

/// The name of a built-in task, and the task of that name; throws ConfigError (key "base_task") where there is none.
[[nodiscard]] std::string_view to_string(Settings::Data data);
[[nodiscard]] Settings::Data data_of(std::string_view task);

/// Stores a value in the field of a key. Throws ConfigError where type or range do not fit; `origin` is where the value
/// was found
/// ("my.json"), or empty.
void assign(const ConfigKey& key, const boost::json::value& value, std::string_view origin, Settings& settings);

/// What the field of a key holds.
[[nodiscard]] boost::json::value value_of(const ConfigKey& key, const Settings& settings);

/// The value that a text on the command line stands for: JSON where the key's type asks for it, or plain text. What is
/// no such value comes back as text, for `assign` to refuse.
[[nodiscard]] boost::json::value parse_value(const ConfigKey& key, std::string_view text);

}  // namespace glifr::detail
