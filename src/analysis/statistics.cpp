#include "glifr/analysis/statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/statistics/univariate_statistics.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "glifr/error.hpp"
#include "glifr/io/number.hpp"

namespace glifr::analysis {
namespace {

using StudentsT = boost::math::students_t_distribution<double>;

bool are_comparable(const Moments& a, const Moments& b) {
  return a.count >= 2 && b.count >= 2 && std::isfinite(a.sd) && std::isfinite(b.sd) && (a.sd > 0 || b.sd > 0);
}

/// The variance of a group's mean.
double squared_error(const Moments& group) {
  return group.sd * group.sd / static_cast<double>(group.count);
}

double pooled_variance(const Moments& a, const Moments& b) {
  const auto a_freedom = static_cast<double>(a.count - 1);
  const auto b_freedom = static_cast<double>(b.count - 1);
  return (a_freedom * a.sd * a.sd + b_freedom * b.sd * b.sd) / (a_freedom + b_freedom);
}

/// The standard error of the difference of two means.
double difference_error(const Moments& a, const Moments& b) {
  return std::sqrt(squared_error(a) + squared_error(b));
}

/// Welch and Satterthwaite's degrees of freedom.
double welch_freedom(const Moments& a, const Moments& b) {
  const double a_part = squared_error(a);
  const double b_part = squared_error(b);
  const double sum = a_part + b_part;
  return sum * sum /
         (a_part * a_part / static_cast<double>(a.count - 1) + b_part * b_part / static_cast<double>(b.count - 1));
}

TTest two_sided(double t, double degrees_of_freedom) {
  const StudentsT distribution(degrees_of_freedom);
  return {t, degrees_of_freedom, 2 * boost::math::cdf(boost::math::complement(distribution, std::abs(t)))};
}

}  // namespace

Moments moments(std::span<const double> values) {
  constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
  const auto count = static_cast<Index>(values.size());
  if (count == 0) return {0, undefined, undefined};
  namespace statistics = boost::math::statistics;
  const double mean = statistics::mean(values.begin(), values.end());
  if (count == 1 || !std::isfinite(mean)) return {count, mean, undefined};
  return {count, mean, std::sqrt(statistics::sample_variance(values.begin(), values.end()))};
}

std::optional<Interval> confidence_interval(const Moments& group, double confidence, const Interval& possible) {
  if (!(confidence > 0 && confidence < 1)) {
    throw ConfigError("confidence", "found " + format_number(confidence) + ", accepted are values between 0 and 1");
  }
  if (group.count < 2 || std::isnan(group.sd)) return std::nullopt;
  const StudentsT distribution(static_cast<double>(group.count - 1));
  const double quantile = boost::math::quantile(boost::math::complement(distribution, (1 - confidence) / 2));
  const double half = quantile * std::sqrt(squared_error(group));
  const bool is_possible = group.mean >= possible.lower && group.mean <= possible.upper;
  if (!is_possible) return Interval{group.mean - half, group.mean + half};
  return Interval{std::max(group.mean - half, possible.lower), std::min(group.mean + half, possible.upper)};
}

std::optional<TTest> pooled_t_test(const Moments& a, const Moments& b) {
  if (!are_comparable(a, b)) return std::nullopt;
  const double weight = 1 / static_cast<double>(a.count) + 1 / static_cast<double>(b.count);
  const double t = (a.mean - b.mean) / std::sqrt(pooled_variance(a, b) * weight);
  return two_sided(t, static_cast<double>(a.count + b.count - 2));
}

std::optional<TTest> welch_t_test(const Moments& a, const Moments& b) {
  if (!are_comparable(a, b)) return std::nullopt;
  return two_sided((a.mean - b.mean) / difference_error(a, b), welch_freedom(a, b));
}

std::optional<TTest> paired_t_test(std::span<const std::pair<double, double>> pairs) {
  std::vector<double> differences;
  double largest = 0;
  for (const auto& [a, b] : pairs) {
    differences.push_back(a - b);
    largest = std::max({largest, std::abs(a), std::abs(b)});
  }
  const Moments difference = moments(differences);
  const double rounding = 8 * std::numeric_limits<double>::epsilon() * largest;
  if (difference.count < 2 || !std::isfinite(difference.sd) || difference.sd <= rounding) return std::nullopt;
  return two_sided(difference.mean / std::sqrt(squared_error(difference)), static_cast<double>(difference.count - 1));
}

std::optional<EquivalenceTest> equivalence_test(const Moments& a, const Moments& b, double margin) {
  if (!(margin > 0)) throw ConfigError("margin", "found " + format_number(margin) + ", accepted are positive numbers");
  if (!are_comparable(a, b)) return std::nullopt;
  const StudentsT distribution(welch_freedom(a, b));
  const double difference = a.mean - b.mean, error = difference_error(a, b);
  return EquivalenceTest{
      .margin = margin,
      .degrees_of_freedom = distribution.degrees_of_freedom(),
      .p_lower = boost::math::cdf(boost::math::complement(distribution, (difference + margin) / error)),
      .p_upper = boost::math::cdf(distribution, (difference - margin) / error)};
}

std::optional<double> cohens_d(const Moments& a, const Moments& b) {
  if (!are_comparable(a, b)) return std::nullopt;
  return (a.mean - b.mean) / std::sqrt(pooled_variance(a, b));
}

}  // namespace glifr::analysis
