#include "glifr/datasets/events.hpp"

#include <cmath>

#include "fixtures.hpp"
#include "support/catch.hpp"

namespace {

using glifr::BinaryFrames;
using glifr::Event;
using glifr::FrameSettings;
using glifr::Index;
using namespace glifr::test;
using Catch::Matchers::Contains;

using Ones = std::vector<std::uint16_t>;

/// The ones of every frame of a single sample.
std::vector<Ones> frames_of(const BinaryFrames& frames) {
  std::vector<Ones> result;
  for (std::size_t i = 0; i + 1 < frames.offsets.size(); ++i) {
    const auto first = frames.ones.begin();
    result.emplace_back(first + static_cast<Index>(frames.offsets[i]),
                        first + static_cast<Index>(frames.offsets[i + 1]));
  }
  return result;
}

Event event(std::int64_t time, std::uint8_t x, std::uint8_t y, std::uint8_t polarity) {
  return {.time = time, .x = x, .y = y, .polarity = polarity};
}

TEST_CASE("events are 5 bytes: x, y, polarity and time") {
  const std::vector<Event> events =
      glifr::parse_events(event_bytes(0, 33, 0, 0) + event_bytes(33, 0, 1, 0x7fffff) + event_bytes(1, 2, 1, 66051), "");
  REQUIRE(events.size() == 3);
  CHECK((events[0].x == 0 && events[0].y == 33 && events[0].polarity == 0 && events[0].time == 0));
  CHECK((events[1].x == 33 && events[1].y == 0 && events[1].polarity == 1 && events[1].time == 8388607));
  CHECK((events[2].x == 1 && events[2].y == 2 && events[2].polarity == 1 && events[2].time == 66051));
}

TEST_CASE("an entry with y = 240 is no event and delays all later ones by 2^13") {
  const std::string overflow = event_bytes(200, 240, 1, 5);
  const std::vector<Event> events = glifr::parse_events(
      event_bytes(1, 1, 0, 10) + overflow + event_bytes(2, 1, 0, 10) + overflow + overflow + event_bytes(3, 1, 0, 11),
      "");
  REQUIRE(events.size() == 3);
  CHECK(events[0].time == 10);
  CHECK(events[1].time == 10 + 8192);
  CHECK(events[2].time == 11 + 3 * 8192);

  std::string many;
  for (int i = 0; i < 600'000; ++i) many += overflow;
  CHECK(glifr::parse_events(many + event_bytes(0, 0, 0, 1), "").front().time == 600'000LL * 8192 + 1);
}

TEST_CASE("a recording cut short within an event is an error") {
  const std::string whole = event_bytes(1, 2, 0, 3) + event_bytes(4, 5, 1, 6);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto parse = [&] { (void)glifr::parse_events(whole.substr(0, length), "7.bin"); };
    if (length == 5) {
      CHECK_NOTHROW(parse());
      continue;
    }
    const glifr::DataError error = data_error(parse);
    CHECK(error.offset() == static_cast<std::int64_t>(length / 5 * 5));
    CHECK(is_one_line(error));
    CHECK_THAT(error.what(), Contains("7.bin at byte"));
  }
}

TEST_CASE("events outside the camera are errors") {
  const std::string good = event_bytes(1, 2, 0, 3);
  const auto error = [&](const std::string& bad) {
    return data_error([&] { (void)glifr::parse_events(good + bad, "7.bin"); });
  };
  CHECK(error(event_bytes(34, 0, 0, 0)).offset() == 5);
  CHECK_THAT(error(event_bytes(34, 0, 0, 0)).what(), Contains("found an event at x = 34; accepted are 0 to 33"));
  CHECK(error(event_bytes(0, 34, 0, 0)).offset() == 6);
  CHECK_THAT(error(event_bytes(0, 241, 0, 0)).what(), Contains("found an event at y = 241; accepted are 0 to 33"));
}

TEST_CASE("frames hold the pixels with at least one event of theirs, as [polarity][y][x]") {
  const BinaryFrames frames =
      glifr::make_frames({event(2999, 33, 33, 1), event(0, 1, 0, 0), event(999, 0, 1, 0), event(5, 1, 0, 0),
                          event(2000, 0, 0, 1), event(3000, 5, 5, 0), event(1'000'000'000'000, 5, 5, 0)},
                         {.num_timesteps = 3});
  CHECK((frames.samples == 1 && frames.time_steps == 3 && frames.frame_size == 2312));
  CHECK(frames_of(frames) == std::vector<Ones>{{1, 34}, {}, {1156, 2311}});
}

TEST_CASE("a frame begins with its first microsecond and ends before the next one's") {
  for (const double duration : {0.1, 0.3, 1.0, 2.5, 7.0}) {
    const auto microseconds = static_cast<std::int64_t>(std::lround(1000 * duration));
    std::vector<Event> events;
    std::vector<Ones> expected;
    for (std::uint8_t i = 0; i < 34; ++i) {
      events.push_back(event(i * microseconds, i, 0, 0));
      events.push_back(event((i + 1) * microseconds - 1, i, 1, 0));
      expected.push_back({i, static_cast<std::uint16_t>(34 + i)});
    }
    CHECK(frames_of(glifr::make_frames(events, {.num_timesteps = 34, .duration_timestep = duration})) == expected);
  }
}

TEST_CASE("a file of another kind in place of a recording is said to be one") {
  for (const std::string& bytes : {std::string("<!doctype html><p>moved</p>"), std::string("<html>12345<p>")}) {
    CHECK_THROWS_WITH(glifr::parse_events(bytes, "00001.bin"),
                      Contains("00001.bin") && Contains("found a web page (HTML)") && Contains("N-MNIST recording"));
  }
}

TEST_CASE("frame settings out of range are refused by name") {
  const auto make = [](const FrameSettings& settings) { return glifr::make_frames({}, settings); };
  CHECK(make({.num_timesteps = 1'000'000, .duration_timestep = 0.001}).offsets.size() == 1'000'001);
  CHECK_THROWS_WITH(make({.num_timesteps = 0}), Contains("num_timesteps: found 0; accepted are 1 to 1000000"));
  CHECK_THROWS_WITH(make({.num_timesteps = 1'000'001}), Contains("num_timesteps: found 1000001"));
  for (const double duration : {0.0, -1.0, 0.0001, 0.0015, 1e300, std::nan(""), HUGE_VAL}) {
    CHECK_THROWS_WITH(make({.duration_timestep = duration}), Contains("duration_timestep: found "));
  }
}

TEST_CASE("samples are appended and gathered, sparse and dense alike") {
  const FrameSettings settings{.num_timesteps = 2};
  BinaryFrames all = glifr::make_frames({event(0, 1, 0, 0), event(1500, 2, 0, 0)}, settings);
  all.append(glifr::make_frames({}, settings));
  all.append(glifr::make_frames({event(10, 3, 0, 0), event(20, 4, 0, 0)}, settings));
  REQUIRE(all.samples == 3);
  CHECK(frames_of(all) == std::vector<Ones>{{1}, {2}, {}, {}, {3, 4}, {}});

  const std::vector<Index> chosen{2, 0};
  std::vector<glifr::ActiveInputs> rows(4);
  all.gather(chosen, rows.data());
  std::vector<Ones> lists;
  for (const glifr::ActiveInputs& row : rows) lists.emplace_back(row.indices, row.indices + row.count);
  CHECK(lists == std::vector<Ones>{{3, 4}, {1}, {}, {2}});

  std::vector<float> dense(4 * 2312, -1.0F), expected(4 * 2312);
  for (const std::size_t one : {3, 4, 2312 + 1, 3 * 2312 + 2}) expected[one] = 1;
  all.gather_dense(chosen, dense.data());
  CHECK(dense == expected);
}

}  // namespace
