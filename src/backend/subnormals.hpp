#pragma once

#include <cstdint>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace glifr {

/// While it lives, this thread takes numbers below the smallest normal one (1.2e-38 in float, 2.2e-308 in double) for
/// zero, as operands and as results. Gradients that fade over many time steps pass through that range, in which some
/// processors are many times slower.
class FlushSubnormals {
 public:
  FlushSubnormals() : before_(control()) { set_control(before_ | flush); }
  ~FlushSubnormals() { set_control(before_); }
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

 private:
#if defined(__x86_64__)
  using Control = std::uint32_t;
  static constexpr Control flush = 1U << 15 | 1U << 6;  // FTZ and DAZ of MXCSR
  static Control control() {
    return _mm_getcsr();
  }
  static void set_control(Control control) {
    _mm_setcsr(control);
  }
#elif defined(__aarch64__)
  using Control = std::uint64_t;
  static constexpr Control flush = 1U << 24;  // FZ of FPCR
  static Control control() {
    Control control = 0;
    asm volatile("mrs %0, fpcr" : "=r"(control));
    return control;
  }
  static void set_control(Control control) {
    asm volatile("msr fpcr, %0" : : "r"(control) : "memory");
  }
#else
  using Control = std::uint32_t;
  static constexpr Control flush = 0;
  static Control control() {
    return 0;
  }
  static void set_control(Control) {}
#endif

  Control before_;
};

}  // namespace glifr
