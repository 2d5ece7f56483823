#include "glifr/io/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>
#include <vector>

#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
#include "support/catch.hpp"
#include "support/failing_calls.hpp"
#include "support/files.hpp"

namespace glifr {
namespace {

using Catch::Matchers::Contains;
using test::FailingCalls;
using test::SmallFiles;
using test::TemporaryFolder;
using test::WithoutRoot;

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

TEST_CASE("a file reads back as it was written, also when it is replaced") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "file";
  for (const std::string& content : {std::string("first\0\xff", 7), std::string(), std::string(100'000, 'x')}) {
    write_file_atomically(path, content);
    CHECK(read_file(path) == content);
  }
  CHECK(names_in(folder.path()) == std::vector<std::string>{"file"});
}

TEST_CASE("a file that is replaced keeps its permissions") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a";
  write_file_atomically(file, "old");
  for (const mode_t mode : {0600, 0664, 0444, 0755}) {
    REQUIRE(chmod(file.c_str(), mode) == 0);
    write_file_atomically(file, "new");
    struct stat status {};
    REQUIRE(stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == mode);
  }
}

TEST_CASE("a file that is written has the permissions that the user's mask gives") {
  const TemporaryFolder folder;
  const mode_t before = umask(027);
  write_file_atomically(folder.path() / "file", "text");
  umask(before);
  struct stat status {};
  REQUIRE(stat((folder.path() / "file").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
}

TEST_CASE("a relative name without a folder is written to the current one") {
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  write_file_atomically("file", "text");
  CHECK(read_file("file") == "text");
  std::filesystem::current_path(before);
}

TEST_CASE("links are followed to the file that is written, be it there or not") {
  const TemporaryFolder folder;
  const auto target = folder.path() / "kept" / "file", link = folder.path() / "link",
             further = folder.path() / "further";
  create_folder(target.parent_path());
  std::filesystem::create_symlink("kept/file", link);
  std::filesystem::create_symlink("link", further);
  for (const std::string content : {"first", "second"}) {
    write_file_atomically(further, content);
    CHECK(std::filesystem::is_symlink(further));
    CHECK(std::filesystem::is_symlink(link));
    CHECK(read_file(target) == content);
  }
  CHECK(names_in(target.parent_path()) == std::vector<std::string>{"file"});
}

TEST_CASE("a pipe takes what is written and stays a pipe") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "pipe";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  const detail::Descriptor reader(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  write_file_atomically(path, "text");
  std::string received(10, '\0');
  received.resize(
      static_cast<std::size_t>(std::max<ssize_t>(0, read(reader.number(), received.data(), received.size()))));
  CHECK(received == "text");
  CHECK(std::filesystem::is_fifo(path));
  CHECK(names_in(folder.path()) == std::vector<std::string>{"pipe"});
}

TEST_CASE("a device takes what is written, or says that it is full, and stays a device") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "full";
  if (mknod(path.c_str(), S_IFCHR | 0600, makedev(1, 7)) != 0) GLIFR_SKIP("only root can make a device");
  const detail::Descriptor opened(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!opened.is_open()) GLIFR_SKIP("there are no devices in the temporary folder");
  CHECK_THROWS_WITH(write_file_atomically(path, "text"),
                    Contains(path.string()) && Contains("No space left on device"));
  CHECK(std::filesystem::is_character_file(path));
}

TEST_CASE("a failed write leaves the old file and nothing else") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "file";
  write_file_atomically(path, "old");
  {
    const SmallFiles limit(1000);
    CHECK_THROWS_WITH(write_file_atomically(path, std::string(5000, 'x')),
                      Contains(path.string()) && Contains("File too large") && Contains("ulimit -f"));
  }
  CHECK(read_file(path) == "old");
  CHECK(names_in(folder.path()) == std::vector<std::string>{"file"});
}

TEST_CASE("a file that cannot be put in its place is an OutputError") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(write_file_atomically(folder.path() / "missing" / "file", "x"), OutputError);
  std::filesystem::create_directories(folder.path() / "taken" / "inside");
  CHECK_THROWS_AS(write_file_atomically(folder.path() / "taken", "x"), OutputError);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"taken"});
}

TEST_CASE("a file may have the longest name that there is") {
  const TemporaryFolder folder;
  const std::string name(255, 'n');
  write_file_atomically(folder.path() / name, "content");
  CHECK(read_file(folder.path() / name) == "content");
  CHECK(names_in(folder.path()) == std::vector<std::string>{name});
}

TEST_CASE("a file that another writer has not finished stays as it is") {
  const TemporaryFolder folder;
  std::vector<std::filesystem::path> unfinished;
  for (int i = 0; i < 1000; ++i) {
    unfinished.push_back(folder.path() / detail::unfinished_name(::getpid(), static_cast<unsigned>(i)));
    test::write_text(unfinished.back(), "half");
  }
  write_file_atomically(folder.path() / "file", "content");
  CHECK(read_file(folder.path() / "file") == "content");
  for (const auto& path : unfinished) REQUIRE(read_file(path) == "half");
}

