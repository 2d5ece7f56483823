#include "glifr/datasets/values.hpp"

#include <string>
#include <utility>

#include "gather.hpp"
#include "glifr/error.hpp"

namespace glifr {
template <Scalar T>
ValueDataset<T>::ValueDataset(Shape input_shape, std::vector<T> inputs, Index target_size, std::vector<T> targets)
    : shape_(input_shape), target_size_(target_size), inputs_(std::move(inputs)), targets_(std::move(targets)) {
  detail::check_values("inputs of a data set", shape_, inputs_.size());
  detail::check_values("targets of a data set", {shape_[0], shape_[1], target_size_}, targets_.size());
}

template <Scalar T>
void ValueDataset<T>::inputs(std::span<const Index> samples, T* x) const {
  check_samples(samples, shape_[1]);
  detail::gather(inputs_, shape_, samples, x);
}

template <Scalar T>
void ValueDataset<T>::targets(std::span<const Index> samples, T* values) const {
  check_samples(samples, shape_[1]);
  detail::gather(targets_, {shape_[0], shape_[1], target_size_}, samples, values);
}

template class ValueDataset<float>;
template class ValueDataset<double>;

}  // namespace glifr
