#include "glifr/io/descriptor.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace glifr::detail {

void Descriptor::close() noexcept {
  if (is_open()) ::close(std::exchange(number_, -1));
}

std::string error_text(int code) {
  return std::generic_category().message(code);
}

std::string write_problem(int code) {
  return "cannot be written: " + error_text(code) + (code == EFBIG ? " (beyond the limit that ulimit -f shows)" : "");
}

int write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written == 0) return EIO;  // no error, and no progress either
    if (written > 0) {
      content.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

int sync_to_disk(int descriptor) {
  while (::fsync(descriptor) != 0) {
    if (errno == EINTR) continue;
    const bool is_unsupported = errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;
    return is_unsupported ? 0 : errno;
  }
  return 0;
}

}  // namespace glifr::detail
