#include "glifr/io/growing_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "glifr/error.hpp"

namespace glifr::detail {

GrowingFile GrowingFile::create(const std::filesystem::path& path) {
  GrowingFile file(path, ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666));
  if (!file.file_.is_open()) throw OutputError(path.string(), write_problem(errno));
  return file;
}

GrowingFile GrowingFile::cut(const std::filesystem::path& path, std::size_t size) {
  GrowingFile file(path, ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!file.file_.is_open() || ::ftruncate(file.file_.number(), static_cast<off_t>(size)) != 0) {
    throw OutputError(path.string(), write_problem(errno));
  }
  return file;
}

void GrowingFile::append(std::string_view content) {
  struct stat before {};
  if (::fstat(file_.number(), &before) != 0) throw OutputError(path_.string(), error_text(errno));
  const int code = write_all(file_.number(), content);
  if (code == 0) return;
  std::string problem = write_problem(code);
  if (::ftruncate(file_.number(), before.st_size) != 0) problem += "; what was added last may be cut";
  throw OutputError(path_.string(), problem);
}

void GrowingFile::sync() {
  const int code = sync_to_disk(file_.number());
  if (code != 0) throw OutputError(path_.string(), write_problem(code));
}

}  // namespace glifr::detail
