#include "glifr/io/event_file.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "glifr/error.hpp"
#include "glifr/io/files.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/python.hpp"

namespace glifr {
namespace {

using Catch::Matchers::Contains;
using test::TemporaryFolder;

/// Bytes that are read one part after another; the message of a protocol buffer is a series of (tag, content).
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool is_at_end() const { return rest_.empty(); }
  std::string_view take(std::size_t size) {
    if (size > rest_.size()) throw std::runtime_error("the bytes end early");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
  }
  std::string_view message() { return take(varint()); }

 private:
  std::string_view rest_;
};

struct Histogram {
  double min = 0, max = 0, num = 0, sum = 0, sum_squares = 0;
  std::vector<double> limits, counts;
};

struct Event {
  double wall_time = 0;
  std::int64_t step = 0;
  std::string version, tag;
  std::optional<float> value;
  std::optional<Histogram> histogram;
};

std::vector<double> doubles(std::string_view bytes) {
  std::vector<double> values;
  for (Reader reader(bytes); !reader.is_at_end();) values.push_back(reader.number<double>());
  return values;
}

Histogram read_histogram(std::string_view bytes) {
  Histogram histogram;
  for (Reader reader(bytes); !reader.is_at_end();) {
    const std::uint64_t tag = reader.varint();
    if (tag == (6 << 3 | 2)) {
      histogram.limits = doubles(reader.message());
    } else if (tag == (7 << 3 | 2)) {
      histogram.counts = doubles(reader.message());
    } else {
      REQUIRE((tag & 7) == 1);
      double* const members[] = {&histogram.min, &histogram.max, &histogram.num, &histogram.sum,
                                 &histogram.sum_squares};
      *members[(tag >> 3) - 1] = reader.number<double>();
    }
  }
  return histogram;
}

void read_value(std::string_view bytes, Event& event) {
  for (Reader reader(bytes); !reader.is_at_end();) {
    switch (reader.varint()) {
      case 1 << 3 | 2:
        event.tag = reader.message();
        break;
      case 2 << 3 | 5:
        event.value = reader.number<float>();
        break;
      case 5 << 3 | 2:
        event.histogram = read_histogram(reader.message());
        break;
      default:
        FAIL("a value has another field");
    }
  }
}

Event read_event(std::string_view bytes) {
  Event event;
  for (Reader reader(bytes); !reader.is_at_end();) {
    switch (reader.varint()) {
      case 1 << 3 | 1:
        event.wall_time = reader.number<double>();
        break;
      case 2 << 3 | 0:
        event.step = static_cast<std::int64_t>(reader.varint());
        break;
      case 3 << 3 | 2:
        event.version = reader.message();
        break;
      case 5 << 3 | 2: {
        Reader summary(reader.message());
        REQUIRE(summary.varint() == (1 << 3 | 2));
        read_value(summary.message(), event);
        CHECK(summary.is_at_end());
        break;
      }
      default:
        FAIL("an event has another field");
    }
  }
  return event;
}

std::vector<Event> read_events(std::string_view bytes) {
  std::vector<Event> events;
  for (Reader reader(bytes); !reader.is_at_end();) {
    const auto size = reader.number<std::uint64_t>();
    reader.take(4);
    events.push_back(read_event(reader.take(size)));
    reader.take(4);
  }
  return events;
}

void record_epoch(EventAppender& file, Index epoch, double loss) {
  EventRecords records;
  const EventTime time{.step = epoch, .wall_time = 1000.0 + static_cast<double>(epoch)};
  records.scalar("train/loss", time, loss);
  records.histogram("thresh", time, std::span<const double>(std::vector<double>{0, 1, 2, loss}));
  file.append(records);
}

std::vector<Index> steps(const std::filesystem::path& path, std::string_view tag) {
  std::vector<Index> found;
  for (const Event& event : read_events(read_file(path))) {
    if (event.tag == tag) found.push_back(event.step);
  }
  return found;
}

#define GLIFR_NEED_EVENT_FILES() \
  if (event_file_problem()) GLIFR_SKIP(*event_file_problem())

TEST_CASE("a build without protozero says so") {
  if (!event_file_problem()) GLIFR_SKIP("this build has protozero");
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(EventAppender::start(folder.path() / event_file_name, 0), Contains("libprotozero-dev"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / event_file_name));
}

TEST_CASE("the records of an event file have the published form") {
  GLIFR_NEED_EVENT_FILES();
  const TemporaryFolder folder;
  const auto path = folder.path() / event_file_name;
  EventAppender file = EventAppender::start(path, 1.5);
  // Length, its checksum, the event (time 1.5, version), its checksum, as TensorBoard's own writer has them.
  CHECK(read_file(path) == std::string("\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22"
                                       "\x09\0\0\0\0\0\0\xf8\x3f\x1a\x0d"
                                       "brain.Event:2*(dl",
                                       40));
  EventRecords records;
  records.scalar("loss", {.step = 3, .wall_time = 2.5}, 0.25);
  file.append(records);
  file.sync();
  const std::vector<Event> events = read_events(read_file(path));
  REQUIRE(events.size() == 2);
  CHECK(events[0].version == "brain.Event:2");
  CHECK(events[1].step == 3);
  CHECK(events[1].wall_time == 2.5);
  CHECK(events[1].tag == "loss");
  CHECK(events[1].value == 0.25f);
}

TEST_CASE("a histogram counts every finite value in one bucket") {
  GLIFR_NEED_EVENT_FILES();
  const auto histogram = [](const std::vector<double>& values) {
    EventRecords records;
    records.histogram("x", {}, std::span<const double>(values));
    return read_events(records.bytes()).at(0).histogram.value();
  };
  SECTION("of values that are spread") {
    std::vector<double> values;
    for (int i = 0; i <= 300; ++i) values.push_back(-1 + i / 100.0);
    values.push_back(std::numeric_limits<double>::quiet_NaN());
    values.push_back(-std::numeric_limits<double>::infinity());
    const Histogram found = histogram(values);
    CHECK(found.min == -1);
    CHECK(found.max == 2);
    CHECK(found.num == 301);
    CHECK(found.sum == Approx(150.5));
    CHECK(found.sum_squares == Approx(75.25 + 301 * 151 / 200.0));
    REQUIRE(found.limits.size() == 30);
    CHECK(found.limits.front() == Approx(-0.9));
    CHECK(found.limits.back() == 2);
    double counted = 0;
    for (std::size_t k = 0; k < 30; ++k) {
      CHECK(found.counts[k] >= 9);
      CHECK(found.counts[k] <= 11);
      counted += found.counts[k];
    }
    CHECK(counted == 301);
  }
  SECTION("of one value, many times") {
    const Histogram found = histogram({3, 3, 3});
    CHECK(found.limits == std::vector<double>{3});
    CHECK(found.counts == std::vector<double>{3});
  }
  SECTION("of the widest range") {
    const double largest = std::numeric_limits<double>::max();
    const Histogram found = histogram({-largest, largest});
    CHECK(found.counts.front() == 1);
    CHECK(found.counts.back() == 1);
    for (const double limit : found.limits) CHECK(std::isfinite(limit));
  }
  SECTION("of nothing") {
    const Histogram found = histogram({});
    CHECK(found.num == 0);
    CHECK(found.limits.empty());
    CHECK(found.counts.empty());
  }
}

TEST_CASE("a resumed event file holds every step once") {
  GLIFR_NEED_EVENT_FILES();
  const TemporaryFolder folder;
  const auto path = folder.path() / event_file_name;
  {
    EventAppender file = EventAppender::start(path, 1000);
    for (Index epoch = 1; epoch <= 5; ++epoch) record_epoch(file, epoch, 1.0 / static_cast<double>(epoch));
  }
  const std::string before = read_file(path);

  SECTION("from any epoch") {
    for (Index kept = 0; kept <= 6; ++kept) {
      INFO(kept);
      test::write_text(path, before);
      EventAppender file = EventAppender::resume(path, kept, 2000);
      for (Index epoch = kept + 1; epoch <= 7; ++epoch) record_epoch(file, epoch, 0);
      std::vector<Index> expected{1, 2, 3, 4, 5, 6, 7};
      if (kept == 6) expected = {1, 2, 3, 4, 5, 7};  // a run may have gone on for a while without the file
      CHECK(steps(path, "train/loss") == expected);
      CHECK(steps(path, "thresh") == expected);
      CHECK(read_events(read_file(path))[0].version == "brain.Event:2");
    }
  }
  SECTION("cut anywhere") {
    for (std::size_t length = 0; length < before.size(); ++length) {
      INFO(length);
      test::write_text(path, before.substr(0, length));
      EventAppender file = EventAppender::resume(path, 0, 1000);
      for (Index epoch = 1; epoch <= 5; ++epoch) record_epoch(file, epoch, 1.0 / static_cast<double>(epoch));
      CHECK(read_file(path) == before);
    }
  }
  SECTION("with a tail of zeros, as a power cut may leave") {
    test::write_text(path, before + std::string(100, '\0'));
    (void)EventAppender::resume(path, 5, 1000);
    CHECK(read_file(path) == before);
  }
  SECTION("with histograms up to an earlier step") {
    EventAppender file = EventAppender::resume(path, 5, 4, 1000);
    CHECK(steps(path, "train/loss") == std::vector<Index>{1, 2, 3, 4, 5});
    CHECK(steps(path, "thresh") == std::vector<Index>{1, 2, 3, 4});
    record_epoch(file, 6, 0);
    CHECK(steps(path, "thresh") == std::vector<Index>{1, 2, 3, 4, 6});
  }
  SECTION("a file that was removed is begun") {
    std::filesystem::remove(path);
    EventAppender file = EventAppender::resume(path, 3, 1000);
    record_epoch(file, 4, 0);
    CHECK(steps(path, "train/loss") == std::vector<Index>{4});
  }
  SECTION("a file that cannot be looked at cannot be written") {
    std::filesystem::remove(path);
    std::filesystem::create_symlink(path, path);
    CHECK_THROWS_AS(EventAppender::resume(path, 3, 1000), OutputError);
  }
  SECTION("it takes no step from before its end") {
    EventAppender file = EventAppender::resume(path, 4, 1000);
    EventRecords records;
    records.scalar("x", {.step = 3}, 0);
    CHECK_THROWS_AS(file.append(records), std::logic_error);
    CHECK_THROWS_AS(records.scalar("x", {.step = 2}, 0), std::logic_error);
  }
}

TEST_CASE("a damaged event file is refused and stays as it is") {
  GLIFR_NEED_EVENT_FILES();
  const TemporaryFolder folder;
  const auto path = folder.path() / event_file_name;
  {
    EventAppender file = EventAppender::start(path, 1000);
    for (Index epoch = 1; epoch <= 3; ++epoch) record_epoch(file, epoch, 0.5);
  }
  const std::string whole = read_file(path);
  const auto refused = [&](const std::string& bytes, const char* reason) {
    test::write_text(path, bytes);
    CHECK_THROWS_WITH(EventAppender::resume(path, 3, 0), Contains(std::string(event_file_name)) && Contains(reason));
    CHECK(read_file(path) == bytes);
  };
  std::string damaged = whole;
  damaged[60] ^= 1;
  refused(damaged, "at byte 40: the checksum of a record is wrong");
  damaged = whole;
  damaged[41] ^= 1;
  refused(damaged, "at byte 40: the checksum of a record's length is wrong");
  refused("epoch,train_loss\n1,2\n", "is no event file of TensorBoard");
  refused("epoch", "is no event file of TensorBoard");
  refused("PK\x03\x04 and more of an archive", "found a ZIP archive");
  refused(whole + whole.substr(40), "found step 1 behind step 3");
  refused(whole.substr(40), "names the version ''; 'brain.Event:2' is needed");
}

TEST_CASE("records that do not fit on the disk leave no trace") {
  GLIFR_NEED_EVENT_FILES();
  const TemporaryFolder folder;
  const auto path = folder.path() / event_file_name;
  EventAppender file = EventAppender::start(path, 0);
  const std::string before = read_file(path);
  {
    const test::SmallFiles limit(100);
    CHECK_THROWS_AS(record_epoch(file, 1, 0), OutputError);
  }
  CHECK(read_file(path) == before);
  CHECK_THROWS_AS(EventAppender::start(folder.path() / "none" / "x", 0), OutputError);
}

TEST_CASE("TensorBoard reads event files, every step once after a resume") {
  GLIFR_NEED_EVENT_FILES();
  const auto python = test::python_with("tensorboard.backend.event_processing.event_accumulator");
  if (!python) GLIFR_SKIP("Python has no tensorboard package");
  const TemporaryFolder folder;
  const auto path = folder.path() / event_file_name;
  {
    EventAppender file = EventAppender::start(path, 1000);
    for (Index epoch = 1; epoch <= 6; ++epoch) record_epoch(file, epoch, static_cast<double>(epoch));
  }
  test::write_text(path, read_file(path).substr(0, read_file(path).size() - 7));  // killed while it wrote
  EventAppender file = EventAppender::resume(path, 4, 2000);
  for (Index epoch = 5; epoch <= 8; ++epoch) record_epoch(file, epoch, static_cast<double>(epoch));
  const std::string said = test::run_python(*python, folder.path(), R"(
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer

events = EventAccumulator('.', size_guidance={'scalars': 0, 'histograms': 0}).Reload()
scalars = events.Scalars('train/loss')
assert [s.step for s in scalars] == list(range(1, 9)), scalars
assert [s.value for s in scalars] == [float(s.step) for s in scalars]
assert [s.wall_time for s in scalars] == [1000.0 + s.step for s in scalars]
histograms = events.Histograms('thresh')
assert [h.step for h in histograms] == list(range(1, 9))
last = histograms[-1].histogram_value
assert (last.min, last.max, last.num, last.sum, last.sum_squares) == (0, 8, 4, 11, 69), last
assert len(last.bucket) == len(last.bucket_limit) == 30 and sum(last.bucket) == 4

# What its pages show: the same as tensors.
pages = EventMultiplexer().AddRunsFromDirectory('.').Reload()
assert [t.step for t in pages.Tensors('.', 'thresh')] == list(range(1, 9))
print('as written')
)");
  CHECK(said == "as written\n");
}

}  // namespace
}  // namespace glifr
