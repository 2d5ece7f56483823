#include "glifr/analysis/statistics.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "glifr/error.hpp"
#include "support/catch.hpp"

using namespace glifr;
using namespace glifr::analysis;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

const std::vector<double> first{27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1,
                                21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4};
const std::vector<double> second{27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0,
                                 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 24.4};

std::vector<double> published_accuracies(const std::string& task, const std::string& model) {
  const auto folder = test::environment("GLIFR_REFERENCE_DIR");
  std::ifstream file(std::filesystem::path(*folder) / "results.csv");
  std::vector<double> values;
  for (std::string line; std::getline(file, line);) {
    std::istringstream cells(line);
    std::string row_task, row_model, trial, accuracy;
    std::getline(cells, row_task, ',');
    std::getline(cells, row_model, ',');
    std::getline(cells, trial, ',');
    std::getline(cells, accuracy, ',');
    if (row_task == task && row_model == model) values.push_back(std::stod(accuracy));
  }
  return values;
}

}  // namespace

TEST_CASE("moments of a few values") {
  const Moments group = moments(std::vector{2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0});
  CHECK(group.count == 8);
  CHECK_THAT(group.mean, WithinRel(5.0, 1e-15));
  CHECK_THAT(group.sd, WithinRel(std::sqrt(32.0 / 7.0), 1e-15));
}

TEST_CASE("what one value or none cannot tell is NaN") {
  CHECK(std::isnan(moments({}).mean));
  const Moments one = moments(std::vector{3.0});
  CHECK(one.mean == 3.0);
  CHECK(std::isnan(one.sd));
  CHECK_FALSE(confidence_interval(one).has_value());
  const Moments beyond = moments(std::vector{1e308, 1e308, 1e308});  // whose sum no double holds
  CHECK(std::isinf(beyond.mean));
  CHECK(std::isnan(beyond.sd));
  CHECK_FALSE(confidence_interval(beyond).has_value());
}

TEST_CASE("a confidence interval of the mean follows Student's t") {
  const Moments group = moments(std::vector{1.0, 2.0, 3.0, 4.0});
  const auto interval = confidence_interval(group);
  REQUIRE(interval.has_value());
  const double half = 3.182446305284263 * std::sqrt(5.0 / 3.0) / 2;  // quantile of t(3) at 0.975
  CHECK_THAT(interval->lower, WithinRel(2.5 - half, 1e-12));
  CHECK_THAT(interval->upper, WithinRel(2.5 + half, 1e-12));
  CHECK_THROWS_AS(confidence_interval(group, 1.0), ConfigError);
}

TEST_CASE("a confidence interval ends where possible values end") {
  const Moments losses = moments(std::vector{0.01, 0.02, 0.5});
  CHECK(confidence_interval(losses)->lower < 0);
  CHECK(confidence_interval(losses, 0.95, possible_losses)->lower == 0);
  CHECK(confidence_interval(losses, 0.95, possible_losses)->upper == confidence_interval(losses)->upper);
  const Moments accuracies = moments(std::vector{0.9, 0.999});
  CHECK(confidence_interval(accuracies, 0.95, possible_accuracies)->upper == 1);
  const Moments impossible = moments(std::vector{-1.0, -2.0});  // of another program: nothing is known of its losses
  CHECK(confidence_interval(impossible, 0.95, possible_losses)->lower == confidence_interval(impossible)->lower);
}

// The values of the two tests were computed with scipy.stats.ttest_ind.
TEST_CASE("t-tests with pooled and with separate variances") {
  const Moments a = moments(first);
  const Moments b = moments(second);
  const auto pooled = pooled_t_test(a, b);
  REQUIRE(pooled.has_value());
  CHECK_THAT(pooled->t, WithinRel(-2.8529548701715215, 1e-12));
  CHECK(pooled->degrees_of_freedom == 28);
  CHECK_THAT(pooled->p, WithinRel(0.008054761905079602, 1e-10));
  const auto welch = welch_t_test(a, moments(std::vector(second.begin(), second.begin() + 6)));
  REQUIRE(welch.has_value());
  CHECK_THAT(welch->t, WithinRel(-2.258373452641151, 1e-12));
  CHECK_THAT(welch->degrees_of_freedom, WithinRel(12.31661539073679, 1e-12));
  CHECK_THAT(welch->p, WithinRel(0.042808163011702274, 1e-10));
}

