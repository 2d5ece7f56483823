#include "glifr/io/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <utility>

#include "glifr/error.hpp"
#include "glifr/io/detail/fnv1a.hpp"

namespace glifr {
namespace {

namespace fs = std::filesystem;
using detail::Descriptor;
using detail::error_text;

constexpr std::string_view temporary_suffix = ".glifr-tmp";

/// The beginning of the names of temporary files. It tells the processes of this machine, or of this container on it,
/// from those of others that share the disk.
const std::string& own_prefix() {
  static const std::string prefix = [] {
    std::array<char, HOST_NAME_MAX + 1> host{};
    ::gethostname(host.data(), host.size() - 1);
    std::error_code unknown;
    const fs::path processes = fs::read_symlink("/proc/self/ns/pid", unknown);
    return "." + std::to_string(detail::fnv1a_32(host.data() + processes.string())) + "-";
  }();
  return prefix;
}

/// A name beside `path`, another one at every call.
fs::path temporary_name(const fs::path& path) {
  static std::atomic<unsigned> counter{0};
  return path.parent_path() / detail::unfinished_name(::getpid(), counter++);
}

/// Makes a new file beside `path`, under a name that no other writer has: processes of several machines may have the
/// same number.
std::pair<fs::path, Descriptor> open_temporary(const fs::path& path) {
  for (;;) {
    fs::path name = temporary_name(path);
    Descriptor file(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (file.is_open() || errno != EEXIST) return {std::move(name), std::move(file)};
  }
}

/// Gives a new file the permissions of the one that it will replace, where there is one. File systems without
/// permissions refuse that, and need it not.
void take_permissions(const Descriptor& file, const fs::path& replaced) {
  struct stat status {};
  if (::stat(replaced.c_str(), &status) != 0) return;
  constexpr mode_t permissions = 0777;
  static_cast<void>(::fchmod(file.number(), status.st_mode & permissions));
}

fs::path parent_or_here(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// The file that a path leads to over links, be it there or not.
fs::path behind_links(const fs::path& path) {
  std::error_code error;
  fs::path target = fs::canonical(path, error);
  if (!error) return target;
  if (error != std::errc::no_such_file_or_directory) return path;
  target = fs::read_symlink(path, error);
  return error ? path : behind_links(parent_or_here(path) / target);
}

/// Whether a path leads to what takes bytes without keeping them, as a device or a pipe does.
bool is_stream(const fs::path& path) {
  std::error_code error;
  return fs::is_other(path, error);
}

/// Writes to what is there; an error code, or 0.
int write_into(const fs::path& stream, std::string_view content) {
  Descriptor file(::open(stream.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.is_open()) return errno;
  const int code = detail::write_all(file.number(), content);
  if (code != 0) return code;
  return ::close(file.release()) == 0 ? 0 : errno;
}

/// Makes a rename last: the entry in the folder reaches the disk too.
int sync_folder(const fs::path& folder) {
  const Descriptor handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle.is_open()) return errno == EACCES ? 0 : errno;  // EACCES: a folder that may be written but not listed
  const int code = detail::sync_to_disk(handle.number());
  return code == EBADF ? 0 : code;  // EBADF: a file system that syncs nothing that is open for reading
}

bool is_out_of_space(int code) {
  return code == ENOSPC || code == EDQUOT || code == EIO;
}

/// Locks that a file system does not have, or that it has no room for.
bool is_without_locks(int code) {
  return code == ENOSYS || code == ENOLCK || code == EOPNOTSUPP;
}

/// The file that is locked, made unless it is there. That of another user, which a killed run left, can be locked where
/// it can be read.
Descriptor open_lock(const fs::path& path) {
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (file.is_open() || (errno != EACCES && errno != EPERM)) return file;
  const int code = errno;
  file = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open() && errno == ENOENT) errno = code;  // it is the folder that cannot be written
  return file;
}

/// Wrong requests and failing disks are told apart: the first can be put right by naming another folder.
[[noreturn]] void fail_folder(const fs::path& folder, int code) {
  const std::string problem = "cannot write into this folder: " + error_text(code);
  if (is_out_of_space(code)) throw OutputError(folder.string(), problem);
  throw FolderRefused(folder.string(), problem);
}

/// Says which part of a path is a link to what is not there, or to itself; nothing where none is.
void refuse_dangling_link(const fs::path& path) {
  std::error_code unknown, problem;
  for (fs::path part = path; !part.empty(); part = part.parent_path()) {
    if (fs::is_symlink(fs::symlink_status(part, unknown)) && !fs::exists(part, problem)) {
      const bool is_loop = problem == std::errc::too_many_symbolic_link_levels;
      throw FolderRefused(part.string(), "is a link to " + fs::read_symlink(part, unknown).string() + ", which " +
                                             (is_loop ? "leads back to it" : "is not there"));
    }
    if (part == part.parent_path()) return;  // the root
  }
}

void remove_leftovers(const fs::path& folder) {
  std::error_code failed;  // what cannot be looked at or removed does no harm
  for (fs::recursive_directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
    std::error_code ignored;
    if (entry->path().native().ends_with(temporary_suffix)) fs::remove(entry->path(), ignored);
  }
}

}  // namespace

std::string read_file(const fs::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!file.is_open() || ::fstat(file.number(), &status) != 0) throw DataError(path.string(), error_text(errno));
  if (S_ISDIR(status.st_mode)) throw DataError(path.string(), "is a folder; a file is needed");

