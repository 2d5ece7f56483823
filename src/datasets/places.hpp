#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "glifr/datasets/frames.hpp"

namespace glifr::detail {

/// Adds a sample whose events are at `places`, each the number of its frame times the size of a frame plus the number
/// of its value; they are sorted here. `counts`, where it is not null, gets the number of events of every one.
template <class Place>
void append_sample(BinaryFrames& frames, std::vector<Place>& places, std::vector<std::uint32_t>* counts = nullptr) {
  // Numbered through all frames, so that sorting brings frames and the ones within them into order at once.
  std::sort(places.begin(), places.end());
  const auto size = static_cast<std::uint64_t>(frames.frame_size);
  auto place = places.begin();
  for (std::uint64_t end = size; end <= size * static_cast<std::uint64_t>(frames.time_steps); end += size) {
    while (place != places.end() && *place < end) {
      const auto next = std::find_if(place, places.end(), [&](Place other) { return other != *place; });
      frames.ones.push_back(static_cast<std::uint16_t>(*place % size));
      if (counts) counts->push_back(static_cast<std::uint32_t>(next - place));
      place = next;
    }
    frames.offsets.push_back(frames.ones.size());
  }
  ++frames.samples;
}

}  // namespace glifr::detail
