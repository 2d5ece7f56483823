#pragma once

#include <optional>
#include <span>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"

namespace glifr::analysis {

/// Two clusters become one: the clusters that hold points `first` and `second`, at Ward distance `height`.
struct Merge {
  Index first = 0;    ///< the cluster that is joined
  Index second = 0;   ///< the one that joins it
  double height = 0;  ///< their distance by Ward's criterion
};

/// Ward's hierarchical clustering of the rows of `points` [points, features], Euclidean, features as they are (not
/// standardised). Returns the points - 1 merges in ascending order of height: the distance between the two centroids
/// times sqrt(2 n_a n_b / (n_a + n_b)), as scipy and scikit-learn have it. Nearest-neighbour chain: time
/// O(points^2 features), memory O(points features). Throws `ConfigError` where a value is not finite or beyond 1e150,
/// or there is no point.
[[nodiscard]] GLIFR_API std::vector<Merge> ward_linkage(View<const double> points);

/// The labels 0 … clusters - 1 of the points after all but the last `clusters - 1` merges; clusters are numbered in the
/// order of their first points. Throws `ConfigError` unless 1 <= clusters <= points.
[[nodiscard]] GLIFR_API std::vector<Index> cut(std::span<const Merge> merges, Index clusters);

/// Calinski-Harabasz index of a labelling: between-cluster over within-cluster variance, each per degree of freedom.
/// Labels are 0 … clusters - 1. Where every cluster is a single point in space it is infinite, or 1 if those points
/// coincide too. Throws `ConfigError` unless 2 <= clusters < points.
[[nodiscard]] GLIFR_API double calinski_harabasz(View<const double> points, std::span<const Index> labels);

/// How well each number of clusters describes the points, and the labels for the best.
struct GLIFR_API Clustering {
  std::vector<Index> counts;   ///< 2 … max_clusters
  std::vector<double> scores;  ///< Calinski-Harabasz index of each
  /// The count with the highest index, and 1 where that is 2 (as in the published analysis); or the count asked for.
  Index best = 1;
  std::vector<Index> labels;  ///< of the points, for `best` clusters

  /// Whether the index is highest for the greatest count that was tried (and not the only one), that is the best, and
  /// there are points enough for a greater one, which may be better: not where most clusters hold a single one.
  [[nodiscard]] bool is_most_tried() const;
  /// Whether the best count is the greatest that was tried, and most of the clusters hold a single point: there are too
  /// few points for the index to say how many clusters there are.
  [[nodiscard]] bool has_mostly_single_points() const;
  /// Whether 1 stands for 2, for which the index is highest; not where it is the same for all counts, as of equal
  /// points.
  [[nodiscard]] bool is_two_as_one() const {
    return best == 1 && (scores.size() == 1 || scores.front() > scores.back());
  }
};

/// Ward clustering with the number of clusters chosen by the Calinski-Harabasz index, or with `asked` clusters, taken
/// as they are. Throws `ConfigError` unless 2 <= max_clusters < points and 1 <= asked <= points, and as `ward_linkage`.
[[nodiscard]] GLIFR_API Clustering choose_clusters(View<const double> points, Index max_clusters = 11,
                                                   std::optional<Index> asked = std::nullopt);

}  // namespace glifr::analysis
