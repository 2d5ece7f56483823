#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace glifr::test {

/// How a program ended, and what it printed.
struct Finished {
  int exit_code = -1;  ///< or 128 + the signal that ended it
  std::string out, error;
};

/// A program that runs beside the test, its output in files of a folder.
class Process {
 public:
  Process(const std::vector<std::string>& command, std::filesystem::path folder) : folder_(std::move(folder)) {
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const std::string out = (folder_ / "stdout.txt").string(), error = (folder_ / "stderr.txt").string();
    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("cannot fork");
    if (pid_ != 0) return;
    const auto redirect = [](const std::string& file, int descriptor) {
      const int opened = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
      dup2(opened, descriptor);
      close(opened);
    };
    redirect(out, STDOUT_FILENO);
    redirect(error, STDERR_FILENO);
    execv(arguments[0], arguments.data());
    _exit(127);
  }

  void signal(int number) const { kill(pid_, number); }
  [[nodiscard]] bool has_ended() {
    if (!ended_) ended_ = waitpid(pid_, &status_, WNOHANG) == pid_;
    return ended_;
  }

  /// Whether the program has a file open at the moment.
  [[nodiscard]] bool has_open(const std::filesystem::path& file) const {
    std::error_code gone;
    const std::filesystem::directory_iterator open("/proc/" + std::to_string(pid_) + "/fd", gone);
    return std::any_of(begin(open), end(open), [&](const auto& entry) {
      std::error_code closed;
      return std::filesystem::read_symlink(entry.path(), closed) == file;
    });
  }

  /// Its threads at the moment.
  [[nodiscard]] std::ptrdiff_t threads() const {
    std::error_code gone;
    const std::filesystem::directory_iterator tasks("/proc/" + std::to_string(pid_) + "/task", gone);
    return std::distance(begin(tasks), end(tasks));
  }

  Finished wait() {
    if (!ended_) waitpid(pid_, &status_, 0);
    ended_ = true;
    const int code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
    return {code, text(folder_ / "stdout.txt"), text(folder_ / "stderr.txt")};
  }

  static std::string text(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

 private:
  std::filesystem::path folder_;
  pid_t pid_ = 0;
  int status_ = 0;
  bool ended_ = false;
};

}  // namespace glifr::test
