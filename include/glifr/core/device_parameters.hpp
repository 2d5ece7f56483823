#pragma once

#include <algorithm>
#include <vector>

#include "glifr/backend/memory.hpp"
#include "glifr/core/parameter_layout.hpp"

namespace glifr {

/// A list of parameters as a device has them: values and gradients in one buffer each, as `ParameterLayout` places
/// them.
template <Scalar T>
class DeviceParameters {
 public:
  DeviceParameters(const ParameterList<T>& parameters, Device& device)
      : layout_(parameters), memory_(&device), host_(static_cast<std::size_t>(layout_.size())) {
    values_ = memory_.template allocate_zeroed<T>(layout_.size());
    gradients_ = memory_.template allocate_zeroed<T>(layout_.trained_size());
  }

  /// std::logic_error where the parameter is not in the list.
  [[nodiscard]] T* value_of(const Parameter<T>& parameter) const { return values_ + layout_.offset_of(parameter); }
  /// Null where it is frozen.
  [[nodiscard]] T* gradient_of(const Parameter<T>& parameter) const {
    return layout_.is_trained(parameter) ? gradients_ + layout_.offset_of(parameter) : nullptr;
  }

  /// Places within the buffers.
  [[nodiscard]] const ParameterLayout<T>& layout() const { return layout_; }
  /// All values.
  [[nodiscard]] T* values() const { return values_; }
  /// The gradients of the trained parameters.
  [[nodiscard]] T* gradients() const { return gradients_; }

  /// The values as the host's parameters have them.
  void load() {
    for (const auto& [parameter, offset] : layout_.entries())
      std::copy_n(parameter->value.data(), parameter->value.size(), host_.data() + offset);
    memory_.device()->copy_in(values_, host_.data(), host_.size() * sizeof(T));
  }
  /// The host's parameters as the values are here; waits.
  void store() {
    memory_.device()->copy_out(host_.data(), values_, static_cast<std::size_t>(layout_.trained_size()) * sizeof(T));
    for (const auto& [parameter, offset] : layout_.trained())
      std::copy_n(host_.data() + offset, parameter->value.size(), parameter->value.data());
  }

 private:
  ParameterLayout<T> layout_;
  Arena memory_;
  std::vector<T> host_;
  T *values_ = nullptr, *gradients_ = nullptr;
};

}  // namespace glifr
