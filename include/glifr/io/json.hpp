#pragma once

#include <boost/json/fwd.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// Reads a JSON document (include <boost/json.hpp> to use it); `name` stands for the file in messages. A byte order
/// mark before it is skipped. Throws DataError with the byte at which the text stops being JSON; for a number that no
/// double can hold and a name that stands twice in one object, too.
[[nodiscard]] GLIFR_API boost::json::value parse_json(std::string_view text, const std::string& name);
/// The same of one or more documents, one after another.
[[nodiscard]] GLIFR_API std::vector<boost::json::value> parse_json_documents(std::string_view text,
                                                                             const std::string& name);
/// The same from a file. Throws DataError where it cannot be read, too.
[[nodiscard]] GLIFR_API boost::json::value read_json_file(const std::filesystem::path& path);

/// The whole number that a value is, or nothing: of 64, 64.0 and 6.4e1 alike.
[[nodiscard]] GLIFR_API std::optional<Index> whole_number(const boost::json::value& value);

/// A document for people: a member a line, two spaces deep, members in their order, numbers in the shortest digits that
/// round-trip. Numbers that JSON has no form for (NaN, infinities) become null.
[[nodiscard]] GLIFR_API std::string to_text(const boost::json::value& document);
/// The same in one line, without a line end.
[[nodiscard]] GLIFR_API std::string to_line(const boost::json::value& document);

}  // namespace glifr
