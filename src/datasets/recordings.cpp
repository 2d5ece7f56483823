#include "glifr/datasets/recordings.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "glifr/datasets/gzip.hpp"
#include "glifr/error.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/hdf5.hpp"
#include "glifr/io/number.hpp"
#include "places.hpp"
#include "sample_array.hpp"

namespace glifr {
namespace {

namespace fs = std::filesystem;

/// `path` or, where there is none, `path`.gz; where there is neither, `path`.
fs::path find_file(const fs::path& path) {
  std::error_code unknown;
  const fs::path packed = path.string() + ".gz";
  return !fs::exists(path, unknown) && fs::exists(packed, unknown) ? packed : path;
}

bool is_packed(const fs::path& path) {
  std::array<char, 2> bytes{};
  std::ifstream stream(path, std::ios::binary);
  stream.read(bytes.data(), bytes.size());
  return stream && is_gzip({bytes.data(), bytes.size()});
}

Hdf5File open(const fs::path& path) {
  if (!is_packed(path)) return Hdf5File(path);
  return {unpack_gzip(read_file(path), path.string()), path.string() + " (unpacked)"};
}

/// What widens the range of channels or labels, for messages.
std::string advice_on(const std::string& key) {
  return "; a larger " + key + " takes more, and where it is not given, there are as many as in the training data";
}

/// How far, in parts of itself, a stored time may lie before a boundary of frames that it stands for: as far as
/// rounding to 32 bits takes it, or arithmetic in 64 bits. Half precision is so coarse that this would be no small
/// share of all times; those are taken as they are.
double tolerance_of_times(Index bytes) {
  constexpr double arithmetic = 1e-9, rounding_of_float = 0x1p-24;
  return bytes == sizeof(float) ? arithmetic + rounding_of_float : arithmetic;
}

/// The frame that a time (s) is in.
double frame_of(double time, double frame_microseconds, double tolerance) {
  constexpr double microseconds = 1e6;  // a second
  const double frames = time * microseconds / frame_microseconds, next = std::ceil(frames);
  return next - frames <= tolerance * next ? next : next - 1;
}

/// The recordings of a file, one after another.
class Recordings {
 public:
  Recordings(const fs::path& path, const RecordingOptions& options)
      : name_(path.string()), options_(options), file_(open(path)) {
    check_name(options.times_name);
    check_name(options.units_name);
    check_name(options.labels_name);
    times_.emplace(file_.lists(options.times_name));
    units_.emplace(file_.lists(options.units_name));
    if (times_->size() == 0) fail("dataset '" + options.times_name + "' is empty; recordings are needed");
    check_count(options.units_name, units_->size());
  }

  [[nodiscard]] Index size() const { return times_->size(); }

  [[nodiscard]] std::vector<std::int32_t> labels() const {
    const Hdf5Array array = file_.array(options_.labels_name);
    NamedTensor tensor{options_.labels_name, array.dtype(), array.shape(), {}};
    if (array.shape().size() == 1) {
      check_count(options_.labels_name, array.shape()[0]);
      tensor.bytes.resize(static_cast<std::size_t>(size() * size_of(array.dtype())));
      array.read(0, size(), tensor.bytes.data());
    }
    const Index highest = options_.classes > 0 ? options_.classes - 1 : Index{detail::highest_label};
    return detail::whole_numbers(*detail::keep(name_, options_.labels_name, std::move(tensor)), 0,
                                 static_cast<std::int32_t>(highest),
                                 options_.classes > 0 ? advice_on("output_size") : "");
  }

  /// See `tolerance_of_times`.
  [[nodiscard]] double tolerance() const { return tolerance_of_times(times_->number_bytes()); }

  [[nodiscard]] std::vector<double> times(Index recording) const {
    std::vector<double> times = times_->read(recording);
    for (std::size_t event = 0; event < times.size(); ++event) {
      if (times[event] >= 0 && std::isfinite(times[event])) continue;
      fail(recording, event, "has the time " + format_number(times[event]) + " s; 0 or more is needed");
    }
    return times;
  }

  /// The channels of as many events as there are times, each below `limit`.
  [[nodiscard]] std::vector<double> units(Index recording, std::size_t events, Index limit) const {
    std::vector<double> units = units_->read(recording);
    if (units.size() != events) {
      fail("recording " + std::to_string(recording) + " (counted from 0) has " + std::to_string(events) +
           " times and " + std::to_string(units.size()) + " channels of events; as many are needed");
    }
    for (std::size_t event = 0; event < units.size(); ++event) {
      const std::optional<Index> unit = whole_number(units[event]);
      if (unit && *unit >= 0 && *unit < limit) continue;
      fail(recording, event,
           "is on channel " + format_number(units[event]) + "; accepted are 0 to " + std::to_string(limit - 1) +
               (options_.units > 0 ? advice_on("input_size") : ""));
    }
    return units;
  }

