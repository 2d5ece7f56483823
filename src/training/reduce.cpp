#include "glifr/training/reduce.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <stdexcept>

#include "blocks.hpp"
#include "glifr/backend/detail/kernels.hpp"
#include "glifr/distributed/group.hpp"
#include "glifr/neurons/indexing.hpp"

namespace glifr {

namespace {

/// Elements that are summed at a time: so many sums of them as a batch has stay in a processor's cache from one
/// addition to the next. A multiple of what `kernels::sum_shares` adds up before it widens, so that the norm does not
/// depend on it.
constexpr Index strip = 2048;

}  // namespace

Index root_level(Index shares) {
  return static_cast<Index>(std::bit_width(static_cast<std::size_t>(shares - 1)));
}

void cover(ShareRange range, Index shares, Index highest_level, std::vector<SumNode>& nodes) {
  nodes.clear();
  for (Index first = range.first, end = 0; first < range.last; first = end) {
    SumNode node{0, first};
    end = first + 1;
    while (node.level < std::min(highest_level, root_level(shares)) && node.place % 2 == 0) {
      const Index wider = std::min(shares, first + (Index{2} << node.level));
      if (wider > range.last) break;
      node = {node.level + 1, node.place / 2};
      end = wider;
    }
    nodes.push_back(node);
  }
}

void SumPlan::add(SumNode node, std::size_t where) {
  Placed last{node, where};
  for (;;) {
    const auto [level, place] = last.node;
    if (level == root_level(shares_)) break;
    if (place % 2 == 1) {
      if (nodes_.empty() || nodes_.back().node != SumNode{level, place - 1}) break;  // another process has the first
      additions_.push_back({nodes_.back().place, last.place});
      last.place = nodes_.back().place;
      nodes_.pop_back();
    } else if ((place + 1) << level < shares_) {
      break;  // the second child is still to come
    }
    last.node = {level + 1, place / 2};
  }
  nodes_.push_back(last);
}

template <Scalar T>
Reduction<T>::Reduction(const ParameterList<T>& parameters, Group* group)
    : layout_(parameters), blocks_(layout_.blocks(parameter_block)), squares_(blocks_.size()), group_(group) {
  if (group) sum_.emplace(parameters);
}

template <Scalar T>
typename Reduction<T>::BlockRange Reduction<T>::blocks_of(Index rank) const {
  const Index count = std::ssize(blocks_), size = group_->size();
  return {count * rank / size, count * (rank + 1) / size};
}

template <Scalar T>
Index Reduction<T>::offset_of(Index block) const {
  if (block == std::ssize(blocks_)) return layout_.trained_size();
  return layout_.trained()[at(blocks_, block).entry].offset + at(blocks_, block).first;
}

/// Does the planned additions on some blocks.
template <Scalar T>
void Reduction<T>::sum_blocks(BlockRange blocks) {
  const Index start = offset_of(blocks.first), elements = offset_of(blocks.last) - start;
  for_each_block(blocks.last - blocks.first, elements, [&](Index i) {
    const Index b = blocks.first + i, offset = offset_of(b) - start, size = at(blocks_, b).count;
    double squares = 0;
    for (Index first = 0; first < size; first += strip) {
      const Index count = std::min(strip, size - first);
      const auto summed = [&](std::size_t to, std::size_t from, Index how_many) {
        T* const both[] = {sums_[to] + offset + first, sums_[from] + offset + first};
        return kernels::host<T>().sum_shares(both, how_many, count);
      };
      double of_strip = 0;
      for (const auto& [to, from] : plan_.additions()) of_strip = summed(to, from, 2);
      if (plan_.additions().empty()) of_strip = summed(0, 0, 1);
      squares += of_strip;
    }
    at(squares_, b) = squares;
  });
}

template <Scalar T>
typename Reduction<T>::Result Reduction<T>::result(Gradients<T>* sum) const {
  Result result{.sum = sum};
  double squares = 0;
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    if (!std::isfinite(squares_[b])) return {sum, squares_[b], layout_.trained()[blocks_[b].entry].parameter};
    squares += squares_[b];
  }
  result.norm = std::sqrt(squares);
  return result;
}

namespace {

template <class Value>
std::span<std::byte> bytes_of(Value* values, Index count) {
  return std::as_writable_bytes(std::span(values, static_cast<std::size_t>(count)));
}

}  // namespace

