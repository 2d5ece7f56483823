#include "svg.hpp"

#include <array>

#include "text.hpp"

namespace glifr::analysis::detail {
namespace {

/// Puts `insert` behind every occurrence of `mark`.
void insert_behind(std::string& text, std::string_view mark, std::string_view insert) {
  for (std::size_t at = text.find(mark); at != std::string::npos;
       at = text.find(mark, at + mark.size() + insert.size())) {
    text.insert(at + mark.size(), insert);
  }
}

/// Takes out the first part of `text` from `first` to the end of `last`, and gives what stood between them; empty where
/// there is none.
std::string take_out(std::string& text, std::string_view first, std::string_view last) {
  const std::size_t start = text.find(first);
  if (start == std::string::npos) return {};
  const std::size_t inside = start + first.size();
  const std::size_t end = text.find(last, inside);
  if (end == std::string::npos) return {};
  std::string taken = text.substr(inside, end - inside);
  text.erase(start, end + last.size() - start);
  return taken;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string inline_svg(std::string_view document, const std::string& prefix, std::string_view label) {
  const std::size_t start = document.find("<svg");
  if (start == std::string_view::npos) return {};
  std::string svg(document.substr(start));
  const std::string scoped = prefix + "-";
  for (const std::string_view mark :
       std::array<std::string_view, 5>{" id=\"", " id='", "url(#", "href='#", "href=\"#"}) {
    insert_behind(svg, mark, scoped);
  }
  while (!take_out(svg, "<title>", "</title>").empty()) {
  }
  take_out(svg, "<desc>", "</desc>");
  const std::string width = take_out(svg, "width=\"", "\"");
  take_out(svg, "height=\"", "\"");
  svg.insert(4, " role=\"img\" aria-label=\"" + escape_html(label) + "\" style=\"--width:" + width + "px\"");
  svg.resize(svg.rfind("</svg>") + 6);
  return svg;
}

}  // namespace glifr::analysis::detail
