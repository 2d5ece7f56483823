#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <memory>
#include <utility>

#include "config_content.hpp"
#include "config_values.hpp"
#include "find_key.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/io/json.hpp"

namespace glifr {

namespace json = boost::json;

namespace {

/// A value within the name of a variation: numbers without an exponent where that is short, 0.0003.
std::string name_part(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (!value.is_double()) return to_line(value);
  constexpr std::size_t longest = 12;
  std::array<char, 400> text{};
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), value.get_double(), std::chars_format::fixed);
  const std::string plain(text.data(), error == std::errc{} ? end : text.data());
  return plain.empty() || plain.size() > longest ? to_line(value) : plain;
}

/// A value of a sweep as it was typed, and within the name of a variation.
struct SweptValue {
  std::string text, name;
};

/// The values that a sweep gives a key, separated by commas. ConfigError where one of them is not accepted, stands
/// twice or cannot be part of the name of a folder.
std::vector<SweptValue> swept_values(const Config& config, const ConfigKey& key, std::string_view texts) {
  std::vector<SweptValue> values;
  std::vector<json::value> seen;
  for (bool is_last = false; !is_last;) {
    const std::size_t comma = texts.find(',');
    const std::string text(texts.substr(0, comma));
    is_last = comma == std::string_view::npos;
    texts.remove_prefix(is_last ? texts.size() : comma + 1);
    Config(config).set(key.name + "=" + text);  // checks it
    const json::value value = detail::parse_value(key, text);
    const std::string name = name_part(value);
    if (!detail::is_folder_name(name) && !value.is_number())
      throw ConfigError("--sweep", "found the value '" + text + "' of " + key.name +
                                       ", which cannot be part of the name of a folder; accepted: letters, digits, "
                                       "'-', '_', '.', or a run for each value, by --set " +
                                       key.name + "=… and a --name");
    Settings settings = default_settings(find_task(config.base_task()));
    detail::assign(key, value, {}, settings);
    const json::value assigned = detail::value_of(key, settings);  // of the key's type: 1 and 1.0 are the same
    if (std::ranges::find(seen, assigned) != seen.end())
      throw ConfigError("--sweep", "has the value " + name + " of " + key.name + " twice");
    seen.push_back(assigned);
    values.push_back({text, name});
  }
  return values;
}

}  // namespace

std::vector<Config> Config::sweep(const std::vector<std::string>& sweeps) const {
  std::vector<Config> variations{*this};
  std::vector<std::string> swept;
  const std::vector<ConfigKey> keys = config_keys(find_task(base_task()));
  for (const std::string& assignment : sweeps) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos)
      throw ConfigError("--sweep", "found '" + assignment + "'; accepted: key=value,value, as lr=0.001,0.0003");
    const ConfigKey& key = detail::find_key(keys, assignment.substr(0, equals), find_task(base_task()), {});
    if (std::ranges::find(swept, key.name) != swept.end()) throw ConfigError("--sweep", "names " + key.name + " twice");
    const std::vector<SweptValue> values = swept_values(*this, key, std::string_view(assignment).substr(equals + 1));
    std::vector<Config> next;
    for (const Config& variation : variations) {
      for (const SweptValue& value : values) {
        Config changed = variation;
        changed.set(key.name + "=" + value.text);
        Content content = *changed.content_;
        content.task += (swept.empty() ? "@" : ",") + key.name + "=" + value.name;
        next.push_back(Config(std::make_shared<const Content>(std::move(content))));
      }
    }
    variations = std::move(next);
    swept.push_back(key.name);
  }
  return variations;
}

}  // namespace glifr
