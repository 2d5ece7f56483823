#pragma once

#include "glifr/backend/detail/device_scan.hpp"
#include "glifr/backend/detail/parts.hpp"
#include "glifr/backend/detail/scan_kernels.hpp"
#include "glifr/backend/memory.hpp"

/// The scan over one window where its operands are: on the host the compiled kernel, on a device a body a neuron.
namespace glifr::kernels {

/// Calls scan(part of the window), of some neurons in all steps.
template <class N, Scalar T, class Scan>
void for_each_part_of_scan(const Arena& memory, const ScanWindow<N, T>& window, Scan&& scan) {
  const double work = static_cast<double>(window.steps * window.batch) * static_cast<double>(window.neurons);
  for_each_part(memory, window.neurons, part_step, work, 65536, [&](Index first, Index count) {
    ScanWindow<N, T> part = window;
    part.first = first;
    part.left_out = window.neurons - first - count;
    scan(part);
  });
}

template <class N, Scalar T>
void scan_forward(Arena& memory, const ScanWindow<N, T>& window) {
  if (!memory.device())
    return for_each_part_of_scan(memory, window, [](const auto& part) { kernels::scan_forward<N, T>(part); });
  for_each_element(memory.device(), window.batch, window.neurons, device::ScanForward<N, T>{window});
}
template <class N, Scalar T>
void scan_backward(Arena& memory, const ScanWindow<N, T>& window) {
  if (!memory.device())
    return for_each_part_of_scan(memory, window, [](const auto& part) { kernels::scan_backward<N, T>(part); });
  if (window.parameter_sum) {
    for_each_element(memory.device(), window.batch, window.neurons, device::ScanBackward<N, true, T>{window});
  } else {
    for_each_element(memory.device(), window.batch, window.neurons, device::ScanBackward<N, false, T>{window});
  }
}

}  // namespace glifr::kernels