TEST_CASE("writers of one file do not mix") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "file";
  {
    std::vector<std::jthread> writers;
    for (const char letter : {'a', 'b', 'c', 'd'}) {
      writers.emplace_back([&path, letter] {
        for (int i = 0; i < 20; ++i) write_file_atomically(path, std::string(10'000, letter));
      });
    }
  }
  const std::string content = read_file(path);
  CHECK(content == std::string(10'000, content.front()));
  CHECK(names_in(folder.path()) == std::vector<std::string>{"file"});
}

TEST_CASE("what cannot be read is a DataError that names the file") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(read_file(folder.path() / "none"), Contains("none: No such file or directory"));
  CHECK_THROWS_WITH(read_file(folder.path()), Contains(folder.path().string() + ": is a folder"));
  write_file_atomically(folder.path() / "secret", "x");
  std::filesystem::permissions(folder.path() / "secret", std::filesystem::perms::none);
  const WithoutRoot ordinary;
  CHECK_THROWS_WITH(read_file(folder.path() / "secret"), Contains("Permission denied"));
}

TEST_CASE("a file whose size is not known beforehand is read to its end") {
  CHECK(read_file("/proc/self/status").find("Name:") == 0);
}

TEST_CASE("folders are made with those above them, and may be there already") {
  const TemporaryFolder folder;
  create_folder(folder.path() / "a" / "b");
  create_folder(folder.path() / "a" / "b");
  CHECK(std::filesystem::is_directory(folder.path() / "a" / "b"));
}

TEST_CASE("a folder that cannot be had is a ConfigError that names it") {
  const TemporaryFolder folder;
  write_file_atomically(folder.path() / "file", "x");
  CHECK_THROWS_WITH(create_folder(folder.path() / "file"),
                    Contains("file: cannot write") && Contains("Not a directory"));
  CHECK_THROWS_AS(create_folder(folder.path() / "file" / "below"), ConfigError);
  std::filesystem::create_symlink("gone", folder.path() / "link");
  for (const char* name : {"link", "link/below"})
    CHECK_THROWS_WITH(create_folder(folder.path() / name), Contains("link: is a link to gone, which is not there"));
  std::filesystem::create_symlink("loop", folder.path() / "loop");
  for (const char* name : {"loop", "loop/below"})
    CHECK_THROWS_WITH(create_folder(folder.path() / name), Contains("loop: is a link to loop, which leads back to it"));
  create_folder(folder.path() / "closed");
  std::filesystem::permissions(folder.path() / "closed", std::filesystem::perms::owner_read);
  const WithoutRoot ordinary;
  CHECK_THROWS_WITH(create_folder(folder.path() / "closed"), Contains("closed") && Contains("Permission denied"));
  CHECK_THROWS_AS(create_folder(folder.path() / "closed" / "below"), ConfigError);
  CHECK_THROWS_AS(FolderLock(folder.path() / "closed"), ConfigError);
}

TEST_CASE("a folder has one writer at a time") {
  const TemporaryFolder folder;
  {
    const FolderLock lock(folder.path());
    CHECK_THROWS_AS(FolderLock(folder.path()), ConfigError);
    CHECK_THROWS_WITH(FolderLock(folder.path()), Contains("another run is writing"));
  }
  CHECK(names_in(folder.path()).empty());
  FolderLock first(folder.path());
  {
    const FolderLock second(std::move(first));
    CHECK_THROWS_AS(FolderLock(folder.path()), ConfigError);
  }
  CHECK_NOTHROW(FolderLock(folder.path()));
}

TEST_CASE("a lock holds between processes and goes with the one that is killed") {
  const TemporaryFolder folder;
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const FolderLock lock(folder.path());
    write_file_atomically(folder.path() / "begun", "x");
    if (write(ready[1], "r", 1) == 1) pause();
    _exit(1);
  }
  char byte = 0;
  REQUIRE(read(ready[0], &byte, 1) == 1);
  CHECK_THROWS_AS(FolderLock(folder.path()), ConfigError);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK_NOTHROW(FolderLock(folder.path()));
  CHECK(names_in(folder.path()) == std::vector<std::string>{"begun"});
  close(ready[0]);
  close(ready[1]);
}

TEST_CASE("of threads that want a folder again and again, never two have it") {
  const TemporaryFolder folder;
  std::atomic<int> holders{0}, clashes{0}, turns{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        while (turns < 500) {
          try {
            const FolderLock lock(folder.path());
            if (++holders != 1) ++clashes;
            ++turns;
            --holders;
          } catch (const ConfigError&) {
            std::this_thread::yield();
          }
        }
      });
    }
  }
  CHECK(clashes == 0);
}

TEST_CASE("taking a folder removes what a killed run left half-written") {
  const TemporaryFolder folder;
  const auto leftover = folder.path() / "checkpoints" / ".last.safetensors.123-4.glifr-tmp";
  test::write_text(leftover, "half");
  test::write_text(folder.path() / "checkpoints" / "last.safetensors", "whole");
  const FolderLock lock(folder.path());
  CHECK_FALSE(std::filesystem::exists(leftover));
  CHECK(std::filesystem::exists(folder.path() / "checkpoints" / "last.safetensors"));
}

