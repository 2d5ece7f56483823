#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "glifr/analysis/plot.hpp"
#include "glifr/export.hpp"

/// A page for people: sections of text, tables and figures, as one HTML file that needs nothing else, or as Markdown.
namespace glifr::analysis {

/// All texts are plain: what HTML gives a meaning to is escaped.
struct ReportText {
  std::string text;  ///< plain, a paragraph
};

/// A table with its heading.
struct ReportTable {
  std::string caption;                         ///< above it
  std::vector<std::string> header;             ///< of the columns
  std::vector<std::vector<std::string>> rows;  ///< the first cell of a row names it
};

/// A figure as it was drawn; where it was not, its place says why.
struct ReportFigure {
  std::string caption;  ///< below it
  Drawing drawing;      ///< as `draw` left it
};

/// Text that is shown on demand, as it is: a configuration.
struct ReportListing {
  std::string title;  ///< of what can be unfolded
  std::string text;   ///< as it is, line by line
};

/// A part of a report.
struct ReportSection {
  std::string title;  ///< of the section
  int level = 2;      ///< of the heading: 2 or, for a part of the section before, 3
  std::vector<std::variant<ReportText, ReportTable, ReportFigure, ReportListing>> parts;  ///< in their order
};

/// A page.
struct Report {
  std::string title;                    ///< of the page
  std::string subtitle;                 ///< below the title
  std::vector<ReportSection> sections;  ///< in their order
};

/// The page: valid HTML5 with its figures inline as SVG and its style inside, no script, no request to any network; for
/// wide and narrow screens, light and dark, and paper. Throws DataError where the drawing of a figure cannot be read.
[[nodiscard]] GLIFR_API std::string to_html(const Report& report);

/// The page as Markdown (GitHub's, with tables); its figures are links to their SVG files, beside which the page must
/// lie. What Markdown gives a meaning to is escaped.
[[nodiscard]] GLIFR_API std::string to_markdown(const Report& report);

}  // namespace glifr::analysis
