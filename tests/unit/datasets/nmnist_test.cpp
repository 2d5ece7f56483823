#include "glifr/datasets/nmnist.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "fixtures.hpp"
#include "glifr/io/files.hpp"
#include "support/catch.hpp"

namespace {

namespace fs = std::filesystem;
using glifr::Index;
using glifr::LabelledFrames;
using glifr::NmnistOptions;
using glifr::Split;
using namespace glifr::test;
using Catch::Matchers::Contains;

constexpr const char* cache_name = "Test-15x1000us.glifr-cache";

/// A small N-MNIST: a test recording a digit and another of the digit 3, of one event each: x its digit, y its number.
class TinyNmnist {
 public:
  TinyNmnist() {
    for (int digit = 0; digit < 10; ++digit) write(digit, "00001.bin", event_bytes(digit, 1, 0, 0));
    write(3, "00010.bin", event_bytes(3, 10, 1, 1000));
  }

  [[nodiscard]] fs::path root() const { return folder_.path() / "nmnist"; }
  [[nodiscard]] fs::path digit(int digit) const { return root() / "Test" / std::to_string(digit); }
  [[nodiscard]] fs::path cache() const { return root() / cache_name; }
  void write(int number, const std::string& name, const std::string& bytes) const {
    write_text(digit(number) / name, bytes);
  }

  /// What is read, and whether recordings were decoded for it.
  struct Result {
    LabelledFrames data;
    bool was_decoded = false;
  };
  [[nodiscard]] Result read(NmnistOptions options = {}) const {
    Result result;
    options.progress = [&](Index done, Index total) {
      CHECK((done >= 1 && done <= total));
      result.was_decoded = true;
    };
    result.data = glifr::read_nmnist(root(), Split::test, options);
    return result;
  }
  [[nodiscard]] glifr::DataError error() const {
    return data_error([&] { (void)read(); });
  }

 private:
  TemporaryFolder folder_;
};

bool same(const LabelledFrames& a, const LabelledFrames& b) {
  return a.labels == b.labels && a.frames.offsets == b.frames.offsets && a.frames.ones == b.frames.ones &&
         a.frames.samples == b.frames.samples && a.frames.time_steps == b.frames.time_steps;
}

TEST_CASE("a folder of recordings is read digit by digit, number by number") {
  const TinyNmnist tiny;
  tiny.write(3, "9.bin", event_bytes(3, 9, 0, 0));
  tiny.write(3, "notes.txt", "no recording");
  const auto data = std::make_shared<const LabelledFrames>(tiny.read().data);
  CHECK(data->labels == std::vector<std::int32_t>{0, 1, 2, 3, 3, 3, 4, 5, 6, 7, 8, 9});

  const glifr::NmnistDataset<float> set(data);
  CHECK((set.size() == 12 && set.time_steps() == 15 && set.input_size() == 2312 && set.classes() == 10));
  CHECK(set.is_sparse());
  const std::vector<Index> samples{5, 4, 3};
  std::vector<glifr::ActiveInputs> rows(45);
  set.active_inputs(samples, rows.data());
  REQUIRE((rows[1].count == 1 && rows[2].count == 1 && rows[3].count == 1));
  CHECK(rows[0].count == 0);
  CHECK(rows[1].indices[0] == 9 * 34 + 3);
  CHECK(rows[2].indices[0] == 1 * 34 + 3);
  CHECK(rows[3].indices[0] == 34 * 34 + 10 * 34 + 3);

  std::vector<float> dense(45 * 2312), expected(45 * 2312);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (Index i = 0; i < rows[row].count; ++i) expected[row * 2312 + rows[row].indices[i]] = 1;
  }
  set.inputs(samples, dense.data());
  CHECK(dense == expected);

  std::int32_t labels[3] = {};
  set.labels(std::vector<Index>{0, 11, 3}, labels);
  CHECK((labels[0] == 0 && labels[1] == 9 && labels[2] == 3));
}

TEST_CASE("decoded frames are kept and serve the next time") {
  const TinyNmnist tiny;
  const TinyNmnist::Result first = tiny.read();
  CHECK(first.was_decoded);
  CHECK(fs::exists(tiny.cache()));
  const TinyNmnist::Result second = tiny.read();
  CHECK_FALSE(second.was_decoded);
  CHECK(same(first.data, second.data));
}

