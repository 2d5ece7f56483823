#pragma once

#include <memory>

#include "support/catch.hpp"
#ifdef GLIFR_TEST_GPU
#include "glifr/backend/gpu.hpp"
#else
#include "support/emulated_device.hpp"
#endif

/// The device that a test of devices runs on: an emulated one everywhere, or, in the tests with the label `cuda`, the
/// machine's GPU.
namespace glifr::test {

inline std::unique_ptr<Device> open_device() {
#ifdef GLIFR_TEST_GPU
  if (gpu_problem()) return nullptr;
  return open_gpu();
#else
  return std::make_unique<EmulatedDevice>();
#endif
}

}  // namespace glifr::test

/// Declares `name`, a pointer to a device that lives to the end of the test; the test is skipped where there is none.
#define GLIFR_NEEDS_DEVICE(name)                                           \
  const std::unique_ptr<glifr::Device> name##_owner = test::open_device(); \
  if (!name##_owner) GLIFR_SKIP("there is no GPU here");                   \
  glifr::Device* const name = name##_owner.get()
