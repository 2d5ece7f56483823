#include "glifr/datasets/recordings.hpp"

#include <algorithm>
#include <numeric>
#include <sstream>

#include "glifr/error.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/hdf5.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/python.hpp"

namespace glifr {
namespace {

using Catch::Matchers::Contains;

/// A folder with files in the form of the Heidelberg data sets, which h5py has written.
struct Written {
  test::TemporaryFolder folder;

  bool write(const std::string& script) const {
    const auto python = test::python_with("numpy, h5py");
    if (!python || !detail::has_hdf5()) return false;
    test::run_python(*python, folder.path(), R"(
import gzip, numpy as np, h5py
def write(name, times, units, labels, times_type='f2', units_type='u2'):
    with h5py.File(name, 'w') as f:
        for key, lists, kind in ('times', times, times_type), ('units', units, units_type):
            d = f.create_dataset('spikes/' + key, (len(lists),), dtype=h5py.vlen_dtype(np.dtype(kind)))
            for i, values in enumerate(lists): d[i] = np.array(values, dtype=kind)
        f['labels'] = np.array(labels)
)" + script);
    return true;
  }
  [[nodiscard]] std::filesystem::path path(const char* name) const { return folder.path() / name; }
};

#define GLIFR_NEEDS_WRITTEN(written, script) \
  if (!(written).write(script)) GLIFR_SKIP("there is no Python with NumPy and h5py, or glifr was built without HDF5")

std::vector<float> dense(const FrameDataset<float>& data) {
  std::vector<Index> chosen(static_cast<std::size_t>(data.size()));
  std::iota(chosen.begin(), chosen.end(), 0);
  std::vector<float> x(static_cast<std::size_t>(data.time_steps() * data.size() * data.input_size()));
  data.inputs(chosen, x.data());
  return x;
}

TEST_CASE("frames of recordings are those that NumPy makes of the same file") {
  const Written written;
  GLIFR_NEEDS_WRITTEN(written, R"(
rng = np.random.default_rng(3)
counts = rng.integers(0, 400, 30)
times = [np.sort(rng.uniform(0, 1.2, n)) for n in counts]
units = [rng.integers(0, 40, n) for n in counts]
for kind in 'f2', 'f4', 'f8': write(kind + '.h5', times, units, rng.integers(0, 20, 30), kind, '<u2')
for kind in 'f2', 'f4', 'f8':
    with h5py.File(kind + '.h5') as f:
        frames = np.zeros((100, 30, 40), int)
        for i in range(30):
            step = np.floor(f['spikes/times'][i].astype(float) * 1000 / 10).astype(int)
            keep = step < 100
            np.add.at(frames, (step[keep], i, f['spikes/units'][i][keep]), 1)
        np.savetxt(kind + '.txt', frames.reshape(1, -1), '%d')
    with open(kind + '.h5', 'rb') as f: gzip.open(kind + '.packed.h5.gz', 'wb').write(f.read())
)");
  for (const std::string kind : {"f2", "f4", "f8"}) {
    INFO(kind);
    std::vector<float> expected;
    std::istringstream text(read_file(written.path((kind + ".txt").c_str())));
    for (float value; text >> value;) expected.push_back(value);
    RecordingOptions options{.frames = {.num_timesteps = 100, .duration_timestep = 10}, .units = 40, .classes = 20};
    options.values = FrameValues::count;
    const auto path = written.path((kind + ".h5").c_str());
    const FrameDataset<float> counted(std::make_shared<LabelledFrames>(read_recordings(path, options)));
    CHECK_FALSE(counted.is_sparse());
    CHECK(counted.classes() == 20);
    CHECK(dense(counted) == expected);

    options.values = FrameValues::binary;
    for (float& value : expected) value = value > 0 ? 1 : 0;
    for (const std::string& name : {kind + ".h5", kind + ".packed.h5"}) {  // the second is there as .gz
      const FrameDataset<float> binary(
          std::make_shared<LabelledFrames>(read_recordings(written.path(name.c_str()), options)));
      CHECK(binary.is_sparse());
      CHECK(binary.size() == 30);
      CHECK(dense(binary) == expected);
    }
  }
}

TEST_CASE("sizes follow from the events and the labels where they are not given") {
  const Written written;
  GLIFR_NEEDS_WRITTEN(written, "write('a.h5', [[0.0015, 0.0005], []], [[3, 6], []], [2, 0])");
  const LabelledFrames data = read_recordings(written.path("a.h5"), {.frames = {.num_timesteps = 2}});
  CHECK(data.frames.frame_size == 7);
  CHECK(data.classes == 3);
  CHECK(data.labels == std::vector<std::int32_t>{2, 0});
  CHECK(data.frames.ones == std::vector<std::uint16_t>{6, 3});
  CHECK(data.frames.offsets == std::vector<std::uint64_t>{0, 1, 2, 2, 2});
  CHECK(holds_recordings(written.path("a.h5")));
  CHECK_FALSE(holds_recordings(written.path("a.h5"), {.times_name = "events/times"}));
}

TEST_CASE("events outside all frames are counted, and refused where there are no others") {
  const Written written;
  GLIFR_NEEDS_WRITTEN(written, R"(
write('some.h5', [[0.5, 3, 40], [2]], [[0, 1, 2], [1]], [0, 1])
write('ms.h5', [[500, 40], [200]], [[0, 1], [1]], [0, 1])
write('none.h5', [[], []], [[], []], [0, 1])
with open('ms.h5', 'rb') as f: gzip.open('packed.h5.gz', 'wb').write(f.read())
)");
  const RecordingOptions options{.frames = {.num_timesteps = 100, .duration_timestep = 10}};
  const LabelledFrames some = read_recordings(written.path("some.h5"), options);
  CHECK((some.events == 4 && some.events_outside == 3 && some.longest == 40));
  CHECK_THROWS_WITH(read_recordings(written.path("ms.h5"), options),
                    Contains("ms.h5: none of its 3 events is in a frame: times are in seconds, and the longest "
                             "recording lasts 500 s, the frames cover 1 s"));
  CHECK_THROWS_WITH(read_recordings(written.path("packed.h5"), options),
                    Contains("packed.h5.gz: none of its 3 events is in a frame"));
  CHECK_THROWS_WITH(read_recordings(written.path("none.h5"), options),
                    Contains("none.h5: none of its recordings has an event"));
}

TEST_CASE("a time at the boundary of two frames is in the later one, however it was rounded") {
  const Written written;
  GLIFR_NEEDS_WRITTEN(written, R"(
k = np.arange(1000)
for kind in 'f4', 'f8': write(kind + '.h5', [k * 1e-4, k / 1e4 + 9e-5], [k % 7, k % 7], [0, 1], kind)
write('f2.h5', [k * 1e-3], [k % 7], [0], 'f2')
)");
  const auto frames = [&](const char* name, double duration) {
    const LabelledFrames data = read_recordings(
        written.path(name), {.frames = {.num_timesteps = 1000, .duration_timestep = duration}, .units = 7});
    std::vector<Index> found;  // time-major steps of the samples, one after another
    for (Index row = 0; row + 1 < std::ssize(data.frames.offsets); ++row) {
      const auto r = static_cast<std::size_t>(row);
      found.push_back(static_cast<Index>(data.frames.offsets[r + 1] - data.frames.offsets[r]));
    }
    return found;
  };
  for (const char* name : {"f4.h5", "f8.h5"}) {
    INFO(name);
    CHECK(frames(name, 0.1) == std::vector<Index>(2000, 1));  // one event a frame, in both recordings
  }
  // As floor has it: half precision cannot tell every millisecond.
  const std::vector<Index> halves = frames("f2.h5", 1);
  CHECK(std::ranges::count(halves, Index{1}) < 1000);
}

TEST_CASE("recordings that are damaged are refused with file and place") {
  const Written written;
  GLIFR_NEEDS_WRITTEN(written, R"(
write('negative.h5', [[0], [0, -0.5]], [[0], [1, 2]], [0, 1])
write('nan.h5', [[np.nan]], [[0]], [0])
write('channel.h5', [[0, 0]], [[0, 700]], [0])
write('below.h5', [[0]], [[-1]], [0], units_type='i4')
write('between.h5', [[0]], [[0.5]], [0], units_type='f4')
write('numbers.h5', [[0, 1]], [[0]], [0])
write('labels.h5', [[0], [0]], [[0], [0]], [0, 20])
write('fewer.h5', [[0], [0]], [[0], [0]], [0])
write('empty.h5', [], [], [])
with h5py.File('plain.h5', 'w') as f:
    f['spikes/times'], f['spikes/units'], f['labels'] = np.zeros((2, 3)), np.zeros((2, 3)), [0, 1]
with h5py.File('other.h5', 'w') as f: f['inputs'] = np.zeros((2, 3, 4))
write('sound.h5', [[0]], [[0]], [0])
with gzip.open('cut.h5.gz', 'wb') as f: f.write(open('sound.h5', 'rb').read())
data = open('cut.h5.gz', 'rb').read()
open('cut.h5.gz', 'wb').write(data[:len(data) // 2])
gzip.open('text.h5.gz', 'wb').write(b'text')
)");
  const auto refused = [&](const char* name, const char* reason) {
    INFO(name);
    CHECK_THROWS_WITH(read_recordings(written.path(name), {.units = 700, .classes = 20}),
                      Contains(name) && Contains(reason));
  };
  refused("negative.h5", "event 1 of recording 1 (counted from 0) has the time -0.5 s; 0 or more is needed");
  refused("nan.h5", "event 0 of recording 0 (counted from 0) has the time nan s");
  refused("channel.h5",
          "event 1 of recording 0 (counted from 0) is on channel 700; accepted are 0 to 699; a larger input_size takes "
          "more, and where it is not given, there are as many as in the training data");
  refused("below.h5", "is on channel -1");
  refused("between.h5", "is on channel 0.5");
  refused("numbers.h5", "recording 0 (counted from 0) has 2 times and 1 channels");
  refused("labels.h5",
          "'labels' has 20 at sample 1 (counted from 0); accepted are whole numbers from 0 to 19; "
          "a larger output_size takes more");
  refused("fewer.h5", "dataset 'labels' is of 1 recordings; 'spikes/times' is of 2");
  refused("empty.h5", "dataset 'spikes/times' is empty");
  refused("plain.h5", "dataset 'spikes/times' holds no lists of variable length");
  refused("other.h5", "has no dataset 'spikes/times'; it has inputs");
  refused("cut.h5", "cut.h5.gz at byte");
  refused("text.h5", "text.h5.gz (unpacked): found no HDF5 file");
  refused("missing.h5", "missing.h5: found neither missing.h5 nor missing.h5.gz; ");
  CHECK_THROWS_AS(read_recordings(written.path("sound.h5"), {.frames = {.num_timesteps = 0}}), ConfigError);
  CHECK_THROWS_AS(read_recordings(written.path("sound.h5"), {.units = 70000}), ConfigError);
}

}  // namespace
}  // namespace glifr
