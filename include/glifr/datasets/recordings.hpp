#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "glifr/datasets/events.hpp"
#include "glifr/datasets/frame_dataset.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// How a file of recordings is read.
struct RecordingOptions {
  FrameSettings frames = {};                 ///< how events become frames
  FrameValues values = FrameValues::binary;  ///< what the frames hold
  Index units = 0;                           ///< channels of the recordings; 0: as many as the events need
  Index classes = 0;                         ///< 0: as many as the labels need
  std::string times_name = "spikes/times";   ///< s, a list a recording
  std::string units_name = "spikes/units";   ///< the channel of each event, from 0
  std::string labels_name = "labels";        ///< `[samples]`
  /// Told how many of the recordings are read.
  std::function<void(Index done, Index total)> progress = {};
};

/// Whether a file holds recordings of events: an HDF5 file with the lists `times_name`, plain or packed by gzip.
/// Throws DataError where the file is missing or damaged, or packed and of other content.
[[nodiscard]] GLIFR_API bool holds_recordings(const std::filesystem::path& path, const RecordingOptions& options = {});

/// Reads recordings of events in the form of the Heidelberg data sets (SHD, SSC): an HDF5 file, plain or packed by gzip
/// (then unpacked in memory), `path` or, where there is none, `path`.gz. A value of frame i is of the events of its
/// channel with i <= time / `duration_timestep` < i + 1; later events are in no frame. A time that is the boundary of
/// two frames but for rounding (to 32 bits where it is stored so, within 1e-9 of itself otherwise) is in the later one.
///
/// Throws DataError, naming the recording and the event, where the file is missing or damaged, a dataset is missing or
/// of another form, times and channels are not the same number, a time is negative or not finite, a channel or a label
/// is out of range, or there is no event or none in a frame; ConfigError for settings out of range.
[[nodiscard]] GLIFR_API LabelledFrames read_recordings(const std::filesystem::path& path,
                                                       const RecordingOptions& options = {});

}  // namespace glifr
