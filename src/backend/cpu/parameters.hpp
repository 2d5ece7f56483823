#pragma once

#include <algorithm>

#include "glifr/backend/detail/cpu/pack.hpp"
#include "glifr/neurons/transform.hpp"

/// Between what training moves and what neurons compute with. See `kernels::HostKernels`.
namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET {

template <Scalar T>
void to_physical(Transform transform, const T* raw, Index count, Index padded, T dt, T* physical) {
  using P = Pack<T, 1>;
  std::copy_n(raw, count, physical);
  std::fill(physical + count, physical + padded, count > 0 ? raw[count - 1] : T(0));
  if (transform == Transform::identity) return;
  for (Index i = 0; i < padded; i += P::width) to_physical(transform, P::load(physical + i), dt).store(physical + i);
}

template <Scalar T>
void to_physical_backward(Transform transform, const T* physical, const T* d_physical, Index count, T dt, T* d_raw) {
  for (Index i = 0; i < count; ++i) d_raw[i] += d_physical[i] * transform_slope(transform, physical[i], dt);
}

}  // namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET
