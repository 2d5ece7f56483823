#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"

/// Figures as data: tables, and what is drawn of them where. `draw` turns one into files through gnuplot.
namespace glifr::analysis {

/// A named column of a table: numbers (NaN: an empty cell) or words. Commas and double quotes in names and words, which
/// gnuplot cannot read there, are written as U+201A and U+2033.
struct Column {
  std::string name;                                                    ///< its heading in the file
  std::variant<std::vector<double>, std::vector<std::string>> values;  ///< one a row
};

/// What a series is drawn from; it is kept as a CSV file. Columns may differ in length: short ones end in empty cells.
struct Table {
  std::string name;             ///< of its file
  std::vector<Column> columns;  ///< from left to right
};

/// Colour, line and point of a series.
struct Ink {
  std::uint32_t color = 0;  ///< 0xRRGGBB
  double width = 1.5;       ///< of lines, points
  int dash = 1;             ///< gnuplot's dash type: 1 solid, 2 dashed, 3 dotted, 4 dash-dot
  int point = 7;            ///< gnuplot's point type: 7 disc, 5 square, 9 triangle; one less is the open form; 0 a dot
  double point_size = 0.5;  ///< gnuplot's point size
  double opacity = 1;       ///< 0 to 1
};

/// How a series is drawn. `band`, `error_bars` and `numbers` take two columns, the others draw every column that they
/// are given.
enum class Mark {
  line,
  points,
  line_and_points,
  band,        ///< the area between the first column and the second
  error_bars,  ///< first column +- second column, with a point
  boxes,       ///< bars from zero, as wide as `Series::box_width`
  outline,     ///< the contour of a histogram, from the middles of its bins
  numbers,     ///< at the heights in the first column the numbers in the second, rounded and written out
  cells,       ///< rectangles around points, 1 unit of the vertical axis high and as wide as `Series::box_width`
};

/// Restricts a series to the rows in which a column has a value.
struct Filter {
  std::string column;                       ///< by name
  std::variant<std::string, double> value;  ///< what stands in it
};

/// What is drawn of a table.
struct Series {
  Mark mark = Mark::line;         ///< how
  std::string table;              ///< by name
  std::string x;                  ///< the column along the horizontal axis
  std::vector<std::string> y{};   ///< the columns along the vertical one
  Ink ink{};                      ///< in which colour, line and point
  std::string title{};            ///< in the key, in gnuplot's enhanced text; empty: not there
  std::optional<Filter> where{};  ///< the rows; all, unless given
  double box_width = 1;           ///< of boxes and cells, in units of the horizontal axis
};

/// A word in place of a number on an axis.
struct Tic {
  std::string label;    ///< what is written, in gnuplot's enhanced text
  double position = 0;  ///< where, in units of the axis
};

/// One side of a panel. Its numbers are round ones, as many as have room; an end that is not given lies at one of them.
struct Axis {
  std::string label{};               ///< with its unit
  std::optional<double> lower{};     ///< its beginning; chosen from what is drawn, unless given
  std::optional<double> upper{};     ///< its end; chosen from what is drawn, unless given
  std::optional<double> least{};     ///< it never begins below: the least value that the quantity can have
  std::optional<double> greatest{};  ///< it never ends above: the greatest value that the quantity can have
  bool is_logarithmic = false;       ///< equal factors are equal lengths; what is not positive is not drawn
  bool is_count = false;             ///< integers only: epochs, clusters, neurons
  std::vector<Tic> tics{};           ///< instead of numbers
  bool hides_numbers = false;        ///< where the panel below has the same axis
};

/// One pair of axes with what is drawn between them.
struct Panel {
  std::string title;            ///< above it; may be empty
  Axis x;                       ///< horizontal
  Axis y;                       ///< vertical
  bool has_key = false;         ///< whether the titles of its series stand above it
  bool has_equal_axes = false;  ///< one unit is as long along both (linear) axes, so that circles are round
  std::vector<Series> series;   ///< drawn in this order
  std::vector<double> guides;   ///< heights of thin horizontal lines, such as chance level
};

/// A figure: its tables and what is drawn of them. Keys stand above what they explain and cover nothing.
struct Figure {
  std::string name;                ///< of its files, as `file_name` puts it
  std::string caption;             ///< what is seen and how it was made: plain text
  std::vector<Table> tables;       ///< what is drawn from
  std::vector<Panel> panels;       ///< at least one
  Index columns = 1;               ///< of panels, filled row by row; fewer where the figure is too narrow for them
  bool has_key = false;            ///< whether the titles of all series, each once, stand above all panels
  bool shares_y = false;           ///< all panels have the vertical range of what is drawn in any of them
  double width = 640;              ///< where none is asked for: units of 1/96 inch
  double aspect = 0.5;             ///< height of a panel by its width
  double least_panel_width = 150;  ///< units of 1/96 inch: where panels would be narrower there are fewer columns
};

/// What became of a figure. The data and the script are always there; where gnuplot is missing or failed, the drawings
/// are not.
struct Drawing {
  std::filesystem::path script;  ///< gnuplot's commands
  bool is_drawn = false;         ///< whether the drawings are there
  std::string problem;           ///< why it is not drawn, in one line
  bool has_no_gnuplot = false;   ///< the reason is that gnuplot is not installed: no figure can be drawn

  /// Where the drawing for the screen is.
  [[nodiscard]] std::filesystem::path svg() const { return std::filesystem::path(script).replace_extension(".svg"); }
  /// Where the drawing for print is.
  [[nodiscard]] std::filesystem::path pdf() const { return std::filesystem::path(script).replace_extension(".pdf"); }
};

/// `name` as the name of a file: everything but letters, digits, '.', '-' and '_' becomes '_', and no more than 100
/// letters are left. Where that changes it, '-' and eight digits behind it tell it from others that become the same. In
/// names that are not too long, the digits are of what follows the '_' before the first such character: the same in
/// "summary_a,b" and "curves_a,b".
[[nodiscard]] GLIFR_API std::string file_name(std::string_view name);

/// Writes a figure to an existing folder: NAME.csv (NAME_TABLE.csv for each table where there are several), the gnuplot
/// script NAME.gp that draws it, and, drawn by it, NAME.svg and NAME.pdf, each as `write_file_atomically` does. With a
/// `width` (mm, at least `least_figure_width`) the figure is as wide and its letters are 8 points high, for print;
/// without one it is as wide as it asks for, with letters of 9 points. Throws OutputError where a file cannot be
/// written, std::invalid_argument where a series names a table or column that is not there or the width is too small.
GLIFR_API Drawing draw(const Figure& figure, const std::filesystem::path& folder,
                       std::optional<double> width = std::nullopt);

inline constexpr double least_figure_width = 80;  ///< mm: in a narrower one, labels would run together

/// `text` with what gnuplot's enhanced mode gives a meaning to (`_ ^ { } @ & ~ \`) taken literally: for names that
/// users give.
[[nodiscard]] GLIFR_API std::string literal(std::string_view text);

}  // namespace glifr::analysis
