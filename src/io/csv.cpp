#include "glifr/io/csv.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "glifr/error.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/files.hpp"

namespace glifr {
namespace {

constexpr std::string_view blanks = " \t\r";
constexpr std::size_t longest_quotation = 40;  // of what was found, in messages

template <class Number>
void append_number(std::string& text, Number value) {
  std::array<char, 32> digits;  // the longest double takes 24
  text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t end; (end = text.find(separator)) != std::string_view::npos; text.remove_prefix(end + 1)) {
    parts.push_back(text.substr(0, end));
  }
  parts.push_back(text);
  return parts;
}

/// The cells of a line without blanks around them and without their quotes; nothing where a quote is out of place.
std::optional<std::vector<std::string>> split_cells(std::string_view line) {
  std::vector<std::string> cells;
  for (;;) {
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    std::string cell;
    if (line.starts_with('"')) {
      std::size_t place = 1;
      for (; place < line.size(); ++place) {
        if (line[place] == '"' && !line.substr(place + 1).starts_with('"')) break;
        if (line[place] == '"') ++place;  // a quote within quotes stands twice
        cell += line[place];
      }
      if (place == line.size()) return std::nullopt;
      line.remove_prefix(place + 1);
      if (!trim(line.substr(0, line.find(','))).empty()) return std::nullopt;
    } else {
      cell = trim(line.substr(0, line.find(',')));
    }
    cells.push_back(std::move(cell));
    const std::size_t comma = line.find(',');
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

/// The other sign that separates the columns of a line, for messages; empty where there is none.
std::string other_separator(std::string_view line) {
  line = trim(line);
  const bool is_one_quoted_cell = line.starts_with('"') && split_cells(line);
  if (is_one_quoted_cell || line.find(',') != std::string_view::npos) return {};
  return line.find(';') != std::string_view::npos ? "';'" : line.find('\t') != std::string_view::npos ? "tabs" : "";
}

[[noreturn]] void fail_at(const std::filesystem::path& path, std::size_t line, const std::string& problem) {
  throw DataError(path.string(), "line " + std::to_string(line) + problem);
}

/// Calls `take(line number from 1, cells)` for each line of a table of `what`; all have as many cells as the first.
template <class Take>
void for_each_line(const std::filesystem::path& path, const std::string& what, Take&& take) {
  const std::string content = read_file(path);
  if (const std::string found = detail::foreign_content(content); !found.empty()) {
    throw DataError(path.string(), "found " + found + "; accepted is a table of " + what + ", separated by commas");
  }
  std::string_view text = content;
  if (text.starts_with(detail::byte_order_mark)) text.remove_prefix(detail::byte_order_mark.size());
  text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);  // blank lines at the end say nothing
  if (text.empty()) throw DataError(path.string(), "is empty; rows of " + what + " are needed");
  const bool has_line_feeds = text.find('\n') != std::string_view::npos;
  std::size_t line_number = 0, columns = 0;
  for (const std::string_view line : split(text, has_line_feeds ? '\n' : '\r')) {
    ++line_number;
    if (const std::string other = line_number == 1 ? other_separator(line) : ""; !other.empty())
      fail_at(path, line_number, ": columns are separated by " + other + "; commas are needed");
    std::optional<std::vector<std::string>> cells = split_cells(line);
    if (!cells) {
      fail_at(path, line_number,
              ": found a quote that is not closed in its line, or something behind one that is; a cell may not go over "
              "several lines");
    }
    if (line_number == 1) columns = cells->size();
    if (cells->size() != columns && trim(line).empty())
      fail_at(path, line_number, " is empty; only at the end may lines be");
    if (cells->size() != columns) {
      fail_at(path, line_number,
              ": found " + std::to_string(cells->size()) + " cells; the first line has " + std::to_string(columns));
    }
    take(line_number, *std::move(cells));
  }
}

}  // namespace

CsvRows::CsvRows(std::initializer_list<std::string_view> header) {
  for (const std::string_view name : header) cell(name);
  end_row();
}

void CsvRows::separate() {
  if (row_is_open_) text_ += ',';
  row_is_open_ = true;
}

CsvRows& CsvRows::cell(double value) {
  separate();
  append_number(text_, value);
  return *this;
}

CsvRows& CsvRows::cell(float value) {
  separate();
  append_number(text_, value);
  return *this;
}

CsvRows& CsvRows::cell(Index value) {
  separate();
  append_number(text_, value);
  return *this;
}

CsvRows& CsvRows::cell(std::string_view text) {
  separate();
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    text_ += text;
    return *this;
  }
  text_ += '"';
  for (const char c : text) text_.append(c == '"' ? 2 : 1, c);
  text_ += '"';
  return *this;
}

