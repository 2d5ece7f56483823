#include "support/failing_calls.hpp"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace {

glifr::test::FailingCalls::Codes failing;

int fail_or_call(int code, long call, int descriptor, int argument) {
  if (code == 0) return static_cast<int>(syscall(call, descriptor, argument));
  errno = code;
  return -1;
}

}  // namespace

// The linker prefers a program's own functions to those of the C library.
extern "C" int flock(int descriptor, int operation) noexcept {
  return fail_or_call(failing.flock, SYS_flock, descriptor, operation);
}

extern "C" int fsync(int descriptor) {
  struct stat status {};
  const bool is_folder = fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
  return fail_or_call(is_folder ? failing.fsync_folder : failing.fsync_file, SYS_fsync, descriptor, 0);
}

namespace glifr::test {

FailingCalls::FailingCalls(Codes codes) {
  failing = codes;
}

FailingCalls::~FailingCalls() {
  failing = {};
}

}  // namespace glifr::test
