#include "glifr/analysis/clustering.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <random>
#include <vector>

#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
#include "support/catch.hpp"

using namespace glifr;
using namespace glifr::analysis;
using Catch::Matchers::WithinRel;

namespace {

View<const double> view(const std::vector<double>& values, Index columns) {
  return {values.data(), static_cast<Index>(values.size()) / columns, columns};
}

/// Ward's method as its definition reads: at every turn, merge the pair whose union adds least to the sum of squares.
std::vector<double> heights_by_definition(View<const double> points) {
  struct Cluster {
    std::vector<double> centroid;
    double size;
  };
  std::vector<Cluster> clusters;
  for (Index point = 0; point < points.rows; ++point) {
    clusters.push_back({{points.row(point), points.row(point) + points.columns}, 1});
  }
  std::vector<double> heights;
  while (clusters.size() > 1) {
    std::size_t best_a = 0, best_b = 1;
    double lowest = std::numeric_limits<double>::infinity();
    for (std::size_t a = 0; a < clusters.size(); ++a) {
      for (std::size_t b = a + 1; b < clusters.size(); ++b) {
        double squared = 0;
        for (std::size_t f = 0; f < clusters[a].centroid.size(); ++f) {
          squared += std::pow(clusters[a].centroid[f] - clusters[b].centroid[f], 2);
        }
        const double height =
            std::sqrt(2 * clusters[a].size * clusters[b].size / (clusters[a].size + clusters[b].size) * squared);
        if (height < lowest) {
          lowest = height;
          best_a = a;
          best_b = b;
        }
      }
    }
    Cluster& a = clusters[best_a];
    const Cluster& b = clusters[best_b];
    for (std::size_t f = 0; f < a.centroid.size(); ++f) {
      a.centroid[f] = (a.size * a.centroid[f] + b.size * b.centroid[f]) / (a.size + b.size);
    }
    a.size += b.size;
    clusters.erase(clusters.begin() + static_cast<std::ptrdiff_t>(best_b));
    heights.push_back(lowest);
  }
  return heights;
}

/// Whether two labellings draw the same borders, whatever they call the clusters.
bool are_same_clusters(const std::vector<Index>& a, const std::vector<Index>& b) {
  std::map<Index, Index> forward, backward;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (forward.emplace(a[i], b[i]).first->second != b[i] || backward.emplace(b[i], a[i]).first->second != a[i]) {
      return false;
    }
  }
  return a.size() == b.size();
}

}  // namespace

TEST_CASE("the chain finds the merges of Ward's definition") {
  std::mt19937 generator(7);
  for (const Index columns : {1, 2, 5}) {
    std::vector<double> values(static_cast<std::size_t>(40 * columns));
    std::normal_distribution<double> normal;
    std::generate(values.begin(), values.end(), [&] { return normal(generator); });
    const auto merges = ward_linkage(view(values, columns));
    const auto expected = heights_by_definition(view(values, columns));
    REQUIRE(merges.size() == expected.size());
    for (std::size_t i = 0; i < merges.size(); ++i) CHECK_THAT(merges[i].height, WithinRel(expected[i], 1e-12));
  }
}

TEST_CASE("equal distances everywhere still give a full tree") {
  std::vector<double> grid;
  for (int x = 0; x < 12; ++x) {
    for (int y = 0; y < 12; ++y) grid.insert(grid.end(), {0.1 * x, 0.1 * y, 0.0});
  }
  grid.insert(grid.end(), grid.begin(), grid.end());  // every point twice
  const auto merges = ward_linkage(view(grid, 3));
  REQUIRE(merges.size() == 287);
  for (const Index clusters : {1, 2, 144, 288}) {
    const auto labels = cut(merges, clusters);
    CHECK(*std::max_element(labels.begin(), labels.end()) == clusters - 1);
  }
  CHECK(merges[143].height == 0);
  CHECK(merges[144].height > 0);
}

TEST_CASE("clusters that stand apart are told apart, and named by their first points") {
  const std::vector<double> values{10, 0.1, 10.1, -5, 0.0, -5.1};
  const auto labels = cut(ward_linkage(view(values, 1)), 3);
  CHECK(labels == std::vector<Index>{0, 1, 0, 2, 1, 2});
}

