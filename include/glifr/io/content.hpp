#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "glifr/export.hpp"

namespace glifr::detail {

/// DataError where a path is that of a pipe or a device, which can be read once only, if at all. Whether there is
/// anything is left to the reader.
GLIFR_API void require_file(const std::filesystem::path& path);

/// The first bytes of a file, as many as tell its form; empty where it cannot be read.
[[nodiscard]] GLIFR_API std::string beginning_of(const std::filesystem::path& path);

/// Bytes that one stored byte may stand for in deflate: 258 bytes are packed in 2 bits. More is a damaged file.
inline constexpr std::uint64_t most_deflate_expansion = 1032;

/// What a file is by its first bytes, where that is known and nothing that glifr reads: "a ZIP archive (as .pt, .ckpt,
/// .npz and .xlsx files are)". Empty where it is not known. To be asked where reading has failed, for a better message.
[[nodiscard]] GLIFR_API std::string foreign_content(std::string_view bytes);

/// What kind of text bytes are, where a binary file is wanted: "a table (CSV)", "JSON", "text"; empty where they are no
/// text.
[[nodiscard]] GLIFR_API std::string text_content(std::string_view bytes);

/// Whether bytes begin as a checkpoint of PyTorch does: a ZIP archive whose first entry is the pickle, or the pickles
/// of its older form.
[[nodiscard]] GLIFR_API bool is_torch_content(std::string_view bytes);

/// How many bytes the letter takes that begins at `place` of a text in UTF-8: 0 where none does. There are no overlong
/// forms, no surrogates, and nothing beyond U+10FFFF.
[[nodiscard]] GLIFR_API std::size_t utf8_letter(std::string_view text, std::size_t place);
/// Whether a text is UTF-8 from its beginning to its end.
[[nodiscard]] GLIFR_API bool is_utf8(std::string_view text);

/// The byte order mark that UTF-8 text may begin with; it says nothing and is skipped.
inline constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// `problem` of a file that should be `wanted` ("a safetensors file"), or, where its content is known to be of another
/// kind, that.
[[nodiscard]] GLIFR_API std::string content_problem(std::string_view bytes, const std::string& wanted,
                                                    const std::string& problem);

}  // namespace glifr::detail