 private:
  std::string name_;
  const RecordingOptions& options_;
  Hdf5File file_;
  std::optional<Hdf5Lists> times_, units_;

  [[noreturn]] void fail(const std::string& problem) const { throw DataError(name_, problem); }
  [[noreturn]] void fail(Index recording, std::size_t event, const std::string& problem) const {
    fail("event " + std::to_string(event) + " of recording " + std::to_string(recording) + " (counted from 0) " +
         problem);
  }
  void check_name(const std::string& dataset) const {
    if (!file_.holds(dataset)) static_cast<void>(file_.array(dataset));  // says which there are
  }
  void check_count(const std::string& dataset, Index found) const {
    if (found == size()) return;
    fail("dataset '" + dataset + "' is of " + std::to_string(found) + " recordings; '" + options_.times_name +
         "' is of " + std::to_string(size()));
  }
};

/// The number of channels that the events of a file need.
Index count_units(const Recordings& recordings) {
  double highest = 0;
  for (Index i = 0; i < recordings.size(); ++i) {
    for (const double unit : recordings.units(i, recordings.times(i).size(), BinaryFrames::largest_frame)) {
      highest = std::max(highest, unit);
    }
  }
  return static_cast<Index>(highest) + 1;
}

}  // namespace

bool holds_recordings(const fs::path& path, const RecordingOptions& options) {
  const fs::path file = find_file(path);
  detail::require_file(file);
  if (!std::ifstream(file)) static_cast<void>(read_file(file));  // says what is wrong
  if (!is_packed(file)) return is_hdf5(detail::beginning_of(file)) && Hdf5File(file).holds(options.times_name);
  std::string content = unpack_gzip(read_file(file), file.string());
  if (!is_hdf5(content) || !Hdf5File(std::move(content), file.string()).holds(options.times_name)) {
    throw DataError(file.string(), "is packed by gzip and holds no recordings of events ('" + options.times_name +
                                       "'), which alone are read so; samples are read when they are unpacked");
  }
  return true;
}

LabelledFrames read_recordings(const fs::path& path, const RecordingOptions& options) {
  const auto duration = static_cast<double>(frame_microseconds(options.frames));
  if (options.units < 0 || options.units > BinaryFrames::largest_frame) {
    throw ConfigError("input_size", "found " + std::to_string(options.units) + "; accepted are 1 to " +
                                        std::to_string(BinaryFrames::largest_frame) + " channels of events");
  }
  const fs::path file = find_file(path);
  std::error_code unknown;
  if (fs::status(file, unknown).type() == fs::file_type::not_found) {
    throw DataError(path.string(), "found neither " + path.filename().string() + " nor " + path.filename().string() +
                                       ".gz; datasets/README.md says where to get the published recordings");
  }
  const Recordings recordings(file, options);
  LabelledFrames data;
  data.values = options.values;
  data.labels = recordings.labels();
  data.classes = options.classes > 0 ? options.classes : 1 + Index{std::ranges::max(data.labels)};
  BinaryFrames& frames = data.frames;
  frames.time_steps = options.frames.num_timesteps;
  frames.frame_size = options.units > 0 ? options.units : count_units(recordings);
  const auto steps = static_cast<double>(frames.time_steps);
  std::vector<std::uint64_t> places;
  for (Index i = 0; i < recordings.size(); ++i) {
    const std::vector<double> times = recordings.times(i), units = recordings.units(i, times.size(), frames.frame_size);
    places.clear();
    data.events += std::ssize(times);
    for (std::size_t event = 0; event < times.size(); ++event) {
      const double frame = frame_of(times[event], duration, recordings.tolerance());
      data.longest = std::max(data.longest, times[event]);
      if (frame >= steps) {
        ++data.events_outside;
        continue;
      }
      places.push_back(static_cast<std::uint64_t>(frame) * static_cast<std::uint64_t>(frames.frame_size) +
                       static_cast<std::uint64_t>(units[event]));
    }
    detail::append_sample(frames, places, options.values == FrameValues::count ? &data.counts : nullptr);
    if (options.progress) options.progress(i + 1, recordings.size());
  }
  if (data.events == 0) throw DataError(file.string(), "none of its recordings has an event");
  if (data.events_outside == data.events) {
    constexpr double microseconds = 1e6;  // a second
    const double covered = duration * steps / microseconds;
    throw DataError(file.string(), "none of its " + std::to_string(data.events) +
                                       " events is in a frame: times are in seconds, and the longest recording lasts " +
                                       format_number(static_cast<float>(data.longest)) + " s, the frames cover " +
                                       format_number(covered) + " s");
  }
  return data;
}

}  // namespace glifr
