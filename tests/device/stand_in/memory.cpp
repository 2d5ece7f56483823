#include "memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <iterator>
#include <new>

#include "findings.hpp"

namespace glifr::stand_in {

namespace {

constexpr std::uint64_t page = 4096, word_bytes = 4;
/// Blocks begin behind a page's start, so that no kernel can count on more than what CUDA promises: 256 bytes.
constexpr std::uint64_t alignment = 256;
/// Between blocks, so that what is read behind one is not in the next.
constexpr std::uint64_t gap = 64 << 10;

std::uint64_t up(std::uint64_t value, std::uint64_t step) {
  return (value + step - 1) / step * step;
}

/// Addresses that take no memory before they are written, and are zero until then.
void* reserve(std::uint64_t bytes) {
  void* const place =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) throw std::bad_alloc();
  return place;
}

}  // namespace

DeviceMemory::DeviceMemory()
    : begin_(to_address(reserve(capacity))),
      words_(static_cast<Word*>(reserve(capacity / word_bytes * sizeof(Word)))),
      next_(begin_) {}

void* DeviceMemory::allocate(std::size_t bytes) {
  const std::uint64_t taken = up(alignment + bytes + gap, page);
  if (bytes > capacity || taken > free_bytes()) return nullptr;
  // Behind the last block if there is room, so that memory that was freed is used again as late as possible.
  for (const std::uint64_t start : {next_, begin_}) {
    std::uint64_t place = start;
    auto after = blocks_.lower_bound(start);
    while (after != blocks_.end() && after->first < place + taken) {
      place = up(after->first + after->second + gap, page);
      ++after;
    }
    if (place + taken <= begin_ + capacity) {
      next_ = place + taken;
      used_ += taken;
      blocks_.emplace(place + alignment, bytes);
      return reinterpret_cast<void*>(place + alignment);
    }
  }
  return nullptr;
}

bool DeviceMemory::release(void* block) {
  const auto found = blocks_.find(to_address(block));
  if (found == blocks_.end()) return false;
  const std::uint64_t begin = found->first - alignment, end = begin + up(alignment + found->second + gap, page);
  forget(begin, end);
  used_ -= end - begin;
  known_begin_ = known_end_ = 0;
  blocks_.erase(found);
  return true;
}

/// Gives the pages of numbers and of records back: they are zero when they are touched again.
void DeviceMemory::forget(std::uint64_t begin, std::uint64_t end) {
  ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  ::madvise(words_ + (begin - begin_) / word_bytes, (end - begin) / word_bytes * sizeof(Word), MADV_DONTNEED);
}

bool DeviceMemory::is_in_a_block(std::uint64_t address, std::uint64_t bytes) {
  if (address >= known_begin_ && address + bytes <= known_end_) return true;
  auto block = blocks_.upper_bound(address);
  if (block == blocks_.begin()) return false;
  --block;
  if (address + bytes > block->first + block->second) return false;
  known_begin_ = block->first;
  known_end_ = block->first + block->second;
  return true;
}

/// In words, where an address is.
std::string DeviceMemory::place(std::uint64_t address) const {
  if (address - begin_ >= capacity) return "an address that is not of this device";
  const auto after = blocks_.upper_bound(address);
  if (after == blocks_.begin()) return "in front of all memory";
  const auto& [begin, bytes] = *std::prev(after);
  return "byte " + std::to_string(address - begin) + " of a block of " + std::to_string(bytes);
}

bool DeviceMemory::is_accessible(const char* what, std::uint64_t address, std::uint64_t bytes) {
  if (!is_in_a_block(address, bytes)) {
    report(std::string(what) + " outside of every block of memory", place(address));
    return false;
  }
  return true;
}

bool DeviceMemory::is_written(const Word& word, const char* what, std::uint64_t address, std::uint64_t bytes) {
  if (word.written_in != 0) return true;
  if (is_accessible(what, address, bytes))
    report(std::string(what) + " of memory that was never written", place(address));
  return false;
}

bool DeviceMemory::may_load(std::uint64_t address, std::uint64_t bytes, std::uint32_t thread) {
  if (address - begin_ >= capacity) return is_accessible("load", address, bytes);
  for (std::uint64_t at = (address - begin_) / word_bytes; at * word_bytes < address - begin_ + bytes; ++at) {
    Word& word = words_[at];
    if (!is_written(word, "load", address, bytes)) return false;
    if (word.written_in == launch_ && word.writer != thread && bytes >= word_bytes) {
      report("race: a thread reads what another thread of its launch writes", place(address));
    }
    word.reader = word.read_in == launch_ && word.reader != thread ? several : thread;
    word.read_in = launch_;
  }
  return true;
}

bool DeviceMemory::may_store(std::uint64_t address, std::uint64_t bytes, std::uint32_t thread) {
  if (!is_accessible("store", address, bytes)) return false;
  for (std::uint64_t at = (address - begin_) / word_bytes; at * word_bytes < address - begin_ + bytes; ++at) {
    Word& word = words_[at];
    const bool is_written_by_another = word.written_in == launch_ && word.writer != thread;
    if (bytes >= word_bytes) {
      if (is_written_by_another) report("race: two threads of one launch write the same", place(address));
      if (word.read_in == launch_ && word.reader != thread) {
        report("race: a thread writes what another thread of its launch reads", place(address));
      }
    }
    word.writer = is_written_by_another ? several : thread;
    word.written_in = launch_;
  }
  return true;
}

bool DeviceMemory::may_update(std::uint64_t address, std::uint64_t bytes, std::uint32_t thread) {
  if (address % bytes != 0) {
    report("an atomic access that is not aligned", place(address));
    return false;
  }
  if (!is_accessible("atomic access", address, bytes)) return false;
  for (std::uint64_t at = (address - begin_) / word_bytes; at * word_bytes < address - begin_ + bytes; ++at) {
    Word& word = words_[at];
    if (!is_written(word, "atomic access", address, bytes)) return false;
    const bool meets_writer = word.written_in == launch_ && word.writer != thread && word.writer != atomically;
    const bool meets_reader = word.read_in == launch_ && word.reader != thread;
    if (meets_writer || meets_reader) {
      report("race: an atomic access to what another thread of its launch accesses otherwise", place(address));
    }
    word.writer = atomically;
    word.written_in = launch_;
  }
  return true;
}

}  // namespace glifr::stand_in
