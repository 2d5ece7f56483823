#pragma once

#include <string>
#include <string_view>

namespace glifr::analysis::detail {

/// Text with what HTML gives a meaning to written as entities, and what it may not hold as `printable` puts it.
[[nodiscard]] std::string escape_html(std::string_view text);

/// An SVG document as gnuplot draws it, made ready to stand in an HTML page: without XML declaration and fixed size,
/// described by `label`, and with every id, and all that refers to one, beginning with `prefix`, so that several
/// drawings do not get into each other's way.
[[nodiscard]] std::string inline_svg(std::string_view document, const std::string& prefix, std::string_view label);

}  // namespace glifr::analysis::detail
