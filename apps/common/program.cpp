#include "program.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <new>
#include <stdexcept>

#include "glifr/error.hpp"

namespace glifr::apps::cli {
namespace {

/// The first file that is opened takes the lowest free number: without this, the place of standard output or error.
void open_closed_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    if (::open("/dev/null", O_RDWR) != descriptor) ::_exit(1);  // there is no place left to say so
  }
}

/// 2 where the request or its input is wrong, 1 where the run failed.
int exit_code_of(const glifr::Error& error) {
  const bool run_failed = dynamic_cast<const glifr::NumericError*>(&error) ||
                          dynamic_cast<const glifr::OutputError*>(&error) ||
                          dynamic_cast<const glifr::DeviceFailure*>(&error);
  return run_failed ? 1 : 2;
}

int run_and_report(const char* name, const std::function<int()>& work) {
  const auto report = [&](const char* problem) { std::cerr << name << ": " << problem << std::endl; };
  constexpr const char* no_memory =
      "there is not enough memory for this; it grows with hidden_size, batch_size, the time steps, the data and --jobs";
  try {
    return work();
  } catch (const glifr::Error& error) {
    report(error.what());
    return exit_code_of(error);
  } catch (const std::bad_alloc&) {
    report(no_memory);
  } catch (const std::length_error&) {  // of a container that cannot be that large
    report(no_memory);
  } catch (const std::exception& error) {
    report(error.what());
  }
  return 1;
}

}  // namespace

int run_program(const char* name, const std::function<int()>& work) {
  open_closed_descriptors();
  std::signal(SIGXFSZ, SIG_IGN);  // a file that reaches the limit on its size is an error of the write, not the end
  const int code = run_and_report(name, work);
  errno = 0;
  std::cout.flush();
  const bool arrived = std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good();
  if (arrived) return code;
  std::cerr << name << ": standard output: cannot be written" << (errno != 0 ? ": " : "")
            << (errno != 0 ? std::strerror(errno) : "") << std::endl;
  return code == 0 ? 1 : code;
}

}  // namespace glifr::apps::cli
