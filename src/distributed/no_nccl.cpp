#include "glifr/error.hpp"
#include "nccl.hpp"

namespace glifr {

std::optional<std::string> nccl_problem(const Device&) {
  return "this glifr was built without NCCL (GLIFR_NCCL)";
}

std::unique_ptr<DeviceLinks> link_by_nccl(Device& device, Group&) {
  throw DeviceUnavailable("nccl", *nccl_problem(device));
}

}  // namespace glifr
