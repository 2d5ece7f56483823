#pragma once

#include <algorithm>
#include <cstddef>

#include "glifr/backend/device.hpp"
#include "glifr/backend/memory.hpp"
#include "glifr/backend/view.hpp"

/// Putting numbers where they are needed.
namespace glifr::kernels {

/// y = value.
template <Scalar T>
void fill(Arena& memory, View<T> y, T value) {
  if (memory.device() || value != T(0)) return for_each_element(memory.device(), y.rows, y.columns, Fill<T>{y, value});
  for (Index r = 0; r < y.rows; ++r) fill_zero(y.row(r), y.columns);
}

/// Numbers of the host to the memory of the host or of a device, and back (which waits).
template <class T>
void copy_in(Arena& memory, T* to, const T* from, Index count) {
  if (count == 0) return;
  if (!memory.device()) return void(std::copy_n(from, count, to));
  memory.device()->copy_in(to, from, static_cast<std::size_t>(count) * sizeof(T));
}
template <class T>
void copy_out(Device* device, T* to, const T* from, Index count) {
  if (count == 0) return;
  if (!device) return void(std::copy_n(from, count, to));
  device->copy_out(to, from, static_cast<std::size_t>(count) * sizeof(T));
}

}  // namespace glifr::kernels
