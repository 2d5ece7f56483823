#include "glifr/analysis/plot.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <system_error>

#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"
#include "gnuplot.hpp"

namespace glifr::analysis {
namespace {

std::size_t length(const Column& column) {
  return std::visit([](const auto& values) { return values.size(); }, column.values);
}

void add_cell(CsvRows& csv, const Column& column, std::size_t row) {
  if (row >= length(column)) {
    csv.empty_cell();
  } else if (const auto* words = std::get_if<std::vector<std::string>>(&column.values)) {
    csv.cell(std::string_view(detail::table_word((*words)[row])));
  } else if (const double value = std::get<std::vector<double>>(column.values)[row]; std::isnan(value)) {
    csv.empty_cell();
  } else {
    csv.cell(value);
  }
}

CsvRows to_csv(const Table& table) {
  CsvRows csv;
  std::size_t rows = 0;
  for (const Column& column : table.columns) {
    csv.cell(std::string_view(detail::table_word(column.name)));
    rows = std::max(rows, length(column));
  }
  csv.end_row();
  for (std::size_t row = 0; row < rows; ++row) {
    for (const Column& column : table.columns) add_cell(csv, column, row);
    csv.end_row();
  }
  return csv;
}

/// gnuplot does not report a full disk: a drawing counts where its last bytes are there.
bool ends_with(const std::filesystem::path& file, std::string_view mark) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return false;
  std::string content = read_file(file);
  content.resize(content.find_last_not_of(" \n") + 1);
  return content.ends_with(mark);
}

}  // namespace

Axis round_axis(std::string label, std::span<const double> values, int numbers) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  Axis axis{.label = std::move(label)};
  if (low > high) return axis;
  if (high - low <= 1e-9 * std::max(std::abs(low), std::abs(high))) {  // a constant stands between zero and its double
    const double constant = high == 0 ? 1 : high;
    low = std::min({low, 0.0, 2 * constant});
    high = std::max({high, 0.0, 2 * constant});
  }
  const double rough = (high - low) / numbers;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= 0.999 * rough) {
      step = factor * power;
      break;
    }
  }
  axis.lower = step * std::floor(low / step + 1e-6);
  axis.upper = step * std::ceil(high / step - 1e-6);
  axis.step = step;
  return axis;
}

Drawing draw(const Figure& figure, const std::filesystem::path& folder) {
  const std::string script = detail::gnuplot_script(figure);
  Drawing drawing{folder / (detail::file_name(figure.name) + ".gp"), false, {}};
  for (const Table& table : figure.tables) to_csv(table).write(folder / detail::table_file(figure, table));
  write_file_atomically(drawing.script, script);

  drawing.problem = detail::run_gnuplot(drawing.script);
  if (drawing.problem.empty() && !(ends_with(drawing.svg(), "</svg>") && ends_with(drawing.pdf(), "%%EOF"))) {
    drawing.problem = "gnuplot left an incomplete drawing (is the disk full?)";
  }
  drawing.is_drawn = drawing.problem.empty();
  if (!drawing.is_drawn) {
    std::error_code ignored;
    std::filesystem::remove(drawing.svg(), ignored);
    std::filesystem::remove(drawing.pdf(), ignored);
  }
  return drawing;
}

std::string literal(std::string_view text) {
  constexpr std::string_view special = "_^{}@&~\\";
  std::string result;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

}  // namespace glifr::analysis
