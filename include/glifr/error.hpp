#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "glifr/export.hpp"

namespace glifr {

/// Base of every error that glifr reports about what it was given. `what()` is one line that names the culprit, says
/// what was found and what is accepted. Mistakes of the calling code (a cleared tape, an index out of range) are
/// `std::logic_error`s instead.
class GLIFR_API Error : public std::runtime_error {
 public:
  /// Control characters in the message, as a user's text may bring along, become spaces.
  explicit Error(std::string message) : std::runtime_error(one_line(std::move(message))) {}

 private:
  static std::string one_line(std::string text) {
    for (char& c : text) {
      if (static_cast<unsigned char>(c) < ' ') c = ' ';
    }
    return text;
  }
};

/// Two shapes that do not fit together.
class GLIFR_API ShapeError : public Error {
 public:
  /// What was done, what it needs, what it was given.
  ShapeError(std::string op, std::string expected, std::string given)
      : Error(op + ": expected " + expected + ", found " + given),
        op_(std::move(op)),
        expected_(std::move(expected)),
        given_(std::move(given)) {}

  /// What was done: "matmul".
  [[nodiscard]] const std::string& op() const noexcept { return op_; }
  /// The shape that it needs, or what the shape must meet.
  [[nodiscard]] const std::string& expected() const noexcept { return expected_; }
  /// The shape that was found.
  [[nodiscard]] const std::string& given() const noexcept { return given_; }

 private:
  std::string op_, expected_, given_;
};

/// A request that cannot be met: an unknown key, a value out of range, an option that does not go with another.
class GLIFR_API ConfigError : public Error {
 public:
  /// The key and what is wrong with it, with what is accepted.
  ConfigError(std::string key, const std::string& problem) : Error(key + ": " + problem), key_(std::move(key)) {}

  /// The key, option or argument to blame.
  [[nodiscard]] const std::string& key() const noexcept { return key_; }

 private:
  std::string key_;
};

/// An input file that is missing, unreadable or damaged; `offset` is the byte at which that was seen (-1: the file as a
/// whole).
class GLIFR_API DataError : public Error {
 public:
  /// The file, what is wrong with it, and where.
  DataError(std::string file, const std::string& problem, std::int64_t offset = -1)
      : Error(file + (offset < 0 ? std::string() : " at byte " + std::to_string(offset)) + ": " + problem),
        file_(std::move(file)),
        offset_(offset) {}

  /// The file to blame.
  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  /// The byte at which it was seen; -1 for the file as a whole.
  [[nodiscard]] std::int64_t offset() const noexcept { return offset_; }

 private:
  std::string file_;
  std::int64_t offset_;
};

/// A file or folder that could not be written: a full disk, a folder without write permission.
class GLIFR_API OutputError : public Error {
 public:
  /// The file or folder, and why it could not be written.
  OutputError(std::string file, const std::string& problem) : Error(file + ": " + problem), file_(std::move(file)) {}

  /// The file or folder that could not be written.
  [[nodiscard]] const std::string& file() const noexcept { return file_; }

 private:
  std::string file_;
};

/// A device that is absent, or of which this build knows nothing.
class GLIFR_API DeviceUnavailable : public Error {
 public:
  /// What was called, and how it failed.
  DeviceUnavailable(std::string call, const std::string& problem)
      : Error(call + ": " + problem), call_(std::move(call)) {}

  /// What was called.
  [[nodiscard]] const std::string& call() const noexcept { return call_; }

 private:
  std::string call_;
};

/// A device that failed at its work: out of memory or threads, lost, or stopped by a fault.
class GLIFR_API DeviceFailure : public Error {
 public:
  /// Which device, and what happened to it.
  DeviceFailure(std::string device, const std::string& problem)
      : Error(device + ": " + problem), device_(std::move(device)) {}

  /// Which device.
  [[nodiscard]] const std::string& device() const noexcept { return device_; }

 private:
  std::string device_;
};

/// A quantity that stopped being finite: training diverged.
class GLIFR_API NumericError : public Error {
 public:
  /// What stopped being finite, and when.
  NumericError(std::string quantity, std::int64_t epoch, std::int64_t step)
      : Error("diverged in epoch " + std::to_string(epoch) + ", step " + std::to_string(step) + ": " + quantity +
              " is not finite"),
        quantity_(std::move(quantity)),
        epoch_(epoch),
        step_(step) {}

  /// "the loss", "the gradient of neuron_layer.thresh".
  [[nodiscard]] const std::string& quantity() const noexcept { return quantity_; }
  /// The epoch, counted from 1.
  [[nodiscard]] std::int64_t epoch() const noexcept { return epoch_; }
  /// The step within the epoch, counted from 1.
  [[nodiscard]] std::int64_t step() const noexcept { return step_; }

 private:
  std::string quantity_;
  std::int64_t epoch_, step_;
};

}  // namespace glifr
