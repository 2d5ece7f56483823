#include "config_values.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <optional>
#include <string>
#include <type_traits>

#include "glifr/error.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/number.hpp"

namespace glifr::detail {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 5> tasks{"sine", "lmnist", "pmnist", "nmnist",
                                                "realizable"};  // as in Settings::Data

/// The value as a T that the key accepts, or nothing.
template <class T>
std::optional<T> convert(const ConfigKey& key, const json::value& value) {
  if constexpr (std::is_same_v<T, bool>) {
    if (const bool* flag = value.if_bool()) return *flag;
  } else if constexpr (std::is_same_v<T, std::string>) {
    const json::string* text = value.if_string();
    if (text && !text->empty()) return std::string(*text);
  } else if constexpr (std::is_enum_v<T>) {
    const json::string* text = value.if_string();
    const auto found = text ? std::ranges::find(key.choices, std::string_view(*text)) : key.choices.end();
    if (found != key.choices.end()) return static_cast<T>(found - key.choices.begin());
  } else if constexpr (std::is_same_v<T, Index>) {
    const std::optional<Index> number = whole_number(value);
    if (number && key.range.contains(static_cast<double>(*number))) return number;
  } else {
    const std::optional<double> number = value.is_number() ? std::optional(value.to_number<double>()) : std::nullopt;
    if (number && key.range.contains(*number)) return number;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Settings::Data data) {
  return tasks.at(static_cast<std::size_t>(data));
}

Settings::Data data_of(std::string_view task) {
  const auto* found = std::ranges::find(tasks, task);
  if (found == tasks.end()) {
    throw ConfigError("base_task",
                      "found '" + std::string(task) + "'; accepted: sine, lmnist, pmnist, nmnist, realizable");
  }
  return static_cast<Settings::Data>(found - tasks.begin());
}

void assign(const ConfigKey& key, const json::value& value, const Origin& origin, Settings& settings) {
  std::visit(
      [&]<class T>(T Settings::*field) {
        const std::optional<T> converted = convert<T>(key, value);
        if (!converted) {
          const std::string found = origin.typed        ? quote_unless_number(*origin.typed)
                                    : value.is_double() ? format_number(value.get_double())
                                                        : to_line(value);
          throw ConfigError(std::string(key.name), "found " + found + origin.place() + "; accepted: " + key.accepted());
        }
        settings.*field = *converted;
      },
      key.field);
}

json::value value_of(const ConfigKey& key, const Settings& settings) {
  return std::visit(
      [&]<class T>(T Settings::*field) -> json::value {
        if constexpr (std::is_enum_v<T>) {
          return json::value(key.choices[static_cast<std::size_t>(settings.*field)]);
        } else {
          return json::value(settings.*field);
        }
      },
      key.field);
}

json::value parse_value(const ConfigKey& key, std::string_view text) {
  if (key.is_by_model && text.starts_with('{')) {
    try {
      return parse_json(text, "");
    } catch (const DataError&) {
      return json::value(text);
    }
  }
  if (std::holds_alternative<bool Settings::*>(key.field)) {
    if (text == "true" || text == "false") return json::value(text == "true");
  } else if (std::holds_alternative<Index Settings::*>(key.field)) {
    if (const std::optional<Index> number = parse_integer(text)) return json::value(*number);
    if (const std::optional<double> number = parse_number(text)) return json::value(*number);
  } else if (std::holds_alternative<double Settings::*>(key.field)) {
    if (const std::optional<double> number = parse_number(text)) return json::value(*number);
  }
  return json::value(text);
}

}  // namespace glifr::detail
