#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "glifr/core/random.hpp"
#include "glifr/datasets/dataset.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// Some samples of another set.
template <Scalar T>
class GLIFR_API SubsetDataset final : public Dataset<T> {
 public:
  /// `samples`: numbers in `whole`. Throws std::invalid_argument where one is no sample of it.
  SubsetDataset(std::shared_ptr<const Dataset<T>> whole, std::vector<Index> samples);

  [[nodiscard]] Index size() const override { return static_cast<Index>(samples_.size()); }
  [[nodiscard]] Index time_steps() const override { return whole_->time_steps(); }
  [[nodiscard]] Index input_size() const override { return whole_->input_size(); }
  [[nodiscard]] bool is_sparse() const override { return whole_->is_sparse(); }
  [[nodiscard]] Index classes() const override { return whole_->classes(); }
  [[nodiscard]] Index target_size() const override { return whole_->target_size(); }
  [[nodiscard]] Index target_steps() const override { return whole_->target_steps(); }
  [[nodiscard]] bool has_lengths() const override { return whole_->has_lengths(); }

  void inputs(std::span<const Index> samples, T* x) const override;
  void active_inputs(std::span<const Index> samples, ActiveInputs* rows) const override;
  void labels(std::span<const Index> samples, std::int32_t* labels) const override;
  void targets(std::span<const Index> samples, T* values) const override;
  void lengths(std::span<const Index> samples, std::int32_t* lengths) const override;

 private:
  std::shared_ptr<const Dataset<T>> whole_;
  std::vector<Index> samples_;
};

extern template class SubsetDataset<float>;
extern template class SubsetDataset<double>;

/// Numbers of samples, in ascending order.
struct SplitSamples {
  std::vector<Index> kept;     ///< the larger part
  std::vector<Index> set_off;  ///< the share that was asked for
};

/// Sets off a share of a data set, drawn at random: round(share * samples) of them, and where there are classes the
/// same share of each, up to one sample. Throws ConfigError (key "validation_fraction") where `share` is not above 0
/// and below 1, or one of the two parts would be empty.
template <Scalar T>
[[nodiscard]] GLIFR_API SplitSamples split_stratified(const Dataset<T>& data, double share, const Random& random);

}  // namespace glifr
