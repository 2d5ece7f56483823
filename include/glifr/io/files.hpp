#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "glifr/error.hpp"
#include "glifr/export.hpp"
#include "glifr/io/descriptor.hpp"

namespace glifr {

/// The whole content of a file, byte by byte. Throws DataError where it is missing, is a folder or cannot be read.
[[nodiscard]] GLIFR_API std::string read_file(const std::filesystem::path& path);

/// Whether a file or folder is there; false, too, where that cannot be seen.
[[nodiscard]] GLIFR_API bool is_there(const std::filesystem::path& path);

/// Replaces the file at `path` by `content`, so that whoever looks, even after a crash or a power cut, finds the old
/// file or the new one and nothing between. The bytes go to a temporary file in the same folder, are forced to the disk
/// and then take the name. The permissions of the old file are kept. Links are followed; a device or a pipe stays what
/// it is and takes the bytes. Throws OutputError (a full disk, a missing folder, no permission); the old file is then
/// as it was and the temporary one is gone. Only where the folder itself cannot be forced to the disk is the new file
/// there all the same.
GLIFR_API void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// Removes from a folder the temporary files of `write_file_atomically` whose processes, of this machine, ended before
/// they were done. What cannot be looked at or removed stays.
GLIFR_API void remove_abandoned(const std::filesystem::path& folder);

namespace detail {

/// The name of a temporary file of `write_file_atomically`, by the number of a process of this machine and one of its
/// own. It is short, since that of the file itself may be as long as names can be.
[[nodiscard]] GLIFR_API std::string unfinished_name(int process, unsigned number);

}  // namespace detail

/// A folder that cannot be had: a file is in the way, there is no permission, the disk is read-only.
class GLIFR_API FolderRefused : public ConfigError {
 public:
  using ConfigError::ConfigError;
};

/// Makes a folder, and those above it, unless it is there, and sees that files can be made in it. Throws FolderRefused
/// where such a folder cannot be had, OutputError where the disk does not take it (it is full).
GLIFR_API void create_folder(const std::filesystem::path& folder);

/// A folder that another run holds: what was asked may be possible later.
class GLIFR_API FolderHeld : public ConfigError {
 public:
  /// The folder that is held.
  explicit FolderHeld(const std::string& folder)
      : ConfigError(folder, "another run is writing into this folder; wait for it (--wait) or choose another") {}
};

/// Keeps a folder to one writer at a time: two runs, in one process or in several, cannot hold the same folder. The
/// lock goes with the process, so a run that was killed leaves nothing that has to be removed by hand. On a file system
/// without locks nothing keeps a second writer away; `problem` then says so.
class GLIFR_API FolderLock {
 public:
  /// Takes the lock of an existing folder and removes what a killed run left half-written in it and in the folders
  /// below. Throws FolderHeld where another run holds it, ConfigError where the folder is missing or cannot be written.
  explicit FolderLock(const std::filesystem::path& folder);
  /// The same, but nothing where another run holds the folder.
  [[nodiscard]] static std::optional<FolderLock> attempt(const std::filesystem::path& folder);
  ~FolderLock();

  /// Hands the lock over.
  FolderLock(FolderLock&&) noexcept = default;
  FolderLock& operator=(FolderLock&&) = delete;

  /// Why the file system gave no lock, as the system puts it; empty where the folder is locked.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  FolderLock(std::filesystem::path path, detail::Descriptor file, std::string problem)
      : path_(std::move(path)), file_(std::move(file)), problem_(std::move(problem)) {}
  static FolderLock take(const std::filesystem::path& folder);

  std::filesystem::path path_;
  detail::Descriptor file_;
  std::string problem_;
};

}  // namespace glifr
