#pragma once

#include <string>
#include <string_view>

#include "glifr/export.hpp"

namespace glifr {

/// Whether bytes begin as gzip data do.
[[nodiscard]] GLIFR_API bool is_gzip(std::string_view bytes);

/// The content of a gzip file of the bytes `packed` (one member or several, as `gzip` and `cat` write them; zeros that
/// pad it at the end, as on a tape, are skipped); `file` stands for it in messages. Throws DataError with the offset in
/// the packed bytes where they are damaged, cut short or followed by anything else.
[[nodiscard]] GLIFR_API std::string unpack_gzip(std::string_view packed, const std::string& file);

}  // namespace glifr
