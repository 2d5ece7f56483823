#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "glifr/analysis/plot.hpp"

namespace glifr::analysis::detail {

/// `name` with everything but letters, digits, '.', '-' and '_' replaced by '_' and, where anything was, '-' and eight
/// digits that follow from the whole name.
[[nodiscard]] std::string file_name(std::string_view name);

/// A word or the name of a column as it stands in the table and in the script: gnuplot ends a word at a comma or a
/// double quote, quoted or not, so that signs that look like them stand in for them.
[[nodiscard]] std::string table_word(std::string_view word);

/// The name of the CSV file that holds a table of a figure.
[[nodiscard]] std::string table_file(const Figure& figure, const Table& table);

/// The gnuplot commands that draw a figure, from its tables' files, as SVG and PDF. Throws std::invalid_argument where
/// a series names a table or column that is not there.
[[nodiscard]] std::string gnuplot_script(const Figure& figure);

/// Runs `gnuplot` on a script, in the script's folder. Empty where it went well, else what went wrong, in one line.
[[nodiscard]] std::string run_gnuplot(const std::filesystem::path& script);

}  // namespace glifr::analysis::detail
