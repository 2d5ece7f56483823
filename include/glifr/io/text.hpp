#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "glifr/backend/view.hpp"

/// Texts of several parts, for messages.
namespace glifr {

/// The texts of a range, or those that `text_of` makes of its elements: "rnn, lstmn".
template <class Range, class TextOf = std::identity>
[[nodiscard]] std::string joined(const Range& range, std::string_view separator = ", ", const TextOf& text_of = {}) {
  std::string text;
  for (const auto& element : range)
    text.append(text.empty() ? std::string_view() : separator).append(std::invoke(text_of, element));
  return text;
}

/// "[400, 50, 20]"
[[nodiscard]] inline std::string shape_text(std::span<const Index> sizes) {
  return "[" + joined(sizes, ", ", [](Index size) { return std::to_string(size); }) + "]";
}

}  // namespace glifr
