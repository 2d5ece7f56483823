#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "glifr/datasets/frames.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// A pixel of the event camera became brighter (polarity 1) or darker (0).
struct Event {
  std::int64_t time = 0;      ///< microseconds from the start of the recording
  std::uint8_t x = 0;         ///< below `event_columns`
  std::uint8_t y = 0;         ///< below `event_rows`
  std::uint8_t polarity = 0;  ///< 0 or 1: darker or brighter
};

inline constexpr Index event_rows = 34;     ///< of the camera's picture
inline constexpr Index event_columns = 34;  ///< of the camera's picture

/// The events of an N-MNIST recording, in the order of the file: 5 bytes each, x, y, then 1 bit polarity and 23 bits
/// time, big-endian. An entry with y = 240 is no event: it adds 2^13 to the times of all later ones. `name` stands for
/// the file in messages. Throws DataError where the file is empty, ends within an event or has one outside the camera's
/// pixels.
[[nodiscard]] GLIFR_API std::vector<Event> parse_events(std::string_view bytes, const std::string& name);

/// How time is cut into frames; fields are called as their configuration keys are.
struct FrameSettings {
  Index num_timesteps = 15;      ///< frames, 1 to 1,000,000
  double duration_timestep = 1;  ///< ms a frame, a whole number of microseconds, at least one
};

/// Microseconds a frame. Throws ConfigError where one of the settings is out of range.
[[nodiscard]] GLIFR_API std::int64_t frame_microseconds(const FrameSettings& settings);

/// Values of a frame of events, [polarity][y][x].
inline constexpr Index event_frame_size = 2 * event_rows * event_columns;

/// A sample of `num_timesteps` frames: a value of frame i is 1 where its pixel has at least one event of its polarity
/// with i <= time / duration_timestep < i + 1. Later events are in no frame. Throws as `frame_microseconds` does.
[[nodiscard]] GLIFR_API BinaryFrames make_frames(const std::vector<Event>& events, const FrameSettings& settings);

}  // namespace glifr
