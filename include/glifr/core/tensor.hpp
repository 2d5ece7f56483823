#pragma once

#include <algorithm>
#include <span>
#include <utility>

#include "glifr/backend/memory.hpp"
#include "glifr/backend/view.hpp"

namespace glifr {

/// A shape with an owned, dense, row-major, aligned buffer of its own.
template <Scalar T>
class Tensor {
 public:
  Tensor() = default;
  /// A tensor of zeros.
  explicit Tensor(const Shape& shape)
      : shape_(shape), memory_(allocate_aligned(static_cast<std::size_t>(shape.size()) * sizeof(T))) {
    std::fill_n(data(), padded_size(), T(0));
  }
  Tensor(const Tensor& other) : Tensor(other.memory_ ? Tensor(other.shape_) : Tensor()) {
    std::copy_n(other.data(), size(), data());
  }
  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(Tensor other) noexcept {
    std::swap(shape_, other.shape_);
    std::swap(memory_, other.memory_);
    return *this;
  }
  ~Tensor() = default;

  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] Index size() const { return memory_ ? shape_.size() : 0; }
  /// Elements that may be touched: `size` rounded up to whole vectors. Those behind the last are zero unless written.
  [[nodiscard]] Index padded_size() const {
    constexpr Index unit = static_cast<Index>(memory_alignment / sizeof(T));
    return (size() + unit - 1) / unit * unit;
  }
  [[nodiscard]] T* data() { return reinterpret_cast<T*>(memory_.get()); }
  [[nodiscard]] const T* data() const { return reinterpret_cast<const T*>(memory_.get()); }
  [[nodiscard]] std::span<T> values() { return {data(), static_cast<std::size_t>(size())}; }
  [[nodiscard]] std::span<const T> values() const { return {data(), static_cast<std::size_t>(size())}; }
  [[nodiscard]] View<T> view() { return {data(), shape_.rows(), shape_.columns()}; }
  [[nodiscard]] View<const T> view() const { return {data(), shape_.rows(), shape_.columns()}; }

 private:
  Shape shape_;
  AlignedBytes memory_;
};

}  // namespace glifr
