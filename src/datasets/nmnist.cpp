#include "glifr/datasets/nmnist.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#include "frame_cache.hpp"
#include "glifr/backend/parallel.hpp"
#include "glifr/error.hpp"
#include "glifr/io/detail/fnv1a.hpp"
#include "glifr/io/files.hpp"
#include "glifr/neurons/indexing.hpp"

namespace glifr {
namespace {

namespace fs = std::filesystem;

constexpr int digits = 10;

struct Recording {
  std::uint8_t digit = 0;
  std::uint64_t number = 0;
  fs::path file;
  std::uint64_t size = 0;
  std::int64_t time = 0;  // of the last change, in ticks of the file system's clock
};

/// The number in "00042.bin".
std::uint64_t recording_number(const fs::path& file) {
  const std::string stem = file.stem().string();
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(stem.data(), stem.data() + stem.size(), number);
  if (problem != std::errc{} || end != stem.data() + stem.size()) {
    throw DataError(file.string(), "found the name '" + stem + "'; accepted is a number");
  }
  return number;
}

bool is_recording(const fs::path& file) {
  const std::string extension = file.extension().string();
  return (extension == ".bin" || extension == ".BIN") && !file.filename().string().starts_with('.');
}

/// Throws where the folder of a digit cannot be read or holds no recording.
void require_recordings(const fs::path& folder, const std::error_code& problem, bool has_recordings) {
  const std::string accepted = "; N-MNIST has recordings DIGIT/NUMBER.bin there, see datasets/README.md";
  if (problem) throw DataError(folder.string(), problem.message() + accepted);
  if (!has_recordings) throw DataError(folder.string(), "found no recording" + accepted);
}

/// The recordings of one digit, by their number.
std::vector<Recording> list_digit(const fs::path& folder, int digit) {
  std::vector<Recording> recordings;
  std::error_code problem;
  fs::directory_iterator entry(folder, problem);
  for (; !problem && entry != fs::directory_iterator(); entry.increment(problem)) {
    if (entry->path().filename().string().ends_with(".bin.gz"))
      throw DataError(entry->path().string(), "is packed; recordings are read unpacked (gunzip)");
    if (!is_recording(entry->path())) continue;
    Recording recording{
        .digit = static_cast<std::uint8_t>(digit), .number = recording_number(entry->path()), .file = entry->path()};
    std::error_code unknown;
    recording.size = entry->file_size(unknown);
    if (!unknown) recording.time = entry->last_write_time(unknown).time_since_epoch().count();
    if (unknown) throw DataError(recording.file.string(), unknown.message());
    recordings.push_back(std::move(recording));
  }
  require_recordings(folder, problem, !recordings.empty());
  std::ranges::sort(recordings, {}, [](const Recording& r) { return std::tie(r.number, r.file); });
  return recordings;
}

std::vector<Recording> list_recordings(const fs::path& folder) {
  std::vector<Recording> recordings;
  for (int digit = 0; digit < digits; ++digit) {
    std::ranges::move(list_digit(folder / std::to_string(digit), digit), std::back_inserter(recordings));
  }
  return recordings;
}

/// A number for everything that the frames are made of: the 64-bit FNV-1a hash of the settings and of the names, sizes
/// and times of the recordings.
std::uint64_t key_of(const std::vector<Recording>& recordings, const FrameSettings& settings) {
  std::string text = std::to_string(settings.num_timesteps) + '/' + std::to_string(frame_microseconds(settings));
  for (const Recording& r : recordings) {
    text += '\n' + std::to_string(r.digit) + '/' + r.file.filename().string() + '/' + std::to_string(r.size) + '/' +
            std::to_string(r.time);
  }
  return detail::fnv1a_64(text);
}

BinaryFrames no_samples(const FrameSettings& settings) {
  BinaryFrames frames;
  frames.time_steps = settings.num_timesteps;
  frames.frame_size = event_frame_size;
  return frames;
}

/// Decodes the recordings a block at a time, each in parallel: the block bounds the memory, and between blocks there is
/// one thread to tell the progress.
BinaryFrames decode(const std::vector<Recording>& recordings, const NmnistOptions& options) {
  constexpr Index block_size = 256;
  const Index total = std::ssize(recordings);
  BinaryFrames frames = no_samples(options.frames);
  for (Index first = 0; first < total; first += block_size) {
    const Index count = std::min(block_size, total - first);
    std::vector<BinaryFrames> parts(static_cast<std::size_t>(count));
    std::vector<std::exception_ptr> problems(parts.size());
    parallel_for(count, [&](Index i) {
      const fs::path& file = at(recordings, first + i).file;
      try {
        at(parts, i) = make_frames(parse_events(read_file(file), file.string()), options.frames);
      } catch (...) {
        at(problems, i) = std::current_exception();
      }
    });
    // Of several damaged recordings the first is reported, whichever thread was faster.
    for (const std::exception_ptr& problem : problems) {
      if (problem) std::rethrow_exception(problem);
    }
    for (const BinaryFrames& part : parts) frames.append(part);
    if (options.progress) options.progress(first + count, total);
  }
  return frames;
}

/// The frames in a cache file, if it is there and of use.
std::optional<BinaryFrames> read_cache(const fs::path& file, std::uint64_t key, const BinaryFrames& shape) {
  try {
    return detail::decode_frames(read_file(file), key, shape);
  } catch (const DataError&) {
    return std::nullopt;  // not there yet, or unreadable: it is made again
  }
}

}  // namespace

void check_nmnist(const fs::path& folder) {
  for (const char* split : {"Train", "Test"}) {
    for (int digit = 0; digit < digits; ++digit) {
      const fs::path place = folder / split / std::to_string(digit);
      std::error_code problem;
      bool is_there = false;
      fs::directory_iterator entry(place, problem);
      // What packed ones lack is said where they are listed.
      for (; !problem && !is_there && entry != fs::directory_iterator(); entry.increment(problem))
        is_there = entry->path().filename().string().ends_with(".bin.gz") || is_recording(entry->path());
      require_recordings(place, problem, is_there);
    }
  }
}

LabelledFrames read_nmnist(const fs::path& folder, Split split, const NmnistOptions& options) {
  if (split == Split::validation)
    throw ConfigError("split", "found validation; accepted: train or test, into which N-MNIST is divided");
  const std::string split_name = split == Split::train ? "Train" : "Test";
  const std::string cache_name = split_name + '-' + std::to_string(options.frames.num_timesteps) + 'x' +
                                 std::to_string(frame_microseconds(options.frames)) + "us.glifr-cache";
  const std::vector<Recording> recordings = list_recordings(folder / split_name);
  const std::uint64_t key = key_of(recordings, options.frames);

  LabelledFrames data;
  for (const Recording& recording : recordings) data.labels.push_back(recording.digit);

  const bool is_asked_for = !options.cache_folder.empty();
  std::error_code unknown;
  const bool makes_folder = is_asked_for && !fs::exists(options.cache_folder, unknown);
  if (is_asked_for) create_folder(options.cache_folder);  // before the long decoding, for it may not be had
  const fs::path cache = (is_asked_for ? options.cache_folder : folder) / cache_name;
  BinaryFrames shape = no_samples(options.frames);
  shape.samples = std::ssize(recordings);
  if (auto frames = read_cache(cache, key, shape)) {
    data.frames = std::move(*frames);
    return data;
  }
  try {
    data.frames = decode(recordings, options);
  } catch (...) {
    if (makes_folder) fs::remove(options.cache_folder, unknown);  // where it is empty
    throw;
  }
  if (!is_asked_for && !options.writes_beside_data) return data;
  try {
    if (is_asked_for) create_folder(options.cache_folder);  // another run may have removed what it made
    write_file_atomically(cache, detail::encode_frames(data.frames, key));
  } catch (const OutputError& error) {
    if (is_asked_for) data.cache_problem = error.what();  // data that may only be read have no cache, and need none
  }
  return data;
}

}  // namespace glifr
