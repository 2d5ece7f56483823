#pragma once

#include <algorithm>
#include <span>
#include <utility>

#include "glifr/backend/memory.hpp"
#include "glifr/backend/view.hpp"

namespace glifr {

/// A shape with an owned, dense, row-major, aligned buffer.
template <Scalar T>
class Tensor {
 public:
  Tensor() = default;
  /// A tensor of zeros.
  explicit Tensor(const Shape& shape)
      : shape_(shape), memory_(allocate_aligned(static_cast<std::size_t>(shape.size()) * sizeof(T))) {
    std::fill_n(data(), padded_size(), T(0));
  }
  /// A copy with its own memory.
  Tensor(const Tensor& other) : Tensor(other.memory_ ? Tensor(other.shape_) : Tensor()) {
    std::copy_n(other.data(), size(), data());
  }
  /// Takes over the memory.
  Tensor(Tensor&&) noexcept = default;
  /// Copies or takes over, as its argument was made.
  Tensor& operator=(Tensor other) noexcept {
    std::swap(shape_, other.shape_);
    std::swap(memory_, other.memory_);
    return *this;
  }
  ~Tensor() = default;

  /// Its sizes.
  [[nodiscard]] const Shape& shape() const { return shape_; }
  /// The number of elements; 0 for a tensor that was made without a shape.
  [[nodiscard]] Index size() const { return memory_ ? shape_.size() : 0; }
  /// Elements that may be touched: `size` rounded up to whole vectors. Those behind the last are zero unless written.
  [[nodiscard]] Index padded_size() const {
    constexpr Index unit = static_cast<Index>(memory_alignment / sizeof(T));
    return (size() + unit - 1) / unit * unit;
  }
  /// The first element; those behind it follow row by row.
  [[nodiscard]] T* data() { return reinterpret_cast<T*>(memory_.get()); }
  /// The first element; those behind it follow row by row.
  [[nodiscard]] const T* data() const { return reinterpret_cast<const T*>(memory_.get()); }
  /// All elements, row by row.
  [[nodiscard]] std::span<T> values() { return {data(), static_cast<std::size_t>(size())}; }
  /// All elements, row by row.
  [[nodiscard]] std::span<const T> values() const { return {data(), static_cast<std::size_t>(size())}; }
  /// The tensor as a matrix, in place.
  [[nodiscard]] View<T> view() { return {data(), shape_.rows(), shape_.columns()}; }
  /// The tensor as a matrix, in place.
  [[nodiscard]] View<const T> view() const { return {data(), shape_.rows(), shape_.columns()}; }

 private:
  Shape shape_;
  AlignedBytes memory_;
};

}  // namespace glifr