// The values were computed with scipy.stats.ttest_rel; ttest_ind gives p = 0.87.
TEST_CASE("the paired t-test is one of the differences") {
  using Pairs = std::vector<std::pair<double, double>>;
  const Pairs pairs{{0.52, 0.50}, {0.91, 0.86}, {0.33, 0.34}, {0.74, 0.70}, {1.2, 1.13}};
  const auto test = paired_t_test(pairs);
  REQUIRE(test.has_value());
  CHECK_THAT(test->t, WithinRel(2.493000955363006, 1e-12));
  CHECK(test->degrees_of_freedom == 4);
  CHECK_THAT(test->p, WithinRel(0.06726807315614972, 1e-10));
  CHECK_FALSE(paired_t_test({}).has_value());
  CHECK_FALSE(paired_t_test(Pairs{{1, 2}}).has_value());
  CHECK_FALSE(paired_t_test(Pairs{{1, 2}, {3, 4}}).has_value());
  CHECK_FALSE(paired_t_test(Pairs{{0.9, 0.8}, {0.8, 0.7}, {0.3, 0.2}}).has_value());  // 0.1, but for rounding
}

TEST_CASE("two one-sided tests find means equivalent within a margin") {
  const Moments a{10, 0, 1}, b{10, 0.2, 1};
  const auto test = equivalence_test(a, b, 1);
  REQUIRE(test);
  CHECK_THAT(test->degrees_of_freedom, WithinRel(18.0, 1e-12));
  CHECK_THAT(test->p_lower, WithinRel(0.045240503678, 1e-8));  // t = 0.8 / sqrt(0.2)
  CHECK_THAT(test->p_upper, WithinRel(0.007590395661, 1e-8));  // t = 1.2 / sqrt(0.2)
  CHECK(test->p() == test->p_lower);
  CHECK(equivalence_test(b, a, 1)->p_upper == test->p_lower);
  CHECK(equivalence_test(a, b, 0.1)->p() > 0.5);  // they differ by more
  CHECK_FALSE(equivalence_test({1, 0, std::nan("")}, b, 1));
  CHECK_FALSE(equivalence_test({5, 0, 0}, {5, 0, 0}, 1));
  CHECK_THROWS_AS(equivalence_test(a, b, 0), ConfigError);
}

TEST_CASE("the effect size is the difference in pooled standard deviations") {
  const Moments a{10, 5.0, 2.0};
  const Moments b{10, 4.0, 2.0};
  CHECK_THAT(cohens_d(a, b).value(), WithinRel(0.5, 1e-15));
  CHECK_THAT(cohens_d(b, a).value(), WithinRel(-0.5, 1e-15));
}

TEST_CASE("groups without spread or with a single value are not compared") {
  const Moments constant{5, 1.0, 0.0};
  const Moments single = moments(std::vector{2.0});
  const Moments group{5, 2.0, 0.5};
  CHECK_FALSE(pooled_t_test(constant, constant).has_value());
  CHECK_FALSE(welch_t_test(constant, constant).has_value());
  CHECK_FALSE(cohens_d(constant, constant).has_value());
  CHECK_FALSE(pooled_t_test(single, group).has_value());
  CHECK(welch_t_test(constant, group).has_value());
}

TEST_CASE("the published comparisons on line-by-line MNIST") {
  if (!test::environment("GLIFR_REFERENCE_DIR")) GLIFR_SKIP("GLIFR_REFERENCE_DIR is not set");
  const auto of = [](const char* model) { return moments(published_accuracies("lmnist", model)); };
  const auto networks = pooled_t_test(of("rnn"), of("lstmn"));
  REQUIRE(networks.has_value());
  CHECK(networks->degrees_of_freedom == 18);
  CHECK_THAT(networks->t, WithinAbs(-6.696, 5e-4));
  const auto learning = pooled_t_test(of("glifr_rheta"), of("glifr_hom"));
  REQUIRE(learning.has_value());
  CHECK(learning->degrees_of_freedom == 18);
  CHECK_THAT(learning->t, WithinAbs(15.106, 5e-4));
}
