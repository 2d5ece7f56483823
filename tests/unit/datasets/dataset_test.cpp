#include "glifr/datasets/dataset.hpp"

#include <array>
#include <stdexcept>

#include "support/catch.hpp"

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

}  // namespace
