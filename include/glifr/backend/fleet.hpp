#pragma once

#include <chrono>
#include <memory>

#include "glifr/backend/device.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// A device that several problems share, a lane each. To whoever computes in it, a lane is a device that works alone:
/// it may be used from a thread of its own, and gives the same numbers. But what lanes replay alike (recordings of the
/// same launches of the same sizes) is run for all of them at once: a launch serves all lanes.
///
/// A replay waits until its lane asks for something else, a score above all; then its thread waits for the other lanes
/// to come as far, and one of them asks the device for what all have to do. A lane that does not come within `patience`
/// is not waited for. Which lanes run together changes no number.
class GLIFR_API Fleet {
 public:
  /// How long lanes wait for one that is busy on the host.
  using Patience = std::chrono::milliseconds;

  /// Of a device that nobody else uses.
  explicit Fleet(std::unique_ptr<Device> device, Patience patience = Patience(50));
  /// Every lane is gone by then.
  ~Fleet();

  /// A further lane, from any thread. A fault of the device is reported to every lane.
  [[nodiscard]] std::unique_ptr<Device> open_lane();

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace glifr
