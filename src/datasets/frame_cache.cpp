#include "frame_cache.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

#include "../io/crc32.hpp"

namespace glifr::detail {
namespace {

// Such a header, offsets and ones as they lie in memory, and the CRC-32 of all that.
struct Header {
  // "GLFRAME1", the last digit being the version of the format; another number to a machine of the other byte order.
  std::uint64_t magic = 0x31454d4152464c47;
  std::uint64_t key = 0;
};

using Checksum = std::uint32_t;

template <class T>
void append(std::string& bytes, const T* values, std::size_t count) {
  bytes.append(reinterpret_cast<const char*>(values), count * sizeof(T));
}

/// Whether the lists are what the rest of the library takes for granted.
bool is_sound(const BinaryFrames& frames) {
  const auto& offsets = frames.offsets;
  if (offsets.front() != 0 || offsets.back() != frames.ones.size() || !std::ranges::is_sorted(offsets)) return false;
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    const std::span frame = std::span(frames.ones).subspan(offsets[i], offsets[i + 1] - offsets[i]);
    if (!frame.empty() && frame.back() >= frames.frame_size) return false;
    if (std::ranges::adjacent_find(frame, std::greater_equal{}) != frame.end()) return false;
  }
  return true;
}

}  // namespace

std::string encode_frames(const BinaryFrames& frames, std::uint64_t key) {
  const Header header{.key = key};
  std::string bytes;
  append(bytes, &header, 1);
  append(bytes, frames.offsets.data(), frames.offsets.size());
  append(bytes, frames.ones.data(), frames.ones.size());
  const Checksum sum = crc32(bytes);
  append(bytes, &sum, 1);
  return bytes;
}

std::optional<BinaryFrames> decode_frames(std::string_view bytes, std::uint64_t key, BinaryFrames frames) {
  const auto offsets = static_cast<std::size_t>(frames.samples * frames.time_steps) + 1;
  const std::size_t before_ones = sizeof(Header) + offsets * sizeof(frames.offsets[0]);
  if (bytes.size() < before_ones + sizeof(Checksum)) return std::nullopt;

  const std::string_view content = bytes.substr(0, bytes.size() - sizeof(Checksum));
  Header header;
  Checksum sum = 0;
  std::memcpy(&header, content.data(), sizeof(header));
  std::memcpy(&sum, content.data() + content.size(), sizeof(sum));
  if (header.magic != Header{}.magic || header.key != key || sum != crc32(content)) return std::nullopt;

  frames.offsets.resize(offsets);
  std::memcpy(frames.offsets.data(), content.data() + sizeof(header), before_ones - sizeof(header));
  const std::string_view ones = content.substr(before_ones);
  frames.ones.resize(ones.size() / sizeof(frames.ones[0]));
  if (!frames.ones.empty()) std::memcpy(frames.ones.data(), ones.data(), frames.ones.size() * sizeof(frames.ones[0]));
  if (!is_sound(frames)) return std::nullopt;
  return frames;
}

}  // namespace glifr::detail
