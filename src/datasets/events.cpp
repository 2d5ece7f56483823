#include "glifr/datasets/events.hpp"

#include <cmath>

#include "glifr/error.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/number.hpp"
#include "places.hpp"

namespace glifr {
namespace {

constexpr std::size_t event_bytes = 5;
constexpr int overflow_row = 240;
constexpr std::int64_t overflow_step = 1 << 13;

[[noreturn]] void fail(std::string_view bytes, const std::string& name, const std::string& problem,
                       std::size_t offset) {
  throw DataError(name, detail::content_problem(bytes, "an N-MNIST recording", problem),
                  static_cast<std::int64_t>(offset));
}

}  // namespace

std::vector<Event> parse_events(std::string_view bytes, const std::string& name) {
  if (bytes.empty()) throw DataError(name, "found an empty file; accepted is one event of 5 bytes or more", 0);
  if (const std::size_t rest = bytes.size() % event_bytes; rest != 0) {
    fail(bytes, name, "found " + std::to_string(rest) + " bytes after the last whole event; accepted are 5 an event",
         bytes.size() - rest);
  }
  std::vector<Event> events;
  events.reserve(bytes.size() / event_bytes);
  std::int64_t elapsed = 0;
  for (std::size_t offset = 0; offset < bytes.size(); offset += event_bytes) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[offset + i]); };
    if (byte(1) == overflow_row) {
      elapsed += overflow_step;
      continue;
    }
    const auto check_place = [&](const char* axis, std::size_t i, Index limit) {
      if (byte(i) < limit) return;
      fail(bytes, name,
           std::string("found an event at ") + axis + " = " + std::to_string(byte(i)) + "; accepted are 0 to " +
               std::to_string(limit - 1),
           offset + i);
    };
    check_place("x", 0, event_columns);
    check_place("y", 1, event_rows);
    const int time = (byte(2) & 0x7f) << 16 | byte(3) << 8 | byte(4);
    events.push_back(
        {.time = elapsed + time, .x = byte(0), .y = byte(1), .polarity = static_cast<std::uint8_t>(byte(2) >> 7)});
  }
  return events;
}

std::int64_t frame_microseconds(const FrameSettings& settings) {
  constexpr Index max_frames = 1'000'000;
  if (settings.num_timesteps < 1 || settings.num_timesteps > max_frames) {
    throw ConfigError("num_timesteps",
                      "found " + std::to_string(settings.num_timesteps) + "; accepted are 1 to 1000000");
  }
  constexpr double longest = 1e9;  // ms; far beyond any recording, and the number of microseconds stays exact
  const double microseconds = std::round(1000 * settings.duration_timestep);
  const bool is_whole = std::abs(1000 * settings.duration_timestep - microseconds) < 1e-6 * microseconds;
  if (!is_whole || microseconds < 1 || settings.duration_timestep > longest) {
    throw ConfigError("duration_timestep", "found " + format_number(settings.duration_timestep) +
                                               " ms; accepted is a whole number of microseconds, 0.001 ms or more");
  }
  return static_cast<std::int64_t>(microseconds);
}

BinaryFrames make_frames(const std::vector<Event>& events, const FrameSettings& settings) {
  const std::int64_t duration = frame_microseconds(settings);
  std::vector<std::uint32_t> places;
  for (const Event& event : events) {
    const std::int64_t frame = event.time / duration;
    if (frame >= settings.num_timesteps) continue;
    const Index pixel = (event.polarity * event_rows + event.y) * event_columns + event.x;
    places.push_back(static_cast<std::uint32_t>(frame * event_frame_size + pixel));
  }
  BinaryFrames frames;
  frames.time_steps = settings.num_timesteps;
  frames.frame_size = event_frame_size;
  detail::append_sample(frames, places);
  return frames;
}

}  // namespace glifr
