#include "glifr/analysis/clustering.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "glifr/error.hpp"
#include "glifr/io/number.hpp"
#include "glifr/neurons/indexing.hpp"

namespace glifr::analysis {
namespace {

constexpr double largest_value = 1e150;  // its square is still a number

void check_points(View<const double> points) {
  if (points.rows < 1 || points.columns < 1) throw ConfigError("points", "found none, expected at least one");
  for (Index row = 0; row < points.rows; ++row) {
    for (Index column = 0; column < points.columns; ++column) {
      if (std::abs(points(row, column)) <= largest_value) continue;
      throw ConfigError("points", "row " + std::to_string(row + 1) + ", column " + std::to_string(column + 1) + " is " +
                                      format_number(points(row, column)) + ", expected a finite number of at most " +
                                      format_number(largest_value));
    }
  }
}

/// The clusters that are left to merge, by centroid and size. They lie packed, a feature a row, so that the search for
/// a neighbour is a plain sweep over contiguous numbers.
class ActiveClusters {
 public:
  explicit ActiveClusters(View<const double> points)
      : capacity_(points.rows),
        features_(points.columns),
        count_(points.rows),
        centroids_(static_cast<std::size_t>(points.rows * points.columns)),
        sizes_(static_cast<std::size_t>(points.rows), 1.0),
        members_(static_cast<std::size_t>(points.rows)),
        slots_(members_.size()),
        distances_(members_.size()) {
    for (Index feature = 0; feature < features_; ++feature) {
      for (Index point = 0; point < capacity_; ++point) row(feature)[point] = points(point, feature);
    }
    std::iota(members_.begin(), members_.end(), Index{0});
    std::iota(slots_.begin(), slots_.end(), Index{0});
  }

  [[nodiscard]] Index count() const { return count_; }
  /// A point of the cluster in `slot`: its name, which a merge of others does not change.
  [[nodiscard]] Index member(Index slot) const { return at(members_, slot); }
  [[nodiscard]] Index slot(Index member) const { return at(slots_, member); }

  struct Neighbour {
    Index slot;
    double squared_height;
  };

  /// The cluster nearest to that in `slot`. Of several equally near ones `preferred` (a slot, or -1) is taken: the
  /// chain must not circle.
  Neighbour nearest(Index slot, Index preferred) {
    std::fill_n(distances_.begin(), count_, 0.0);
    for (Index feature = 0; feature < features_; ++feature) {
      const double* values = row(feature);
      const double own = values[slot];
      for (Index other = 0; other < count_; ++other) {
        const double difference = values[other] - own;
        at(distances_, other) += difference * difference;
      }
    }
    const double own_size = at(sizes_, slot);
    Neighbour best{preferred, std::numeric_limits<double>::infinity()};
    if (preferred >= 0) best.squared_height = squared_height(preferred, own_size);
    for (Index other = 0; other < count_; ++other) {
      if (other == slot) continue;
      const double height = squared_height(other, own_size);
      if (height < best.squared_height) best = {other, height};
    }
    return best;
  }

  /// Makes one cluster of two; it keeps the name of `kept`.
  void merge(Index kept, Index gone) {
    const double kept_size = at(sizes_, kept);
    const double gone_size = at(sizes_, gone);
    const double weight = gone_size / (kept_size + gone_size);
    for (Index feature = 0; feature < features_; ++feature) {
      double* values = row(feature);
      values[kept] += weight * (values[gone] - values[kept]);
    }
    at(sizes_, kept) += gone_size;
    fill_with_last(gone);
  }

 private:
  [[nodiscard]] double* row(Index feature) { return centroids_.data() + feature * capacity_; }

  [[nodiscard]] double squared_height(Index other, double own_size) const {
    const double other_size = at(sizes_, other);
    return 2 * own_size * other_size / (own_size + other_size) * at(distances_, other);
  }

  void fill_with_last(Index gone) {
    const Index last = --count_;
    for (Index feature = 0; feature < features_; ++feature) row(feature)[gone] = row(feature)[last];
    at(sizes_, gone) = at(sizes_, last);
    at(members_, gone) = at(members_, last);
    at(slots_, member(gone)) = gone;
  }

  Index capacity_, features_, count_;
  std::vector<double> centroids_;  // [features, capacity], the first `count_` of each row in use
  std::vector<double> sizes_;
  std::vector<Index> members_;     // slot -> name
  std::vector<Index> slots_;       // name -> slot
  std::vector<double> distances_;  // squared, from the cluster whose neighbour is sought
};

/// Disjoint sets of points.
class Partition {
 public:
  explicit Partition(Index points) : parents_(static_cast<std::size_t>(points)) {
    std::iota(parents_.begin(), parents_.end(), Index{0});
  }

  Index root(Index point) {
    while (parent(point) != point) {
      parent(point) = parent(parent(point));
      point = parent(point);
    }
    return point;
  }

  void join(Index a, Index b) { parent(root(a)) = root(b); }

 private:
  Index& parent(Index point) { return at(parents_, point); }

