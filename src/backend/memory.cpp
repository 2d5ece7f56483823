#include "glifr/backend/memory.hpp"

#include <cstdint>
#include <limits>
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace glifr {

namespace {

/// Rows of large networks lie pages apart. On pages of 2 MiB, where the system has them, the processor finds them by
/// fewer entries of its address tables.
void ask_for_huge_pages([[maybe_unused]] std::byte* memory, [[maybe_unused]] std::size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr std::uintptr_t page = std::uintptr_t{2} << 20;
  const auto begin = (reinterpret_cast<std::uintptr_t>(memory) + page - 1) / page * page;
  const auto end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / page * page;
  if (end >= begin + 2 * page) (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

}  // namespace

AlignedBytes allocate_aligned(std::size_t bytes) {
  if (bytes > std::numeric_limits<std::size_t>::max() - memory_alignment) throw std::bad_alloc();
  bytes = (bytes + memory_alignment - 1) / memory_alignment * memory_alignment;
  AlignedBytes memory(static_cast<std::byte*>(::operator new(bytes, std::align_val_t(memory_alignment))));
  ask_for_huge_pages(memory.get(), bytes);
  return memory;
}

}  // namespace glifr
