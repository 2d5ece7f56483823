#include "gnuplot.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <vector>

#include "glifr/io/descriptor.hpp"
#include "glifr/io/files.hpp"

extern char** environ;

namespace glifr::analysis::detail {
namespace {

using glifr::detail::Descriptor;

/// A file without a name, which goes with the object.
class MemoryFile {
 public:
  explicit MemoryFile(const char* purpose) : file_(::memfd_create(purpose, MFD_CLOEXEC)) {}

  [[nodiscard]] bool is_open() const { return file_.is_open(); }
  [[nodiscard]] int number() const { return file_.number(); }
  /// By which this process, and one that it is passed on to, open it.
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(number()); }

 private:
  Descriptor file_;
};

struct SpawnActions {
  posix_spawn_file_actions_t actions;

  SpawnActions() { ::posix_spawn_file_actions_init(&actions); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
};

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
    if (count == 0 || (count < 0 && errno != EINTR)) return text;
  }
}

int wait_for(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return status;
}

/// Whether that stands at the end, line ends aside.
bool ends_with(std::string_view text, std::string_view end) {
  return text.substr(0, text.find_last_not_of(" \n") + 1).ends_with(end);
}

/// gnuplot points at the place of an error over several lines; its last line says what is wrong.
std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  const auto start = text.find_last_of('\n');
  std::string line = start == std::string::npos ? text : text.substr(start + 1);
  line.erase(0, line.find_first_not_of(" \t"));
  return line;
}

}  // namespace

GnuplotRun run_gnuplot(const std::filesystem::path& script) {
  const std::string folder = script.parent_path().empty() ? "." : script.parent_path().string();
  const std::string file = script.filename().string();
  const auto not_started = [](int error) {
    return GnuplotRun{"gnuplot was not started: " + glifr::detail::error_text(error)};
  };
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return not_started(errno);
  const Descriptor messages(ends[0]);
  Descriptor write_end(ends[1]);
  const MemoryFile svg("svg"), pdf("pdf");
  if (!svg.is_open() || !pdf.is_open()) return not_started(errno);

  SpawnActions spawn;
  ::posix_spawn_file_actions_addchdir_np(&spawn.actions, folder.c_str());
  ::posix_spawn_file_actions_addopen(&spawn.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&spawn.actions, write_end.number(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&spawn.actions, write_end.number(), STDERR_FILENO);
  for (const int drawing : {svg.number(), pdf.number()})  // onto itself: it is passed on
    ::posix_spawn_file_actions_adddup2(&spawn.actions, drawing, drawing);

  // Default settings: a user's ~/.gnuplot must not change what a figure looks like.
  const std::string names = "svg = '" + svg.path() + "'; pdf = '" + pdf.path() + "'";
  std::array<const char*, 6> arguments{"gnuplot", "--default-settings", "-e", names.c_str(), file.c_str(), nullptr};
  // Nor the terminal that a user has chosen: the script names its own, and gnuplot would open that one first.
  std::vector<char*> variables;
  for (char** variable = environ; *variable; ++variable) {
    if (!std::string_view(*variable).starts_with("GNUTERM=")) variables.push_back(*variable);
  }
  variables.push_back(nullptr);
  pid_t process = 0;
  const int error = ::posix_spawnp(&process, "gnuplot", &spawn.actions, nullptr,
                                   const_cast<char* const*>(arguments.data()), variables.data());
  const GnuplotRun missing{"gnuplot was not found; install it (Debian: gnuplot-nox) and run: gnuplot " + file, true};
  if (error == ENOENT) return missing;
  if (error != 0) return not_started(error);

  write_end.close();
  const std::string output = read_all(messages.number());
  const int status = wait_for(process);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    GnuplotRun run{.svg = read_file(svg.path()), .pdf = read_file(pdf.path())};
    // gnuplot does not report a write that fails.
    if (!ends_with(run.svg, "</svg>") || !ends_with(run.pdf, "%%EOF"))
      run.problem = "gnuplot left an incomplete drawing (is there a limit by ulimit -f?)";
    return run;
  }
  if (WIFSIGNALED(status)) return {"gnuplot was ended by signal " + std::to_string(WTERMSIG(status))};
  // POSIX lets a program that cannot be started end with 127; so it is in qemu-user's emulation.
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && output.empty()) return missing;
  return {"gnuplot failed: " + last_line(output)};
}

}  // namespace glifr::analysis::detail
