#include "glifr/datasets/dataset.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "glifr/datasets/file_dataset.hpp"
#include "glifr/datasets/frame_dataset.hpp"
#include "glifr/datasets/labels.hpp"
#include "glifr/datasets/mnist.hpp"
#include "glifr/datasets/subset.hpp"
#include "glifr/datasets/synthetic.hpp"
#include "glifr/error.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"

namespace {

using glifr::Index;

/// The least that a data set must have.
class BareDataset final : public glifr::Dataset<double> {
 public:
  Index size() const override { return 1; }
  Index time_steps() const override { return 1; }
  Index input_size() const override { return 1; }
  Index classes() const override { return 0; }
  void inputs(std::span<const Index>, double* x) const override { *x = 1; }
};

TEST_CASE("a data set refuses to give what it does not have") {
  const BareDataset set;
  const std::array<Index, 1> samples{0};
  glifr::ActiveInputs row;
  std::int32_t label = 0;
  double value = 0;
  CHECK_FALSE(set.is_sparse());
  CHECK(set.target_size() == 0);
  CHECK_THROWS_AS(set.active_inputs(samples, &row), std::logic_error);
  CHECK_THROWS_AS(set.labels(samples, &label), std::logic_error);
  CHECK_THROWS_AS(set.targets(samples, &value), std::logic_error);
}

TEST_CASE("a part of a part of a set gives the samples of the whole") {
  const auto whole = std::make_shared<glifr::SyntheticDataset<float>>(
      glifr::SyntheticSettings{.samples = 9, .time_steps = 2, .input_size = 3, .classes = 4});
  const auto odd = std::make_shared<glifr::SubsetDataset<float>>(whole, std::vector<Index>{1, 3, 5, 7});
  const glifr::SubsetDataset<float> part(odd, {3, 0});
  const std::array<Index, 2> here{1, 0}, there{1, 7};
  std::array<float, 12> found{}, expected{};
  part.inputs(here, found.data());
  whole->inputs(there, expected.data());
  CHECK(found == expected);
  std::array<std::int32_t, 2> labels{}, expected_labels{};
  part.labels(here, labels.data());
  whole->labels(there, expected_labels.data());
  CHECK(labels == expected_labels);
  CHECK_THROWS_AS(glifr::SubsetDataset<float>(odd, {4}), std::invalid_argument);
}

/// Adds the number of a sample to its inputs.
class Numbered final : public glifr::Dataset<float> {
 public:
  explicit Numbered(std::shared_ptr<const glifr::Dataset<float>> set) : set_(std::move(set)) {}
  Index size() const override { return set_->size(); }
  Index time_steps() const override { return set_->time_steps(); }
  Index input_size() const override { return set_->input_size(); }
  Index classes() const override { return set_->classes(); }
  void inputs(std::span<const Index> samples, float* x) const override {
    set_->inputs(samples, x);
    for (const Index sample : samples) *x++ += static_cast<float>(100 * sample);
  }