  std::vector<Index> parents_;
};

}  // namespace

// Follow nearest neighbours until two clusters are each other's: Ward's distance is reducible, so that they may be
// merged at once, whatever lies elsewhere (Murtagh 1983, The Computer Journal 26(4)). The merges come out of order and
// are sorted at the end. In exact arithmetic the chain never meets itself; where rounding among equal distances leads
// it back, it has found its end too.
std::vector<Merge> ward_linkage(View<const double> points) {
  check_points(points);
  ActiveClusters clusters(points);
  std::vector<Merge> merges;
  merges.reserve(static_cast<std::size_t>(points.rows - 1));
  std::vector<Index> chain;  // names of clusters, each but the first the nearest neighbour of the one before
  while (clusters.count() > 1) {
    if (chain.empty()) chain.push_back(clusters.member(0));
    const Index tip = clusters.slot(chain.back());
    const Index before = chain.size() < 2 ? -1 : clusters.slot(chain[chain.size() - 2]);
    const auto [neighbour, squared_height] = clusters.nearest(tip, before);
    const bool is_mutual = neighbour == before;
    if (!is_mutual && std::find(chain.begin(), chain.end(), clusters.member(neighbour)) == chain.end()) {
      chain.push_back(clusters.member(neighbour));
      continue;
    }
    merges.push_back({clusters.member(before), clusters.member(tip), std::sqrt(squared_height)});
    clusters.merge(before, tip);
    chain.resize(chain.size() - 2);
  }
  std::stable_sort(merges.begin(), merges.end(), [](const Merge& a, const Merge& b) { return a.height < b.height; });
  return merges;
}

std::vector<Index> cut(std::span<const Merge> merges, Index clusters) {
  const auto points = static_cast<Index>(merges.size()) + 1;
  if (clusters < 1 || clusters > points) {
    throw ConfigError("clusters", "found " + std::to_string(clusters) + ", accepted are 1 to " +
                                      std::to_string(points) + ", the number of points");
  }
  Partition partition(points);
  for (const Merge& merge : merges.first(static_cast<std::size_t>(points - clusters))) {
    partition.join(merge.first, merge.second);
  }
  std::vector<Index> labels(static_cast<std::size_t>(points));
  std::vector<Index> label_of_root(labels.size(), -1);
  Index next = 0;
  for (Index point = 0; point < points; ++point) {
    Index& label = at(label_of_root, partition.root(point));
    if (label < 0) label = next++;
    at(labels, point) = label;
  }
  return labels;
}

double calinski_harabasz(View<const double> points, std::span<const Index> labels) {
  if (static_cast<Index>(labels.size()) != points.rows) {
    throw ShapeError("calinski_harabasz", std::to_string(points.rows) + " labels", std::to_string(labels.size()));
  }
  const Index clusters = labels.empty() ? 0 : 1 + *std::max_element(labels.begin(), labels.end());
  if (clusters < 2 || clusters >= points.rows) {
    throw ConfigError("clusters", "found " + std::to_string(clusters) + " for " + std::to_string(points.rows) +
                                      " points; the Calinski-Harabasz index needs at least 2, and fewer than points");
  }
  const Index features = points.columns;
  std::vector<double> overall(static_cast<std::size_t>(features), 0.0);
  std::vector<double> centroids(static_cast<std::size_t>(clusters * features), 0.0);
  std::vector<double> sizes(static_cast<std::size_t>(clusters), 0.0);
  const View<double> centroid(centroids.data(), clusters, features);
  const auto label = [&](Index point) { return at(labels, point); };
  // Taken from the first point, so that the sums of points that coincide are exactly zero.
  const auto value = [&](Index point, Index feature) { return points(point, feature) - points(0, feature); };

  for (Index point = 0; point < points.rows; ++point) {
    at(sizes, label(point)) += 1;
    for (Index f = 0; f < features; ++f) centroid(label(point), f) += value(point, f);
  }
  for (Index c = 0; c < clusters; ++c) {
    for (Index f = 0; f < features; ++f) {
      at(overall, f) += centroid(c, f) / static_cast<double>(points.rows);
      centroid(c, f) /= at(sizes, c);
    }
  }
  double between = 0;
  for (Index c = 0; c < clusters; ++c) {
    for (Index f = 0; f < features; ++f) {
      const double difference = centroid(c, f) - at(overall, f);
      between += at(sizes, c) * difference * difference;
    }
  }
  double within = 0;
  for (Index point = 0; point < points.rows; ++point) {
    for (Index f = 0; f < features; ++f) {
      const double difference = value(point, f) - centroid(label(point), f);
      within += difference * difference;
    }
  }
  if (between == 0 && within == 0) return 1;
  return (between / static_cast<double>(clusters - 1)) / (within / static_cast<double>(points.rows - clusters));
}

bool Clustering::is_most_tried() const {
  return best > 2 && best == counts.back() && scores.back() == std::ranges::max(scores) &&
         best + 1 < std::ssize(labels) && !has_mostly_single_points();
}

bool Clustering::has_mostly_single_points() const {
  Index single = 0;
  for (Index label = 0; label < best; ++label) single += std::ranges::count(labels, label) == 1;
  return best == counts.back() && 2 * single > best;
}

Clustering choose_clusters(View<const double> points, Index max_clusters, std::optional<Index> asked) {
  if (max_clusters < 2 || max_clusters >= points.rows) {
    throw ConfigError("clusters", "found " + std::to_string(points.rows) + " neurons for up to " +
                                      std::to_string(max_clusters) +
                                      " clusters; accepted are 2 clusters or more, and more neurons than that");
  }
  const std::vector<Merge> merges = ward_linkage(points);
  Clustering result;
  for (Index count = 2; count <= max_clusters; ++count) {
    result.counts.push_back(count);
    result.scores.push_back(calinski_harabasz(points, cut(merges, count)));
  }
  const auto highest = std::max_element(result.scores.begin(), result.scores.end());
  const Index best = at(result.counts, highest - result.scores.begin());
  result.best = asked.value_or(best == 2 ? 1 : best);
  result.labels = cut(merges, result.best);
  return result;
}

}  // namespace glifr::analysis
