#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "glifr/export.hpp"

namespace glifr {

/// A ZIP archive, as .npz files and PyTorch's checkpoints are, read through libzip. Entries are stored or packed by
/// deflate. Several threads may read from one object.
///
/// The constructor and `read` throw DataError, also where glifr was built without libzip.
class GLIFR_API ZipFile {
 public:
  /// Opens an archive and reads its directory. Throws DataError where the file is missing, is no archive, is cut short,
  /// or has two entries of one name.
  explicit ZipFile(const std::filesystem::path& path);
  ~ZipFile();
  ZipFile(ZipFile&&) noexcept;
  ZipFile& operator=(ZipFile&&) noexcept;

  /// The names of the entries, in the order of the directory; those of folders end in a slash.
  [[nodiscard]] const std::vector<std::string>& names() const;
  /// Whether there is an entry of that name.
  [[nodiscard]] bool holds(std::string_view name) const;
  /// The unpacked content of an entry. Throws DataError where there is no such entry, it is encrypted or packed by
  /// another method, it declares more bytes than the file can hold, or its checksum is another.
  [[nodiscard]] std::string read(std::string_view name) const;

 private:
  struct Archive;
  std::unique_ptr<Archive> archive_;
};

/// The name and the content of an entry.
struct ZipEntry {
  std::string name;     ///< unique in its archive
  std::string content;  ///< unpacked
};

/// Writes an archive whose entries are stored as they are; see `write_file_atomically`. The same entries give the same
/// bytes. Throws std::invalid_argument where two entries have one name; OutputError, also where glifr was built without
/// libzip.
GLIFR_API void write_zip(const std::filesystem::path& path, const std::vector<ZipEntry>& entries);

namespace detail {

/// Whether glifr was built with libzip.
[[nodiscard]] GLIFR_API bool has_zip();

}  // namespace detail

}  // namespace glifr