 private:
  std::shared_ptr<const glifr::Dataset<float>> set_;
};

TEST_CASE("a part of a set that asks a part of another one gives the samples of the whole") {
  const auto whole = std::make_shared<glifr::LabelDataset<float>>(
      glifr::Shape{1, 10, 1}, std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 1, std::vector<std::int32_t>(10));
  const auto odd = std::make_shared<glifr::SubsetDataset<float>>(whole, std::vector<Index>{1, 3, 5, 7, 9});
  const glifr::SubsetDataset<float> part(std::make_shared<Numbered>(odd), {3, 4});
  std::array<float, 2> found{};
  part.inputs(std::array<Index, 2>{0, 1}, found.data());
  CHECK(found == std::array<float, 2>{307, 409});
}

TEST_CASE("samples that a set does not have are refused") {
  const auto refuses = [](const glifr::Dataset<float>& set) {
    for (const Index sample : {Index{-1}, set.size()}) {
      const std::array<Index, 1> samples{sample};
      std::vector<float> values(static_cast<std::size_t>(set.time_steps() * (set.input_size() + set.target_size())));
      std::vector<glifr::ActiveInputs> rows(static_cast<std::size_t>(set.time_steps()));
      std::int32_t number = 0;
      CHECK_THROWS_AS(set.inputs(samples, values.data()), std::invalid_argument);
      if (set.is_sparse()) CHECK_THROWS_AS(set.active_inputs(samples, rows.data()), std::invalid_argument);
      if (set.classes() > 0) CHECK_THROWS_AS(set.labels(samples, &number), std::invalid_argument);
      if (set.target_size() > 0) CHECK_THROWS_AS(set.targets(samples, values.data()), std::invalid_argument);
      if (set.has_lengths()) CHECK_THROWS_AS(set.lengths(samples, &number), std::invalid_argument);
    }
  };
  const auto synthetic = std::make_shared<glifr::SyntheticDataset<float>>(
      glifr::SyntheticSettings{.samples = 3, .time_steps = 2, .input_size = 2, .classes = 2, .density = 0.5});
  refuses(*synthetic);
  refuses(glifr::SubsetDataset<float>(synthetic, {0, 2}));
  refuses(glifr::SyntheticDataset<float>({.samples = 3, .target_size = 1}));
  refuses(glifr::MnistDataset<float>(
      std::make_shared<glifr::LabelledImages>(glifr::LabelledImages{
          .images = {.count = 1, .rows = 2, .columns = 2, .pixels = {1, 2, 3, 4}}, .labels = {7}}),
      glifr::ImageLayout::lines));
  glifr::LabelledFrames frames;
  frames.frames = {.samples = 1, .time_steps = 2, .frame_size = 3, .offsets = {0, 1, 2}, .ones = {0, 2}};
  frames.labels = {1};
  refuses(glifr::FrameDataset<float>(std::make_shared<glifr::LabelledFrames>(frames)));
  frames.values = glifr::FrameValues::count;
  frames.counts = {1, 2};
  refuses(glifr::FrameDataset<float>(std::make_shared<glifr::LabelledFrames>(frames)));
  const glifr::test::TemporaryFolder folder;
  for (const char* answers : {"label", "target"}) {
    const std::filesystem::path path = folder.path() / (std::string(answers) + ".csv");
    glifr::test::write_text(path, std::string("sample,x,") + answers + "\n0,1,0\n0,2,0\n1,3,0\n");
    refuses(glifr::FileDataset<float>(std::make_shared<glifr::SampleFile>(path)));
  }
}

TEST_CASE("frames and images without a label each, or of other sizes than they say, are refused") {
  glifr::LabelledFrames frames;
  frames.frames = {.samples = 1, .time_steps = 2, .frame_size = 3, .offsets = {0, 1, 2}, .ones = {0, 2}};
  const auto set_of = [](glifr::LabelledFrames data) {
    return glifr::FrameDataset<float>(std::make_shared<glifr::LabelledFrames>(std::move(data)));
  };
  CHECK_THROWS_AS(set_of(frames), glifr::ShapeError);  // no label
  frames.labels = {1};
  CHECK(set_of(frames).size() == 1);
  frames.values = glifr::FrameValues::count;
  CHECK_THROWS_AS(set_of(frames), glifr::ShapeError);  // no counts
  frames.values = glifr::FrameValues::binary;
  for (const std::vector<std::uint64_t>& offsets : {std::vector<std::uint64_t>{0, 2}, {0, 3, 2}}) {
    frames.frames.offsets = offsets;
    CHECK_THROWS_AS(set_of(frames), glifr::ShapeError);
  }
  frames.frames.offsets = {0, 1, 2};
  frames.frames.ones = {0, 3};  // of 3 values
  CHECK_THROWS_AS(set_of(frames), glifr::ShapeError);
  frames.frames.ones = {0, 2};
  for (const std::int32_t label : {-1, 10}) {
    frames.labels = {label};
    CHECK_THROWS_AS(set_of(frames), glifr::ShapeError);
  }

  glifr::LabelledImages images{.images = {.count = 2, .rows = 1, .columns = 2, .pixels = {1, 2, 3, 4}}, .labels = {0}};
  const auto make_images = [&] {
    return glifr::MnistDataset<float>(std::make_shared<glifr::LabelledImages>(images), glifr::ImageLayout::lines);
  };
  CHECK_THROWS_AS(make_images(), glifr::ShapeError);
  images.labels = {0, 1};
  CHECK(make_images().size() == 2);
  images.labels = {0, 10};  // of 10 classes
  CHECK_THROWS_AS(make_images(), glifr::ShapeError);
  images.labels = {0, 1};
  images.images.rows = 0;
  CHECK_THROWS_AS(make_images(), glifr::ShapeError);
}

/// `size` samples of as many classes, which follow each other.
class ManyClasses : public glifr::Dataset<double> {
 public:
  ManyClasses(Index size, Index classes) : size_(size), classes_(classes) {}
  Index size() const override { return size_; }
  Index time_steps() const override { return 1; }
  Index input_size() const override { return 1; }
  Index classes() const override { return classes_; }
  void inputs(std::span<const Index>, double* x) const override { *x = 1; }
  void labels(std::span<const Index> samples, std::int32_t* labels) const override {
    for (const Index sample : samples) *labels++ = static_cast<std::int32_t>(sample % classes_);
  }

