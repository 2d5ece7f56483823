#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>

#include "glifr/backend/device.hpp"
#include "glifr/backend/memory.hpp"

namespace glifr::test {

/// A device that computes nothing and counts what it is asked for, whatever the size of the problem. What comes back
/// from it is all ones: NaN, and -1.
class CountingDevice final : public Device {
 public:
  Index kernels = 0;   ///< launches of bodies, recorded ones included
  Index products = 0;  ///< of matrices

  [[nodiscard]] std::string name() const override { return "counting device"; }
  void* allocate(std::size_t bytes) override {
    const std::uintptr_t address = next_;
    next_ += bytes;
    return reinterpret_cast<void*>(address);  // NOLINT: nobody looks there
  }
  void release(void*) noexcept override {}
  [[nodiscard]] std::size_t free_memory() const override { return std::numeric_limits<std::size_t>::max(); }
  void copy_in(void*, const void*, std::size_t) override {}
  void copy_out(void* to, const void*, std::size_t bytes) override { std::memset(to, 0xff, bytes); }
  void launch(const Launch&) override { ++kernels; }
  void gemm(kernels::Transpose, kernels::Transpose, View<const float>, View<const float>, float, View<float>) override {
    ++products;
  }
  void gemm(kernels::Transpose, kernels::Transpose, View<const double>, View<const double>, double,
            View<double>) override {
    ++products;
  }
  void wait() override {}
  void begin_recording() override {}
  std::unique_ptr<Recording> end_recording() override {
    struct Nothing final : Recording {
      void replay() override {}
    };
    return std::make_unique<Nothing>();
  }
  void drop_recording() noexcept override {}

 private:
  std::uintptr_t next_ = memory_alignment;
};

}  // namespace glifr::test
