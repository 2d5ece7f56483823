#include "glifr/core/prepared_weights.hpp"

#include <utility>

#include "glifr/backend/detail/dispatch.hpp"
#include "glifr/backend/parallel.hpp"

namespace glifr {

template <Scalar T>
void PreparedWeights<T>::renew() {
  constexpr Index parts = 16, worth_sharing = 32768;  // numbers: less takes a thread as long as telling others to help
  ++round_;
  large_.clear();
  for (const auto& entry : entries_) {
    View<const T>& values = entry->weights.values;
    if (!entry->weights.panels || entry->asked + 1 != round_ || values.rows * values.columns < worth_sharing) continue;
    // The parameter may have been given another tensor.
    const Tensor<T>& value = entry->parameter->value;
    values.data = value.data() + entry->offset;
    if (entry->offset + (values.rows - 1) * values.stride + values.columns <= value.size())
      large_.push_back(entry.get());
  }
  parallel_for(parts * std::ssize(large_), [&](Index i) {
    const kernels::Weights<T>& weights = large_[static_cast<std::size_t>(i / parts)]->weights;
    kernels::host<T>().prepare_again(weights, i % parts, parts, const_cast<T*>(weights.panels));
  });
  for (Entry* entry : large_) entry->round = round_;
}

template <Scalar T>
typename PreparedWeights<T>::Entry& PreparedWeights<T>::find(kernels::Transpose transpose,
                                                             const Parameter<T>& parameter,
                                                             const View<const T>& values) {
  const Index offset = values.data - parameter.value.data();
  const std::lock_guard lock(mutex_);
  for (const auto& entry : entries_) {
    const View<const T>& known = entry->weights.values;
    if (entry->parameter == &parameter && entry->offset == offset && entry->weights.transpose == transpose &&
        known.rows == values.rows && known.columns == values.columns && known.stride == values.stride)
      return *entry;
  }
  auto entry = std::make_unique<Entry>();
  entry->parameter = &parameter;
  entry->offset = offset;
  entry->weights = {values, transpose};
  return *entries_.emplace_back(std::move(entry));
}

template <Scalar T>
kernels::Weights<T> PreparedWeights<T>::get(kernels::Transpose transpose, const Parameter<T>& parameter,
                                            const View<const T>& values) {
  Entry& entry = find(transpose, parameter, values);
  const std::lock_guard lock(entry.mutex);
  entry.asked = round_;
  if (entry.round != round_) {
    entry.memory.reset();
    entry.weights.values.data = values.data;
    entry.weights.panels = kernels::host<T>().prepare(transpose, values, entry.memory).panels;
    entry.round = round_;
  }
  return entry.weights;
}

template <Scalar T>
kernels::Weights<T> prepare(Tape<T>& tape, kernels::Transpose transpose, const View<const T>& values) {
  PreparedWeights<T>* shared = tape.shared_weights();
  const Parameter<T>* parameter = shared ? tape.parameter_of(values.data) : nullptr;
  return parameter ? shared->get(transpose, *parameter, values) : kernels::prepare<T>(tape.memory(), transpose, values);
}

#define GLIFR_INSTANTIATE_PREPARED(T) \
  template class PreparedWeights<T>;  \
  template kernels::Weights<T> prepare(Tape<T>& tape, kernels::Transpose, const View<const T>&);
GLIFR_INSTANTIATE_PREPARED(float)
GLIFR_INSTANTIATE_PREPARED(double)
#undef GLIFR_INSTANTIATE_PREPARED

}  // namespace glifr
