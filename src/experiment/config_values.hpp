#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "glifr/experiment/keys.hpp"

namespace glifr::detail {

/// Where a value was found, for messages.
struct Origin {
  std::string file{};                  ///< "my.json"; empty: the command line
  std::optional<std::string> typed{};  ///< the value as it stands on the command line

  /// " in my.json", or nothing.
  [[nodiscard]] std::string place() const { return file.empty() ? "" : " in " + file; }
};

/// Does `work`; what it throws as a ConfigError then says too where that is (" in layer 2"), before what is accepted.
void name_place(const std::string& place, const std::function<void()>& work);

/// Stores a value in the place of a key. Throws ConfigError where type or range do not fit.
void assign(const ConfigKey& key, const boost::json::value& value, const Origin& origin, Settings& settings);

/// Whether a name may be that of a folder of results: letters, digits, '-', '_', '.', not beginning with a '.' or '-'.
[[nodiscard]] bool is_folder_name(const std::string& name);

/// What the place of a key holds.
[[nodiscard]] boost::json::value value_of(const ConfigKey& key, const Settings& settings);

/// The value that a text on the command line stands for, by the key's type: a number, true or false, text, or an object
/// of them by model name. What is no such value comes back as text, for `assign` to refuse.
[[nodiscard]] boost::json::value parse_value(const ConfigKey& key, std::string_view text);

/// A member of a file that says something about the file and is no key; taken out of `values`. Throws ConfigError where
/// it is no text.
[[nodiscard]] std::optional<std::string> take_text(boost::json::object& values, std::string_view name,
                                                   const std::string& file);

}  // namespace glifr::detail
