#pragma once

#include <cstdint>
#include <vector>

#include "glifr/datasets/dataset.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// Sequences of values with a class label a sample, owned in memory: what tasks of classification are made of.
template <Scalar T>
class GLIFR_API LabelDataset final : public Dataset<T> {
 public:
  /// `inputs` as `[time_steps, samples, input_size]`, a label 0 … classes - 1 for each sample. ShapeError where a size
  /// is below 1, the number of values or labels is another, or a label is no class.
  LabelDataset(Shape input_shape, std::vector<T> inputs, Index classes, std::vector<std::int32_t> labels);

  [[nodiscard]] Index size() const override { return shape_[1]; }
  [[nodiscard]] Index time_steps() const override { return shape_[0]; }
  [[nodiscard]] Index input_size() const override { return shape_[2]; }
  [[nodiscard]] Index classes() const override { return classes_; }

  void inputs(std::span<const Index> samples, T* x) const override;
  void labels(std::span<const Index> samples, std::int32_t* labels) const override;

 private:
  Shape shape_;
  Index classes_;
  std::vector<T> inputs_;
  std::vector<std::int32_t> labels_;
};

extern template class LabelDataset<float>;
extern template class LabelDataset<double>;

}  // namespace glifr