 private:
  Index size_, classes_;
};

TEST_CASE("the samples of each class are counted") {
  CHECK(glifr::class_counts(ManyClasses(7, 3)) == std::vector<Index>{3, 2, 2});
  CHECK(glifr::class_counts(ManyClasses(2, 3)) == std::vector<Index>{1, 1, 0});
  CHECK_THROWS_AS(glifr::class_counts(BareDataset()), std::logic_error);
}

/// Says that there are fewer classes than its labels name.
class Mislabelled : public ManyClasses {
 public:
  Mislabelled() : ManyClasses(7, 3) {}
  Index classes() const override { return 2; }
};

TEST_CASE("labels that are no class are refused by whoever counts them") {
  const char* message = "labels: expected 0 to 1, found 2";
  CHECK_THROWS_WITH(glifr::class_counts(Mislabelled()), message);
  CHECK_THROWS_WITH(glifr::split_stratified(Mislabelled(), 0.5, glifr::Random(1, glifr::Stream::data)), message);
}

TEST_CASE("the share that is set aside is that of all samples, and that of each class up to one sample") {
  struct Case {
    Index size, classes;
    double share;
    Index set_off, fewest, most;  // of a class
  };
  for (const Case& c : {Case{120, 30, 0.1, 12, 0, 1}, Case{150, 30, 0.1, 15, 0, 1}, Case{40, 2, 0.25, 10, 5, 5},
                        Case{7, 3, 0.5, 4, 1, 2}, Case{300, 3, 0.29, 87, 29, 29}}) {
    CAPTURE(c.size, c.classes, c.share);
    const ManyClasses data(c.size, c.classes);
    const glifr::SplitSamples parts = glifr::split_stratified(data, c.share, glifr::Random(3, glifr::Stream::data));
    CHECK(std::ssize(parts.set_off) == c.set_off);
    CHECK(std::ssize(parts.kept) == c.size - c.set_off);
    std::vector<Index> counts(static_cast<std::size_t>(c.classes));
    for (const Index sample : parts.set_off) ++counts[static_cast<std::size_t>(sample % c.classes)];
    CHECK(std::ranges::min(counts) == c.fewest);
    CHECK(std::ranges::max(counts) == c.most);
  }
  for (const double share : {-0.5, 0.0, 1.0, 1.5, std::nan("")})
    CHECK_THROWS_AS(glifr::split_stratified(ManyClasses(16, 2), share, glifr::Random(3, glifr::Stream::data)),
                    glifr::ConfigError);
  // Which samples they are where each class has a whole number of them.
  const glifr::SplitSamples parts =
      glifr::split_stratified(ManyClasses(16, 2), 0.25, glifr::Random(3, glifr::Stream::data));
  CHECK(parts.set_off == std::vector<Index>{0, 5, 8, 11});
}

}  // namespace
