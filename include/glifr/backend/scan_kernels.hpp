#pragma once

#include "glifr/backend/cpu/scan.hpp"
#include "glifr/backend/scan.hpp"
#include "glifr/export.hpp"
#include "glifr/neurons/glifr.hpp"
#include "glifr/neurons/lstm.hpp"
#include "glifr/neurons/rnn.hpp"

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

#define GLIFR_BUILT_IN_SCANS(declare, T)                                   \
  declare void scan_forward<Glifr<0>, T>(const ScanWindow<Glifr<0>, T>&);  \
  declare void scan_forward<Glifr<1>, T>(const ScanWindow<Glifr<1>, T>&);  \
  declare void scan_forward<Glifr<2>, T>(const ScanWindow<Glifr<2>, T>&);  \
  declare void scan_forward<Glifr<3>, T>(const ScanWindow<Glifr<3>, T>&);  \
  declare void scan_forward<Glifr<4>, T>(const ScanWindow<Glifr<4>, T>&);  \
  declare void scan_forward<Rnn, T>(const ScanWindow<Rnn, T>&);            \
  declare void scan_forward<Lstm, T>(const ScanWindow<Lstm, T>&);          \
  declare void scan_backward<Glifr<0>, T>(const ScanWindow<Glifr<0>, T>&); \
  declare void scan_backward<Glifr<1>, T>(const ScanWindow<Glifr<1>, T>&); \
  declare void scan_backward<Glifr<2>, T>(const ScanWindow<Glifr<2>, T>&); \
  declare void scan_backward<Glifr<3>, T>(const ScanWindow<Glifr<3>, T>&); \
  declare void scan_backward<Glifr<4>, T>(const ScanWindow<Glifr<4>, T>&); \
  declare void scan_backward<Rnn, T>(const ScanWindow<Rnn, T>&);           \
  declare void scan_backward<Lstm, T>(const ScanWindow<Lstm, T>&)
GLIFR_BUILT_IN_SCANS(extern template, float);
GLIFR_BUILT_IN_SCANS(extern template, double);

}  // namespace glifr::kernels