  // To the end that is met, not to the size that was told: a file may change meanwhile, and a pipe has no size. The
  // byte more than that size lets the end be seen without another allocation.
  std::string content(static_cast<std::size_t>(status.st_size) + 1, '\0');
  std::size_t length = 0;
  for (;;) {
    if (length == content.size()) content.resize(2 * content.size());
    const ssize_t count = ::read(file.number(), content.data() + length, content.size() - length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw DataError(path.string(), error_text(errno), static_cast<std::int64_t>(length));
    if (count == 0) break;
    length += static_cast<std::size_t>(count);
  }
  content.resize(length);
  return content;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  if (is_stream(path)) {
    const int failure = write_into(path, content);
    if (failure != 0) throw OutputError(path.string(), detail::write_problem(failure));
    return;
  }
  const fs::path target = behind_links(path);
  auto [temporary, file] = open_temporary(target);
  if (!file.is_open()) throw OutputError(path.string(), detail::write_problem(errno));
  take_permissions(file, target);

  int code = detail::write_all(file.number(), content);
  if (code == 0) code = detail::sync_to_disk(file.number());
  if (code == 0 && ::close(file.release()) != 0) code = errno;  // some network disks report a full disk only here
  if (code == 0 && ::rename(temporary.c_str(), target.c_str()) != 0) code = errno;
  if (code != 0) {
    ::unlink(temporary.c_str());
    throw OutputError(path.string(), detail::write_problem(code));
  }
  code = sync_folder(parent_or_here(target));
  if (code != 0) throw OutputError(path.string(), "cannot be made safe on the disk: " + error_text(code));
}

void create_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) refuse_dangling_link(folder);
  if (error) fail_folder(folder, error.value());
  if (!fs::is_directory(folder, error)) fail_folder(folder, ENOTDIR);
  if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) fail_folder(folder, errno);
}

std::string detail::unfinished_name(int process, unsigned number) {
  return (own_prefix() + std::to_string(process) + "-" + std::to_string(number)).append(temporary_suffix);
}

void remove_abandoned(const fs::path& folder) {
  std::error_code failed;  // what cannot be looked at or removed does no harm
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(own_prefix()) || !name.ends_with(temporary_suffix)) continue;
    int process = 0;
    std::from_chars(name.data() + own_prefix().size(), name.data() + name.size(), process);
    const bool has_ended = process > 0 && ::kill(process, 0) != 0 && errno == ESRCH;
    std::error_code ignored;
    if (has_ended) fs::remove(entry->path(), ignored);
  }
}

std::optional<FolderLock> FolderLock::attempt(const fs::path& folder) {
  const fs::path path = folder / ".lock";
  for (;;) {
    Descriptor file = open_lock(path);
    if (!file.is_open()) {
      const int code = errno;
      struct stat status {};
      if (code == ENOENT || ::stat(path.c_str(), &status) != 0) fail_folder(folder, code);
      throw ConfigError(path.string(), "cannot be locked: " + error_text(code) +
                                           "; where no other run is writing into this folder, remove this file");
    }
    if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno == EWOULDBLOCK) return std::nullopt;
      if (!is_without_locks(errno)) fail_folder(folder, errno);
      return FolderLock(path, std::move(file), error_text(errno));
    }
    // The holder before us may have removed the file between our open and our lock; then we hold a file that nobody
    // else will find.
    struct stat held {
    }, named{};
    if (::fstat(file.number(), &held) == 0 && ::stat(path.c_str(), &named) == 0 && held.st_dev == named.st_dev &&
        held.st_ino == named.st_ino) {
      remove_leftovers(folder);
      return FolderLock(path, std::move(file), {});
    }
  }
}

FolderLock::FolderLock(const fs::path& folder) : FolderLock(take(folder)) {}

FolderLock FolderLock::take(const fs::path& folder) {
  if (auto lock = attempt(folder)) return std::move(*lock);
  throw FolderHeld(folder.string());
}

FolderLock::~FolderLock() {
  // While the lock is held: whoever opened the file in the meantime sees that it is no longer the one that is there.
  if (file_.is_open()) ::unlink(path_.c_str());
}

}  // namespace glifr
