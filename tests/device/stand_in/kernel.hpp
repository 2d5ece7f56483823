#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "memory.hpp"

/// What translated kernels and the stand-in for CUDA's runtime know of each other.
namespace glifr::stand_in {

struct Extent {
  std::uint32_t x = 1, y = 1, z = 1;
};

/// One thread of a launch. It sees memory as PTX does: by addresses, which are those of the host here.
class Thread {
 public:
  Thread(DeviceMemory& memory, const std::vector<std::byte>& arguments, Extent grid, Extent block)
      : nctaid(grid),
        ntid(block),
        parameters(reinterpret_cast<std::uint64_t>(arguments.data())),
        memory_(memory),
        parameters_size_(arguments.size()) {}

  // As PTX calls them: the grid's size in blocks, a block's size in threads, the place of the block and of the thread.
  Extent nctaid, ntid, ctaid{}, tid{};
  /// Its number in the launch.
  std::uint32_t number = 0;
  /// The address of the kernel's parameters.
  std::uint64_t parameters;

  template <class T>
  [[nodiscard]] T load_parameter(std::uint64_t address) const;
  template <class T>
  T load(std::uint64_t address);
  template <class T>
  void store(std::uint64_t address, T value);
  /// Puts `combine(old, operand)` in the place of the old value, and returns the old one.
  template <class T, T (*combine)(T, T)>
  T update(std::uint64_t address, T operand) {
    return replace<T>(address, [&](T old) { return combine(old, operand); });
  }
  template <class T>
  T compare_and_swap(std::uint64_t address, T expected, T desired) {
    return replace<T>(address, [&](T old) { return old == expected ? desired : old; });
  }
  void require_alignment(std::uint64_t address, std::uint64_t bytes) const;

 private:
  template <class T, class Function>
  T replace(std::uint64_t address, Function function) {
    if (!memory_.may_update(address, sizeof(T), number)) return T{};
    T& place = *reinterpret_cast<T*>(address);
    const T old = place;
    place = function(old);
    return old;
  }

  DeviceMemory& memory_;
  std::uint64_t parameters_size_;
};

/// A kernel that nvcc compiled.
struct Kernel {
  struct Parameter {
    std::size_t offset, size;
  };
  void (*run)(Thread& thread);
  std::vector<Parameter> parameters;
  std::uint32_t max_threads;  // of a block
};

/// Makes a kernel known by its mangled name.
struct Registered {
  Registered(const std::string& name, const Kernel& kernel);
};
/// The kernel of this name, or null.
const Kernel* find_kernel(const std::string& name);

}  // namespace glifr::stand_in
