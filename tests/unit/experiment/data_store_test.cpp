#include <filesystem>
#include <string>
#include <vector>

#include "glifr/error.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/data.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "unit/datasets/fixtures.hpp"

namespace {

using namespace glifr;
using Catch::Matchers::Contains;

/// A data root with a set of images, or of recordings, in it.
class Root {
 public:
  /// Writes one split, all pixels 7, its labels counting from 0 up to `classes` and again.
  void write_images(const std::string& part, std::uint32_t count, std::uint32_t rows, std::uint32_t columns,
                    std::uint32_t classes = 10) const {
    const test::Bytes pixels(std::size_t{count} * rows * columns, 7);
    test::Bytes labels(count);
    for (std::uint32_t i = 0; i < count; ++i) labels[i] = static_cast<std::uint8_t>(i % classes);
    test::write_text(path() / "mnist" / (part + "-images-idx3-ubyte"), test::idx_bytes({count, rows, columns}, pixels));
    test::write_text(path() / "mnist" / (part + "-labels-idx1-ubyte"), test::idx_bytes({count}, labels));
  }
  void write_recordings(const std::string& split) const {
    for (int digit = 0; digit < 10; ++digit) {
      test::write_text(path() / "nmnist" / split / std::to_string(digit) / "1.bin", test::event_bytes(digit, 1, 0, 0));
    }
  }

  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

 private:
  test::TemporaryFolder folder_;
};

Settings settings_of(const char* task, const std::vector<std::string>& changes = {}) {
  Config config(task);
  for (const std::string& change : changes) config.set(change);
  return config.resolve(find_model("rnn"));
}

TaskData<float> load(const Root& root, const Settings& settings) {
  DataStore store({.root = root.path()});
  return store.load<float>(settings, 0);
}

TEST_CASE("images of other sizes and classes are trained on where the settings say so, time steps follow") {
  const Root root;
  root.write_images("train", 40, 14, 20, 27);
  root.write_images("t10k", 27, 14, 20, 27);
  const auto lines = load(root, settings_of("lmnist", {"input_size=20", "output_size=27"}));
  CHECK((lines.train->time_steps() == 14 && lines.train->input_size() == 20 && lines.train->classes() == 27));
  CHECK((lines.test->time_steps() == 14 && lines.test->size() == 27));
  const auto pixels = load(root, settings_of("pmnist", {"output_size=27", "permute_pixels=true"}));
  CHECK((pixels.train->time_steps() == 14 * 20 && pixels.train->input_size() == 1));
}

TEST_CASE("images that do not fit the settings are refused with the key that fits them") {
  const Root root;
  root.write_images("train", 40, 28, 14);
  root.write_images("t10k", 20, 28, 14);
  CHECK_THROWS_WITH(load(root, settings_of("lmnist")),
                    Contains("train-images-idx3-ubyte") && Contains("28 x 14 pixels") && Contains("input_size=14"));
  root.write_images("train", 40, 28, 28, 21);
  root.write_images("t10k", 40, 28, 28);
  CHECK_THROWS_WITH(load(root, settings_of("lmnist")),
                    Contains("train-labels-idx1-ubyte") && Contains("output_size=21"));
}

TEST_CASE("training and test images of different sizes are refused by name") {
  for (const char* task : {"lmnist", "pmnist"}) {
    const Root root;
    root.write_images("train", 40, 28, 28);
    root.write_images("t10k", 20, 14, 28);
    CHECK_THROWS_WITH(load(root, settings_of(task)), Contains("t10k-images-idx3-ubyte") && Contains("14 x 28 pixels") &&
                                                         Contains("train-images-idx3-ubyte") &&
                                                         Contains("28 x 28 pixels"));
  }
}

TEST_CASE("a test needs the test set alone") {
  const Root root;
  root.write_recordings("Test");
  root.write_images("t10k", 20, 28, 28);
  DataStore store({.root = root.path()});
  CHECK(store.load_test<float>(settings_of("nmnist"), 0)->size() == 10);
  CHECK(store.load_test<float>(settings_of("lmnist"), 0)->size() == 20);
  CHECK(store.load_test<double>(settings_of("sine"), 0)->size() == 6);
  CHECK_THROWS_WITH(store.load<float>(settings_of("nmnist"), 0), Contains("Train/0"));
}

TEST_CASE("decoded recordings are kept beside the data, in a folder of their own, or nowhere") {
  const auto files = [](const std::filesystem::path& folder) {
    return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
  };
  const Root root;
  root.write_recordings("Test");
  const test::TemporaryFolder elsewhere;
  using Caching = DataFiles::Caching;
  (void)DataStore({.root = root.path(), .caching = Caching::nowhere}).load_test<float>(settings_of("nmnist"), 0);
  (void)DataStore({.root = root.path(), .cache = elsewhere.path(), .caching = Caching::nowhere})
      .load_test<float>(settings_of("nmnist"), 0);
  CHECK(files(root.path() / "nmnist") == 1);
  CHECK(files(elsewhere.path()) == 1);
  (void)DataStore({.root = root.path()}).load_test<float>(settings_of("nmnist"), 0);
  CHECK(files(root.path() / "nmnist") == 2);
}

}  // namespace
