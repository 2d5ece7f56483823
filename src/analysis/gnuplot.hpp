#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "glifr/analysis/plot.hpp"

namespace glifr::analysis::detail {

/// A word or the name of a column as it stands in the table and in the script: gnuplot ends a word at a comma or a
/// double quote, quoted or not, so that signs that look like them stand in for them.
[[nodiscard]] std::string table_word(std::string_view word);

/// The name of the CSV file that holds a table of a figure.
[[nodiscard]] std::string table_file(const Figure& figure, const Table& table);

/// The gnuplot commands that draw a figure, from its tables' files, as SVG and PDF, `width` mm wide. Throws
/// std::invalid_argument where a series names a table or column that is not there.
[[nodiscard]] std::string gnuplot_script(const Figure& figure, std::optional<double> width = std::nullopt);

/// What gnuplot made of a script.
struct GnuplotRun {
  std::string problem{};     ///< what went wrong, in one line; empty: nothing
  bool is_missing = false;   ///< it is not installed
  std::string svg{}, pdf{};  ///< the drawings, where nothing went wrong
};

/// Runs `gnuplot` on a figure's script, in the script's folder, and takes the drawings that it makes. No file is
/// written: an interruption leaves no half of one.
[[nodiscard]] GnuplotRun run_gnuplot(const std::filesystem::path& script);

}  // namespace glifr::analysis::detail
