#include "program.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iostream>
#include <new>
#include <stdexcept>

#include "glifr/error.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/hdf5.hpp"

namespace glifr::apps::cli {
namespace {

std::string& own_name() {
  static std::string name;
  return name;
}

/// The first file that is opened takes the lowest free number: without this, the place of standard output or error.
void open_closed_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    if (::open("/dev/null", O_RDWR) != descriptor) ::_exit(1);  // there is no place left to say so
  }
}

/// 2 where the request or its input is wrong, 1 where the run failed, 75 (EX_TEMPFAIL of sysexits.h) where another run
/// is in the way.
int exit_code_of(const glifr::Error& error) {
  if (dynamic_cast<const glifr::FolderHeld*>(&error)) return 75;
  const bool run_failed = dynamic_cast<const glifr::NumericError*>(&error) ||
                          dynamic_cast<const glifr::OutputError*>(&error) ||
                          dynamic_cast<const glifr::DeviceFailure*>(&error);
  return run_failed ? 1 : 2;
}

/// How the work ended.
struct Ending {
  int code = 0;
  std::string problem{};       // empty: none
  bool is_by_another = false;  // the problem is that of another process, which says it
};

Ending attempt(const std::function<int()>& work) {
  constexpr const char* no_memory =
      "there is not enough memory for this; it grows with hidden_size, batch_size, the time steps, the data and --jobs";
  try {
    return {work()};
  } catch (const glifr::PeerFailure& error) {
    return {1, error.what(), true};
  } catch (const glifr::Error& error) {
    return {exit_code_of(error), error.what()};
  } catch (const std::filesystem::filesystem_error& error) {  // a path that cannot be looked at
    return {2, error.path1().string() + ": " + error.code().message()};
  } catch (const std::bad_alloc&) {
    return {1, no_memory};
  } catch (const std::length_error&) {  // of a container that cannot be that large
    return {1, no_memory};
  } catch (const std::exception& error) {
    return {1, error.what()};
  }
}

void print(const std::string& problem) {
  std::cerr << program_name() << ": " << problem << std::endl;
}

/// Lets the processes of a group end together, one of them with a line.
int settle(const Ending& ending, glifr::LaunchedGroup& group) {
  constexpr double patience = 2;  // seconds that others get to fail alike
  if (!group.meet(ending.problem.empty() ? 0 : patience)) {
    print(ending.problem);
    group.abort(ending.code);
  }
  const bool fails = !ending.problem.empty() && !ending.is_by_another;
  const std::vector<std::string> codes = group.gather_texts(fails ? std::to_string(ending.code) : "");
  for (std::size_t r = 0; r < codes.size(); ++r) {
    if (codes[r].empty()) continue;
    if (group.rank() == static_cast<glifr::Index>(r)) print(ending.problem);
    return std::stoi(codes[r]);
  }
  return std::stoi(group.gather_texts(std::to_string(ending.code)).front());
}

/// Takes what is printed nowhere.
class Nowhere final : public std::streambuf {
 protected:
  int overflow(int c) override { return c == EOF ? 0 : c; }
};

/// Ends with a line where an error arises in a thread of a library, on which nobody can catch it.
[[noreturn]] void end_uncaught() {
  try {
    if (const std::exception_ptr error = std::current_exception()) std::rethrow_exception(error);
  } catch (const std::exception& error) {
    print(std::string(error.what()) + "; fewer --threads may help");
    std::_Exit(1);
  } catch (...) {
  }
  std::abort();
}

void prepare() {
  open_closed_descriptors();
  std::set_terminate(end_uncaught);
  glifr::detail::leave_hdf5_at_exit();
  std::signal(SIGXFSZ, SIG_IGN);  // a file that reaches the limit on its size is an error of the write, not the end
}

/// Sees that what was printed arrived.
int finish(int code) {
  errno = 0;
  std::cout.flush();
  const bool arrived = std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good();
  if (arrived) return code;
  // What failed while the program ran left no reason behind; the next byte meets the same.
  if (errno == 0) static_cast<void>(::write(STDOUT_FILENO, "\n", 1) == 1);
  std::cerr << program_name() << ": standard output: cannot be written" << (errno != 0 ? ": " : "")
            << (errno != 0 ? std::strerror(errno) : "") << std::endl;
  return code == 0 ? 1 : code;
}

}  // namespace

const std::string& program_name() {
  return own_name();
}

void name_program(int argc, char** argv, const char* otherwise) {
  const std::filesystem::path file = argc > 0 && argv[0] ? std::filesystem::path(argv[0]).filename() : "";
  own_name() = file.empty() ? otherwise : file.string();
}

int run_program(const std::function<int()>& work) {
  prepare();
  const Ending ending = attempt(work);
  if (!ending.problem.empty()) print(ending.problem);
  return finish(ending.code);
}

int run_program_in_group(const std::function<int(glifr::LaunchedGroup*)>& work) {
  prepare();
  Nowhere nowhere;
  std::streambuf* const output = std::cout.rdbuf();
  std::unique_ptr<glifr::LaunchedGroup> group;
  const Ending ending = attempt([&] {
    group = glifr::join_launched();
    if (group && group->rank() > 0) std::cout.rdbuf(&nowhere);  // the first process speaks for all
    return work(group.get());
  });
  std::cout.rdbuf(output);
  if (group) return finish(settle(ending, *group));
  constexpr int refused = 2;
  if (ending.is_by_another) return refused;
  if (!ending.problem.empty()) print(ending.problem);
  return finish(ending.code);
}

}  // namespace glifr::apps::cli
