#pragma once

#include <boost/json/fwd.hpp>
#include <filesystem>
#include <string>
#include <string_view>

#include "glifr/export.hpp"

namespace glifr {

/// Reads a JSON document (include <boost/json.hpp> to use it); `name` stands for the file in messages. Throws DataError
/// with the byte at which the text stops being JSON.
[[nodiscard]] GLIFR_API boost::json::value parse_json(std::string_view text, const std::string& name);
/// The same from a file. Throws DataError where it cannot be read, too.
[[nodiscard]] GLIFR_API boost::json::value read_json_file(const std::filesystem::path& path);

/// A document for people: a member a line, two spaces deep, members in their order, numbers in the shortest digits that
/// round-trip. Numbers that JSON has no form for (NaN, infinities) become null.
[[nodiscard]] GLIFR_API std::string to_text(const boost::json::value& document);
/// The same in one line, without a line end.
[[nodiscard]] GLIFR_API std::string to_line(const boost::json::value& document);

}  // namespace glifr
