#include "glifr/datasets/labels.hpp"

#include <string>
#include <utility>

#include "gather.hpp"
#include "glifr/error.hpp"
#include "glifr/neurons/indexing.hpp"

namespace glifr {

template <Scalar T>
LabelDataset<T>::LabelDataset(Shape input_shape, std::vector<T> inputs, Index classes, std::vector<std::int32_t> labels)
    : shape_(input_shape), classes_(classes), inputs_(std::move(inputs)), labels_(std::move(labels)) {
  detail::check_values("inputs of a data set", shape_, inputs_.size());
  if (std::ssize(labels_) != shape_[1])
    throw ShapeError("labels of a data set", std::to_string(shape_[1]) + " labels", std::to_string(labels_.size()));
  detail::check_labels("labels of a data set", labels_, classes);
}

template <Scalar T>
void LabelDataset<T>::inputs(std::span<const Index> samples, T* x) const {
  check_samples(samples, shape_[1]);
  detail::gather(inputs_, shape_, samples, x);
}

template <Scalar T>
void LabelDataset<T>::labels(std::span<const Index> samples, std::int32_t* labels) const {
  check_samples(samples, shape_[1]);
  for (const Index sample : samples) *labels++ = at(labels_, sample);
}

template class LabelDataset<float>;
template class LabelDataset<double>;

}  // namespace glifr
