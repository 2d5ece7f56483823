#pragma once

#include <zlib.h>

#include <cstdint>
#include <string_view>

namespace glifr::detail {

/// CRC-32 of bytes, which may follow others whose own is `before`.
inline std::uint32_t crc32(std::string_view bytes, std::uint32_t before = 0) {
  return static_cast<std::uint32_t>(::crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace glifr::detail