TEST_CASE("what ended processes left half-written is removed, and nothing else") {
  const TemporaryFolder folder;
  const pid_t ended = ::fork();
  if (ended == 0) ::_exit(0);
  REQUIRE(::waitpid(ended, nullptr, 0) == ended);
  const std::string abandoned = detail::unfinished_name(ended, 7);
  std::vector<std::string> others{detail::unfinished_name(::getpid(), 7), detail::unfinished_name(1, 7),
                                  ".1" + abandoned.substr(1), abandoned + ".csv", "table.csv"};
  test::write_text(folder.path() / abandoned, "half");
  for (const std::string& name : others) test::write_text(folder.path() / name, "");
  remove_abandoned(folder.path());
  std::vector<std::string> left = names_in(folder.path());
  std::ranges::sort(left);
  std::ranges::sort(others);
  CHECK(left == others);
  remove_abandoned(folder.path() / "none");
}

TEST_CASE("the lock of a missing folder is a ConfigError") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(FolderLock(folder.path() / "none"), ConfigError);
}

TEST_CASE("on a file system without locks a folder is taken all the same, and the lock says that it holds nothing") {
  const TemporaryFolder folder;
  const auto temporary = folder.path() / ".file.1-1.glifr-tmp";
  test::write_text(temporary, "of a run that may still be writing");
  for (const int code : {ENOSYS, ENOLCK, EOPNOTSUPP}) {
    const FailingCalls calls({.flock = code});
    const FolderLock first(folder.path()), second(folder.path());
    CHECK_FALSE(first.problem().empty());
    CHECK(std::filesystem::exists(temporary));
  }
  CHECK(FolderLock(folder.path()).problem().empty());
  CHECK(names_in(folder.path()).empty());
  const FailingCalls calls({.flock = EIO});
  CHECK_THROWS_AS(FolderLock(folder.path()), OutputError);
}

TEST_CASE("a folder that another holds can be asked for without an error") {
  const TemporaryFolder folder;
  const FolderLock lock(folder.path());
  CHECK_FALSE(FolderLock::attempt(folder.path()).has_value());
}

TEST_CASE("the lock file that another user's run left behind is locked where it can be read, and named where not") {
  const TemporaryFolder folder;
  const auto file = folder.path() / ".lock";
  if (geteuid() != 0) GLIFR_SKIP("only root can make another user's files");
  test::write_text(file, "");
  {
    const WithoutRoot ordinary;
    CHECK(FolderLock(folder.path()).problem().empty());
  }
  test::write_text(file, "");
  {
    const FolderLock held(folder.path());
    const WithoutRoot ordinary;
    CHECK_THROWS_WITH(FolderLock(folder.path()), Contains("another run is writing"));
  }
  test::write_text(file, "");
  std::filesystem::permissions(file, std::filesystem::perms::owner_read);
  const WithoutRoot ordinary;
  CHECK_THROWS_WITH(FolderLock(folder.path()), Contains(file.string()) && Contains("Permission denied"));
}

TEST_CASE("a lock file that is no file is named") {
  const TemporaryFolder folder;
  create_folder(folder.path() / ".lock");
  CHECK_THROWS_WITH(FolderLock(folder.path()), Contains((folder.path() / ".lock").string()));
}

TEST_CASE("what a file system cannot force to the disk is written all the same; a failing disk is an error") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "file";
  for (const int code : {EINVAL, EOPNOTSUPP, ENOSYS}) {
    const FailingCalls calls({.fsync_file = code, .fsync_folder = code});
    write_file_atomically(path, std::to_string(code));
    CHECK(read_file(path) == std::to_string(code));
    CHECK_NOTHROW(CsvAppender::start(folder.path() / "rows").sync());
  }
  {
    const FailingCalls calls({.fsync_folder = EBADF});
    CHECK_NOTHROW(write_file_atomically(path, "good"));
  }
  for (const int code : {EIO, ENOSPC, EDQUOT}) {
    const FailingCalls calls({.fsync_file = code});
    CHECK_THROWS_AS(write_file_atomically(path, "bad"), OutputError);
    CHECK_THROWS_AS(CsvAppender::start(folder.path() / "rows").sync(), OutputError);
  }
  CHECK(read_file(path) == "good");
  const FailingCalls calls({.fsync_folder = EIO});
  CHECK_THROWS_AS(write_file_atomically(path, "new"), OutputError);
}

TEST_CASE("a folder that may be written but not listed takes files") {
  const TemporaryFolder folder;
  const auto listing =
      std::filesystem::perms::owner_read | std::filesystem::perms::group_read | std::filesystem::perms::others_read;
  std::filesystem::permissions(folder.path(), listing, std::filesystem::perm_options::remove);
  {
    const WithoutRoot ordinary;
    write_file_atomically(folder.path() / "file", "text");
    CHECK(read_file(folder.path() / "file") == "text");
  }
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
}

}  // namespace
}  // namespace glifr
