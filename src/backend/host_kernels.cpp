#include "cpu/scratch.hpp"
#include "glifr/backend/cpu_target.hpp"
#include "glifr/backend/detail/kernels.hpp"
#include "glifr/backend/memory.hpp"

// Each is compiled in a copy of cpu/kernels.cpp.
#define GLIFR_DECLARE_TABLE(target)              \
  namespace glifr::cpu::target {                 \
  template <Scalar T>                            \
  const kernels::HostKernels<T>& kernel_table(); \
  }
GLIFR_DECLARE_TABLE(baseline)
#ifdef GLIFR_HAS_X86_64_V3
GLIFR_DECLARE_TABLE(x86_64_v3)
#endif
#ifdef GLIFR_HAS_X86_64_V4
GLIFR_DECLARE_TABLE(x86_64_v4)
namespace glifr::cpu::x86_64_v4 {
template <Scalar T>
const kernels::HostKernels<T>& tile_kernel_table();
}
#endif
#undef GLIFR_DECLARE_TABLE

namespace glifr {

std::byte* cpu::product_scratch(std::size_t bytes) {
  thread_local AlignedBytes memory;
  thread_local std::size_t size = 0;
  if (size < bytes) {
    memory = allocate_aligned(bytes);
    size = bytes;
  }
  return memory.get();
}

namespace kernels {

template <Scalar T>
const HostKernels<T>& host() {
  switch (cpu_target()) {
#ifdef GLIFR_HAS_X86_64_V3
    case CpuTarget::x86_64_v3:
      return cpu::x86_64_v3::kernel_table<T>();
#endif
#ifdef GLIFR_HAS_X86_64_V4
    case CpuTarget::x86_64_v4:
      return cpu::x86_64_v4::kernel_table<T>();
    case CpuTarget::x86_64_v4_amx:
      return cpu::x86_64_v4::tile_kernel_table<T>();
#endif
    default:
      return cpu::baseline::kernel_table<T>();
  }
}

template const HostKernels<float>& host<float>();
template const HostKernels<double>& host<double>();

}  // namespace kernels

}  // namespace glifr
