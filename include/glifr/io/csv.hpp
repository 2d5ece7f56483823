#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/io/growing_file.hpp"
#include "glifr/io/number.hpp"

namespace glifr {

/// Lines of comma-separated cells, collected in memory: a row is a series of `cell`s closed by `end_row`.
class GLIFR_API CsvRows {
 public:
  CsvRows() = default;
  /// Begins with a line of column names.
  explicit CsvRows(std::initializer_list<std::string_view> header);

  /// A number, in the shortest digits that read back as the same.
  CsvRows& cell(double value);
  /// A number, in the shortest digits that read back as the same.
  CsvRows& cell(float value);
  /// A whole number.
  CsvRows& cell(Index value);
  /// A whole number.
  CsvRows& cell(int value) { return cell(Index{value}); }
  /// Text, in quotes where it holds a comma, a quote or a line end (RFC 4180).
  CsvRows& cell(std::string_view text);
  /// Text, as above.
  CsvRows& cell(const char* text) { return cell(std::string_view(text)); }
  /// A value that does not exist, as the accuracy of a regression.
  CsvRows& empty_cell();
  /// Ends the line.
  void end_row();

  /// A row of numbers.
  void row(std::span<const double> values);
  /// A row of numbers.
  void row(std::span<const float> values);

  /// Forgets what was collected.
  void clear() { text_.clear(); }
  /// What was collected.
  [[nodiscard]] std::string_view text() const { return text_; }
  /// Writes what was collected; see `write_file_atomically`.
  void write(const std::filesystem::path& path) const;

 private:
  std::string text_;
  bool row_is_open_ = false;

  void separate();
};

/// A CSV file that grows while a run goes on, as metrics do with every epoch. Rows reach the file whole or not at all,
/// and at once, so that others can follow it and a killed run loses none.
class GLIFR_API CsvAppender {
 public:
  /// Begins the file with `rows` (its header, if it has one), replacing what was there. Throws OutputError.
  static CsvAppender start(const std::filesystem::path& path, const CsvRows& rows = {});
  /// Goes on behind the first `lines` lines of the file and drops what follows them: rows that a run wrote after the
  /// checkpoint from which it is resumed. Throws DataError where the file has fewer lines or is missing.
  static CsvAppender resume(const std::filesystem::path& path, Index lines);

  /// Adds rows. Throws OutputError; the file then ends as it did before.
  void append(const CsvRows& rows) { file_.append(rows.text()); }
  /// Forces what was appended to the disk, as is due before a checkpoint that counts on it. Throws OutputError.
  void sync() { file_.sync(); }

 private:
  explicit CsvAppender(detail::GrowingFile file) : file_(std::move(file)) {}

  detail::GrowingFile file_;
};

/// What a CSV file of numbers looks like.
struct CsvFormat {
  bool has_header = false;  ///< whether the first line holds names of columns
  /// Whether a cell may be empty; it then reads as NaN.
  bool allows_empty_cells = false;
  /// Whether "nan" and "inf", in any case, are numbers.
  bool allows_not_finite = false;
  /// Whether the numbers of a column are wanted, by its name; empty: all are. The cells of other columns may be any
  /// text and read as NaN.
  std::function<bool(const std::string&)> is_wanted = {};
  /// What a cell stands for, by its column's name, where it is no number: for the message; empty: nothing to say.
  std::function<std::string(const std::string&)> meaning = {};
  /// Whether the first line's cells are names of columns, in place of `has_header` where they may be or not.
  std::function<bool(const std::vector<std::string>&)> are_names = {};
};

/// The content of a CSV file of numbers.
struct CsvNumbers {
  std::vector<std::string> header;  ///< column names; empty where the file has no header
  Index rows = 0;                   ///< without the header
  Index columns = 0;                ///< of every row
  std::vector<double> values;       ///< `[rows, columns]`, row by row

  /// One value.
  [[nodiscard]] double operator()(Index row, Index column) const {
    return values[static_cast<std::size_t>(row * columns + column)];
  }
  /// The values of a row.
  [[nodiscard]] std::span<const double> row(Index r) const {
    return std::span(values).subspan(static_cast<std::size_t>(r * columns), static_cast<std::size_t>(columns));
  }
};

/// Reads a CSV file of numbers. Lines end in \n, \r\n or \r, cells may stand in quotes, a byte order mark of UTF-8 is
/// skipped. Throws DataError, naming the line and the column, where a row has not as many cells as the first, a cell is
/// no number or, unless the format allows that, not finite, or the file holds no line at all or is no text.
[[nodiscard]] GLIFR_API CsvNumbers read_csv_numbers(const std::filesystem::path& path, const CsvFormat& format);

/// The content of a CSV file of words and numbers.
struct GLIFR_API CsvCells {
  std::vector<std::string> header;             ///< column names
  std::vector<std::vector<std::string>> rows;  ///< as many cells as the header has

  /// Where the column of that name is; nothing where there is none.
  [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const;
};

/// Reads a CSV file with a header as text, in the form that `read_csv_numbers` reads. Throws DataError where a row has
/// not as many cells as the header, or the file holds no line at all or is no text.
[[nodiscard]] GLIFR_API CsvCells read_csv_cells(const std::filesystem::path& path);

}  // namespace glifr
