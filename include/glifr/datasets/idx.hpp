#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// The IDX format of the MNIST family (http://yann.lecun.com/exdb/mnist): big-endian 32-bit numbers, a magic one that
/// tells type and rank, one size a dimension, then the values. Here: unsigned bytes of rank 3 (images) and of rank 1
/// (labels).

/// Images of one size, a byte a pixel, one after another, row by row.
struct IdxImages {
  Index count = 0;                   ///< of images
  Index rows = 0;                    ///< of an image
  Index columns = 0;                 ///< of an image
  std::vector<std::uint8_t> pixels;  ///< [count, rows, columns], 0 to 255
};

/// The unpacked content of a file, and the name by which errors speak of it.
struct IdxFile {
  std::string name;   ///< of the file that was found, for messages
  std::string bytes;  ///< its content, unpacked
};

/// Reads `file` or, where there is none, `file`.gz, or either of them with a dot before "idx" in place of the dash, as
/// some unpackers name them. Whether a file is packed is told by its content. Throws DataError, naming them, where none
/// is there.
[[nodiscard]] GLIFR_API IdxFile read_idx_file(const std::filesystem::path& file);

/// The images in the bytes of an IDX file; `name` stands for it in messages. Throws DataError with the byte at which
/// the magic number, a size or the length is wrong.
[[nodiscard]] GLIFR_API IdxImages parse_idx_images(std::string_view bytes, const std::string& name);

/// The labels in the bytes of an IDX file, each below `classes`. Throws DataError as `parse_idx_images` does, and at
/// the first label out of range, with the number of classes that all of them need.
[[nodiscard]] GLIFR_API std::vector<std::uint8_t> parse_idx_labels(std::string_view bytes, const std::string& name,
                                                                   Index classes);

}  // namespace glifr