TEST_CASE("the cache is made again when the recordings change") {
  const TinyNmnist tiny;
  (void)tiny.read();

  tiny.write(4, "00002.bin", event_bytes(4, 2, 0, 0));
  CHECK(tiny.read().was_decoded);
  CHECK_FALSE(tiny.read().was_decoded);

  fs::rename(tiny.digit(4) / "00002.bin", tiny.digit(4) / "00003.bin");
  CHECK(tiny.read().was_decoded);

  fs::rename(tiny.digit(4) / "00003.bin", tiny.digit(5) / "00003.bin");
  CHECK(tiny.read().was_decoded);

  const fs::path changed = tiny.digit(5) / "00003.bin";
  fs::last_write_time(changed, fs::last_write_time(changed) + std::chrono::seconds(1));
  CHECK(tiny.read().was_decoded);

  const auto time = fs::last_write_time(changed);
  tiny.write(5, "00003.bin", event_bytes(4, 2, 0, 0) + event_bytes(5, 2, 0, 0));
  fs::last_write_time(changed, time);
  const TinyNmnist::Result longer = tiny.read();
  CHECK(longer.was_decoded);
  CHECK(longer.data.frames.ones.size() == 13);
  CHECK_FALSE(tiny.read().was_decoded);
}

TEST_CASE("other settings have other frames") {
  const TinyNmnist tiny;
  (void)tiny.read();
  const NmnistOptions longer{.frames = {.num_timesteps = 40, .duration_timestep = 0.5}};
  const TinyNmnist::Result result = tiny.read(longer);
  CHECK(result.was_decoded);
  CHECK(result.data.frames.time_steps == 40);
  CHECK_FALSE(tiny.read(longer).was_decoded);
  CHECK_FALSE(tiny.read().was_decoded);

  fs::copy_file(tiny.root() / "Test-40x500us.glifr-cache", tiny.cache(), fs::copy_options::overwrite_existing);
  CHECK(tiny.read().was_decoded);
}

TEST_CASE("a damaged cache is made again, never trusted") {
  const TinyNmnist tiny;
  const LabelledFrames expected = tiny.read().data;
  const std::string good = glifr::read_file(tiny.cache());
  const auto check_with = [&](const std::string& bytes) {
    write_text(tiny.cache(), bytes);
    const TinyNmnist::Result result = tiny.read();
    REQUIRE(result.was_decoded);
    REQUIRE(same(result.data, expected));
    REQUIRE(glifr::read_file(tiny.cache()) == good);
  };
  for (std::size_t length = 0; length < good.size(); length += 13) check_with(good.substr(0, length));
  for (std::size_t place = 0; place < good.size(); place += 11) {
    std::string bytes = good;
    bytes[place] = static_cast<char>(~bytes[place]);
    check_with(bytes);
  }
  check_with(good + "more");
}

TEST_CASE("a cache may be kept elsewhere") {
  const TinyNmnist tiny;
  const TemporaryFolder elsewhere;
  const NmnistOptions options{.cache_folder = elsewhere.path() / "new" / "cache"};
  CHECK(tiny.read(options).was_decoded);
  CHECK(fs::exists(options.cache_folder / cache_name));
  CHECK_FALSE(fs::exists(tiny.cache()));
  CHECK_FALSE(tiny.read(options).was_decoded);

  CHECK(tiny.read(options).data.cache_problem.empty());

  fs::remove(options.cache_folder / cache_name);
  write_text(options.cache_folder / cache_name / "in the way", "");  // as little can be written as to a full disk
  const auto without = tiny.read(options);
  CHECK(without.was_decoded);
  CHECK(without.data.frames.samples == 11);
  CHECK_THAT(without.data.cache_problem, Contains(cache_name));

  write_text(elsewhere.path() / "file", "");
  CHECK_THROWS_AS(tiny.read({.cache_folder = elsewhere.path() / "file"}), glifr::ConfigError);
}

TEST_CASE("the folder of the data is left as it is where that is asked for") {
  const TinyNmnist tiny;
  const NmnistOptions options{.writes_beside_data = false};
  CHECK(tiny.read(options).was_decoded);
  CHECK_FALSE(fs::exists(tiny.cache()));
  (void)tiny.read();
  CHECK_FALSE(tiny.read(options).was_decoded);  // a cache that is there serves

  const TemporaryFolder elsewhere;
  CHECK(tiny.read({.cache_folder = elsewhere.path(), .writes_beside_data = false}).was_decoded);
  CHECK(fs::exists(elsewhere.path() / cache_name));
}

TEST_CASE("hidden files beside the recordings are none of them, upper case is no matter") {
  const TinyNmnist tiny;
  tiny.write(3, "._00001.bin", "what macOS leaves beside a file");
  tiny.write(3, ".DS_Store", "");
  CHECK(tiny.read().data.frames.samples == 11);
  tiny.write(3, "00011.BIN", event_bytes(3, 11, 0, 0));
  CHECK(tiny.read().data.frames.samples == 12);
}

TEST_CASE("data that may only be read are read without a cache") {
  const TinyNmnist tiny;
  fs::permissions(tiny.root(), fs::perms{0555});
  {
    const WithoutRoot unprivileged;
    CHECK(tiny.read().was_decoded);
    CHECK(tiny.read().was_decoded);
  }
  fs::permissions(tiny.root(), fs::perms::owner_all);
  CHECK_FALSE(fs::exists(tiny.cache()));
}

