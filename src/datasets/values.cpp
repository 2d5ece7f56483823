#include "glifr/datasets/values.hpp"

#include <string>
#include <utility>

#include "gather.hpp"
#include "glifr/error.hpp"

namespace glifr {
namespace {

void check_values(const std::string& what, const Shape& shape, std::size_t values) {
  const bool is_sound = shape.rank() == 3 && shape[0] > 0 && shape[1] > 0 && shape[2] > 0;
  if (!is_sound) throw ShapeError(what, "[time_steps, samples, features], each 1 or more", to_string(shape));
  if (static_cast<Index>(values) != shape.size()) {
    throw ShapeError(what, std::to_string(shape.size()) + " values for " + to_string(shape), std::to_string(values));
  }
}

}  // namespace

template <Scalar T>
ValueDataset<T>::ValueDataset(Shape input_shape, std::vector<T> inputs, Index target_size, std::vector<T> targets)
    : shape_(input_shape), target_size_(target_size), inputs_(std::move(inputs)), targets_(std::move(targets)) {
  check_values("inputs of a data set", shape_, inputs_.size());
  check_values("targets of a data set", {shape_[0], shape_[1], target_size_}, targets_.size());
}

template <Scalar T>
void ValueDataset<T>::inputs(std::span<const Index> samples, T* x) const {
  detail::gather(inputs_, shape_, samples, x);
}

template <Scalar T>
void ValueDataset<T>::targets(std::span<const Index> samples, T* values) const {
  detail::gather(targets_, {shape_[0], shape_[1], target_size_}, samples, values);
}

template class ValueDataset<float>;
template class ValueDataset<double>;

}  // namespace glifr
