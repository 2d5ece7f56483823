#pragma once

#include "glifr/backend/cpu/scan.hpp"
#include "glifr/backend/scan.hpp"
#include "glifr/export.hpp"
#include "glifr/neurons/built_in.hpp"

/// The scan over one window on the host, compiled in the library for the neurons that come with it.
namespace glifr::kernels {

/// Runs a neuron through a window: `cpu::scan_forward`, compiled in the library for the neurons that come with it.
template <class N, Scalar T>
GLIFR_API void scan_forward(const ScanWindow<N, T>& window) {
  cpu::scan_forward(window);
}
/// The reverse of `scan_forward`.
template <class N, Scalar T>
GLIFR_API void scan_backward(const ScanWindow<N, T>& window) {
  cpu::scan_backward(window);
}

/// Declares the scans of a neuron, or compiles them: `declare` is `extern template` or `template`.
#define GLIFR_SCANS(declare, ...)                                                         \
  declare void scan_forward<__VA_ARGS__, float>(const ScanWindow<__VA_ARGS__, float>&);   \
  declare void scan_forward<__VA_ARGS__, double>(const ScanWindow<__VA_ARGS__, double>&); \
  declare void scan_backward<__VA_ARGS__, float>(const ScanWindow<__VA_ARGS__, float>&);  \
  declare void scan_backward<__VA_ARGS__, double>(const ScanWindow<__VA_ARGS__, double>&);
#define GLIFR_DECLARE_SCANS(...) GLIFR_SCANS(extern template, __VA_ARGS__)
GLIFR_FOR_EACH_BUILT_IN_NEURON(GLIFR_DECLARE_SCANS)
#undef GLIFR_DECLARE_SCANS

}  // namespace glifr::kernels
