#pragma once

#include <cstdint>
#include <string_view>

/// FNV-1a, a hash that is the same on every machine. Seeds, names of files and keys of caches depend on its values.
namespace glifr::detail {

/// The 32-bit hash of the bytes of a text.
[[nodiscard]] constexpr std::uint32_t fnv1a_32(std::string_view text) {
  std::uint32_t hash = 0x811c9dc5;
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x01000193;
  return hash;
}

/// The 64-bit hash of the bytes of a text.
[[nodiscard]] constexpr std::uint64_t fnv1a_64(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

// The test vectors of the algorithm's authors.
static_assert(fnv1a_32("") == 0x811c9dc5 && fnv1a_32("foobar") == 0xbf9cf968);
static_assert(fnv1a_64("") == 0xcbf29ce484222325 && fnv1a_64("foobar") == 0x85944171f73967e8);

}  // namespace glifr::detail
