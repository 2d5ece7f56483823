#include "glifr/datasets/dataset.hpp"

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

template class Dataset<float>;
template class Dataset<double>;

}  // namespace glifr
