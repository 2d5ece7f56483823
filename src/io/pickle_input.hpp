#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "glifr/error.hpp"

namespace glifr::detail {

/// The bytes of a pickle, taken one after another. DataError, with the byte at which the operation began that is run,
/// where there are too few.
class PickleInput {
 public:
  /// `name` stands for the file in messages; the pickle begins at a byte of `bytes`.
  PickleInput(std::string_view bytes, const std::string& name, std::size_t begin)
      : bytes_(bytes), name_(name), place_(begin), operation_(begin) {}

  /// The next byte is that of an operation.
  void begin_operation() { operation_ = place_; }

  [[noreturn]] void fail(const std::string& problem) const {
    throw DataError(name_, problem, static_cast<std::int64_t>(operation_));
  }
  [[noreturn]] void fail_damaged() const { fail("the pickle is damaged"); }
  [[noreturn]] void fail_short() const { fail("the pickle is cut short"); }

  std::string_view take(std::uint64_t size) {
    if (size > left()) fail_short();
    const std::string_view taken = bytes_.substr(place_, size);
    place_ += size;
    return taken;
  }
  template <class Number>
  Number number() {
    Number value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  /// What comes before the next end of a line, which is taken, too.
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', place_);
    if (end == std::string_view::npos) fail_short();
    const std::string_view text = take(end - place_);
    ++place_;
    return text;
  }

  /// All bytes, those that are taken included.
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - place_; }
  [[nodiscard]] std::size_t place() const { return place_; }

 private:
  std::string_view bytes_;
  const std::string& name_;
  std::size_t place_;      // of the next byte
  std::size_t operation_;  // of the operation that runs
};

}  // namespace glifr::detail
