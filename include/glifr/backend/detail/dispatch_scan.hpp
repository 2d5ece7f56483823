#pragma once

#include "glifr/backend/detail/device_scan.hpp"
#include "glifr/backend/detail/scan_kernels.hpp"
#include "glifr/backend/memory.hpp"

/// The scan over one window where its operands are: on the host the compiled kernel, on a device a body a neuron.
namespace glifr::kernels {

template <class N, Scalar T>
void scan_forward(Arena& memory, const ScanWindow<N, T>& window) {
  if (!memory.device()) return scan_forward(window);
  for_each_element(memory.device(), window.batch, window.neurons, device::ScanForward<N, T>{window});
}
template <class N, Scalar T>
void scan_backward(Arena& memory, const ScanWindow<N, T>& window) {
  if (!memory.device()) return scan_backward(window);
  if (window.parameter_sum) {
    for_each_element(memory.device(), window.batch, window.neurons, device::ScanBackward<N, true, T>{window});
  } else {
    for_each_element(memory.device(), window.batch, window.neurons, device::ScanBackward<N, false, T>{window});
  }
}

}  // namespace glifr::kernels
