#pragma once

#include <algorithm>
#include <bit>
#include <vector>

#include "device_step.hpp"
#include "glifr/backend/memory.hpp"
#include "glifr/distributed/device_links.hpp"
#include "glifr/training/reduce.hpp"

namespace glifr {

/// Sums the shares of a batch's gradient on a device, and with those of the other devices of a group, by the tree of
/// `SumPlan`. A device computes its shares one after another in one place, where the sum is in the end; sums that wait
/// for their neighbours are kept in buffers beside it, the first one in the first. What is done for a batch is planned
/// beforehand, so that it can be recorded.
template <Scalar T>
class DeviceSums {
 public:
  using Message = DeviceLinks::Message;

  /// What is done for a batch of so many shares.
  struct Plan {
    /// After a share: how many sums wait, and how many of these, from the last on, are added to it.
    struct Join {
      std::size_t waiting, joined;
    };

    Index shares = 1;
    ShareRange own{0, 1};       ///< of this device
    std::vector<Join> joins{};  ///< after each of them
    std::vector<Message> nodes_sent{}, nodes_received{}, slices_sent{}, slices_received{};
    std::vector<T*> sums{};  ///< of this device's slice of the parameters, by the nodes of all devices
    std::vector<SumPlan::Addition> additions{};  ///< of these
  };

  /// `gradients`: the place, of `size` elements. `highest_shares`: of a batch. `links`: null where the device is alone.
  DeviceSums(T* gradients, Index size, Index highest_shares, Device& device, DeviceLinks* links)
      : gradients_(gradients), size_(size), links_(links), memory_(&device) {
    const Index most = (highest_shares + processes() - 1) / processes();
    for (Index i = 0; most > 1 && i < most_nodes(most); ++i) buffers_.push_back(memory_.template allocate<T>(size));
    const auto [first, last] = slice_of(rank());
    if (links) received_ = memory_.template allocate<T>((processes() - 1) * most_nodes(most) * (last - first));
  }

  /// `tallies`: of the shares; each device gets all.
  [[nodiscard]] Plan plan(Index shares, device::Tally* tallies) const {
    Plan plan{.shares = shares, .own = part(shares, rank())};
    SumPlan tree;
    tree.begin(shares);
    for (Index s = plan.own.first; s < plan.own.last; ++s) {
      const std::size_t waiting = tree.nodes().size();
      tree.add({0, s}, 0);
      plan.joins.push_back({waiting, waiting + 1 - tree.nodes().size()});
    }
    if (!links_) return plan;

    const auto [first, last] = slice_of(rank());
    SumPlan all;
    all.begin(shares);
    T* received = received_;
    for (Index r = 0; r < processes(); ++r) {
      const ShareRange theirs = part(shares, r);
      std::vector<SumNode> nodes;
      cover(theirs, shares, root_level(shares), nodes);
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        all.add(nodes[i], plan.sums.size());
        if (r == rank()) {
          T* const sum = i + 1 < nodes.size() ? buffers_[i] : gradients_;
          plan.sums.push_back(sum + first);
          send_slices(plan.nodes_sent, sum);
        } else {
          plan.sums.push_back(received);
          add(plan.nodes_received, r, received, last - first);
          received += last - first;
        }
      }
      if (r == rank()) continue;
      add(plan.nodes_received, r, tallies + theirs.first, theirs.last - theirs.first);
      add(plan.slices_sent, r, gradients_ + first, last - first);
      const auto [begin, end] = slice_of(r);
      add(plan.slices_received, r, gradients_ + begin, end - begin);
    }
    for (Index r = 0; r < processes(); ++r) {  // behind the nodes, as they are received
      if (r != rank()) add(plan.nodes_sent, r, tallies + plan.own.first, plan.own.last - plan.own.first);
    }
    plan.additions.assign(all.additions().begin(), all.additions().end());
    return plan;
  }

  /// The i-th of this device's shares is computed.
  void join(Device* device, const Plan& plan, std::size_t i) const {
    const auto [waiting, joined] = plan.joins[i];
    for (std::size_t k = 0; k < joined; ++k)
      for_each_element(device, 1, size_, device::AddValues<T>{buffers_[waiting - 1 - k], gradients_});
    if (i + 1 < plan.joins.size())
      for_each_element(device, 1, size_, device::CopyValues<T>{gradients_, buffers_[waiting - joined]});
  }

  /// The shares of all devices are computed: each gets what it needs for the sum of its slice.
  void exchange_nodes(const Plan& plan) const { links_->exchange(plan.nodes_sent, plan.nodes_received); }
  /// Sums this device's slice.
  void sum_slice(Device* device, const Plan& plan) const {
    const auto [first, last] = slice_of(rank());
    for (const auto& [to, from] : plan.additions)
      for_each_element(device, 1, last - first, device::AddValues<T>{plan.sums[from], plan.sums[to]});
    if (plan.sums.front() != gradients_ + first)
      for_each_element(device, 1, last - first, device::CopyValues<T>{plan.sums.front(), gradients_ + first});
  }
  /// The slices are summed: each device gets all of them.
  void exchange_slices(const Plan& plan) const { links_->exchange(plan.slices_sent, plan.slices_received); }

 private:
  [[nodiscard]] Index rank() const { return links_ ? links_->group().rank() : 0; }
  [[nodiscard]] Index processes() const { return links_ ? links_->group().size() : 1; }
  [[nodiscard]] ShareRange part(Index shares, Index rank) const { return part_of_shares(shares, rank, processes()); }

  /// Most nodes that stand for so many adjacent shares.
  static Index most_nodes(Index shares) {
    return shares < 2 ? 1 : 2 * static_cast<Index>(std::bit_width(static_cast<std::size_t>(shares)) - 1);
  }

  /// The parameters that the device of a process sums, which begin where memory is aligned.
  struct Slice {
    Index first, last;
  };
  [[nodiscard]] Slice slice_of(Index rank) const {
    constexpr Index grain = memory_alignment / sizeof(T);
    const Index grains = (size_ + grain - 1) / grain;
    const auto begin = [&](Index r) { return std::min(size_, grains * r / processes() * grain); };
    return {begin(rank), begin(rank + 1)};
  }

  template <class S>
  static void add(std::vector<Message>& messages, Index rank, S* values, Index count) {
    if (count > 0)
      messages.push_back({rank, std::as_writable_bytes(std::span(values, static_cast<std::size_t>(count)))});
  }
  void send_slices(std::vector<Message>& messages, T* sum) const {
    for (Index r = 0; r < processes(); ++r) {
      const auto [begin, end] = slice_of(r);
      if (r != rank()) add(messages, r, sum + begin, end - begin);
    }
  }

  T* gradients_;
  Index size_;
  DeviceLinks* links_;
  Arena memory_;
  std::vector<T*> buffers_;
  T* received_ = nullptr;
};

}  // namespace glifr