CsvRows& CsvRows::empty_cell() {
  separate();
  return *this;
}

void CsvRows::end_row() {
  text_ += '\n';
  row_is_open_ = false;
}

void CsvRows::row(std::span<const double> values) {
  for (const double value : values) cell(value);
  end_row();
}

void CsvRows::row(std::span<const float> values) {
  for (const float value : values) cell(value);
  end_row();
}

void CsvRows::write(const std::filesystem::path& path) const {
  write_file_atomically(path, text_);
}

CsvAppender CsvAppender::start(const std::filesystem::path& path, const CsvRows& rows) {
  CsvAppender file(detail::GrowingFile::create(path));
  file.append(rows);
  return file;
}

CsvAppender CsvAppender::resume(const std::filesystem::path& path, Index lines) {
  const std::string content = read_file(path);
  std::size_t kept = 0;
  for (Index line = 0; line < lines; ++line) {
    const std::size_t end = content.find('\n', kept);
    if (end == std::string::npos) {
      throw DataError(path.string(),
                      "has " + std::to_string(line) + " lines; the checkpoint needs " + std::to_string(lines));
    }
    kept = end + 1;
  }
  return CsvAppender(detail::GrowingFile::cut(path, kept));
}

CsvNumbers read_csv_numbers(const std::filesystem::path& path, const CsvFormat& format) {
  CsvNumbers table;
  std::vector<bool> is_wanted;
  for_each_line(path, "numbers", [&](std::size_t line_number, std::vector<std::string> cells) {
    const auto fail = [&](const std::string& problem) { fail_at(path, line_number, problem); };
    if (line_number == 1) table.columns = std::ssize(cells);
    if (line_number == 1) is_wanted.resize(cells.size(), true);
    if (line_number == 1 && (format.are_names ? format.are_names(cells) : format.has_header)) {
      table.header = std::move(cells);
      if (format.is_wanted)
        std::transform(table.header.begin(), table.header.end(), is_wanted.begin(), format.is_wanted);
      return;
    }
    for (std::size_t column = 0; column < cells.size(); ++column) {
      const std::string& cell = cells[column];
      if (!is_wanted[column]) {
        table.values.push_back(std::numeric_limits<double>::quiet_NaN());
        continue;
      }
      const bool is_absent = cell.empty() && format.allows_empty_cells;
      const std::optional<double> value =
          is_absent ? std::numeric_limits<double>::quiet_NaN() : parse_measured_number(cell);
      if (!value || !(is_absent || format.allows_not_finite || std::isfinite(*value))) {
        const std::string name = !table.header.empty() ? " (" + table.header[column] + ")" : "";
        const bool is_header = line_number == 1 && !value;
        const std::string meaning = format.meaning && !table.header.empty() ? format.meaning(table.header[column]) : "";
        fail(", column " + std::to_string(column + 1) + name + ": found '" + cell.substr(0, longest_quotation) + "'; " +
             (is_too_large_number(cell) ? "a number that fits into 64 bits"
              : value                   ? "a finite number"
                                        : "a number") +
             " is needed" + (is_header ? ", separated by commas; this table has no line of names" : "") +
             (meaning.empty() ? "" : "; " + meaning));
      }
      table.values.push_back(*value);
    }
    ++table.rows;
  });
  return table;
}

std::optional<std::size_t> CsvCells::column(std::string_view name) const {
  const auto found = std::ranges::find(header, name);
  if (found == header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.begin());
}

CsvCells read_csv_cells(const std::filesystem::path& path) {
  CsvCells table;
  for_each_line(path, "cells", [&](std::size_t line_number, std::vector<std::string> cells) {
    line_number == 1 ? table.header = std::move(cells) : table.rows.emplace_back(std::move(cells));
  });
  return table;
}

}  // namespace glifr
