#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <utility>

#include "glifr/export.hpp"
#include "glifr/io/descriptor.hpp"

namespace glifr::detail {

/// A file that grows while a run goes on. What is appended reaches the file whole or not at all, and at once, so that
/// others can follow it and a killed run loses none.
class GLIFR_API GrowingFile {
 public:
  /// An empty file, in place of what was there. Throws OutputError.
  static GrowingFile create(const std::filesystem::path& path);
  /// The first `size` bytes of a file, to go on behind them. Throws OutputError.
  static GrowingFile cut(const std::filesystem::path& path, std::size_t size);

  /// Adds bytes at the end. Throws OutputError; the file then ends as it did before.
  void append(std::string_view content);
  /// Forces what was appended to the disk, as is due before a checkpoint that counts on it. Throws OutputError.
  void sync();

 private:
  GrowingFile(std::filesystem::path path, int descriptor) : path_(std::move(path)), file_(descriptor) {}

  std::filesystem::path path_;
  Descriptor file_;
};

}  // namespace glifr::detail
