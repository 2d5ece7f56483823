#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "glifr/backend/detail/kernels.hpp"
#include "glifr/neurons/indexing.hpp"
#include "glifr/training/reduce.hpp"

namespace glifr {

/// Adds up the shares of a batch's gradient while they are computed, by whichever worker has the second of two
/// neighbours: complete nodes of the tree up to some level. A worker holds no more gradients at a time than that level
/// has levels below it.
template <Scalar T>
class ShareSums {
 public:
  explicit ShareSums(const ParameterList<T>& parameters) : parameters_(parameters) {}

  /// The coming shares are these of so many. A new batch: what the last one's `parts` named is free again, and what it
  /// had taken where an exception ended it.
  void begin(ShareRange range, Index shares) {
    free_.clear();
    for (const std::unique_ptr<Gradients<T>>& gradients : owned_) free_.push_back(gradients.get());
    for (std::atomic<Gradients<T>*>& place : waiting_) place.store(nullptr, std::memory_order_relaxed);
    range_ = range;
    shares_ = shares;
    level_ = std::max<Index>(0, root_level(shares) - left_to_reduction);
    cover(range, shares, level_, nodes_);
    parts_.clear();
    for (const SumNode& node : nodes_) parts_.push_back({node, nullptr});
    const auto needed = static_cast<std::size_t>(shares);
    if (waiting_.size() < needed) waiting_ = std::vector<std::atomic<Gradients<T>*>>(needed);
  }

  /// Room for a share, with anything in it.
  [[nodiscard]] Gradients<T>* take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
      owned_.push_back(std::make_unique<Gradients<T>>(parameters_));
      free_.reserve(owned_.size());
      return owned_.back().get();
    }
    Gradients<T>* gradients = free_.back();
    free_.pop_back();
    return gradients;
  }

  /// A share is computed.
  void put(Index share, Gradients<T>* gradients) {
    SumNode node{0, share};
    while (node.level < level_) {
      const SumNode neighbour{node.level, node.place ^ 1};
      if (neighbour.first() < shares_) {
        if (!is_mine(neighbour)) break;
        // Whoever comes second adds.
        std::atomic<Gradients<T>*>& place = waiting_at(node);
        Gradients<T>* first = nullptr;
        if (place.compare_exchange_strong(first, gradients, std::memory_order_acq_rel)) return;
        place.store(nullptr, std::memory_order_relaxed);
        T* const both[] = {gradients->values().data(), first->values().data()};
        kernels::host<T>().sum_shares(both, 2, std::ssize(gradients->values()));
        release(first);
      }
      node = {node.level + 1, node.place / 2};
    }
    const auto place = std::ranges::lower_bound(nodes_, node.first(), {}, &SumNode::first);
    parts_[static_cast<std::size_t>(place - nodes_.begin())].gradients = gradients;
  }

  /// The sums of all shares of the range, once all are computed.
  [[nodiscard]] std::span<const PartialSum<T>> parts() const { return parts_; }

 private:
  /// Levels below the root that are left to `Reduction`, which sums all gradients at once with all workers.
  static constexpr Index left_to_reduction = 4;

  [[nodiscard]] bool is_mine(const SumNode& node) const {
    return node.first() >= range_.first && std::min(shares_, (node.place + 1) << node.level) <= range_.last;
  }
  /// Where the first of the two children of a node waits for the second: a place for each pair of neighbours.
  [[nodiscard]] std::atomic<Gradients<T>*>& waiting_at(const SumNode& node) {
    // Of the pair whose border is between shares b - 1 and b; each border is that of one pair.
    return at(waiting_, ((node.place | 1) << node.level));
  }
  void release(Gradients<T>* gradients) {
    const std::lock_guard lock(mutex_);
    free_.push_back(gradients);
  }

  ParameterList<T> parameters_;
  ShareRange range_;
  Index shares_ = 0, level_ = 0;
  std::vector<SumNode> nodes_;
  std::vector<PartialSum<T>> parts_;  // of these nodes
  std::vector<std::atomic<Gradients<T>*>> waiting_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Gradients<T>>> owned_;
  std::vector<Gradients<T>*> free_;
};

}  // namespace glifr
