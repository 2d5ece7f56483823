#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/io/growing_file.hpp"

/// Event files of TensorBoard: records of TFRecord, each a protocol buffer of the message `tensorflow.Event`.
namespace glifr {

/// The name under which TensorBoard finds an event file in a folder. It is always the same, so that a resumed run finds
/// the file too.
inline constexpr std::string_view event_file_name = "events.out.tfevents.0.glifr";

/// Why event files cannot be written by this build, or nothing: "this glifr was built without protozero …".
[[nodiscard]] GLIFR_API std::optional<std::string> event_file_problem();

/// When a value was recorded.
struct EventTime {
  Index step = 0;        ///< epoch or training step, 0 or more
  double wall_time = 0;  ///< seconds since 1970
};

/// Values for an event file, collected in memory. The steps of one object do not decrease (std::logic_error).
class GLIFR_API EventRecords {
 public:
  /// A number, which the format keeps as float. `tag` names the curve that it belongs to: "train/loss".
  void scalar(std::string_view tag, EventTime time, double value);
  /// The distribution of values, in 30 buckets of one width from the smallest to the largest. Values that are not
  /// finite belong to no bucket and are not counted.
  void histogram(std::string_view tag, EventTime time, std::span<const double> values);
  /// The same of floats.
  void histogram(std::string_view tag, EventTime time, std::span<const float> values);

  /// Forgets what was collected.
  void clear();
  /// What was collected, as it lies in a file.
  [[nodiscard]] std::string_view bytes() const { return bytes_; }

 private:
  friend class EventAppender;
  template <class T>
  void add_histogram(std::string_view tag, EventTime time, std::span<const T> values);
  void check(EventTime time);

  std::string bytes_;
  std::optional<Index> first_step_, last_step_;
};

/// An event file that grows while a run goes on. Records reach the file whole or not at all, and at once, so that
/// TensorBoard can follow it and a killed run loses none. Its steps do not decrease.
class GLIFR_API EventAppender {
 public:
  /// Begins the file, replacing what was there. Throws OutputError; ConfigError where this build cannot write event
  /// files.
  static EventAppender start(const std::filesystem::path& path, double wall_time);
  /// Goes on behind the last record of a step up to `last_step` and drops what follows: records that a run wrote after
  /// the checkpoint from which it is resumed, and a last record that it was about to write when it was killed. A file
  /// that is missing or holds nothing whole yet is begun. DataError, and the file as it was, where it is no event file
  /// or is damaged (a wrong checksum, steps that decrease); ConfigError as `start`.
  static EventAppender resume(const std::filesystem::path& path, Index last_step, double wall_time) {
    return resume(path, last_step, last_step, wall_time);
  }
  /// The same, with histograms only up to the step `last_histograms`.
  static EventAppender resume(const std::filesystem::path& path, Index last_step, Index last_histograms,
                              double wall_time);

  /// Adds records. std::logic_error where their steps are before those of the file; OutputError, and the file then ends
  /// as it did before.
  void append(const EventRecords& records);
  /// Forces what was appended to the disk, as is due before a checkpoint that counts on it. Throws OutputError.
  void sync() { file_.sync(); }

 private:
  EventAppender(detail::GrowingFile file, std::optional<Index> last_step)
      : file_(std::move(file)), last_step_(last_step) {}

  detail::GrowingFile file_;
  std::optional<Index> last_step_;
};

}  // namespace glifr
