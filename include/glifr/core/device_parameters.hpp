#pragma once

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "glifr/backend/memory.hpp"
#include "glifr/core/parameter.hpp"

namespace glifr {

/// A list of parameters as a device has them: values and gradients in one buffer each, the trained ones first, in the
/// order and with the gaps of zeros of `Gradients`.
template <Scalar T>
class DeviceParameters {
 public:
  DeviceParameters(const ParameterList<T>& parameters, Device& device) : memory_(&device) {
    for (const bool is_trained : {true, false}) {
      for (Parameter<T>* parameter : parameters) {
        if (parameter->is_trained != is_trained) continue;
        entries_.push_back({parameter, size_});
        size_ += parameter->value.padded_size();
      }
      if (is_trained) trained_size_ = size_;
    }
    host_.resize(static_cast<std::size_t>(size_));
    values_ = memory_.template allocate_zeroed<T>(size_);
    gradients_ = memory_.template allocate_zeroed<T>(trained_size_);
  }

  /// std::logic_error where the parameter is not in the list.
  [[nodiscard]] T* value_of(const Parameter<T>& parameter) const { return values_ + offset_of(parameter); }
  /// Null where it is frozen.
  [[nodiscard]] T* gradient_of(const Parameter<T>& parameter) const {
    return parameter.is_trained ? gradients_ + offset_of(parameter) : nullptr;
  }
  /// Place of a parameter in the buffers.
  [[nodiscard]] Index offset_of(const Parameter<T>& parameter) const {
    for (const Entry& entry : entries_) {
      if (entry.parameter == &parameter) return entry.offset;
    }
    throw std::logic_error("parameter " + parameter.name + " is not in this list of parameters");
  }

  [[nodiscard]] T* values() const { return values_; }
  [[nodiscard]] T* gradients() const { return gradients_; }
  /// Numbers in the buffer of gradients, and as many of the trained parameters' values.
  [[nodiscard]] Index trained_size() const { return trained_size_; }

  /// The values as the host's parameters have them.
  void load() {
    for (const Entry& entry : entries_) {
      const Tensor<T>& value = entry.parameter->value;
      std::copy_n(value.data(), value.size(), host_.data() + entry.offset);
    }
    memory_.device()->copy_in(values_, host_.data(), host_.size() * sizeof(T));
  }
  /// The host's parameters as the values are here; waits.
  void store() {
    const auto count = static_cast<std::size_t>(trained_size_);
    memory_.device()->copy_out(host_.data(), values_, count * sizeof(T));
    for (const Entry& entry : entries_) {
      Tensor<T>& value = entry.parameter->value;
      if (entry.parameter->is_trained) std::copy_n(host_.data() + entry.offset, value.size(), value.data());
    }
  }

 private:
  struct Entry {
    Parameter<T>* parameter;
    Index offset;
  };

  Arena memory_;
  std::vector<Entry> entries_;
  std::vector<T> host_;
  Index size_ = 0, trained_size_ = 0;
  T *values_ = nullptr, *gradients_ = nullptr;
};

}  // namespace glifr
