#include "config_values.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <string>
#include <type_traits>

#include "glifr/error.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/number.hpp"

namespace glifr::detail {
namespace {

namespace json = boost::json;

/// The value as a T that the key accepts, or nothing.
template <class T>
std::optional<T> convert(const ConfigKey& key, const json::value& value) {
  if constexpr (std::is_same_v<T, bool>) {
    if (const bool* flag = value.if_bool()) return *flag;
  } else if constexpr (std::is_same_v<T, std::string>) {
    const json::string* text = value.if_string();
    const bool is_choice =
        text && (key.choices.empty() || std::ranges::find(key.choices, std::string_view(*text)) != key.choices.end());
    if (is_choice && (key.may_be_empty || !text->empty())) return std::string(*text);
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

void name_place(const std::string& place, const std::function<void()>& work) {
  try {
    work();
  } catch (const ConfigError& error) {
    std::string problem = std::string(error.what()).substr(error.key().size() + 2);
    problem.insert(std::min(problem.rfind("; accepted"), problem.size()), place);
    throw ConfigError(error.key(), problem);
  }
}

void assign(const ConfigKey& key, const json::value& value, const Origin& origin, Settings& settings) {
  std::visit(
      [&]<class T>(T* place) {
        const std::optional<T> converted = convert<T>(key, value);
        if (!converted) {
          const std::string found = origin.typed        ? quote_unless_number(*origin.typed)
                                    : value.is_double() ? format_number(value.get_double())
                                                        : to_line(value);
          throw ConfigError(key.name, "found " + found + origin.place() + "; accepted: " + key.accepted());
        }
        *place = *converted;
      },
      key.place(settings));
}

bool is_folder_name(const std::string& name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  return !name.empty() && name.front() != '.' && name.front() != '-' && std::ranges::all_of(name, is_allowed);
}

json::value value_of(const ConfigKey& key, const Settings& settings) {
  Settings held = settings;  // a place is where a value may be changed
  return std::visit(
      [&]<class T>(T* place) -> json::value {
        if constexpr (std::is_enum_v<T>) {
          return json::value(key.choices.at(static_cast<std::size_t>(*place)));
        } else {
          return json::value(*place);
        }
      },
      key.place(held));
}

json::value parse_value(const ConfigKey& key, std::string_view text) {
  if (key.is_by_model && text.starts_with('{')) {
    try {
      return parse_json(text, "");
    } catch (const DataError&) {
      return json::value(text);
    }
  }
  Settings scratch;
  const ConfigKey::Place place = key.place(scratch);
  if (std::holds_alternative<bool*>(place)) {
    if (text == "true" || text == "false") return json::value(text == "true");
  } else if (std::holds_alternative<Index*>(place)) {
    if (const std::optional<Index> number = parse_integer(text)) return json::value(*number);
    if (const std::optional<double> number = parse_number(text)) return json::value(*number);
  } else if (std::holds_alternative<double*>(place)) {
    if (const std::optional<double> number = parse_number(text)) return json::value(*number);
  }
  return json::value(text);
}

std::optional<std::string> take_text(json::object& values, std::string_view name, const std::string& file) {
  const json::value* value = values.if_contains(name);
  if (!value) return std::nullopt;
  if (!value->is_string())
    throw ConfigError(std::string(name), "found " + to_line(*value) + " in " + file + "; accepted: text");
  std::string text(value->get_string());
  values.erase(name);
  return text;
}

}  // namespace glifr::detail
