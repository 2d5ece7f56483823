#pragma once

#include <vector>

#include "glifr/datasets/dataset.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// Sequences of values with a target value for every time step, owned in memory: what tasks of regression are made of.
template <Scalar T>
class GLIFR_API ValueDataset final : public Dataset<T> {
 public:
  /// `inputs` as `[time_steps, samples, input_size]`, `targets` as `[time_steps, samples, target_size]`. Throws
  /// ShapeError where a size is below 1 or the number of values is another.
  ValueDataset(Shape input_shape, std::vector<T> inputs, Index target_size, std::vector<T> targets);

  [[nodiscard]] Index size() const override { return shape_[1]; }
  [[nodiscard]] Index time_steps() const override { return shape_[0]; }
  [[nodiscard]] Index input_size() const override { return shape_[2]; }
  [[nodiscard]] Index classes() const override { return 0; }
  [[nodiscard]] Index target_size() const override { return target_size_; }

  void inputs(std::span<const Index> samples, T* x) const override;
  void targets(std::span<const Index> samples, T* values) const override;

 private:
  Shape shape_;
  Index target_size_;
  std::vector<T> inputs_;
  std::vector<T> targets_;
};

extern template class ValueDataset<float>;
extern template class ValueDataset<double>;

}  // namespace glifr
