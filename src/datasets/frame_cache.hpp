#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "glifr/datasets/frames.hpp"

namespace glifr::detail {

/// The bytes of a cache file, for machines as this one. `key` stands for everything that the frames were made of.
[[nodiscard]] std::string encode_frames(const BinaryFrames& frames, std::uint64_t key);

/// Fills in the frames from the bytes of a cache file; samples, time_steps and frame_size are set already. Nothing
/// where the file was made of something else or is damaged.
[[nodiscard]] std::optional<BinaryFrames> decode_frames(std::string_view bytes, std::uint64_t key, BinaryFrames frames);

}  // namespace glifr::detail
