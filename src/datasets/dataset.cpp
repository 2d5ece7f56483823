#include "glifr/datasets/dataset.hpp"

#include <numeric>
#include <stdexcept>
#include <string>

#include "glifr/error.hpp"
#include "glifr/neurons/indexing.hpp"

namespace glifr {

template <Scalar T>
void Dataset<T>::active_inputs(std::span<const Index>, ActiveInputs*) const {
  throw std::logic_error("active_inputs: this data set is dense; ask is_sparse() first");
}

template <Scalar T>
void Dataset<T>::labels(std::span<const Index>, std::int32_t*) const {
  throw std::logic_error("labels: the targets of this data set are values; ask classes() first");
}

template <Scalar T>
void Dataset<T>::targets(std::span<const Index>, T*) const {
  throw std::logic_error("targets: the targets of this data set are labels; ask target_size() first");
}

template <Scalar T>
void Dataset<T>::lengths(std::span<const Index>, std::int32_t*) const {
  throw std::logic_error("lengths: all samples of this data set are of one length; ask has_lengths() first");
}

void check_samples(std::span<const Index> samples, Index size) {
  for (const Index sample : samples) {
    if (sample < 0 || sample >= size)
      throw std::invalid_argument("found sample " + std::to_string(sample) + " of a set of " + std::to_string(size));
  }
}

void check_labels(std::span<const std::int32_t> labels, Index classes) {
  for (const std::int32_t label : labels) {
    if (label < 0 || label >= classes)
      throw ShapeError("labels", "0 to " + std::to_string(classes - 1), std::to_string(label));
  }
}

template <Scalar T>
std::vector<std::int32_t> labels_of(const Dataset<T>& data, std::span<const Index> samples) {
  std::vector<std::int32_t> labels(samples.size());
  data.labels(samples, labels.data());
  check_labels(labels, data.classes());
  return labels;
}

template <Scalar T>
std::vector<std::int32_t> labels_of(const Dataset<T>& data) {
  std::vector<Index> all(static_cast<std::size_t>(data.size()));
  std::iota(all.begin(), all.end(), Index{0});
  return labels_of<T>(data, all);
}

template <Scalar T>
std::vector<Index> class_counts(const Dataset<T>& data) {
  std::vector<Index> counts(static_cast<std::size_t>(data.classes()));
  for (const std::int32_t label : labels_of(data)) ++at(counts, label);
  return counts;
}

#define GLIFR_INSTANTIATE(T)                                                                       \
  template class Dataset<T>;                                                                       \
  template std::vector<std::int32_t> labels_of(const Dataset<T>&, std::span<const Index> samples); \
  template std::vector<std::int32_t> labels_of(const Dataset<T>&);                                 \
  template std::vector<Index> class_counts(const Dataset<T>&)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr
