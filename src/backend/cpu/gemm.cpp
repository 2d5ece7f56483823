// Eigen's templates bear the same names whatever instruction set they are compiled for. Under a namespace of our own,
// they cannot be mixed up with those of a program that uses Eigen with other flags.
#define Eigen glifr_eigen
#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>
#undef Eigen

#include "glifr/backend/kernels.hpp"

#if defined(GLIFR_USE_BLIS) || defined(GLIFR_USE_OPENBLAS)
#define GLIFR_USE_CBLAS
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
  if (beta == T(0)) {
    for (Index j = 0; j < b.columns; ++j) c[j] = 0;
  }
  for (Index r = 0; r < b.rows; ++r) {
    const T factor = a[r * a_step];
    const T* row = b.row(r);
    for (Index j = 0; j < b.columns; ++j) c[j] += factor * row[j];
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
    alignas(64) T lanes[P::width];
    sums.store(lanes);
    T sum = 0;
    for (const T lane : lanes) sum += lane;
    for (; j < a.columns; ++j) sum += row[j] * b[j];
    c(r, 0) = beta == T(0) ? sum : c(r, 0) + sum;
  }
}

/// Products of a few rows, as in small networks with a delay of one step: a library's packing would cost more than the
/// product.
template <Scalar T, int Rows>
void multiply_few_rows(Transpose tb, View<const T> a, View<const T> b, T beta, View<T> c) {
  if (tb == Transpose::no) {
    using P = cpu::Pack<T, 2>;
    Index j = 0;
    for (; j + P::width <= c.columns; j += P::width) {
      P sums[Rows];
      for (int r = 0; r < Rows; ++r) sums[r] = beta == T(0) ? P(T(0)) : P::load(c.row(r) + j);
      for (Index k = 0; k < a.columns; ++k) {
        const P w = P::load(b.row(k) + j);
        for (int r = 0; r < Rows; ++r) sums[r] = sums[r] + w * P(a(r, k));
      }
      for (int r = 0; r < Rows; ++r) sums[r].store(c.row(r) + j);
    }
    for (int r = 0; r < Rows; ++r) {
      for (Index rest = j; rest < c.columns; ++rest) {
        T sum = beta == T(0) ? T(0) : c(r, rest);
        for (Index k = 0; k < a.columns; ++k) sum += a(r, k) * b(k, rest);
        c(r, rest) = sum;
      }
    }
    return;
  }
  using P = cpu::Pack<T, 1>;
  for (Index i = 0; i < c.columns; ++i) {
    const T* w = b.row(i);
    P sums[Rows];
    for (int r = 0; r < Rows; ++r) sums[r] = P(T(0));
    Index k = 0;
    for (; k + P::width <= a.columns; k += P::width) {
      const P packed = P::load(w + k);
      for (int r = 0; r < Rows; ++r) sums[r] = sums[r] + packed * P::load(a.row(r) + k);
    }
    for (int r = 0; r < Rows; ++r) {
      T sum = beta == T(0) ? T(0) : c(r, i);
      alignas(64) T lanes[P::width];
      sums[r].store(lanes);
      for (const T lane : lanes) sum += lane;
      for (Index rest = k; rest < a.columns; ++rest) sum += a(r, rest) * w[rest];
      c(r, i) = sum;
    }
  }
}

/// Calls multiply_few_rows for the number of rows; false where they are not few.
template <Scalar T>
bool multiplied_few_rows(Transpose tb, View<const T> a, View<const T> b, T beta, View<T> c) {
  switch (a.rows) {
    case 1:
      multiply_few_rows<T, 1>(tb, a, b, beta, c);
      return true;
    case 2:
      multiply_few_rows<T, 2>(tb, a, b, beta, c);
      return true;
    case 3:
      multiply_few_rows<T, 3>(tb, a, b, beta, c);
      return true;
    case 4:
      multiply_few_rows<T, 4>(tb, a, b, beta, c);
      return true;
    case 5:
      multiply_few_rows<T, 5>(tb, a, b, beta, c);
      return true;
    case 6:
      multiply_few_rows<T, 6>(tb, a, b, beta, c);
      return true;
    default:
      return false;
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
  if (ta == Transpose::no && multiplied_few_rows(tb, a, b, beta, c)) return;
  multiply(ta, tb, c.rows, c.columns, k, a, b, beta, c);
}

#define GLIFR_INSTANTIATE(T) template void gemm<T>(Transpose, Transpose, View<const T>, View<const T>, T, View<T>)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);

}  // namespace glifr::kernels
