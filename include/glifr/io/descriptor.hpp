#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "glifr/export.hpp"

namespace glifr::detail {

/// An open file, closed with the object.
class GLIFR_API Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      close();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }

  [[nodiscard]] bool is_open() const { return number_ >= 0; }
  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] int release() { return std::exchange(number_, -1); }
  void close() noexcept;

 private:
  int number_;
};

/// "No space left on device", for the value of errno.
[[nodiscard]] std::string error_text(int code);

/// "cannot be written: No space left on device", for the errno of a file that could not be opened, written or renamed.
[[nodiscard]] std::string write_problem(int code);

/// Writes everything, whatever the system takes at a time; returns 0 or the errno of what failed.
[[nodiscard]] int write_all(int descriptor, std::string_view content);

/// Forces an open file or folder to the disk; returns 0 or the errno of what failed. A file system that cannot do it
/// (as some network and user-space ones) has done all it can.
[[nodiscard]] int sync_to_disk(int descriptor);

}  // namespace glifr::detail
