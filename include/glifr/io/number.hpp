#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/neurons/range.hpp"

/// Numbers as text, wherever they come from (command line, configuration, JSON, CSV): decimal digits, the whole text,
/// whatever the locale.
namespace glifr {

/// The shortest digits that read back as the same number: "0.1", "1e-08", "nan", "-inf".
[[nodiscard]] GLIFR_API std::string format_number(double value);
/// The same of a float, which needs fewer digits.
[[nodiscard]] GLIFR_API std::string format_number(float value);

/// The number that a text stands for, whole, or nothing: "-2.5e3", "+1", ".5", "010" (ten), "inf", "nan"; no blanks, no
/// hexadecimal digits, nothing that a double cannot hold.
[[nodiscard]] GLIFR_API std::optional<double> parse_number(std::string_view text);
/// The same of a number in a table, where one that is too small for a double ("1e-400", as R and Fortran write them) is
/// 0.
[[nodiscard]] GLIFR_API std::optional<double> parse_measured_number(std::string_view text);
/// Whether a text stands for a number that is too large for a double: "1e400", "-1e309".
[[nodiscard]] GLIFR_API bool is_too_large_number(std::string_view text);
/// The whole number that a text of digits stands for, or nothing: "-25", "+1", "010" (ten); no point, no exponent,
/// nothing that 64 bits cannot hold.
[[nodiscard]] GLIFR_API std::optional<Index> parse_integer(std::string_view text);
/// The same of numbers from 0 to 2^64 - 1, as seeds are; none with a minus.
[[nodiscard]] GLIFR_API std::optional<std::uint64_t> parse_unsigned(std::string_view text);
/// The whole number that a double is, or nothing: 64 of 64.0; nothing of 0.5, or of numbers so large that doubles no
/// longer tell one from the next.
[[nodiscard]] GLIFR_API std::optional<Index> whole_number(double value);

/// "a number > 0", "an integer >= 0 and <= 4", for messages and reference pages.
[[nodiscard]] GLIFR_API std::string to_string(const Range& range, bool is_integer = false);

/// A text from a user in a message, as it was typed: a number as it is, anything else in quotes; the beginning of what
/// is longer than 48 characters.
[[nodiscard]] GLIFR_API std::string quote_unless_number(std::string_view text);

}  // namespace glifr
