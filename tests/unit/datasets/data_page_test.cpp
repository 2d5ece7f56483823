#include <optional>
#include <string>
#include <vector>

#include "glifr/datasets/digest.hpp"
#include "glifr/datasets/file_dataset.hpp"
#include "glifr/datasets/recordings.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/hdf5.hpp"
#include "glifr/io/zip.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/python.hpp"

namespace glifr {
namespace {

/// The blocks of Python of docs/data.md.
std::vector<std::string> scripts() {
  const std::string page = read_file(std::filesystem::path(GLIFR_SOURCE_DIR) / "docs" / "data.md");
  const std::string begin = "```python\n", end = "```\n";
  std::vector<std::string> found;
  for (std::size_t place = 0; (place = page.find(begin, place)) != std::string::npos;) {
    place += begin.size();
    found.push_back(page.substr(place, page.find(end, place) - place));
  }
  return found;
}

TEST_CASE("the examples of docs/data.md write files that read as the same samples") {
  const auto python = test::python_with("numpy, h5py");
  if (!python || !detail::has_hdf5() || !detail::has_zip()) {
    GLIFR_SKIP("there is no Python with NumPy and h5py, or glifr was built without HDF5 or libzip");
  }
  const bool has_safetensors = test::python_with("safetensors").has_value();
  const test::TemporaryFolder folder;
  const std::vector<std::string> blocks = scripts();
  REQUIRE(blocks.size() == 7);
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    if (blocks[i].find("safetensors") != std::string::npos && !has_safetensors) continue;
    INFO(blocks[i]);
    REQUIRE_NOTHROW(test::run_python(*python, folder.path(), blocks[0] + blocks[i]));
  }
  std::vector<const char*> files{"train.h5", "train.npz", "train.csv"};
  if (has_safetensors) files.push_back("train.safetensors");
  std::optional<DataDigest> first;
  for (const char* name : files) {
    INFO(name);
    const auto file = std::make_shared<SampleFile>(folder.path() / name);
    CHECK(file->samples() == 400);
    CHECK(file->time_steps() == 50);
    CHECK(file->features() == 20);
    CHECK(file->classes() == 2);
    CHECK(file->lengths().size() == 400);
    const DataDigest sum = digest(FileDataset<float>(file));
    if (!first) first = sum;
    CHECK(sum == *first);
  }
  const SampleFile array(folder.path() / "x.npy", {.labels_file = folder.path() / "y.npy"});
  CHECK(array.classes() == 2);
  const auto with_lengths = std::make_shared<SampleFile>(
      folder.path() / "x.npy",
      SampleFileOptions{.labels_file = folder.path() / "y.npy", .lengths_file = folder.path() / "lengths.npy"});
  CHECK(digest(FileDataset<float>(with_lengths)) == *first);
  const LabelledFrames events = read_recordings(folder.path() / "events.h5", {.units = 700, .classes = 20});
  CHECK(events.frames.samples == 100);
  CHECK_FALSE(events.frames.ones.empty());
}

}  // namespace
}  // namespace glifr
