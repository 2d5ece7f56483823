#include "glifr/core/prepared_weights.hpp"

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "glifr/backend/detail/dispatch.hpp"
#include "glifr/backend/memory.hpp"
#include "glifr/backend/parallel.hpp"

namespace glifr {

template <Scalar T>
struct PreparedWeights<T>::List {
  struct Entry {
    const Parameter<T>* parameter = nullptr;
    Index offset = 0;  // of the values in the parameter's
    kernels::Weights<T> weights;
    std::uint64_t round = 0, asked = 0;  // in which they were laid out, and asked for
    Arena memory;
    std::mutex mutex;  // of what changes
  };

  std::uint64_t round = 1;
  std::mutex mutex;  // of the entries' number
  std::vector<std::unique_ptr<Entry>> entries;
  std::vector<Entry*> large;

  /// Part `part` of the panels, from what the values are now.
  static void lay_out_again(const Entry& entry, Index part, Index parts) {
    kernels::host<T>().prepare_again(entry.weights, part, parts, const_cast<T*>(entry.weights.panels));
  }

  Entry& find(kernels::Transpose transpose, const Parameter<T>& parameter, const View<const T>& values, Index rows) {
    const bool for_few_rows = rows < kernels::host<T>().few_rows;
    const Index offset = values.data - parameter.value.data();
    const std::lock_guard lock(mutex);
    for (const auto& entry : entries) {
      const kernels::Weights<T>& weights = entry->weights;
      const View<const T>& known = weights.values;
      if (entry->parameter == &parameter && entry->offset == offset && weights.transpose == transpose &&
          weights.for_few_rows == for_few_rows && known.rows == values.rows && known.columns == values.columns &&
          known.stride == values.stride)
        return *entry;
    }
    auto entry = std::make_unique<Entry>();
    entry->parameter = &parameter;
    entry->offset = offset;
    entry->weights = {values, transpose, for_few_rows};
    return *entries.emplace_back(std::move(entry));
  }
};

template <Scalar T>
PreparedWeights<T>::PreparedWeights() : list_(std::make_unique<List>()) {}
template <Scalar T>
PreparedWeights<T>::~PreparedWeights() = default;

template <Scalar T>
void PreparedWeights<T>::renew() {
  constexpr Index parts = 16, worth_sharing = 32768;  // numbers: less takes a thread as long as telling others to help
  auto& [round, mutex, entries, large] = *list_;
  ++round;
  large.clear();
  for (const auto& entry : entries) {
    View<const T>& values = entry->weights.values;
    if (!entry->weights.panels || entry->asked + 1 != round) continue;
    // The parameter may have been given another tensor.
    const Tensor<T>& value = entry->parameter->value;
    values.data = value.data() + entry->offset;
    if (entry->offset + (values.rows - 1) * values.stride + values.columns > value.size()) continue;
    // All here, even what takes no time: threads that ask for the same weights at once would wait for each other.
    entry->round = round;
    if (values.rows * values.columns < worth_sharing) {
      List::lay_out_again(*entry, 0, 1);
    } else {
      large.push_back(entry.get());
    }
  }
  parallel_for(parts * std::ssize(large), [&again = large](Index i) {
    List::lay_out_again(*again[static_cast<std::size_t>(i / parts)], i % parts, parts);
  });
}

template <Scalar T>
kernels::Weights<T> PreparedWeights<T>::get(kernels::Transpose transpose, const Parameter<T>& parameter,
                                            const View<const T>& values, Index rows) {
  auto& entry = list_->find(transpose, parameter, values, rows);
  const std::lock_guard lock(entry.mutex);
  entry.asked = list_->round;
  if (entry.round != list_->round) {
    entry.memory.reset();
    entry.weights.values.data = values.data;
    entry.weights.panels = kernels::host<T>().prepare(transpose, values, rows, entry.memory).panels;
    entry.round = list_->round;
  }
  return entry.weights;
}

template <Scalar T>
kernels::Weights<T> prepare(Tape<T>& tape, kernels::Transpose transpose, const View<const T>& values, Index rows) {
  PreparedWeights<T>* shared = tape.shared_weights();
  const Parameter<T>* parameter = shared ? tape.parameter_of(values.data) : nullptr;
  return parameter ? shared->get(transpose, *parameter, values, rows)
                   : kernels::prepare<T>(tape.memory(), transpose, values, rows);
}

#define GLIFR_INSTANTIATE_PREPARED(T) \
  template class PreparedWeights<T>;  \
  template kernels::Weights<T> prepare(Tape<T>& tape, kernels::Transpose, const View<const T>&, Index);
GLIFR_INSTANTIATE_PREPARED(float)
GLIFR_INSTANTIATE_PREPARED(double)
#undef GLIFR_INSTANTIATE_PREPARED

}  // namespace glifr
