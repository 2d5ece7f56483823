#include "glifr/analysis/plot.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iomanip>
#include <sstream>
#include <system_error>

#include "glifr/io/csv.hpp"
#include "glifr/io/detail/fnv1a.hpp"
#include "glifr/io/files.hpp"
#include "gnuplot.hpp"

namespace glifr::analysis {
namespace {

namespace fs = std::filesystem;

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

/// Removes a drawing of other data.
void remove_old(const fs::path& drawing) {
  std::error_code ignored;
  if (fs::is_regular_file(drawing, ignored)) fs::remove(drawing, ignored);
}

}  // namespace

Drawing draw(const Figure& figure, const std::filesystem::path& folder, std::optional<double> width) {
  const std::string script = detail::gnuplot_script(figure, width);
  Drawing drawing{folder / (file_name(figure.name) + ".gp"), false, {}};
  for (const Table& table : figure.tables) to_csv(table).write(folder / detail::table_file(figure, table));
  write_file_atomically(drawing.script, script);

  detail::GnuplotRun run = detail::run_gnuplot(drawing.script);
  drawing.problem = std::move(run.problem);
  drawing.has_no_gnuplot = run.is_missing;
  drawing.is_drawn = drawing.problem.empty();
  if (drawing.is_drawn) {
    write_file_atomically(drawing.svg(), run.svg);
    write_file_atomically(drawing.pdf(), run.pdf);
  } else {
    remove_old(drawing.svg());
    remove_old(drawing.pdf());
  }
  return drawing;
}

std::string file_name(std::string_view name) {
  constexpr std::size_t longest = 100;  // several and an ending make a name that file systems take, up to 255
  std::string safe(name);
  for (char& c : safe) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-' && c != '_') c = '_';
  }
  if (safe == name && safe.size() <= longest) return safe;
  // The digits are of the part that is not plain alone, so that all figures of a task with such a name have the same.
  std::size_t begin = 0;
  if (safe.size() <= longest) {
    const auto plain = std::ranges::mismatch(safe, name).in1 - safe.begin();
    begin = name.rfind('_', static_cast<std::size_t>(plain)) + 1;  // 0 where there is none
  }
  std::ostringstream number;
  number << std::hex << std::setfill('0') << std::setw(8) << glifr::detail::fnv1a_32(name.substr(begin));
  return safe.substr(0, longest) + '-' + number.str();
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
