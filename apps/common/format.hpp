#pragma once

#include <cstdio>
#include <string>

namespace glifr::apps {

/// Numbers in the pattern of printf; a text of at most 127 bytes, the rest is cut off.
template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[128];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

}  // namespace glifr::apps
