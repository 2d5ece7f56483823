#include "glifr/backend/gpu.hpp"
#include "glifr/error.hpp"

namespace glifr {

std::optional<std::string> gpu_problem(int) {
  return "this glifr was built without CUDA";
}

int gpu_count() {
  return 0;
}

std::unique_ptr<Device> open_gpu(const GpuSettings&) {
  throw DeviceUnavailable("cuda", *gpu_problem());
}

bool is_compiled_for_gpu(std::type_index) {
  return false;
}

}  // namespace glifr
