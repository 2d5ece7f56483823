#include "glifr/datasets/dataset.hpp"

#include <numeric>
#include <stdexcept>
#include <string>

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

template <Scalar T>
std::vector<Index> class_counts(const Dataset<T>& data) {
  std::vector<Index> all(static_cast<std::size_t>(data.size()));
  std::iota(all.begin(), all.end(), Index{0});
  std::vector<std::int32_t> labels(all.size());
  data.labels(all, labels.data());
  std::vector<Index> counts(static_cast<std::size_t>(data.classes()));
  for (const std::int32_t label : labels) ++counts.at(static_cast<std::size_t>(label));
  return counts;
}

#define GLIFR_INSTANTIATE(T) \
  template class Dataset<T>; \
  template std::vector<Index> class_counts(const Dataset<T>&)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr
