#include "glifr/datasets/synthetic.hpp"

#include <numeric>
#include <set>
#include <stdexcept>

#include "support/catch.hpp"

namespace {

using glifr::ActiveInputs;
using glifr::Index;
using glifr::SyntheticDataset;
using glifr::SyntheticSettings;

std::vector<Index> all_samples(Index size) {
  std::vector<Index> samples(static_cast<std::size_t>(size));
  std::iota(samples.begin(), samples.end(), Index{0});
  return samples;
}

TEST_CASE("synthetic values have the asked shape and depend on the seed alone") {
  const SyntheticSettings settings{.samples = 50, .time_steps = 4, .input_size = 3, .target_size = 2, .seed = 7};
  const SyntheticDataset<double> set(settings);
  CHECK((set.size() == 50 && set.time_steps() == 4 && set.input_size() == 3));
  CHECK((set.target_size() == 2 && set.classes() == 0 && !set.is_sparse()));

  const auto values_of = [](const SyntheticDataset<double>& data) {
    std::vector<double> values(50 * 4 * 5);
    data.inputs(all_samples(50), values.data());
    data.targets(all_samples(50), values.data() + 50 * 4 * 3);
    return values;
  };
  const std::vector<double> values = values_of(set);
  CHECK(values == values_of(SyntheticDataset<double>(settings)));
  SyntheticSettings other = settings;
  other.seed = 8;
  CHECK(values != values_of(SyntheticDataset<double>(other)));
  CHECK(std::set<double>(values.begin(), values.end()).size() == values.size());
  CHECK((*std::min_element(values.begin(), values.end()) >= -1 && *std::max_element(values.begin(), values.end()) < 1));
  CHECK(std::abs(std::accumulate(values.begin(), values.end(), 0.0)) < 60);  // 3 standard deviations are 55
}

TEST_CASE("synthetic frames have the asked density, sparse and dense alike") {
  const SyntheticDataset<float> set(
      {.samples = 20, .time_steps = 5, .input_size = 1000, .classes = 10, .density = 0.03});
  REQUIRE((set.is_sparse() && set.classes() == 10 && set.target_size() == 0));

  const std::vector<Index> samples{19, 0, 3};
  std::vector<ActiveInputs> rows(15);
  std::vector<float> dense(15 * 1000), expected(15 * 1000);
  set.active_inputs(samples, rows.data());
  set.inputs(samples, dense.data());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (Index i = 0; i < rows[row].count; ++i) expected[row * 1000 + rows[row].indices[i]] = 1;
    CHECK(std::is_sorted(rows[row].indices, rows[row].indices + rows[row].count));
  }
  CHECK(dense == expected);

  std::vector<ActiveInputs> everything(100);
  set.active_inputs(all_samples(20), everything.data());
  Index ones = 0;
  for (const ActiveInputs& row : everything) ones += row.count;
  CHECK((ones > 2800 && ones < 3200));  // 3000, standard deviation 54

  std::vector<std::int32_t> labels(20);
  set.labels(all_samples(20), labels.data());
  CHECK((*std::min_element(labels.begin(), labels.end()) >= 0 && *std::max_element(labels.begin(), labels.end()) < 10));
  CHECK(std::set<std::int32_t>(labels.begin(), labels.end()).size() > 4);
}

TEST_CASE("densities 0 and 1 are empty and full frames") {
  for (const double density : {0.0, 1.0}) {
    const SyntheticDataset<double> set({.input_size = 7, .target_size = 1, .density = density});
    ActiveInputs row;
    set.active_inputs(all_samples(1), &row);
    CHECK(row.count == static_cast<Index>(7 * density));
  }
}

TEST_CASE("synthetic data without a sound shape is refused") {
  const auto make = [](const SyntheticSettings& settings) { return SyntheticDataset<float>(settings); };
  CHECK_NOTHROW(make({.classes = 1}));
  CHECK_THROWS_AS(make({}), std::invalid_argument);
  CHECK_THROWS_AS(make({.classes = 1, .target_size = 1}), std::invalid_argument);
  CHECK_THROWS_AS(make({.samples = 0, .classes = 1}), std::invalid_argument);
  CHECK_THROWS_AS(make({.input_size = 65537, .classes = 1, .density = 0.5}), std::invalid_argument);
  CHECK_THROWS_AS(make({.classes = 1, .density = 1.5}), std::invalid_argument);

  std::int32_t label = 0;
  CHECK_THROWS_AS(make({.target_size = 1}).labels(all_samples(1), &label), std::logic_error);
  float value = 0;
  CHECK_THROWS_AS(make({.classes = 1}).targets(all_samples(1), &value), std::logic_error);
  ActiveInputs row;
  CHECK_THROWS_AS(make({.classes = 1}).active_inputs(all_samples(1), &row), std::logic_error);
}

}  // namespace