TEST_CASE("runs that make a cache at once do not disturb each other") {
  const TinyNmnist tiny;
  std::vector<LabelledFrames> results(4);
  {
    std::vector<std::jthread> runs;
    for (LabelledFrames& result : results) {
      runs.emplace_back([&tiny, &result] {
        for (int i = 0; i < 10; ++i) {
          fs::remove(tiny.cache());
          result = glifr::read_nmnist(tiny.root(), Split::test);
        }
      });
    }
  }
  for (const LabelledFrames& result : results) CHECK(same(result, results.front()));
  CHECK_FALSE(tiny.read().was_decoded);
  CHECK(std::distance(fs::directory_iterator(tiny.root()), fs::directory_iterator()) == 2);  // Test and the cache
}

TEST_CASE("of several damaged recordings the first is reported") {
  const TinyNmnist tiny;
  tiny.write(2, "00001.bin", "123");
  tiny.write(7, "00001.bin", "1234");
  for (int i = 0; i < 20; ++i) CHECK_THAT(tiny.error().what(), Contains("Test/2/00001.bin at byte 0: found 3 bytes"));
  CHECK_FALSE(fs::exists(tiny.cache()));
  const TemporaryFolder elsewhere;
  const fs::path made = elsewhere.path() / "cache";
  CHECK_THROWS_AS(tiny.read({.cache_folder = made}), glifr::DataError);
  CHECK_FALSE(fs::exists(made));
  CHECK_THROWS_AS(tiny.read({.cache_folder = elsewhere.path()}), glifr::DataError);
  CHECK(fs::exists(elsewhere.path()));  // which was there
}

TEST_CASE("folders that are no N-MNIST are errors that name them") {
  const TinyNmnist tiny;
  const glifr::DataError absent = data_error([&] { (void)glifr::read_nmnist(tiny.root(), Split::train); });
  CHECK_THAT(absent.what(), Contains("Train/0: No such file or directory"));
  CHECK_THROWS_AS(glifr::read_nmnist(tiny.root(), Split::validation), glifr::ConfigError);
  CHECK(is_one_line(absent));

  tiny.write(6, "7.bin.gz", "");
  CHECK_THAT(tiny.error().what(), Contains("Test/6/7.bin.gz: is packed; recordings are read unpacked"));
  fs::remove(tiny.digit(6) / "7.bin.gz");
  tiny.write(6, "seven.bin", "");
  CHECK_THAT(tiny.error().what(), Contains("Test/6/seven.bin: found the name 'seven'; accepted is a number"));
  fs::remove(tiny.digit(6) / "seven.bin");

  fs::permissions(tiny.digit(6), fs::perms::none);
  {
    const WithoutRoot unprivileged;
    CHECK_THAT(tiny.error().what(), Contains("Test/6: Permission denied"));
  }
  fs::permissions(tiny.digit(6), fs::perms::owner_all);

  fs::remove(tiny.digit(6) / "00001.bin");
  CHECK_THAT(tiny.error().what(), Contains("Test/6: found no recording"));
  fs::create_directory(tiny.digit(6) / "00001.bin");
  CHECK_THAT(tiny.error().what(), Contains("Test/6/00001.bin: "));
  fs::remove_all(tiny.digit(6));
  CHECK_THAT(tiny.error().what(), Contains("Test/6: No such file or directory"));
}

TEST_CASE("the real recordings are decoded") {
  const auto root = environment("GLIFR_DATA");
  if (!root) GLIFR_SKIP("GLIFR_DATA is not set");
  const fs::path nmnist = fs::path(*root) / "nmnist";
  const TemporaryFolder cache;

  Index events = 0;
  for (const auto& entry : fs::recursive_directory_iterator(nmnist)) {
    if (entry.path().extension() != ".bin") continue;
    events += std::ssize(glifr::parse_events(glifr::read_file(entry.path()), entry.path().string()));
  }
  CHECK(events == 4'518'827);

  const std::vector<std::ptrdiff_t> train_counts{97, 116, 99, 93, 105, 92, 94, 117, 87, 100};
  const std::vector<std::ptrdiff_t> test_counts{8, 14, 8, 11, 14, 7, 10, 15, 2, 11};
  for (const Split split : {Split::train, Split::test}) {
    const LabelledFrames data = glifr::read_nmnist(nmnist, split, {.cache_folder = cache.path()});
    const auto& counts = split == Split::train ? train_counts : test_counts;
    for (std::uint8_t digit = 0; digit < 10; ++digit) {
      CHECK(std::count(data.labels.begin(), data.labels.end(), digit) == counts[digit]);
    }
    CHECK(std::is_sorted(data.labels.begin(), data.labels.end()));
    CHECK(same(data, glifr::read_nmnist(nmnist, split, {.cache_folder = cache.path()})));
  }
}

}  // namespace
