#pragma once

#include "glifr/backend/cpu_target.hpp"
#include "glifr/backend/detail/cpu/scan.hpp"
#include "glifr/backend/scan.hpp"
#include "glifr/export.hpp"
#include "glifr/neurons/built_in.hpp"

/// The scan over one window on the host. For a neuron that `GLIFR_DECLARE_NEURON` names, it is compiled for every
/// instruction set, in the file with `GLIFR_COMPILE_NEURON`, and the one in use is called; for others it is compiled
/// where it is called, for the instruction set of that file.
namespace glifr::kernels {

/// Runs a neuron through a window.
template <class N, Scalar T>
void scan_forward(const ScanWindow<N, T>& window) {
  cpu::scan_forward(window);
}
/// The reverse of `scan_forward`.
template <class N, Scalar T>
void scan_backward(const ScanWindow<N, T>& window) {
  cpu::scan_backward(window);
}

}  // namespace glifr::kernels

/// Says, at global scope, that a neuron's scans are compiled for every instruction set.
#define GLIFR_DECLARE_NEURON(...)          \
  namespace glifr::kernels {               \
  GLIFR_DECLARE_SCANS(float, __VA_ARGS__)  \
  GLIFR_DECLARE_SCANS(double, __VA_ARGS__) \
  }
#define GLIFR_DECLARE_SCANS(T, ...)                                                        \
  template <>                                                                              \
  GLIFR_API void scan_forward<__VA_ARGS__, T>(const ::glifr::ScanWindow<__VA_ARGS__, T>&); \
  template <>                                                                              \
  GLIFR_API void scan_backward<__VA_ARGS__, T>(const ::glifr::ScanWindow<__VA_ARGS__, T>&);

/// Compiles the scans of a declared neuron, at global scope, in a file that is compiled once for each instruction set
/// (`glifr_add_neurons` in CMake).
#define GLIFR_COMPILE_NEURON(...)          \
  GLIFR_COMPILE_SCANS(float, __VA_ARGS__)  \
  GLIFR_COMPILE_SCANS(double, __VA_ARGS__) \
  GLIFR_DISPATCH_SCANS(float, __VA_ARGS__) \
  GLIFR_DISPATCH_SCANS(double, __VA_ARGS__)
#define GLIFR_COMPILE_SCANS(T, ...)                                                 \
  template void ::glifr::cpu::GLIFR_INSTRUCTION_SET::scan_forward<__VA_ARGS__, T>(  \
      const ::glifr::ScanWindow<__VA_ARGS__, T>&);                                  \
  template void ::glifr::cpu::GLIFR_INSTRUCTION_SET::scan_backward<__VA_ARGS__, T>( \
      const ::glifr::ScanWindow<__VA_ARGS__, T>&);

// The file's copy for the baseline chooses among all of them.
#ifdef GLIFR_IS_BASELINE
#define GLIFR_DISPATCH_SCANS(T, ...)                \
  GLIFR_DISPATCH_SCAN(scan_forward, T, __VA_ARGS__) \
  GLIFR_DISPATCH_SCAN(scan_backward, T, __VA_ARGS__)
#define GLIFR_DISPATCH_SCAN(scan, T, ...)                                                          \
  template <>                                                                                      \
  void ::glifr::kernels::scan<__VA_ARGS__, T>(const ::glifr::ScanWindow<__VA_ARGS__, T>& window) { \
    switch (::glifr::cpu_target()) {                                                               \
      GLIFR_CASE_X86_64_V3(scan)                                                                   \
      GLIFR_CASE_X86_64_V4(scan)                                                                   \
      default:                                                                                     \
        return ::glifr::cpu::baseline::scan(window);                                               \
    }                                                                                              \
  }
#else
#define GLIFR_DISPATCH_SCANS(T, ...)
#endif

#define GLIFR_DECLARE_TARGET(name)                    \
  namespace glifr::cpu::name {                        \
  template <class N, Scalar T>                        \
  void scan_forward(const ScanWindow<N, T>& window);  \
  template <class N, Scalar T>                        \
  void scan_backward(const ScanWindow<N, T>& window); \
  }
#if defined(GLIFR_IS_BASELINE) && defined(GLIFR_HAS_X86_64_V3)
GLIFR_DECLARE_TARGET(x86_64_v3)
#define GLIFR_CASE_X86_64_V3(scan)    \
  case ::glifr::CpuTarget::x86_64_v3: \
    return ::glifr::cpu::x86_64_v3::scan(window);
#else
#define GLIFR_CASE_X86_64_V3(scan)
#endif
#if defined(GLIFR_IS_BASELINE) && defined(GLIFR_HAS_X86_64_V4)
GLIFR_DECLARE_TARGET(x86_64_v4)
#define GLIFR_CASE_X86_64_V4(scan)        \
  case ::glifr::CpuTarget::x86_64_v4:     \
  case ::glifr::CpuTarget::x86_64_v4_amx: \
    return ::glifr::cpu::x86_64_v4::scan(window);
#else
#define GLIFR_CASE_X86_64_V4(scan)
#endif
#undef GLIFR_DECLARE_TARGET

GLIFR_FOR_EACH_BUILT_IN_NEURON(GLIFR_DECLARE_NEURON)
