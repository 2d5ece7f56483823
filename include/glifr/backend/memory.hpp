#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

#include "glifr/backend/device.hpp"
#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"

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
/// used. std::bad_alloc where there is not as much.
[[nodiscard]] GLIFR_API AlignedBytes allocate_aligned(std::size_t bytes);

/// Sets values on the host to zero, at the speed of memory however the caller is compiled.
template <class T>
requires std::is_arithmetic_v<T>
void fill_zero(T* values, Index count) {
  std::memset(values, 0, static_cast<std::size_t>(count) * sizeof(T));
}

namespace kernels {

template <class T>
struct Fill {
  View<T> y;
  T value;
  GLIFR_INLINE void operator()(Index r, Index c) const { y(r, c) = value; }
};

}  // namespace kernels

/// Memory that is handed out piece by piece and taken back all at once. `reset` keeps it for reuse: once an arena has
/// seen its largest round, no further round allocates. Nothing in it is destroyed, so only trivially destructible
/// things may live here.
class Arena {
 public:
  /// The memory of the host or, where one is given, of a device, which outlives the arena.
  explicit Arena(Device* device = nullptr) : device_(device) {}

  /// Null: the host.
  [[nodiscard]] Device* device() const { return device_; }

  /// Threads of the surrounding `Workers` among which a large operation on this memory is shared out; 1 at first. No
  /// result depends on it.
  [[nodiscard]] Index threads() const { return threads_; }
  void set_threads(Index threads) { threads_ = threads; }

  /// Uninitialised room for `count` values of T, aligned to `memory_alignment`.
  template <class T>
  requires std::is_trivially_destructible_v<T> T* allocate(Index count) {
    return reinterpret_cast<T*>(take(rounded_up(static_cast<std::size_t>(count) * sizeof(T))));
  }

  /// Room for `count` values of T, each zero.
  template <class T>
  T* allocate_zeroed(Index count) {
    const std::size_t bytes = rounded_up(static_cast<std::size_t>(count) * sizeof(T));
    taken_zeroed_ += bytes;
    if (zeroed_.size > 0 && zeroed_used_ + bytes <= zeroed_.size) {
      std::byte* piece = zeroed_.memory.get() + zeroed_used_;
      zeroed_used_ += bytes;
      taken_ += bytes;
      return reinterpret_cast<T*>(piece);
    }
    T* values = allocate<T>(count);
    if (device_) {
      for_each_element(device_, 1, count, kernels::Fill<T>{{values, 1, count}, T(0)});
    } else {
      fill_zero(values, count);
    }
    return values;
  }

  /// Makes room for rounds of as many bytes, so that they allocate nothing. On a device, `zeroed` of these bytes are
  /// for `allocate_zeroed`: they lie together, and `reset` clears them all with one launch. Between rounds only.
  void reserve(std::size_t bytes, std::size_t zeroed = 0) {
    if (zeroed > 0) {
      zeroed_ = make_block(rounded_up(zeroed));
      bytes -= std::min(bytes, zeroed);
    }
    if (blocks_.size() == 1 && blocks_[0].size >= bytes) return;
    blocks_.clear();
    if (bytes > 0) blocks_.push_back(make_block(rounded_up(bytes)));
  }

  /// Takes back all that was handed out; the memory stays for the next round.
  void reset() {
    block_ = 0;
    used_ = 0;
    taken_ = 0;
    zeroed_used_ = 0;
    taken_zeroed_ = 0;
    if (zeroed_.size == 0) return;
    const auto count = static_cast<Index>(zeroed_.size / sizeof(double));
    for_each_element(device_, 1, count,
                     kernels::Fill<double>{{reinterpret_cast<double*>(zeroed_.memory.get()), 1, count}, 0.0});
  }

  /// Bytes held, handed out or not.
  [[nodiscard]] std::size_t capacity() const {
    std::size_t total = 0;
    for (const Block& block : blocks_) total += block.size;
    return total + zeroed_.size;
  }
  /// Bytes handed out in this round.
  [[nodiscard]] std::size_t taken() const { return taken_; }
  /// Those among them that were asked for as zeros.
  [[nodiscard]] std::size_t taken_zeroed() const { return taken_zeroed_; }

 private:
  struct Release {
    Device* device;
    void operator()(std::byte* p) const { device ? device->release(p) : AlignedDelete{}(p); }
  };
  struct Block {
    std::unique_ptr<std::byte, Release> memory{nullptr, Release{nullptr}};
    std::size_t size = 0;
  };

  static constexpr std::size_t rounded_up(std::size_t bytes) {
    return (bytes + memory_alignment - 1) / memory_alignment * memory_alignment;
  }

  std::byte* take(std::size_t bytes) {
    while (block_ < blocks_.size() && used_ + bytes > blocks_[block_].size) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size())
      blocks_.push_back(make_block(std::max({bytes, smallest_block, capacity()})));  // doubling: few, little waste
    std::byte* piece = blocks_[block_].memory.get() + used_;
    used_ += bytes;
    taken_ += bytes;
    return piece;
  }

  [[nodiscard]] Block make_block(std::size_t size) const {
    std::byte* memory = device_ ? static_cast<std::byte*>(device_->allocate(size)) : allocate_aligned(size).release();
    return {std::unique_ptr<std::byte, Release>(memory, {device_}), size};
  }

  static constexpr std::size_t smallest_block = std::size_t{1} << 16;
  Device* device_;
  Index threads_ = 1;
  std::vector<Block> blocks_;
  std::size_t block_ = 0;
  std::size_t used_ = 0;   // of the current block
  std::size_t taken_ = 0;  // of all
  Block zeroed_;
  std::size_t zeroed_used_ = 0, taken_zeroed_ = 0;
};

}  // namespace glifr
