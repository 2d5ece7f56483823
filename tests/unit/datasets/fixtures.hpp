#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "glifr/error.hpp"
#include "support/files.hpp"

namespace glifr::test {

using Bytes = std::vector<std::uint8_t>;

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