/// Part `rank` of the gradient, whose sum that process takes: its first element, and the one behind its last.
template <Scalar T>
std::pair<Index, Index> Reduction<T>::slice_of(Index rank) const {
  const BlockRange blocks = blocks_of(rank);
  return {offset_of(blocks.first), offset_of(blocks.last)};
}

/// The slices of this process's sums, those of the nodes of `plan_`, for each process.
template <Scalar T>
std::vector<std::span<const std::byte>> Reduction<T>::pack_sums() {
  const Index needed = std::ssize(plan_.nodes()) * layout_.trained_size();
  if (sent_.size() < needed) sent_ = Tensor<T>({needed});
  std::vector<std::span<const std::byte>> to;
  T* place = sent_.data();
  for (Index r = 0; r < group_->size(); ++r) {
    const auto [begin, end] = slice_of(r);
    T* const start = place;
    for (const SumPlan::Placed& node : plan_.nodes())
      place = std::copy_n(sums_[node.place] + begin, end - begin, place);
    to.push_back(bytes_of(start, place - start));
  }
  return to;
}

/// Plans the sum of this process's slice of all nodes. Where those of each process are to be received.
template <Scalar T>
std::vector<std::span<std::byte>> Reduction<T>::plan_received(Index shares) {
  const Index size = group_->size();
  const auto [first, last] = slice_of(group_->rank());
  const Index length = last - first;
  const auto cover_nodes_of = [&](Index rank) {
    cover(part_of_shares(shares, rank, size), shares, root_level(shares), all_nodes_);
  };
  Index all = 0;
  for (Index r = 0; r < size; ++r) {
    cover_nodes_of(r);
    all += std::ssize(all_nodes_);
  }
  if (const Index needed = all * length; received_.size() < needed) received_ = Tensor<T>({needed});
  std::vector<std::span<std::byte>> from;
  T* place = received_.data();
  sums_.clear();
  plan_.begin(shares);
  for (Index r = 0; r < size; ++r) {
    cover_nodes_of(r);
    from.push_back(bytes_of(place, std::ssize(all_nodes_) * length));
    for (const SumNode& node : all_nodes_) {
      plan_.add(node, sums_.size());
      sums_.push_back(place);
      place += length;
    }
  }
  return from;
}

/// Gives everybody all slices of the sum, and of the squares.
template <Scalar T>
void Reduction<T>::gather_slices() {
  const Index size = group_->size(), own = group_->rank();
  const auto [first, last] = slice_of(own);
  std::vector<std::span<std::byte>> from;
  for (Index r = 0; r < size; ++r) {
    const auto [begin, end] = slice_of(r);
    from.push_back(bytes_of(sum_->values().data() + begin, end - begin));
  }
  group_->gather(bytes_of(sums_.front(), last - first), from);
  from.clear();
  for (Index r = 0; r < size; ++r) {
    const auto [begin, end] = blocks_of(r);
    from.push_back(bytes_of(squares_.data() + begin, end - begin));
  }
  group_->gather(at(from, own), from);
}

/// Completes the sums of this process's nodes by those of the others, each process for a slice of the blocks.
template <Scalar T>
void Reduction<T>::sum_over_group(Index shares) {
  const std::vector<std::span<const std::byte>> to = pack_sums();
  const std::vector<std::span<std::byte>> from = plan_received(shares);
  group_->exchange(to, from);
  sum_blocks(blocks_of(group_->rank()));
  gather_slices();
}

template <Scalar T>
typename Reduction<T>::Result Reduction<T>::operator()(std::span<const PartialSum<T>> parts, Index shares) {
  sums_.clear();
  plan_.begin(shares);
  for (const PartialSum<T>& part : parts) {
    plan_.add(part.node, sums_.size());
    sums_.push_back(part.gradients->values().data());
  }
  if (!group_ && !plan_.is_whole()) throw std::logic_error("a gradient is summed of all its shares");
  if (!group_ || !plan_.additions().empty()) sum_blocks({0, std::ssize(blocks_)});
  if (!group_) return result(parts.front().gradients);
  sum_over_group(shares);
  return result(&*sum_);
}

template class Reduction<float>;
template class Reduction<double>;

}  // namespace glifr
