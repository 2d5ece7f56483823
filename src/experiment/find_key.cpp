#include "find_key.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "glifr/error.hpp"
#include "glifr/experiment/config.hpp"

namespace glifr::detail {
namespace {

/// The least number of letters to add, drop or change to make one name the other.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j < row.size(); ++j) {
      const std::size_t changed = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row.back();
}

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

/// The key that whoever wrote `name` is likely to have meant: one of which it is a part ("epochs") or that is a part of
/// it, or the one that is the least different, up to a third of its letters; nothing where no key is near.
std::optional<std::string> nearest_key(std::string_view name) {
  constexpr std::size_t shortest_part = 4;
  const std::string wanted = in_lower_case(name);
  std::optional<std::string> nearest;
  std::pair<bool, std::size_t> least;
  for (const ConfigKey& key : config_keys()) {
    const std::string candidate = in_lower_case(key.name);
    const auto holds = [](const std::string& text, const std::string& part) {
      return part.size() >= shortest_part && text.find(part) != std::string::npos;
    };
    const bool is_part = holds(candidate, wanted) || holds(wanted, candidate);
    const std::size_t distance = edit_distance(wanted, candidate);
    const std::size_t most = std::max<std::size_t>(1, std::max(wanted.size(), candidate.size()) / 3);
    const bool is_near = distance <= most && distance < std::min(wanted.size(), candidate.size());
    const std::pair difference(!is_part, distance);
    if (distance > 0 && !is_part && !is_near) continue;
    if (!nearest || difference < least) {
      nearest = key.name;
      least = difference;
    }
  }
  return nearest;
}

}  // namespace

const ConfigKey& find_key(const std::vector<ConfigKey>& keys, std::string_view name, const Task& task,
                          const Origin& origin) {
  const auto found = std::ranges::find(keys, name, &ConfigKey::name);
  if (found != keys.end()) return *found;
  std::string others;
  for (const Task* other : known_tasks()) {
    const std::vector<ConfigKey> theirs = config_keys(*other);
    if (std::ranges::find(theirs, name, &ConfigKey::name) != theirs.end())
      others += (others.empty() ? "" : ", ") + other->name();
  }
  if (others.empty()) {
    const std::optional<std::string> nearest = nearest_key(name);
    throw UnknownKey(name.empty() ? "''" : std::string(name),
                     "is no configuration key" + origin.place() +
                         (nearest ? "; the nearest is " + *nearest : "; --print-config shows those that there are"));
  }
  throw ConfigError(std::string(name),
                    "is no key of task " + task.name() + origin.place() + "; accepted for " + others);
}

}  // namespace glifr::detail
