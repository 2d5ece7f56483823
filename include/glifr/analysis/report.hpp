#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "glifr/analysis/plot.hpp"

/// A page for people: sections of text, tables and figures, as one HTML file that needs nothing else.
namespace glifr::analysis {

/// All texts are plain: what HTML gives a meaning to is escaped.
struct ReportText {
  std::string text;
};

struct ReportTable {
  std::string caption;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  ///< the first cell of a row names it
};

/// A figure as it was drawn; where it was not, its place says why.
struct ReportFigure {
  std::string caption;
  Drawing drawing;
};

/// Text that is shown on demand, as it is: a configuration.
struct ReportListing {
  std::string title;
  std::string text;
};

struct ReportSection {
  std::string title;
  int level = 2;  ///< of the heading: 2 or, for a part of the section before, 3
  std::vector<std::variant<ReportText, ReportTable, ReportFigure, ReportListing>> parts;
};

struct Report {
  std::string title;
  std::string subtitle;
  std::vector<ReportSection> sections;
};

/// The page: valid HTML5 with its figures inline as SVG and its style inside, no script, no request to any network; for
/// wide and narrow screens, light and dark, and paper. Throws DataError where the drawing of a figure cannot be read.
[[nodiscard]] std::string to_html(const Report& report);

}  // namespace glifr::analysis
