#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace glifr::stand_in {

/// The memory of a GPU, with a record of who wrote and read each word of four bytes in the launch that runs. What must
/// not be done is reported (findings.hpp): accesses outside of what was allocated or not aligned, data that nobody
/// wrote, and words that two threads of one launch access, at least one of them writing, unless all do it atomically.
/// Of accesses to less than a word, it is not seen that two threads meet in them.
class DeviceMemory {
 public:
  static constexpr std::uint64_t capacity = std::uint64_t{4} << 30;

  DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  /// Null where there is no room.
  void* allocate(std::size_t bytes);
  /// False: there is no block that begins here. What was written is gone, and accesses are reported from now on.
  bool release(void* block);
  [[nodiscard]] std::size_t free_bytes() const { return capacity - used_; }
  [[nodiscard]] bool contains(const void* pointer) const { return to_address(pointer) - begin_ < capacity; }

  /// A kernel, product or copy begins: what was accessed before happened before.
  void begin_launch() { ++launch_; }

  // Whether a thread may do this; if not, why was reported.
  bool may_load(std::uint64_t address, std::uint64_t bytes, std::uint32_t thread);
  bool may_store(std::uint64_t address, std::uint64_t bytes, std::uint32_t thread);
  /// Atomically.
  bool may_update(std::uint64_t address, std::uint64_t bytes, std::uint32_t thread);

 private:
  /// By launch and thread, who wrote a word last, and who read it.
  struct Word {
    std::uint32_t written_in, writer, read_in, reader;
  };
  // Instead of a thread's number:
  static constexpr std::uint32_t several = UINT32_MAX, atomically = UINT32_MAX - 1;

  static std::uint64_t to_address(const void* pointer) { return reinterpret_cast<std::uint64_t>(pointer); }
  [[nodiscard]] bool is_in_a_block(std::uint64_t address, std::uint64_t bytes);
  bool is_accessible(const char* what, std::uint64_t address, std::uint64_t bytes);
  bool is_written(const Word& word, const char* what, std::uint64_t address, std::uint64_t bytes);
  [[nodiscard]] std::string place(std::uint64_t address) const;
  void forget(std::uint64_t begin, std::uint64_t end);

  std::uint64_t begin_;
  Word* words_;
  std::uint32_t launch_ = 0;
  std::uint64_t used_ = 0;
  std::uint64_t next_;                             // where a gap is looked for first
  std::map<std::uint64_t, std::size_t> blocks_;    // their sizes by their addresses
  std::uint64_t known_begin_ = 0, known_end_ = 0;  // of the block that was accessed last
};

}  // namespace glifr::stand_in
