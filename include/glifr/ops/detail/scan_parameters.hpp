#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "glifr/backend/detail/dispatch.hpp"
#include "glifr/backend/detail/sums.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/neurons/constants.hpp"
#include "glifr/neurons/transform.hpp"
#include "glifr/ops/layer.hpp"

namespace glifr::detail {

/// The parameters of a layer's neurons as a scan uses them, in physical units, and the sums of their gradients.
template <class N, Scalar T>
class ScanParameters {
  static constexpr auto scalars = static_cast<Index>(parameter_count<N>);

 public:
  /// `padded`: neurons with the padding of a row.
  ScanParameters(const Layer<N, T>& layer, Index padded)
      : tape_(layer.w_lateral.tape()),
        raw_(layer.raw),
        neurons_(layer.neurons),
        padded_(padded),
        dt_(static_cast<T>(time_step(layer.constants))) {
    auto constants = layer.constants;
    for_each_scalar(constants,
                    [&](double& value, const ScalarPlace& place) { constants_[place.number] = static_cast<T>(value); });
  }

  /// Computes the physical values.
  void load() {
    values_ = {memory().template allocate<T>(size()), scalars, padded_};
    kernels::to_physical<T>(memory(), raw(), neurons_, dt_, values_);
  }
  /// Room for the gradients of a batch.
  void allocate_sums(Index batch) {
    sum_ = memory().template allocate_zeroed<T>(size());
    // On a device samples run side by side, so each needs its own sums.
    if (memory().device()) sample_sums_ = {memory().template allocate_zeroed<T>(batch * size()), batch, size()};
  }

  /// Numbers of the values, [parameter scalars, padded neurons], and of a sample's sums.
  [[nodiscard]] Index size() const { return scalars * padded_; }
  [[nodiscard]] const T* values() const { return values_.data; }
  [[nodiscard]] const std::array<T, constant_count<N>>& constants() const { return constants_; }
  /// Where a reverse scan adds the gradients, as `values`, on a device for every sample; null where none is trained.
  [[nodiscard]] T* sums() const { return !is_trained() ? nullptr : sample_sums_.data ? sample_sums_.data : sum_; }

  /// Hands the sums on to the raw parameters.
  void add_gradients() const {
    if (!is_trained()) return;
    if (sample_sums_.data)
      kernels::add_sums(memory(), sample_sums_.rows, size(), kernels::Element<T>{sample_sums_},
                        View<T>(sum_, 1, size()));
    kernels::to_physical_backward<T>(memory(), raw(), neurons_, dt_, values_, View<T>(sum_, scalars, padded_));
  }

 private:
  [[nodiscard]] Arena& memory() const { return tape_.memory(); }
  [[nodiscard]] bool is_trained() const {
    return std::any_of(raw_.begin(), raw_.end(), [](const Var<T>& v) { return v.has_grad(); });
  }
  /// The scalars of the parameters, in the order of their rows in the values.
  [[nodiscard]] auto raw() const {
    std::array<kernels::RawParameter<T>, parameter_count<N>> list;
    constexpr auto fields = list_fields<typename N::template Parameters<double>>();
    std::size_t scalar = 0;
    for (std::size_t field = 0; field < fields.size(); ++field) {
      const Var<T>& raw = raw_[field];
      for (Index j = 0; j < fields[field].extent; ++j) {
        T* grad = raw.has_grad() ? raw.grad().data + j * neurons_ : nullptr;
        list[scalar++] = {fields[field].field.transform, raw.value().data + j * neurons_, grad};
      }
    }
    return list;
  }

  Tape<T>& tape_;
  std::array<Var<T>, Layer<N, T>::fields> raw_;
  Index neurons_, padded_;
  T dt_;
  std::array<T, constant_count<N>> constants_{};
  View<T> values_{}, sample_sums_{};
  T* sum_ = nullptr;
};

}  // namespace glifr::detail
