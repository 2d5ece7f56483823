#include "pickle_text.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace glifr::detail {
namespace {

void append_utf8(std::string& text, std::uint32_t point) {
  if (point < 0x80) {
    text += static_cast<char>(point);
    return;
  }
  const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  constexpr std::array<unsigned, 4> lead{0, 0xc0, 0xe0, 0xf0};
  text += static_cast<char>(lead[static_cast<std::size_t>(more)] | point >> 6 * more);
  for (int k = more - 1; k >= 0; --k) text += static_cast<char>(0x80 | (point >> 6 * k & 0x3f));
}

/// The number of `digits` hexadecimal digits at a place, or nothing.
std::optional<std::uint32_t> hexadecimal(std::string_view text, std::size_t place, std::size_t digits) {
  std::uint32_t value = 0;
  for (std::size_t i = place; i < place + digits; ++i) {
    if (i >= text.size()) return std::nullopt;
    const std::size_t digit = std::string_view("0123456789abcdef").find(static_cast<char>(text[i] | 0x20));
    if (digit == std::string_view::npos || (digit < 10 && text[i] != "0123456789"[digit])) return std::nullopt;
    value = value << 4 | static_cast<std::uint32_t>(digit);
  }
  return value;
}

}  // namespace

std::optional<std::string> decode_raw_unicode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'u' || text[i + 1] == 'U');
    if (!is_escape) {
      append_utf8(decoded, static_cast<unsigned char>(text[i]));
      continue;
    }
    const std::size_t digits = text[i + 1] == 'u' ? 4 : 8;
    const auto point = hexadecimal(text, i + 2, digits);
    if (!point || *point > 0x10ffff) return std::nullopt;
    append_utf8(decoded, *point);
    i += digits + 1;
  }
  return decoded;
}

std::optional<std::string> decode_repr(std::string_view text) {
  if (text.size() < 2 || (text.front() != '\'' && text.front() != '"') || text.back() != text.front()) {
    return std::nullopt;
  }
  text = text.substr(1, text.size() - 2);
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      decoded += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    constexpr std::string_view letters = "\\'\"ntr", meanings = "\\'\"\n\t\r";
    const std::size_t letter = letters.find(text[i]);
    if (letter != std::string_view::npos) {
      decoded += meanings[letter];
    } else {
      const auto code = text[i] == 'x' ? hexadecimal(text, i + 1, 2) : std::nullopt;
      if (!code) return std::nullopt;
      decoded += static_cast<char>(*code);
      i += 2;
    }
  }
  return decoded;
}

}  // namespace glifr::detail
