#include "text.hpp"

#include "glifr/io/content.hpp"

namespace glifr::analysis::detail {
namespace {

/// Whether a letter of UTF-8 is a control character, or one that XML does not know.
bool is_forbidden(std::string_view letter) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(letter[i]); };
  if (letter.size() == 1)
    return (byte(0) < 0x20 && letter != "\t" && letter != "\n" && letter != "\r") || byte(0) == 0x7f;
  return (byte(0) == 0xc2 && byte(1) < 0xa0) || letter == "\ufffe" || letter == "\uffff";
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = glifr::detail::utf8_letter(text, i);
    const std::string_view letter = text.substr(i, length == 0 ? 1 : length);
    result += length == 0 || is_forbidden(letter) ? "\ufffd" : letter;
    i += letter.size();
  }
  return result;
}

}  // namespace glifr::analysis::detail
