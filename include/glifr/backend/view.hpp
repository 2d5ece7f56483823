#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <stdexcept>
#include <string>

#include "glifr/neurons/scalar.hpp"

namespace glifr {

/// Sizes, offsets and counts: signed, as in Eigen.
using Index = std::ptrdiff_t;

/// Up to three sizes, outermost first. A network's tensors are `[time, batch, features]`, `[rows, columns]` or
/// `[features]`; whatever the rank, kernels see a matrix of `rows()` (all but the last size) by `columns()` (the last).
class Shape {
 public:
  static constexpr int max_rank = 3;  ///< the most sizes

  constexpr Shape() = default;
  /// Sizes, outermost first; std::logic_error where they are more than `max_rank`, one is negative, or the bytes of so
  /// many numbers cannot be counted in an Index.
  constexpr Shape(std::initializer_list<Index> sizes) {
    if (sizes.size() > max_rank) throw std::logic_error("a shape has at most 3 sizes");
    Index most = std::numeric_limits<Index>::max() / static_cast<Index>(sizeof(double));
    for (const Index size : sizes) {
      if (size < 0) throw std::logic_error("a shape has a negative size");
      if (size > most) throw std::logic_error("a shape has more elements than memory can have");
      if (size > 1) most /= size;
      sizes_[static_cast<std::size_t>(rank_++)] = size;
    }
  }

  /// The number of sizes.
  [[nodiscard]] constexpr int rank() const { return rank_; }
  /// One of the sizes, the outermost being 0.
  [[nodiscard]] constexpr Index operator[](int axis) const { return sizes_[static_cast<std::size_t>(axis)]; }
  /// The last size; 1 where there is none.
  [[nodiscard]] constexpr Index columns() const { return rank_ == 0 ? 1 : (*this)[rank_ - 1]; }
  /// The product of all sizes but the last.
  [[nodiscard]] constexpr Index rows() const {
    Index product = 1;
    for (int axis = 0; axis + 1 < rank_; ++axis) product *= (*this)[axis];
    return product;
  }
  /// The number of elements.
  [[nodiscard]] constexpr Index size() const { return rows() * columns(); }

  /// Whether rank and sizes are the same.
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
  T* data = nullptr;  ///< row 0, column 0
  Index rows = 0;     ///< how many rows
  Index columns = 0;  ///< how many columns
  Index stride = 0;   ///< between rows, >= columns

  constexpr View() = default;
  /// A matrix whose rows are `row_stride` apart.
  constexpr View(T* pointer, Index row_count, Index column_count, Index row_stride)
      : data(pointer), rows(row_count), columns(column_count), stride(row_stride) {}
  /// A matrix whose rows follow each other.
  constexpr View(T* pointer, Index row_count, Index column_count)
      : View(pointer, row_count, column_count, column_count) {}

  /// A view that may be written converts to one that may only be read.
  template <class U>
  requires std::same_as<const U, T>
  constexpr View(const View<U>& other)  // NOLINT: as a pointer does
      : View(other.data, other.rows, other.columns, other.stride) {}

  /// Where row r begins.
  [[nodiscard]] constexpr T* row(Index r) const { return data + r * stride; }
  /// An element.
  [[nodiscard]] constexpr T& operator()(Index r, Index c) const { return data[r * stride + c]; }
  /// Whether rows follow each other without a gap.
  [[nodiscard]] constexpr bool is_dense() const { return stride == columns || rows <= 1; }
  /// Rows `first` to `first + count`, in place.
  [[nodiscard]] constexpr View middle_rows(Index first, Index count) const {
    return {row(first), count, columns, stride};
  }
};

}  // namespace glifr
