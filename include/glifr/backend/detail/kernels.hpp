#pragma once

#include <cstdint>

#include "glifr/backend/detail/optimize.hpp"
#include "glifr/backend/device.hpp"
#include "glifr/backend/memory.hpp"
#include "glifr/backend/sparse.hpp"
#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/neurons/transform.hpp"

namespace glifr::kernels {

/// A matrix with few entries, by its columns: those of column c are places begin[c] to begin[c + 1].
template <Scalar T>
struct SparseColumns {
  const Index* begin = nullptr;       ///< [columns + 1]
  const std::int32_t* row = nullptr;  ///< of each entry
  const T* values = nullptr;          ///< of each entry
};

/// Weights that many products ask for, laid out for them where that pays.
template <Scalar T>
struct Weights {
  View<const T> values;                 ///< as they lie in memory
  Transpose transpose = Transpose::no;  ///< whether products take them transposed
  bool for_few_rows = false;            ///< whether they are laid out for products of few rows, in a way of their own
  const T* panels = nullptr;            ///< stripes of columns, one behind the other; null where there are none
  Index first = 0;                      ///< column with which products begin, of a panel the first

  /// Terms of a product's sums, and columns of its result.
  [[nodiscard]] Index inner() const { return transpose == Transpose::yes ? values.columns : values.rows; }
  [[nodiscard]] Index columns() const { return transpose == Transpose::yes ? values.rows : values.columns; }
};

/// Every kernel of the processor but the scans (scan_kernels.hpp), as one instruction set computes them, forward next
/// to backward. They take memory and sizes only, run on the calling thread and allocate nothing but from the arena that
/// a caller lends and, once a thread, a few hundred KiB for large products.
template <Scalar T>
struct HostKernels {
  /// Products of fewer rows ask for another layout of the weights; 0: one layout serves all.
  Index few_rows = 0;

  /// c = a b + beta c, each operand transposed as asked; beta is 0 or 1. Transposition is of the view as it lies in
  /// memory.
  void (*gemm)(Transpose transpose_a, Transpose transpose_b, View<const T> a, View<const T> b, T beta, View<T> c);
  /// The weights for any number of calls of `multiply`, as long as neither they nor `memory` change. `rows`: how many
  /// the products will have, more or less.
  Weights<T> (*prepare)(Transpose transpose, View<const T> values, Index rows, Arena& memory);
  /// Where `prepare` made `panels`: one of `parts` parts of them once more, because the values have changed.
  void (*prepare_again)(const Weights<T>& weights, Index part, Index parts, T* panels);
  /// c = a weights + beta c; beta is 0 or 1.
  void (*multiply)(View<const T> a, const Weights<T>& weights, T beta, View<T> c);
  /// c = a^T b + beta c, as gradients of weights are: long sums, small results. There is a row, or more; beta is 0
  /// or 1.
  void (*multiply_transposed)(View<const T> a, View<const T> b, T beta, View<T> c);
  /// c = a weights + beta c; beta is 0 or 1.
  void (*multiply_sparse)(View<const T> a, const SparseColumns<T>& weights, T beta, View<T> c);
  /// The gradients of such weights: sums[k] += row r of a^T times column column[k] of b, for every k from begin[r] to
  /// begin[r + 1].
  void (*add_sparse_products)(View<const T> a, View<const T> b, const Index* begin, const std::int32_t* column,
                              T* sums);

  /// y[r] = beta y[r] + sum of the rows of `weights` that are active in row r.
  void (*gather_rows)(const ActiveInputs* active, View<const T> weights, T beta, View<T> y, Arena& scratch);
  /// d_weights[i] += dy[r] for every input i that is active in row r, rows in order.
  void (*gather_rows_backward)(const ActiveInputs* active, View<const T> dy, View<T> d_weights, Arena& scratch);

  /// `count` physical values from raw ones; positions from `count` to `padded` repeat the last, so that the padding
  /// computes what a neuron may, and no infinity comes of a parameter that is 0 there.
  void (*to_physical)(Transform transform, const T* raw, Index count, Index padded, T dt, T* physical);
  /// d_raw += d_physical * slope of the transform at the physical value.
  void (*to_physical_backward)(Transform transform, const T* physical, const T* d_physical, Index count, T dt,
                               T* d_raw);

  /// sum of (x - target)^2, in double; dx = 2 weight (x - target) is added to `dx` where it is not empty.
  /// `row_weights`: a factor on each row of both; rows with 0 are not looked at. Null: 1.
  double (*squared_error)(View<const T> x, View<const T> target, T weight, View<T> dx, const T* row_weights);
  /// sum over rows of -log softmax(x)[label], in double; weight (softmax(x) - onehot) is added to `dx` where it is not
  /// empty. `row_weights` as above.
  double (*cross_entropy)(View<const T> x, const std::int32_t* labels, T weight, View<T> dx, const T* row_weights);

  /// Sums `share_count` gradients element by element, in order, into the first, and returns the sum of their squares
  /// (not finite where one of them is not). `count` is a multiple of the padding unit of `Tensor`.
  double (*sum_shares)(T* const* shares, Index share_count, Index count);
  /// One Adam update of `count` elements from their summed gradients, each scaled by `gradient_scale`.
  void (*adam_update)(const T* gradient, T gradient_scale, Index count, const AdamFactors& factors, T* parameter,
                      T* first, T* second);
  /// One SGD update of `count` elements in the same way; see `sgd_step`.
  void (*sgd_update)(const T* gradient, T gradient_scale, Index count, T rate, T momentum, T* parameter, T* velocity);
};

/// Those of the instruction set in use (`cpu_target`).
template <Scalar T>
[[nodiscard]] GLIFR_API const HostKernels<T>& host();

}  // namespace glifr::kernels
