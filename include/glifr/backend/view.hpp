#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>

namespace glifr {

/// Sizes, offsets and counts: signed, as in Eigen.
using Index = std::ptrdiff_t;

/// The number types that glifr is built for.
template <class T>
concept Scalar = std::same_as<T, float> || std::same_as<T, double>;

/// Up to three sizes, outermost first. A network's tensors are `[time, batch, features]`, `[rows, columns]` or
/// `[features]`; whatever the rank, kernels see a matrix of `rows()` (all but the last size) by `columns()` (the last).
class Shape {
 public:
  static constexpr int max_rank = 3;

  constexpr Shape() = default;
  constexpr Shape(std::initializer_list<Index> sizes) {
    for (const Index size : sizes) sizes_[static_cast<std::size_t>(rank_++)] = size;
  }

  [[nodiscard]] constexpr int rank() const { return rank_; }
  [[nodiscard]] constexpr Index operator[](int axis) const { return sizes_[static_cast<std::size_t>(axis)]; }
  [[nodiscard]] constexpr Index columns() const { return rank_ == 0 ? 1 : (*this)[rank_ - 1]; }
  [[nodiscard]] constexpr Index rows() const {
    Index product = 1;
    for (int axis = 0; axis + 1 < rank_; ++axis) product *= (*this)[axis];
    return product;
  }
  [[nodiscard]] constexpr Index size() const { return rows() * columns(); }

  friend constexpr bool operator==(const Shape&, const Shape&) = default;

 private:
  std::array<Index, max_rank> sizes_{};
  int rank_ = 0;
};

/// "[28, 6, 124]", for messages.
inline std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (int axis = 0; axis < shape.rank(); ++axis) text += (axis ? ", " : "") + std::to_string(shape[axis]);
  return text + "]";
}

/// What kernels take: a row-major matrix in somebody else's memory. `stride` (>= columns) is the distance between rows.
template <class T>
struct View {
  T* data = nullptr;
  Index rows = 0;
  Index columns = 0;
  Index stride = 0;

  constexpr View() = default;
  constexpr View(T* pointer, Index row_count, Index column_count, Index row_stride)
      : data(pointer), rows(row_count), columns(column_count), stride(row_stride) {}
  constexpr View(T* pointer, Index row_count, Index column_count)
      : View(pointer, row_count, column_count, column_count) {}

  /// A view that may be written converts to one that may only be read.
  constexpr operator View<const T>() const requires(!std::is_const_v<T>) { return {data, rows, columns, stride}; }

  [[nodiscard]] constexpr T* row(Index r) const { return data + r * stride; }
  [[nodiscard]] constexpr T& operator()(Index r, Index c) const { return data[r * stride + c]; }
  [[nodiscard]] constexpr bool is_dense() const { return stride == columns || rows <= 1; }
  /// Rows `first` to `first + count`, in place.
  [[nodiscard]] constexpr View middle_rows(Index first, Index count) const {
    return {row(first), count, columns, stride};
  }
};

}  // namespace glifr
