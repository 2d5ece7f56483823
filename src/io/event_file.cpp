#include "glifr/io/event_file.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <boost/crc.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <protozero/pbf_builder.hpp>
#include <protozero/pbf_message.hpp>
#include <stdexcept>
#include <vector>

#include "glifr/error.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/files.hpp"

namespace glifr {
namespace {

static_assert(std::endian::native == std::endian::little, "records are little-endian, and are written as memory lies");

// The fields of TensorFlow's event.proto and summary.proto that glifr writes.
enum class EventField : protozero::pbf_tag_type { wall_time = 1, step = 2, file_version = 3, summary = 5 };
enum class SummaryField : protozero::pbf_tag_type { value = 1 };
enum class ValueField : protozero::pbf_tag_type { tag = 1, simple_value = 2, histogram = 5 };
enum class HistogramField : protozero::pbf_tag_type {
  min = 1,
  max = 2,
  num = 3,
  sum = 4,
  sum_squares = 5,
  bucket_limit = 6,
  bucket = 7
};

constexpr std::string_view file_version = "brain.Event:2";
constexpr int buckets = 30;

// A record: the length of its data (8 bytes), a checksum of these 8, the data, a checksum of the data.
constexpr std::size_t record_length_bytes = 8;
constexpr std::size_t checksum_bytes = 4;
constexpr std::size_t head_bytes = record_length_bytes + checksum_bytes;

/// CRC-32C, turned and moved by a constant, so that the checksum of bytes that hold their own checksum is not special.
std::uint32_t checksum(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return std::rotr(static_cast<std::uint32_t>(crc.checksum()), 15) + 0xa282ead8;
}

template <class Number>
void append_bytes(std::string& bytes, Number value) {
  std::array<char, sizeof value> raw;
  std::memcpy(raw.data(), &value, sizeof value);
  bytes.append(raw.data(), raw.size());
}

template <class Number>
Number number_at(std::string_view bytes, std::size_t place) {
  Number value;
  std::memcpy(&value, bytes.data() + place, sizeof value);
  return value;
}

void append_record(std::string& bytes, std::string_view data) {
  const std::size_t begin = bytes.size();
  append_bytes(bytes, std::uint64_t{data.size()});
  append_bytes(bytes, checksum(std::string_view(bytes).substr(begin)));
  bytes += data;
  append_bytes(bytes, checksum(data));
}

/// An event with one value, which `fill` completes.
template <class Fill>
void append_value(std::string& bytes, std::string_view tag, EventTime time, Fill fill) {
  std::string data;
  protozero::pbf_builder<EventField> event(data);
  event.add_double(EventField::wall_time, time.wall_time);
  event.add_int64(EventField::step, time.step);
  {
    protozero::pbf_builder<SummaryField> summary(event, EventField::summary);
    protozero::pbf_builder<ValueField> value(summary, SummaryField::value);
    value.add_string(ValueField::tag, tag.data(), tag.size());
    fill(value);
  }
  append_record(bytes, data);
}

std::string first_record(double wall_time) {
  std::string data, bytes;
  protozero::pbf_builder<EventField> event(data);
  event.add_double(EventField::wall_time, wall_time);
  event.add_string(EventField::file_version, file_version.data(), file_version.size());
  append_record(bytes, data);
  return bytes;
}

/// What of an event decides where a file is cut.
struct EventFacts {
  Index step = 0;
  std::string version;  // of the file; empty: the event says nothing of it
  bool is_histogram = false;
};

/// Whether the value of a summary is a histogram.
bool holds_histogram(const protozero::data_view& data) {
  protozero::pbf_message<SummaryField> summary(data);
  while (summary.next(SummaryField::value)) {
    if (protozero::pbf_message<ValueField>(summary.get_view()).next(ValueField::histogram)) return true;
  }
  return false;
}

EventFacts read_event(std::string_view data) {
  EventFacts facts;
  protozero::pbf_message<EventField> event(data.data(), data.size());
  while (event.next()) {
    switch (event.tag_and_type()) {
      case protozero::tag_and_type(EventField::step, protozero::pbf_wire_type::varint):
        facts.step = event.get_int64();
        break;
      case protozero::tag_and_type(EventField::file_version, protozero::pbf_wire_type::length_delimited):
        facts.version = event.get_string();
        break;
      case protozero::tag_and_type(EventField::summary, protozero::pbf_wire_type::length_delimited):
        facts.is_histogram = holds_histogram(event.get_view());
        break;
      default:
        event.skip();
    }
  }
  return facts;
}

/// How much of a file is kept, and the step of its last record; no bytes where not even the first record is whole.
struct Kept {
  std::size_t bytes = 0;
  std::optional<Index> step;
};

class Records {
 public:
  Records(std::string_view bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {}

  [[nodiscard]] Kept up_to(Index last_step, Index last_histograms) const {
    Kept kept;
    for (std::size_t place = 0; place < bytes_.size();) {
      const std::optional<std::string_view> data = record(place);
      if (!data) break;
      const EventFacts facts = event(*data, place);
      if (place == 0 && facts.version != file_version) {
        fail(
            "the first record names the version '" + facts.version + "'; '" + std::string(file_version) + "' is needed",
            place);
      }
      if (kept.step && facts.step < *kept.step) {
        fail("found step " + std::to_string(facts.step) + " behind step " + std::to_string(*kept.step), place);
      }
      if (facts.step > last_step || (facts.is_histogram && facts.step > last_histograms)) break;
      if (place != 0) kept.step = facts.step;
      place += head_bytes + data->size() + checksum_bytes;
      kept.bytes = place;
    }
    return kept;
  }

 private:
  [[noreturn]] void fail(const std::string& problem, std::size_t place) const {
    throw DataError(name_, problem + "; remove the file to go on without what it holds",
                    static_cast<std::int64_t>(place));
  }

  /// The data of the record at a place; nothing where the file ends within it, or holds only zeros from there on, as a
  /// write that a power cut ended may leave.
  [[nodiscard]] std::optional<std::string_view> record(std::size_t place) const {
    const std::string_view rest = bytes_.substr(place);
    if (rest.find_first_not_of('\0') == std::string_view::npos) return std::nullopt;
    if (rest.size() < head_bytes) {
      if (place == 0 && !first_record(0).starts_with(rest)) refuse_content();
      return std::nullopt;
    }
    if (number_at<std::uint32_t>(rest, record_length_bytes) != checksum(rest.substr(0, record_length_bytes))) {
      if (place == 0) refuse_content();
      fail("the checksum of a record's length is wrong", place);
    }
    const std::uint64_t size = number_at<std::uint64_t>(rest, 0);
    if (rest.size() - head_bytes < checksum_bytes || rest.size() - head_bytes - checksum_bytes < size) {
      return std::nullopt;
    }
    const std::string_view data = rest.substr(head_bytes, size);
    if (number_at<std::uint32_t>(rest, head_bytes + size) != checksum(data)) {
      fail("the checksum of a record is wrong", place);
    }
    return data;
  }

  [[nodiscard]] EventFacts event(std::string_view data, std::size_t place) const {
    try {
      return read_event(data);
    } catch (const protozero::exception&) {
      fail("a record holds no event", place);
    }
  }

  [[noreturn]] void refuse_content() const {
    throw DataError(name_, detail::content_problem(bytes_, "an event file of TensorBoard",
                                                   "is no event file of TensorBoard, or is damaged"));
  }

  std::string_view bytes_;
  std::string name_;
};

}  // namespace

std::optional<std::string> event_file_problem() {
  return std::nullopt;
}

void EventRecords::check(EventTime time) {
  if (time.step < last_step_.value_or(0)) throw std::logic_error("EventRecords: steps do not decrease, from 0 on");
  if (!first_step_) first_step_ = time.step;
  last_step_ = time.step;
}

void EventRecords::scalar(std::string_view tag, EventTime time, double value) {
  check(time);
  append_value(bytes_, tag, time, [&](protozero::pbf_builder<ValueField>& message) {
    message.add_float(ValueField::simple_value, static_cast<float>(value));
  });
}

template <class T>
void EventRecords::add_histogram(std::string_view tag, EventTime time, std::span<const T> values) {
  check(time);
  std::vector<double> finite;
  for (const T value : values) {
    if (std::isfinite(value)) finite.push_back(static_cast<double>(value));
  }
  double lowest = 0, highest = 0, sum = 0, sum_squares = 0;
  if (!finite.empty()) {
    const auto [first, last] = std::ranges::minmax_element(finite);
    lowest = *first;
    highest = *last;
  }
  std::vector<double> limits, counts;
  if (!finite.empty()) {
    for (int k = 1; k < buckets && lowest < highest; ++k) {
      limits.push_back(std::lerp(lowest, highest, static_cast<double>(k) / buckets));
    }
    limits.push_back(highest);
    counts.resize(limits.size());
  }
  for (const double value : finite) {
    // A bucket ends before its limit; the last one takes the largest value too.
    const auto limit = std::upper_bound(limits.begin(), limits.end() - 1, value);
    counts[static_cast<std::size_t>(limit - limits.begin())] += 1;
    sum += value;
    sum_squares += value * value;
  }
  append_value(bytes_, tag, time, [&](protozero::pbf_builder<ValueField>& message) {
    protozero::pbf_builder<HistogramField> histogram(message, ValueField::histogram);
    histogram.add_double(HistogramField::min, lowest);
    histogram.add_double(HistogramField::max, highest);
    histogram.add_double(HistogramField::num, static_cast<double>(finite.size()));
    histogram.add_double(HistogramField::sum, sum);
    histogram.add_double(HistogramField::sum_squares, sum_squares);
    histogram.add_packed_double(HistogramField::bucket_limit, limits.begin(), limits.end());
    histogram.add_packed_double(HistogramField::bucket, counts.begin(), counts.end());
  });
}

void EventRecords::histogram(std::string_view tag, EventTime time, std::span<const double> values) {
  add_histogram(tag, time, values);
}

void EventRecords::histogram(std::string_view tag, EventTime time, std::span<const float> values) {
  add_histogram(tag, time, values);
}

void EventRecords::clear() {
  bytes_.clear();
  first_step_.reset();
  last_step_.reset();
}

EventAppender EventAppender::start(const std::filesystem::path& path, double wall_time) {
  EventAppender file(detail::GrowingFile::create(path), std::nullopt);
  file.file_.append(first_record(wall_time));
  return file;
}

EventAppender EventAppender::resume(const std::filesystem::path& path, Index last_step, Index last_histograms,
                                    double wall_time) {
  if (!is_there(path)) return start(path, wall_time);  // a damaged one was removed
  const std::string content = read_file(path);
  const Kept kept = Records(content, path.string()).up_to(last_step, last_histograms);
  if (kept.bytes == 0) return start(path, wall_time);
  return EventAppender(detail::GrowingFile::cut(path, kept.bytes), kept.step);
}

void EventAppender::append(const EventRecords& records) {
  if (!records.first_step_) return;
  if (*records.first_step_ < last_step_.value_or(0)) {
    throw std::logic_error("EventAppender: the steps of a file do not decrease");
  }
  file_.append(records.bytes());
  last_step_ = records.last_step_;
}

}  // namespace glifr
