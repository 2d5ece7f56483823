#include "glifr/datasets/events.hpp"

#include <algorithm>

#include "targets.hpp"

namespace glifr::test {

using namespace std::string_literals;

bool fuzz_events(std::string_view bytes) {
  std::vector<Event> events;
  if (!accepts([&] { events = parse_events(bytes, "recording"); })) return false;
  require(events.size() <= bytes.size() / 5, "an event has 5 bytes");
  for (const Event& event : events) {
    require(event.x < event_columns && event.y < event_rows && event.polarity < 2 && event.time >= 0,
            "events are in range");
  }
  for (const FrameSettings& settings : {FrameSettings{}, FrameSettings{.num_timesteps = 300},
                                        FrameSettings{.num_timesteps = 1, .duration_timestep = 1e9}}) {
    const BinaryFrames frames = make_frames(events, settings);
    require(std::ssize(frames.offsets) == settings.num_timesteps + 1, "there are as many frames as asked for");
    require(std::ranges::is_sorted(frames.offsets), "frames follow each other");
    require(frames.offsets.back() == frames.ones.size() && frames.ones.size() <= events.size(), "ones have an event");
    for (const std::uint16_t one : frames.ones) require(one < event_frame_size, "ones are in the frame");
  }
  return true;
}

std::vector<std::string> events_seeds() {
  return {
      "\x01\x02\x80\x00\x0a"s
      "\x21\x21\x00\x04\x00"s
      "\x05\xf0\x00\x00\x00"s
      "\x03\x04\x00\x00\x05"s,
      "\x00\x00\xff\xff\xff"s};
}

}  // namespace glifr::test
