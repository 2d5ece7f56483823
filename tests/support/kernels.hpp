#pragma once

#include "glifr/backend/detail/kernels.hpp"
#include "glifr/backend/detail/scan_kernels.hpp"
#ifdef GLIFR_EMULATE_X86_64_V4
#include "src/backend/cpu/kernels.cpp"
#endif

/// The kernels that a test is about: those of the instruction set in use or, where it is emulated, of this file.
namespace glifr::test {

#ifdef GLIFR_EMULATE_X86_64_V4
using cpu::scan_backward;
using cpu::scan_forward;
template <Scalar T>
const kernels::HostKernels<T>& host() {
#ifdef GLIFR_EMULATE_TILES
  return cpu::tile_kernel_table<T>();
#else
  return cpu::kernel_table<T>();
#endif
}
#else
using kernels::host;
using kernels::scan_backward;
using kernels::scan_forward;
#endif

}  // namespace glifr::test
