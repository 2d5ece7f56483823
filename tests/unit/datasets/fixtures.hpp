#pragma once

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "glifr/error.hpp"

namespace glifr::test {

using Bytes = std::vector<std::uint8_t>;

/// A new, empty folder that goes with the object. Everybody may enter it, so that a test may stop being root inside.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "glifr-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder: " + name);
    path_ = name;
    std::filesystem::permissions(path_, std::filesystem::perms::all);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Gives up root's rights, where the tests have them: root may read and write everything.
class WithoutRoot {
 public:
  WithoutRoot() {
    constexpr uid_t nobody = 65534;
    if (was_root_ && seteuid(nobody) != 0) throw std::runtime_error("cannot give up root's rights");
  }
  ~WithoutRoot() {
    if (was_root_ && seteuid(0) != 0) std::terminate();
  }
  WithoutRoot(const WithoutRoot&) = delete;
  WithoutRoot& operator=(const WithoutRoot&) = delete;

 private:
  bool was_root_ = geteuid() == 0;
};

inline void write_bytes(const std::filesystem::path& file, std::string_view bytes) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream stream(file, std::ios::binary);
  stream << bytes;
  if (!stream.flush()) throw std::runtime_error("cannot write " + file.string());
}

inline std::string bytes_of(const std::vector<std::uint8_t>& values) {
  return {values.begin(), values.end()};
}

/// An IDX file of unsigned bytes.
inline std::string idx_bytes(const std::vector<std::uint32_t>& sizes, const std::vector<std::uint8_t>& values) {
  std::vector<std::uint32_t> header{0x800 + static_cast<std::uint32_t>(sizes.size())};
  header.insert(header.end(), sizes.begin(), sizes.end());
  std::string bytes;
  for (const std::uint32_t word : header) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(word >> shift & 0xff);
  }
  return bytes + bytes_of(values);
}

/// An entry of an N-MNIST recording.
inline std::string event_bytes(int x, int y, int polarity, int time) {
  const int packed = polarity << 23 | time;
  return {static_cast<char>(x), static_cast<char>(y), static_cast<char>(packed >> 16), static_cast<char>(packed >> 8),
          static_cast<char>(packed)};
}

/// The `DataError` that `action` throws; it must throw one.
template <class F>
DataError data_error(F action) {
  try {
    action();
  } catch (const DataError& error) {
    return error;
  }
  throw std::logic_error("no DataError was thrown");
}

/// Whether an error's message is what the user is promised: one line.
inline bool is_one_line(const std::exception& error) {
  const std::string text = error.what();
  return !text.empty() && text.find('\n') == std::string::npos;
}

}  // namespace glifr::test
