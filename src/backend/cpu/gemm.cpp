// Eigen's templates bear the same names whatever instruction set they are compiled for. Under a namespace of our own,
// they cannot be mixed up with those of a program that uses Eigen with other flags.
#define Eigen glifr_eigen
#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>
#undef Eigen

#include <algorithm>

#include "glifr/backend/cpu/pack.hpp"
#include "glifr/backend/kernels.hpp"

#ifdef GLIFR_USE_CBLAS
extern "C" {
void cblas_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float* a, int lda,
                 const float* b, int ldb, float beta, float* c, int ldc);
void cblas_dgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, double alpha, const double* a,
                 int lda, const double* b, int ldb, double beta, double* c, int ldc);
#ifdef GLIFR_USE_BLIS
void bli_thread_set_num_threads(std::ptrdiff_t threads);
#else
void openblas_set_num_threads(int threads);
#endif
}
#endif

namespace glifr::kernels {

namespace {

#ifdef GLIFR_USE_CBLAS
/// A product runs on the thread that calls for it, whatever the environment tells the library.
const bool uses_one_thread = [] {
#ifdef GLIFR_USE_BLIS
  bli_thread_set_num_threads(1);
#else
  openblas_set_num_threads(1);
#endif
  return true;
}();
#endif

template <Scalar T>
void multiply(Transpose ta, Transpose tb, Index m, Index n, Index k, View<const T> a, View<const T> b, T beta,
              View<T> c) {
#ifdef GLIFR_USE_CBLAS
  (void)uses_one_thread;
  static constexpr int row_major = 101, as_it_is = 111, transposed = 112;
  const auto flag = [](Transpose t) { return t == Transpose::yes ? transposed : as_it_is; };
  const auto narrow = [](Index size) { return static_cast<int>(size); };
  if constexpr (std::is_same_v<T, float>) {
    cblas_sgemm(row_major, flag(ta), flag(tb), narrow(m), narrow(n), narrow(k), 1, a.data, narrow(a.stride), b.data,
                narrow(b.stride), beta, c.data, narrow(c.stride));
  } else {
    cblas_dgemm(row_major, flag(ta), flag(tb), narrow(m), narrow(n), narrow(k), 1, a.data, narrow(a.stride), b.data,
                narrow(b.stride), beta, c.data, narrow(c.stride));
  }
#else
  (void)m, (void)n, (void)k;
  using Dense = glifr_eigen::Matrix<T, glifr_eigen::Dynamic, glifr_eigen::Dynamic, glifr_eigen::RowMajor>;
  using Stride = glifr_eigen::OuterStride<>;
  const glifr_eigen::Map<const Dense, 0, Stride> left(a.data, a.rows, a.columns, Stride(a.stride));
  const glifr_eigen::Map<const Dense, 0, Stride> right(b.data, b.rows, b.columns, Stride(b.stride));
  glifr_eigen::Map<Dense, 0, Stride> product(c.data, c.rows, c.columns, Stride(c.stride));
  if (beta == T(0)) product.setZero();
  const bool at = ta == Transpose::yes, bt = tb == Transpose::yes;
  if (at && bt) product.noalias() += left.transpose() * right.transpose();
  if (at && !bt) product.noalias() += left.transpose() * right;
  if (!at && bt) product.noalias() += left * right.transpose();
  if (!at && !bt) product.noalias() += left * right;
#endif
}

/// c = a b + beta c for a single column a: one source, as in a network with one input. A general product would spend
/// its time packing.
template <Scalar T>
void outer_product(const T* a, Index a_step, const T* b, T beta, View<T> c) {
  for (Index r = 0; r < c.rows; ++r) {
    const T factor = a[r * a_step];
    T* row = c.row(r);
    if (beta == T(0)) {
      for (Index j = 0; j < c.columns; ++j) row[j] = factor * b[j];
    } else {
      for (Index j = 0; j < c.columns; ++j) row[j] += factor * b[j];
    }
  }
}

/// c = a b + beta c for a single row c.
template <Scalar T>
void weighted_row_sum(const T* a, Index a_step, View<const T> b, T beta, T* c) {
  using P = cpu::Pack<T, 8>;
  const auto add = [&](Index column, T sum) { c[column] = beta == T(0) ? sum : c[column] + sum; };
  if (b.columns < P::width) {
    for (Index j = 0; j < b.columns; ++j) {
      T sum = 0;
      for (Index r = 0; r < b.rows; ++r) sum += a[r * a_step] * b(r, j);
      add(j, sum);
    }
    return;
  }
  for (Index first = 0; first < b.columns; first += P::width) {
    const Index from = std::min(first, b.columns - P::width);  // the last columns once more, to have a whole pack
    P sums(T(0));
    for (Index r = 0; r < b.rows; ++r) sums = sums + P(a[r * a_step]) * P::load(b.row(r) + from);
    alignas(64) T columns[P::width];
    sums.store(columns);
    for (Index j = first; j < from + P::width; ++j) add(j, columns[j - from]);
  }
}

/// c = a b + beta c for a single column b, which lies dense.
template <Scalar T>
void row_dots(View<const T> a, const T* b, T beta, View<T> c) {
  using P = cpu::Pack<T, 4>;
  for (Index r = 0; r < a.rows; ++r) {
    const T* row = a.row(r);
    P sums(T(0));
    Index j = 0;
    for (; j + P::width <= a.columns; j += P::width) sums = sums + P::load(row + j) * P::load(b + j);
    T sum = sums.sum();
    for (; j < a.columns; ++j) sum += row[j] * b[j];
    c(r, 0) = beta == T(0) ? sum : c(r, 0) + sum;
  }
}

}  // namespace

template <Scalar T>
void gemm(Transpose ta, Transpose tb, View<const T> a, View<const T> b, T beta, View<T> c) {
  const Index k = ta == Transpose::yes ? a.rows : a.columns;
  if (c.rows == 0 || c.columns == 0) return;
  if (k == 0) {
    for (Index r = 0; beta == T(0) && r < c.rows; ++r) {
      for (Index j = 0; j < c.columns; ++j) c(r, j) = 0;
    }
    return;
  }
  // Products with a size of 1 come with networks of one input or output.
  const Index a_step = ta == Transpose::yes ? a.stride : Index{1};  // along k
  if (k == 1 && (tb == Transpose::no || b.stride == 1)) {
    return outer_product(a.data, ta == Transpose::yes ? Index{1} : a.stride, b.data, beta, c);
  }
  if (c.rows == 1 && tb == Transpose::no) return weighted_row_sum(a.data, a_step, b, beta, c.data);
  if (c.columns == 1 && c.stride == 1 && ta == Transpose::yes && tb == Transpose::no) {
    return weighted_row_sum(b.data, b.stride, a, beta, c.data);
  }
  if (c.columns == 1 && b.stride == 1 && ta == Transpose::no && tb == Transpose::no)
    return row_dots(a, b.data, beta, c);
  multiply(ta, tb, c.rows, c.columns, k, a, b, beta, c);
}

#define GLIFR_INSTANTIATE(T) template void gemm<T>(Transpose, Transpose, View<const T>, View<const T>, T, View<T>)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr::kernels
