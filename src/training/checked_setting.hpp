#pragma once

#include <string>

#include "glifr/error.hpp"
#include "glifr/io/number.hpp"

namespace glifr::detail {

/// ConfigError for a setting whose value does not hold. `member`: where it stands in C++, as "LearningRate::initial".
inline void require_setting(bool holds, const std::string& key, const std::string& member, const std::string& accepted,
                            double found) {
  if (holds) return;
  throw ConfigError(key, "expected " + accepted + " (" + member + "), found " + format_number(found));
}

/// The same for one whose value must be in a range.
inline void require_setting(const Range& range, const std::string& key, const std::string& member, double found) {
  require_setting(range.contains(found), key, member, to_string(range), found);
}

}  // namespace glifr::detail
