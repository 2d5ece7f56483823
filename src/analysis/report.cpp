#include "glifr/analysis/report.hpp"

#include <algorithm>
#include <sstream>
#include <string_view>

#include "glifr/io/files.hpp"
#include "svg.hpp"
#include "text.hpp"

namespace glifr::analysis {
namespace {

constexpr std::string_view style = R"(
:root { color-scheme: light dark; --text: #1d2025; --soft: #5b6069; --page: #fbfbfa; --card: #ffffff; --line: #dcdee2; --link: #0b5cad; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e7e9; --soft: #a4a9b2; --page: #17191c; --card: #202327; --line: #3a3e45; --link: #7db7f0; }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.55 system-ui, "Helvetica Neue", Arial, sans-serif; }
main, header, footer { max-width: 72rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.4rem; margin: 3rem 0 .6rem; padding-top: .6rem; border-top: 2px solid var(--line); }
h3 { font-size: 1.1rem; margin: 2rem 0 .4rem; }
p { max-width: 46rem; overflow-wrap: anywhere; }
.subtitle, figcaption, footer { color: var(--soft); }
a { color: var(--link); }
nav ul { columns: 14rem; padding-left: 1.1rem; margin: 1rem 0 0; }
.scroll { overflow-x: auto; margin: 1rem 0; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); }
table { border-collapse: collapse; width: 100%; font-size: .86rem; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .6rem; text-align: right; white-space: nowrap; border-top: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
thead th { border-top: none; border-bottom: 2px solid var(--line); font-weight: 600; white-space: normal; vertical-align: bottom; }
tbody th { font-weight: 600; }
td.words, tbody th.words { white-space: normal; text-align: left; min-width: 14rem; overflow-wrap: anywhere; }
thead th.words { text-align: left; }
figure { margin: 1.5rem 0; }
figure .scroll { margin: 0; }
.drawing .scroll { background: #ffffff; padding: .4rem; }
svg { display: block; width: 100%; max-width: var(--width); height: auto; margin: 0 auto; }
figcaption { font-size: .9rem; margin: .5rem 0; max-width: 46rem; }
.missing { padding: 1rem; color: #5b6069; margin: 0; }
details { margin: .6rem 0; }
summary { cursor: pointer; color: var(--link); }
pre { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem; font-size: .8rem; }
footer { padding-top: 2rem; padding-bottom: 3rem; font-size: .85rem; }
@media (max-width: 44rem) {
  h1 { font-size: 1.5rem; }
  svg { width: calc(0.85 * var(--width)); }  /* what stands in it stays legible; the card scrolls */
}
@media print {
  :root { color-scheme: light; --text: #000000; --soft: #444444; --page: #ffffff; --card: #ffffff; --line: #bbbbbb; --link: #000000; }
  body { font-size: 10pt; }
  main, header, footer { max-width: none; }
  nav, details { display: none; }
  .scroll { overflow: visible; border: none; }
  table { font-size: 8pt; }
  th, td { padding: .15rem .3rem; }
  svg { width: 100%; max-height: 9cm; }
  .drawing, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
)";

std::string anchor(std::size_t section) {
  return "section-" + std::to_string(section + 1);
}

/// Writes the parts of a page; counts figures, so that each has its own ids.
class Page {
 public:
  explicit Page(std::ostream& out) : out_(out) {}

  void operator()(const ReportText& part) { out_ << "<p>" << escaped(part.text) << "</p>\n"; }

  void operator()(const ReportTable& part) {
    out_ << "<figure>\n<figcaption>" << escaped(part.caption)
         << "</figcaption>\n<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>";
    const std::vector<bool> holds_words = columns_of_words(part);
    for (std::size_t i = 0; i < part.header.size(); ++i)
      out_ << "<th scope=\"col\"" << (holds_words[i] ? " class=\"words\">" : ">") << escaped(part.header[i]) << "</th>";
    out_ << "</tr></thead>\n<tbody>\n";
    for (const auto& row : part.rows) {
      out_ << "<tr>";
      for (std::size_t i = 0; i < row.size(); ++i) {
        const char* tag = i == 0 ? "th" : "td";
        out_ << '<' << tag << (i == 0 ? " scope=\"row\"" : "")
             << (i < holds_words.size() && holds_words[i] ? " class=\"words\">" : ">") << escaped(row[i]) << "</" << tag
             << '>';
      }
      out_ << "</tr>\n";
    }
    out_ << "</tbody></table></div>\n</figure>\n";
  }

  void operator()(const ReportFigure& part) {
    out_ << "<figure class=\"drawing\">\n<div class=\"scroll\" tabindex=\"0\">";
    if (part.drawing.is_drawn) {
      out_ << detail::inline_svg(read_file(part.drawing.svg()), "figure-" + std::to_string(++figures_), part.caption);
    } else {
      out_ << "<p class=\"missing\">Not drawn: " << escaped(part.drawing.problem) << "</p>";
    }
    out_ << "</div>\n<figcaption>" << escaped(part.caption) << "</figcaption>\n</figure>\n";
  }

  void operator()(const ReportListing& part) {
    out_ << "<details><summary>" << escaped(part.title) << "</summary>\n<pre>" << escaped(part.text)
         << "</pre>\n</details>\n";
  }

 private:
  /// Which columns hold a text that is too long for a line: they are broken, and begin at the left.
  static std::vector<bool> columns_of_words(const ReportTable& table) {
    constexpr std::size_t longest_line = 40;
    std::vector<bool> holds_words(table.header.size(), false);
    for (const auto& row : table.rows) {
      for (std::size_t i = 0; i < std::min(row.size(), holds_words.size()); ++i)
        holds_words[i] = holds_words[i] || row[i].size() > longest_line;
    }
    return holds_words;
  }

  static std::string escaped(std::string_view text) { return detail::escape_html(text); }

  std::ostream& out_;
  int figures_ = 0;
};

/// Plain text in which no character means anything to Markdown; line ends become blanks.
std::string literal_markdown(std::string_view text) {
  std::string escaped;
  for (const char c : detail::printable(text)) {
    if (std::string_view("\\`*_[]<>|#~").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

/// Writes the parts of a page as Markdown.
class MarkdownPage {
 public:
  explicit MarkdownPage(std::ostream& out) : out_(out) {}

  void operator()(const ReportText& part) { out_ << literal_markdown(part.text) << "\n\n"; }

  void operator()(const ReportTable& part) {
    out_ << '*' << literal_markdown(part.caption) << "*\n\n";
    write_row(part.header);
    out_ << '|';
    for (std::size_t i = 0; i < part.header.size(); ++i) out_ << "---|";
    out_ << '\n';
    for (const auto& row : part.rows) write_row(row);
    out_ << '\n';
  }

  void operator()(const ReportFigure& part) {
    const std::string caption = literal_markdown(part.caption);
    if (part.drawing.is_drawn) {
      out_ << "![" << caption << "](" << part.drawing.svg().filename().string() << ")\n\n*" << caption << "*\n\n";
    } else {
      out_ << '*' << caption << " Not drawn: " << literal_markdown(part.drawing.problem) << "*\n\n";
    }
  }

  void operator()(const ReportListing& part) {
    out_ << "<details><summary>" << detail::escape_html(part.title) << "</summary>\n<pre>\n"
         << detail::escape_html(part.text) << "</pre>\n</details>\n\n";
  }

 private:
  void write_row(const std::vector<std::string>& cells) {
    out_ << '|';
    for (const std::string& cell : cells) out_ << ' ' << literal_markdown(cell) << " |";
    out_ << '\n';
  }

  std::ostream& out_;
};

}  // namespace

std::string to_html(const Report& report) {
  std::ostringstream out;
  const std::string title = detail::escape_html(report.title);
  out << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>"
      << title << "</title>\n<style>" << style << "</style>\n</head>\n<body>\n<header>\n<h1>" << title
      << "</h1>\n<p class=\"subtitle\">" << detail::escape_html(report.subtitle)
      << "</p>\n<nav aria-label=\"Contents\"><ul>\n";
  for (std::size_t i = 0; i < report.sections.size(); ++i) {
    if (report.sections[i].level != 2) continue;
    out << "<li><a href=\"#" << anchor(i) << "\">" << detail::escape_html(report.sections[i].title) << "</a></li>\n";
  }
  out << "</ul></nav>\n</header>\n<main>\n";
  Page page(out);
  for (std::size_t i = 0; i < report.sections.size(); ++i) {
    const ReportSection& section = report.sections[i];
    const char heading = section.level == 2 ? '2' : '3';
    out << "<h" << heading << " id=\"" << anchor(i) << "\">" << detail::escape_html(section.title) << "</h" << heading
        << ">\n";
    for (const auto& part : section.parts) std::visit(page, part);
  }
  out << "</main>\n</body>\n</html>\n";
  return out.str();
}

std::string to_markdown(const Report& report) {
  std::ostringstream out;
  out << "# " << literal_markdown(report.title) << "\n\n" << literal_markdown(report.subtitle) << "\n\n";
  MarkdownPage page(out);
  for (const ReportSection& section : report.sections) {
    out << (section.level == 2 ? "## " : "### ") << literal_markdown(section.title) << "\n\n";
    for (const auto& part : section.parts) std::visit(page, part);
  }
  std::string text = out.str();
  text.pop_back();  // one line end behind the last part
  return text;
}

}  // namespace glifr::analysis
