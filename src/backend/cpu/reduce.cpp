#include <algorithm>
#include <cmath>

#include "glifr/backend/cpu/pack.hpp"
#include "glifr/backend/kernels.hpp"

namespace glifr::kernels {

template <Scalar T>
void to_physical(Transform transform, const T* raw, Index count, Index padded, T dt, T* physical) {
  using P = cpu::Pack<T, 1>;
  std::copy_n(raw, count, physical);
  std::fill(physical + count, physical + padded, count > 0 ? raw[count - 1] : T(0));
  if (transform == Transform::identity) return;
  for (Index i = 0; i < padded; i += P::width) to_physical(transform, P::load(physical + i), dt).store(physical + i);
}

template <Scalar T>
void to_physical_backward(Transform transform, const T* physical, const T* d_physical, Index count, T dt, T* d_raw) {
  for (Index i = 0; i < count; ++i) d_raw[i] += d_physical[i] * transform_slope(transform, physical[i], dt);
}

namespace {

/// `sum` and a row's squared error.
template <Scalar T>
double add_row_error(double sum, View<const T> x, View<const T> target, Index r, T weight, View<T> dx) {
  for (Index c = 0; c < x.columns; ++c) {
    const T difference = x(r, c) - target(r, c);
    sum += static_cast<double>(difference) * static_cast<double>(difference);
    if (dx.data) dx(r, c) += 2 * weight * difference;
  }
  return sum;
}

}  // namespace

template <Scalar T>
double squared_error(View<const T> x, View<const T> target, T weight, View<T> dx, const T* row_weights) {
  double sum = 0;
  for (Index r = 0; r < x.rows; ++r) {
    if (!row_weights) {
      sum = add_row_error<T>(sum, x, target, r, weight, dx);
    } else if (row_weights[r] != T(0)) {
      const double row = add_row_error<T>(0, x, target, r, weight * row_weights[r], dx);
      sum += static_cast<double>(row_weights[r]) * row;
    }
  }
  return sum;
}

template <Scalar T>
double cross_entropy(View<const T> x, const std::int32_t* labels, T weight, View<T> dx, const T* row_weights) {
  double sum = 0;
  for (Index r = 0; r < x.rows; ++r) {
    const T factor = row_weights ? row_weights[r] : T(1);
    if (factor == T(0)) continue;
    const T* row = x.row(r);
    const T largest = *std::max_element(row, row + x.columns);
    T total = 0;
    for (Index c = 0; c < x.columns; ++c) total += std::exp(row[c] - largest);
    const T log_total = std::log(total);
    sum += static_cast<double>(factor) * static_cast<double>(log_total - (row[labels[r]] - largest));
    if (!dx.data) continue;
    const T slope = weight * factor;
    for (Index c = 0; c < x.columns; ++c) {
      dx(r, c) += slope * (std::exp(row[c] - largest - log_total) - (c == labels[r] ? T(1) : T(0)));
    }
  }
  return sum;
}

#define GLIFR_INSTANTIATE(T)                                                            \
  template void to_physical<T>(Transform, const T*, Index, Index, T, T*);               \
  template void to_physical_backward<T>(Transform, const T*, const T*, Index, T, T*);   \
  template double squared_error<T>(View<const T>, View<const T>, T, View<T>, const T*); \
  template double cross_entropy<T>(View<const T>, const std::int32_t*, T, View<T>, const T*)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr::kernels
