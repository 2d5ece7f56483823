#include "glifr/datasets/mnist.hpp"

#include <cmath>
#include <numeric>

#include "fixtures.hpp"
#include "support/catch.hpp"

namespace {

using glifr::ImageLayout;
using glifr::Index;
using glifr::LabelledImages;
using glifr::Split;
using namespace glifr::test;
using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;

std::shared_ptr<const LabelledImages> labelled_images(Index rows, Index columns, Bytes pixels, Bytes labels) {
  auto data = std::make_shared<LabelledImages>();
  data->images.count = std::ssize(labels);
  data->images.rows = rows;
  data->images.columns = columns;
  data->images.pixels = std::move(pixels);
  data->labels = std::move(labels);
  return data;
}

/// Two images of three rows and two columns; image i holds the pixels 10 i, 10 i + 1, …
std::shared_ptr<const LabelledImages> two_images() {
  return labelled_images(3, 2, {0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15}, {7, 3});
}

/// The inputs of some samples, turned back into pixels.
template <class T>
std::vector<int> pixels(const glifr::MnistDataset<T>& set, const std::vector<Index>& samples) {
  std::vector<T> x(static_cast<std::size_t>(set.time_steps() * std::ssize(samples) * set.input_size()));
  set.inputs(samples, x.data());
  std::vector<int> result;
  for (const T value : x) result.push_back(static_cast<int>(std::lround((value * 0.3081 + 0.1307) * 255)));
  return result;
}

TEMPLATE_TEST_CASE("images become lines or pixels, time first", "", float, double) {
  const glifr::MnistDataset<TestType> lines(two_images(), ImageLayout::lines);
  CHECK(lines.size() == 2);
  CHECK(lines.time_steps() == 3);
  CHECK(lines.input_size() == 2);
  CHECK(lines.classes() == 10);
  CHECK_FALSE(lines.is_sparse());
  CHECK(pixels(lines, {1, 0}) == std::vector<int>{10, 11, 0, 1, 12, 13, 2, 3, 14, 15, 4, 5});
  CHECK(pixels(lines, {}).empty());

  const glifr::MnistDataset<TestType> single(two_images(), ImageLayout::pixels);
  CHECK(single.time_steps() == 6);
  CHECK(single.input_size() == 1);
  CHECK(pixels(single, {0, 1}) == std::vector<int>{0, 10, 1, 11, 2, 12, 3, 13, 4, 14, 5, 15});

  const glifr::MnistDataset<TestType> permuted(two_images(), ImageLayout::pixels, {5, 0, 4, 1, 3, 2});
  CHECK(pixels(permuted, {1}) == std::vector<int>{15, 10, 14, 11, 13, 12});

  std::int32_t labels[3] = {};
  lines.labels(std::vector<Index>{1, 1, 0}, labels);
  CHECK((labels[0] == 3 && labels[1] == 3 && labels[2] == 7));
}

TEST_CASE("a pixel becomes (p / 255 - 0.1307) / 0.3081") {
  const glifr::MnistDataset<double> set(labelled_images(1, 3, {0, 51, 255}, {0}), ImageLayout::lines);
  double x[3];
  set.inputs(std::vector<Index>{0}, x);
  CHECK_THAT(x[0], WithinAbs(-0.42421292, 1e-8));
  CHECK_THAT(x[1], WithinAbs(0.22492697, 1e-8));
  CHECK_THAT(x[2], WithinAbs(2.82148653, 1e-8));
}

TEST_CASE("what is no permutation of the pixels is refused") {
  const auto make = [](std::vector<Index> permutation) {
    return glifr::MnistDataset<float>(two_images(), ImageLayout::pixels, std::move(permutation));
  };
  CHECK_THROWS_WITH(make({0, 1, 2}),
                    Contains("permutation: found 3 numbers; accepted is every number from 0 to 5 once"));
  CHECK_THROWS_WITH(make({0, 1, 2, 3, 4, 6}), Contains("found 6"));
  CHECK_THROWS_WITH(make({0, 1, 2, 3, 4, -1}), Contains("found -1"));
  CHECK_THROWS_WITH(make({0, 1, 2, 3, 4, 4}), Contains("found 4 twice"));
}

TEST_CASE("a folder in MNIST's form is read, one with different counts refused") {
  const TemporaryFolder folder;
  write_text(folder.path() / "t10k-images-idx3-ubyte", idx_bytes({2, 1, 1}, {200, 100}));
  write_text(folder.path() / "t10k-labels-idx1-ubyte", idx_bytes({2}, {4, 5}));
  const LabelledImages data = glifr::read_mnist(folder.path(), Split::test);
  CHECK(data.images.pixels == Bytes{200, 100});
  CHECK(data.labels == Bytes{4, 5});

  write_text(folder.path() / "t10k-labels-idx1-ubyte", idx_bytes({3}, {4, 5, 6}));
  const glifr::DataError counts = data_error([&] { (void)glifr::read_mnist(folder.path(), Split::test); });
  CHECK_THAT(counts.what(), Contains("t10k-labels-idx1-ubyte") && Contains("found 3 labels") && Contains("2"));
  CHECK(is_one_line(counts));

  const glifr::DataError absent = data_error([&] { (void)glifr::read_mnist(folder.path(), Split::train); });
  CHECK_THAT(absent.what(), Contains("train-images-idx3-ubyte"));
  CHECK_THROWS_AS(glifr::read_mnist(folder.path(), Split::validation), glifr::ConfigError);
}

TEST_CASE("a set may have other classes than ten") {
  const TemporaryFolder folder;
  write_text(folder.path() / "train-images-idx3-ubyte", idx_bytes({2, 1, 1}, {200, 100}));
  write_text(folder.path() / "train-labels-idx1-ubyte", idx_bytes({2}, {1, 26}));
  CHECK_THAT(data_error([&] { (void)glifr::read_mnist(folder.path(), Split::train, 26); }).what(),
             Contains("train-labels-idx1-ubyte") && Contains("the label 26") && Contains("output_size=27"));
  const auto letters = std::make_shared<const LabelledImages>(glifr::read_mnist(folder.path(), Split::train, 27));
  CHECK(letters->file == (folder.path() / "train-images-idx3-ubyte").string());
  CHECK(glifr::MnistDataset<float>(letters, ImageLayout::lines).classes() == 27);
}

TEST_CASE("the real MNIST is what it is known to be") {
  const auto root = environment("GLIFR_DATA");
  if (!root) GLIFR_SKIP("GLIFR_DATA is not set");
  const auto train =
      std::make_shared<const LabelledImages>(glifr::read_mnist(std::filesystem::path(*root) / "mnist", Split::train));
  const LabelledImages test = glifr::read_mnist(std::filesystem::path(*root) / "mnist", Split::test);
  REQUIRE(train->images.count == 60000);
  REQUIRE(test.images.count == 10000);
  CHECK((train->images.rows == 28 && train->images.columns == 28));
  CHECK(Bytes(train->labels.begin(), train->labels.begin() + 5) == Bytes{5, 0, 4, 1, 9});
  CHECK(Bytes(test.labels.begin(), test.labels.begin() + 5) == Bytes{7, 2, 1, 0, 4});

  const glifr::MnistDataset<float> set(train, ImageLayout::lines);
  REQUIRE((set.time_steps() == 28 && set.input_size() == 28));
  std::vector<Index> samples(1000);
  std::vector<float> x(samples.size() * 784);
  double sum = 0, squares = 0;
  for (Index first = 0; first < set.size(); first += std::ssize(samples)) {
    std::iota(samples.begin(), samples.end(), first);
    set.inputs(samples, x.data());
    for (const double value : x) {
      sum += value;
      squares += value * value;
    }
  }
  const double values = 60000.0 * 784;
  const double mean = sum / values;
  CHECK_THAT(mean, WithinAbs(0, 1e-3));
  CHECK_THAT(std::sqrt(squares / values - mean * mean), WithinAbs(1, 1e-3));
}

}  // namespace
