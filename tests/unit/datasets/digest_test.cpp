#include "glifr/datasets/digest.hpp"

#include <vector>

#include "glifr/datasets/values.hpp"
#include "support/catch.hpp"

namespace {

using glifr::DataDigest;
using glifr::Index;
using glifr::Shape;

/// Three samples of two steps and one input.
DataDigest digest_of_values(std::vector<double> inputs, std::vector<double> targets) {
  return glifr::digest<double>(glifr::ValueDataset<double>(Shape{2, 3, 1}, std::move(inputs), 1, std::move(targets)));
}

/// Samples of one step with a label each, whose inputs are lists.
class SparseDataset final : public glifr::Dataset<float> {
 public:
  explicit SparseDataset(std::vector<std::vector<std::uint16_t>> rows) : rows_(std::move(rows)) {}

  Index size() const override { return static_cast<Index>(rows_.size()); }
  Index time_steps() const override { return 1; }
  Index input_size() const override { return 4; }
  bool is_sparse() const override { return true; }
  Index classes() const override { return 2; }
  void inputs(std::span<const Index>, float*) const override { FAIL("a sparse set was asked for dense inputs"); }
  void active_inputs(std::span<const Index> samples, glifr::ActiveInputs* rows) const override {
    for (const Index sample : samples) {
      const auto& row = rows_[static_cast<std::size_t>(sample)];
      *rows++ = {row.data(), static_cast<Index>(row.size())};
    }
  }
  void labels(std::span<const Index> samples, std::int32_t* labels) const override {
    for (const Index sample : samples) *labels++ = static_cast<std::int32_t>(sample % 2);
  }

 private:
  std::vector<std::vector<std::uint16_t>> rows_;
};

TEST_CASE("a digest changes with any input, any target and the number of samples, and tells which") {
  const std::vector<double> inputs{1, 2, 3, 4, 5, 6}, targets{0, 0, 0, 1, 1, 1};
  const DataDigest reference = digest_of_values(inputs, targets);
  CHECK(reference.samples == 3);
  CHECK(reference == digest_of_values(inputs, targets));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    std::vector<double> others = inputs;
    others[i] += 1e-12;
    const DataDigest other = digest_of_values(others, targets);
    CHECK(other.inputs != reference.inputs);
    CHECK(other.targets == reference.targets);
    others = targets;
    others[i] += 1e-12;
    CHECK(digest_of_values(inputs, others).targets != reference.targets);
    CHECK(digest_of_values(inputs, others).inputs == reference.inputs);
  }
  // The same numbers as two samples of three steps are other data.
  CHECK_FALSE(glifr::digest<double>(glifr::ValueDataset<double>(Shape{3, 2, 1}, inputs, 1, targets)) == reference);
}

TEST_CASE("a digest of lists of active inputs tells to which sample an input belongs") {
  const DataDigest reference = glifr::digest<float>(SparseDataset({{0, 1}, {2}}));
  CHECK(reference == glifr::digest<float>(SparseDataset({{0, 1}, {2}})));
  CHECK(reference.inputs != glifr::digest<float>(SparseDataset({{0}, {1, 2}})).inputs);
  CHECK(reference.inputs != glifr::digest<float>(SparseDataset({{0, 1}, {3}})).inputs);
}

}  // namespace
