#pragma once

#include <filesystem>
#include <functional>

#include "glifr/datasets/events.hpp"
#include "glifr/datasets/frame_dataset.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// How N-MNIST is read.
struct NmnistOptions {
  FrameSettings frames = {};  ///< how events become frames
  /// Where the decoded frames are kept for the next time; empty: in the folder of the data, if it can be written.
  std::filesystem::path cache_folder = {};
  /// Whether a cache may be written into the folder of the data; one that is there is read in any case.
  bool writes_beside_data = true;
  /// Told how many of the recordings are decoded, by the calling thread. Not called where the cache has them.
  std::function<void(Index done, Index total)> progress = {};
};

/// Reads `folder`/{Train,Test}/DIGIT/ID.bin: digits 0 to 9, recordings of a digit by their number; the digit is the
/// label. Hidden files, as macOS leaves them (._00001.bin), are passed over. Recordings are decoded in parallel and
/// kept in a cache file, SPLIT-STEPSxMICROSECONDSus.glifr-cache, which serves as long as names, sizes and times of the
/// recordings stay the same; one that is damaged is made again. Runs that make it at once do not disturb each other.
///
/// Throws DataError where a folder is missing, empty or closed, a name is no number or a recording is damaged;
/// ConfigError for Split::validation, settings out of range or a `cache_folder` that cannot be had. Where a cache
/// cannot be written to the `cache_folder` that was asked for, as on a full disk, `LabelledFrames::cache_problem` says
/// why.
[[nodiscard]] GLIFR_API LabelledFrames read_nmnist(const std::filesystem::path& folder, Split split,
                                                   const NmnistOptions& options = {});

/// Throws DataError, as `read_nmnist`, where a digit's folder of training or of testing is missing, empty or closed;
/// reads no recording.
GLIFR_API void check_nmnist(const std::filesystem::path& folder);

/// Recordings of the event camera as sparse binary frames, with class labels.
template <Scalar T>
using NmnistDataset = FrameDataset<T>;

}  // namespace glifr
