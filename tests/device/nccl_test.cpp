// The links among GPUs by NCCL, with a library of its name that passes messages among emulated devices.
#include <atomic>

#include "backend/cuda/stream.hpp"
#include "glifr/datasets/synthetic.hpp"
#include "glifr/distributed/device_links.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/training/trainer.hpp"
#include "support/catch.hpp"
#include "support/emulated_device.hpp"
#include "support/thread_group.hpp"

namespace {

using namespace glifr;
using test::EmulatedDevice;
using test::ThreadGroups;

/// An emulated device that is its own stream.
class StreamDevice final : public EmulatedDevice, public cuda::HasStream {
 public:
  [[nodiscard]] cudaStream_t stream() const override {
    return reinterpret_cast<cudaStream_t>(const_cast<EmulatedDevice*>(static_cast<const EmulatedDevice*>(this)));
  }
};

/// The parameters after a training in four shares.
std::vector<float> train(Device& device, DeviceLinks* links) {
  const SyntheticDataset<float> data({.samples = 45, .time_steps = 9, .input_size = 3, .classes = 4});
  RecurrentNetwork<float> network(Outputs::last_step);
  network.add<Glifr<2>>({.input_size = 3, .hidden_size = 7, .delay = 2});
  network.add_readout(4);
  initialize_homogeneous(network, 3);
  Trainer<float> trainer(
      network, data,
      {.learning_rate = {.initial = 1e-2}, .batch_size = 10, .device_shares = 4, .max_epochs = 4, .dropout = 0.2},
      [&](const EngineParts<float>& parts) { return make_device_engine<float>(parts, device, links); });
  trainer.fit();
  std::vector<float> all;
  for (const Parameter<float>* parameter : network.parameters())
    all.insert(all.end(), parameter->value.values().begin(), parameter->value.values().end());
  return all;
}

TEST_CASE("devices with streams are linked by NCCL, and a step with its exchanges is one recording") {
  EmulatedDevice alone;
  const std::vector<float> expected = train(alone, nullptr);
  for (const Index devices : {2, 3, 4}) {
    std::atomic<Index> same = 0, linked = 0, replayed = 0;
    ThreadGroups::run(devices, [&](Group& group) {
      StreamDevice device;
      const auto links = link_devices(device, group);
      if (links->description() == "NCCL 2.18.6" && links->can_be_recorded()) ++linked;
      if (train(device, links.get()) == expected) ++same;
      if (device.replays == 4 * 5 - 2) ++replayed;  // all steps but the first of either size
    });
    CAPTURE(devices);
    CHECK(linked == devices);
    CHECK(same == devices);
    CHECK(replayed == devices);
  }
}

TEST_CASE("where one device has no stream, all are linked over the hosts, and why is said") {
  std::atomic<Index> told = 0;
  ThreadGroups::run(2, [&](Group& group) {
    StreamDevice with;
    EmulatedDevice without;
    Device& device = group.rank() == 0 ? static_cast<Device&>(with) : without;
    const auto links = link_devices(device, group);
    if (links->description() == "the hosts' memory: NCCL links GPUs alone, found emulated device") ++told;
  });
  CHECK(told == 2);
}

}  // namespace
