#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "glifr/core/parameter_layout.hpp"
#include "glifr/export.hpp"

namespace glifr {

class Group;

/// A node of the fixed binary tree by which the shares of a batch's gradient are summed. Node `place` of level l stands
/// for shares place 2^l … (place + 1) 2^l - 1, as far as there are so many, and is the sum of its two children, nodes
/// 2 place and 2 place + 1 of the level below; where there are no shares for the second one, it is the first.
struct SumNode {
  Index level = 0, place = 0;

  /// Its first share.
  [[nodiscard]] Index first() const { return place << level; }
  /// Whether both are the same node.
  bool operator==(const SumNode&) const = default;
};

/// Shares `first` … `last - 1`.
struct ShareRange {
  Index first = 0, last = 0;
};

/// The shares that process `rank` of `size` computes.
[[nodiscard]] inline ShareRange part_of_shares(Index shares, Index rank, Index size) {
  return {shares * rank / size, shares * (rank + 1) / size};
}

/// Level of the node that stands for all shares.
[[nodiscard]] GLIFR_API Index root_level(Index shares);

/// Puts into `nodes` the largest nodes up to a level that stand for a range of the shares, in order.
GLIFR_API void cover(ShareRange range, Index shares, Index highest_level, std::vector<SumNode>& nodes);

/// Finds the additions by which sums of nodes, which come in order, become sums of larger nodes.
class GLIFR_API SumPlan {
 public:
  /// A node and the number of the sum that it is in.
  struct Placed {
    SumNode node;
    std::size_t place;
  };
  /// An addition of one sum to another, by their numbers.
  struct Addition {
    std::size_t to, from;
  };

  /// A new batch of so many shares.
  void begin(Index shares) {
    shares_ = shares;
    nodes_.clear();
    additions_.clear();
  }
  /// The sum of the next node is in this place.
  void add(SumNode node, std::size_t place);

  /// What the sums are of after all additions.
  [[nodiscard]] std::span<const Placed> nodes() const { return nodes_; }
  /// In the order in which they are to be done.
  [[nodiscard]] std::span<const Addition> additions() const { return additions_; }
  /// Whether one sum is that of all shares.
  [[nodiscard]] bool is_whole() const {
    return nodes_.size() == 1 && nodes_.front().node == SumNode{root_level(shares_), 0};
  }

 private:
  Index shares_ = 1;
  std::vector<Placed> nodes_;
  std::vector<Addition> additions_;
};

/// The sum of the shares of a node.
template <Scalar T>
struct PartialSum {
  SumNode node{};                     ///< whose
  Gradients<T>* gradients = nullptr;  ///< the sum; further sums may be put in its place
};

/// Sums the shares of a batch's gradient by that tree, so that the bits do not depend on who computed them.
template <Scalar T>
class GLIFR_API Reduction {
 public:
  /// What a sum is like.
  struct Result {
    Gradients<T>* sum = nullptr;               ///< until the next call
    double norm = 0;                           ///< of all gradients together
    const Parameter<T>* not_finite = nullptr;  ///< the first parameter whose gradient is not finite, if any
  };

  /// For the gradients of these parameters, which outlive this. `group`: the processes that sum together; null: this
  /// process alone.
  explicit Reduction(const ParameterList<T>& parameters, Group* group = nullptr);

  /// Sums what there is of `shares` shares, by `parallel_for` of the surrounding workers. `parts`: sums of adjacent
  /// nodes, in order; those of process r of a group stand for `part_of_shares(shares, r, size)`, and may be none. What
  /// they held is lost. std::logic_error where the parts are not those of all shares.
  Result operator()(std::span<const PartialSum<T>> parts, Index shares);
  /// The same for a gradient that is in one piece, as a training loop of your own has it.
  Result operator()(Gradients<T>& whole) {
    const PartialSum<T> part{.node = {}, .gradients = &whole};
    return (*this)(std::span(&part, 1), 1);
  }

 private:
  using Block = typename ParameterLayout<T>::Block;
  struct BlockRange {
    Index first, last;
  };

  void sum_blocks(BlockRange blocks);
  void sum_over_group(Index shares);
  [[nodiscard]] std::vector<std::span<const std::byte>> pack_sums();
  [[nodiscard]] std::vector<std::span<std::byte>> plan_received(Index shares);
  void gather_slices();
  [[nodiscard]] std::pair<Index, Index> slice_of(Index rank) const;
  [[nodiscard]] BlockRange blocks_of(Index rank) const;
  [[nodiscard]] Index offset_of(Index block) const;
  [[nodiscard]] Result result(Gradients<T>* sum) const;

  ParameterLayout<T> layout_;
  std::vector<Block> blocks_;
  std::vector<double> squares_;  // a block
  Group* group_;
  // Of the sum that is being taken.
  std::vector<T*> sums_;  // where the gradients of the first of the blocks would begin
  SumPlan plan_;
  // Of a group.
  std::optional<Gradients<T>> sum_;
  std::vector<SumNode> all_nodes_;
  Tensor<T> sent_, received_;
};

extern template class Reduction<float>;
extern template class Reduction<double>;

}  // namespace glifr
