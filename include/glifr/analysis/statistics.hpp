#pragma once

#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"

namespace glifr::analysis {

/// What is known of a group of values: their number, mean and standard deviation (n - 1 in the denominator; NaN for
/// fewer than two values, as is the mean of none, and where the mean is not finite).
struct Moments {
  Index count = 0;  ///< values
  double mean = 0;  ///< NaN without values
  double sd = 0;    ///< with n - 1; NaN below two values, or where the mean is not finite
};

/// Number, mean and standard deviation of values.
[[nodiscard]] GLIFR_API Moments moments(std::span<const double> values);

/// A range of values.
struct Interval {
  double lower = 0;  ///< its lower end
  double upper = 0;  ///< its upper end
};

/// What test accuracies (fractions) and losses (mean squared error, cross entropy) can be.
inline constexpr Interval possible_accuracies{0, 1};
inline constexpr Interval possible_losses{0, std::numeric_limits<double>::infinity()};

/// The interval that holds the mean with the given confidence (between 0 and 1), by Student's t; nothing where there
/// is no standard deviation. It ends where the values that are possible end: a mean cannot lie beyond them, so that
/// what is cut off never holds it and the confidence stays what it is. (A group whose own mean lies beyond is not cut.)
[[nodiscard]] GLIFR_API std::optional<Interval> confidence_interval(const Moments& group, double confidence = 0.95,
                                                                    const Interval& possible = {
                                                                        -std::numeric_limits<double>::infinity(),
                                                                        std::numeric_limits<double>::infinity()});

/// A two-sided t-test of `mean(a) - mean(b)`.
struct TTest {
  double t = 0;                   ///< the statistic
  double degrees_of_freedom = 0;  ///< a fraction in Welch's test
  double p = 0;                   ///< two-sided
};

/// Student's test with pooled variance, n_a + n_b - 2 degrees of freedom: the one that the published comparisons use.
/// Nothing where it is not defined: fewer than two values in a group, or no variance in either.
[[nodiscard]] GLIFR_API std::optional<TTest> pooled_t_test(const Moments& a, const Moments& b);

/// Welch's test, which does not take the variances as equal (Welch-Satterthwaite degrees of freedom). Nothing where not
/// defined, as above.
[[nodiscard]] GLIFR_API std::optional<TTest> welch_t_test(const Moments& a, const Moments& b);

/// The paired test, of values that belong together two by two: pairs - 1 degrees of freedom. Nothing where not defined:
/// fewer than two pairs, or differences that are the same up to rounding.
[[nodiscard]] GLIFR_API std::optional<TTest> paired_t_test(std::span<const std::pair<double, double>> pairs);

/// Two one-sided tests of whether `mean(a) - mean(b)` lies within a margin (Schuirmann 1987), without taking the
/// variances as equal.
struct EquivalenceTest {
  double margin = 0;              ///< the difference that would matter
  double degrees_of_freedom = 0;  ///< as in Welch's test
  double p_lower = 1;             ///< of a difference of -margin or less
  double p_upper = 1;             ///< of a difference of +margin or more

  /// The larger of the two: where it is small, the means are equivalent.
  [[nodiscard]] double p() const { return p_lower > p_upper ? p_lower : p_upper; }
};

/// Tests for equivalence within `margin`, which must be positive (ConfigError). Nothing where not defined, as above.
[[nodiscard]] GLIFR_API std::optional<EquivalenceTest> equivalence_test(const Moments& a, const Moments& b,
                                                                        double margin);

/// Effect size: `(mean(a) - mean(b)) / pooled sd` (Cohen's d). Nothing where not defined, as above.
[[nodiscard]] GLIFR_API std::optional<double> cohens_d(const Moments& a, const Moments& b);

}  // namespace glifr::analysis
