#include "glifr/distributed/device_links.hpp"

#include <algorithm>
#include <vector>

#include "nccl.hpp"

namespace glifr {

namespace {

/// Messages travel by way of the hosts and their group.
class HostLinks final : public DeviceLinks {
 public:
  HostLinks(Device& device, Group& group, std::string reason)
      : device_(device), group_(group), reason_(std::move(reason)) {}

  [[nodiscard]] Group& group() const override { return group_; }
  [[nodiscard]] std::string description() const override { return "the hosts' memory: " + reason_; }
  [[nodiscard]] bool can_be_recorded() const override { return false; }

  void exchange(std::span<const Message> sent, std::span<const Message> received) override {
    const std::vector<std::span<std::byte>> out = places(sent, sent_), in = places(received, received_);
    each(sent, out,
         [&](std::span<std::byte> there, std::byte* here) { device_.copy_out(here, there.data(), there.size()); });
    group_.exchange(std::vector<std::span<const std::byte>>(out.begin(), out.end()), in);
    each(received, in,
         [&](std::span<std::byte> there, const std::byte* here) { device_.copy_in(there.data(), here, there.size()); });
  }

 private:
  /// Room in a buffer for the messages of each process, one after the other.
  [[nodiscard]] std::vector<std::span<std::byte>> places(std::span<const Message> messages,
                                                         std::vector<std::byte>& buffer) const {
    std::vector<std::size_t> sizes(static_cast<std::size_t>(group_.size()));
    std::size_t all = 0;
    for (const auto& [rank, bytes] : messages) {
      sizes[static_cast<std::size_t>(rank)] += bytes.size();
      all += bytes.size();
    }
    if (buffer.size() < all) buffer.resize(all);
    std::vector<std::span<std::byte>> result;
    std::size_t begin = 0;
    for (const std::size_t size : sizes) {
      result.push_back(std::span(buffer).subspan(begin, size));
      begin += size;
    }
    return result;
  }

  template <class Copy>
  static void each(std::span<const Message> messages, std::vector<std::span<std::byte>> places, const Copy& copy) {
    for (const auto& [rank, bytes] : messages) {
      std::span<std::byte>& place = places[static_cast<std::size_t>(rank)];
      if (!bytes.empty()) copy(bytes, place.data());
      place = place.subspan(bytes.size());
    }
  }

  Device& device_;
  Group& group_;
  std::string reason_;
  std::vector<std::byte> sent_, received_;
};

}  // namespace

std::unique_ptr<DeviceLinks> link_devices(Device& device, Group& group) {
  const std::vector<std::string> problems = group.gather_texts(nccl_problem(device).value_or(""));
  const auto problem = std::ranges::find_if(problems, [](const std::string& text) { return !text.empty(); });
  if (problem == problems.end()) return link_by_nccl(device, group);
  return std::make_unique<HostLinks>(device, group, *problem);
}

}  // namespace glifr
