#pragma once

#include <Eigen/Core>

#include "glifr/backend/view.hpp"

/// Our memory as Eigen sees it. Compiled with the including file's own flags; no memory that Eigen owns ever crosses
/// glifr's interface.
namespace glifr {

/// A matrix of Eigen's in our order.
template <class T>
using Matrix = Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Our memory under Eigen's interface.
template <class T>
using EigenMap = Eigen::Map<std::conditional_t<std::is_const_v<T>, const Matrix<T>, Matrix<T>>, Eigen::Unaligned,
                            Eigen::OuterStride<>>;

/// A view's numbers as an Eigen matrix, in place.
template <class T>
EigenMap<T> as_eigen(View<T> view) {
  return {view.data, view.rows, view.columns, Eigen::OuterStride<>(view.stride)};
}

}  // namespace glifr
