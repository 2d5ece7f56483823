#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "glifr/backend/device.hpp"
#include "glifr/distributed/group.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// Links among the devices of a group of processes, one device each: they send each other stretches of their memory.
class GLIFR_API DeviceLinks {
 public:
  /// A stretch of this process's device's memory that goes to, or comes from, the device of process `rank`.
  struct Message {
    Index rank;                  ///< another one
    std::span<std::byte> bytes;  ///< of the device
  };

  virtual ~DeviceLinks() = default;

  /// The processes.
  [[nodiscard]] virtual Group& group() const = 0;
  /// How messages travel, in a few words.
  [[nodiscard]] virtual std::string description() const = 0;

  /// Sends and receives after all that the device was asked for before. All processes call this together; what one of
  /// them sends to another are, one after the other, the messages that this one receives from it. DeviceFailure where
  /// a device fails.
  virtual void exchange(std::span<const Message> sent, std::span<const Message> received) = 0;
  /// Whether an exchange can be part of what a device records. If not, it waits for the device.
  [[nodiscard]] virtual bool can_be_recorded() const = 0;
};

/// Links the device of each process of a group to those of the others, all of which call this: by NCCL, or over the
/// host and the group where they cannot all use NCCL, which the description then says with the reason. Device and group
/// outlive the links. DeviceFailure where NCCL fails, as where two processes have the same GPU.
[[nodiscard]] GLIFR_API std::unique_ptr<DeviceLinks> link_devices(Device& device, Group& group);

}  // namespace glifr