TEST_CASE("the Calinski-Harabasz index of a small example") {
  // Two clusters of two points, centroids 1 and 9, overall 5: between 64, within 4 on 1 and 2 degrees of freedom.
  const std::vector<double> values{0, 2, 8, 10};
  CHECK_THAT(calinski_harabasz(view(values, 1), std::vector<Index>{0, 0, 1, 1}), WithinRel(32.0, 1e-15));
  const std::vector<double> coinciding{1, 1, 3, 3};
  CHECK(std::isinf(calinski_harabasz(view(coinciding, 1), std::vector<Index>{0, 0, 1, 1})));
  const std::vector<double> same{1, 1, 1, 1};
  CHECK(calinski_harabasz(view(same, 1), std::vector<Index>{0, 0, 1, 1}) == 1);
}

TEST_CASE("equal neurons are one cluster") {
  const auto clustering = choose_clusters(view(std::vector<double>(40, 0.5), 2));
  CHECK(clustering.best == 1);
  CHECK(clustering.labels == std::vector<Index>(20, 0));
  CHECK(clustering.counts.front() == 2);
  CHECK(clustering.counts.back() == 11);
}

TEST_CASE("a best count of two reads as one") {
  std::mt19937 generator(3);
  std::normal_distribution<double> normal;
  std::vector<double> values(60 * 6);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = normal(generator) + (i < values.size() / 2 ? 0 : 4);
  const auto clustering = choose_clusters(view(values, 6));
  CHECK(std::max_element(clustering.scores.begin(), clustering.scores.end()) == clustering.scores.begin());
  CHECK(clustering.best == 1);
  CHECK(clustering.labels == std::vector<Index>(60, 0));
  CHECK(clustering.is_two_as_one());
  CHECK_FALSE(choose_clusters(view(std::vector<double>(40, 0.5), 2)).is_two_as_one());

  const auto two = choose_clusters(view(values, 6), 11, 2);
  CHECK(two.best == 2);
  CHECK(two.scores == clustering.scores);
  CHECK(two.labels[0] == 0);
  CHECK(two.labels[59] == 1);
  CHECK(choose_clusters(view(values, 6), 11, 60).labels.back() == 59);
  CHECK_THROWS_AS(choose_clusters(view(values, 6), 11, 61), ConfigError);
}

TEST_CASE("what cannot be clustered is refused") {
  const std::vector<double> values{1, 2, 3, 4};
  CHECK_THROWS_AS(choose_clusters(view(values, 1), 4), ConfigError);
  CHECK_THROWS_AS(choose_clusters(view(values, 1), 1), ConfigError);
  CHECK_THROWS_AS(cut(ward_linkage(view(values, 1)), 5), ConfigError);
  CHECK_THROWS_AS(cut(ward_linkage(view(values, 1)), 0), ConfigError);
  CHECK_THROWS_AS(calinski_harabasz(view(values, 1), std::vector<Index>{0, 1, 2, 3}), ConfigError);
  CHECK_THROWS_AS(calinski_harabasz(view(values, 1), std::vector<Index>{0, 1}), ShapeError);
  CHECK_THROWS_AS(ward_linkage(View<const double>{}), ConfigError);
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity(), 1e200}) {
    CHECK_THROWS_WITH(ward_linkage(view({1, 2, 3, bad}, 2)), Catch::Contains("row 2, column 2"));
  }
}

TEST_CASE("the published clusters of 252 trained neurons") {
  const auto reference = test::environment("GLIFR_REFERENCE_DIR");
  if (!reference) GLIFR_SKIP("GLIFR_REFERENCE_DIR is not set");
  const auto folder = std::filesystem::path(*reference) / "neurons_lmnist";
  const CsvNumbers neurons = read_csv_numbers(folder / "learnedparams.csv", {});
  const CsvNumbers scores = read_csv_numbers(folder / "chscores.csv", {});
  const CsvNumbers labels = read_csv_numbers(folder / "cluster_labels.csv", {});

  const Clustering clustering = choose_clusters({neurons.values.data(), neurons.rows, neurons.columns});
  REQUIRE(scores.rows == static_cast<Index>(clustering.scores.size()));
  for (Index i = 0; i < scores.rows; ++i) {
    CHECK(clustering.counts[static_cast<std::size_t>(i)] == static_cast<Index>(scores(i, 0)));
    CHECK_THAT(clustering.scores[static_cast<std::size_t>(i)], WithinRel(scores(i, 1), 1e-6));
  }
  CHECK(clustering.best == 4);
  CHECK(are_same_clusters(clustering.labels, std::vector<Index>(labels.values.begin(), labels.values.end())));
}
