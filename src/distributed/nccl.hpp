#pragma once

#include <memory>
#include <optional>
#include <string>

#include "glifr/distributed/device_links.hpp"

namespace glifr {

/// Why this device cannot be linked to others by NCCL; nothing where it can.
std::optional<std::string> nccl_problem(const Device& device);

/// Links by NCCL. All processes of the group call it, with devices that have no `nccl_problem`.
std::unique_ptr<DeviceLinks> link_by_nccl(Device& device, Group& group);

}  // namespace glifr
