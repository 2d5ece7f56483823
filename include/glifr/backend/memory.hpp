#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

#include "glifr/backend/view.hpp"

namespace glifr {

/// Every buffer starts at a multiple of this, which suits the widest vector loads and a cache line.
inline constexpr std::size_t memory_alignment = 64;

/// Gives back memory of `allocate_aligned`.
struct AlignedDelete {
  /// Called by the unique_ptr that owns the memory.
  void operator()(std::byte* p) const { ::operator delete(p, std::align_val_t(memory_alignment)); }
};
/// Aligned memory with its owner.
using AlignedBytes = std::unique_ptr<std::byte, AlignedDelete>;

/// Uninitialised memory. Its size is rounded up to the alignment, so that whole vectors may run over the end of what is
/// used.
inline AlignedBytes allocate_aligned(std::size_t bytes) {
  bytes = (bytes + memory_alignment - 1) / memory_alignment * memory_alignment;
  return AlignedBytes(static_cast<std::byte*>(::operator new(bytes, std::align_val_t(memory_alignment))));
}

/// Memory that is handed out piece by piece and taken back all at once. `reset` keeps it for reuse: once an arena has
/// seen its largest round, no further round allocates. Nothing in it is destroyed, so only trivially destructible
/// things may live here.
class Arena {
 public:
  /// Uninitialised room for `count` values of T, aligned to `memory_alignment`.
  template <class T>
  requires std::is_trivially_destructible_v<T> T* allocate(Index count) {
    return reinterpret_cast<T*>(take(static_cast<std::size_t>(count) * sizeof(T)));
  }

  /// Room for `count` values of T, each zero.
  template <class T>
  T* allocate_zeroed(Index count) {
    T* values = allocate<T>(count);
    std::fill_n(values, count, T(0));
    return values;
  }

  /// Takes back all that was handed out; the memory stays for the next round.
  void reset() {
    block_ = 0;
    used_ = 0;
  }

  /// Bytes held, handed out or not.
  [[nodiscard]] std::size_t capacity() const {
    std::size_t total = 0;
    for (const Block& block : blocks_) total += block.size;
    return total;
  }

 private:
  struct Block {
    AlignedBytes memory;
    std::size_t size;
  };

  std::byte* take(std::size_t bytes) {
    bytes = (bytes + memory_alignment - 1) / memory_alignment * memory_alignment;
    while (block_ < blocks_.size() && used_ + bytes > blocks_[block_].size) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) {
      const std::size_t size = std::max({bytes, smallest_block, capacity()});  // doubling: few blocks, little waste
      blocks_.push_back({allocate_aligned(size), size});
    }
    std::byte* piece = blocks_[block_].memory.get() + used_;
    used_ += bytes;
    return piece;
  }

  static constexpr std::size_t smallest_block = std::size_t{1} << 16;
  std::vector<Block> blocks_;
  std::size_t block_ = 0;
  std::size_t used_ = 0;
};

}  // namespace glifr
