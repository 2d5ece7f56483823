#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Texts as pickles of the first protocols hold them; nothing where a text is none of these.
namespace glifr::detail {

/// Python's codec raw-unicode-escape: Latin-1 with \uXXXX and \UXXXXXXXX. The result is UTF-8.
[[nodiscard]] std::optional<std::string> decode_raw_unicode(std::string_view text);

/// A text in quotes with the escapes that Python's repr writes.
[[nodiscard]] std::optional<std::string> decode_repr(std::string_view text);

}  // namespace glifr::detail
