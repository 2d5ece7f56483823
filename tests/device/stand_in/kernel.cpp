#include "kernel.hpp"

#include <cstring>
#include <map>

#include "findings.hpp"
#include "instructions.hpp"

namespace glifr::stand_in {

namespace {

std::map<std::string, Kernel>& kernels() {
  static auto* const all = new std::map<std::string, Kernel>;  // used while other static objects are made
  return *all;
}

/// What a load gives that must not be done: NaN, or a number that stands out.
template <class T>
T poison() {
  T value;
  std::memset(&value, 0xff, sizeof value);
  return value;
}

}  // namespace

Registered::Registered(const std::string& name, const Kernel& kernel) {
  kernels().emplace(name, kernel);  // the same template compiled in two files is the same kernel
}

const Kernel* find_kernel(const std::string& name) {
  const auto found = kernels().find(name);
  return found == kernels().end() ? nullptr : &found->second;
}

void report_division_by_zero() {
  report("a division of whole numbers by zero");
}

void Thread::require_alignment(std::uint64_t address, std::uint64_t bytes) const {
  if (address % bytes != 0) report("an access that is not aligned", "to " + std::to_string(bytes) + " bytes");
}

template <class T>
T Thread::load_parameter(std::uint64_t address) const {
  const std::uint64_t offset = address - parameters;
  if (offset > parameters_size_ || offset + sizeof(T) > parameters_size_) {
    report("a load behind the parameters of a kernel", "byte " + std::to_string(offset));
    return poison<T>();
  }
  T value;
  std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
  return value;
}

template <class T>
T Thread::load(std::uint64_t address) {
  require_alignment(address, sizeof(T));
  if (!memory_.may_load(address, sizeof(T), number)) return poison<T>();
  T value;
  std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
  return value;
}

template <class T>
void Thread::store(std::uint64_t address, T value) {
  require_alignment(address, sizeof(T));
  if (memory_.may_store(address, sizeof(T), number)) {
    std::memcpy(reinterpret_cast<void*>(address), &value, sizeof value);
  }
}

#define GLIFR_COMPILE_ACCESSES(T)                            \
  template T Thread::load_parameter<T>(std::uint64_t) const; \
  template T Thread::load<T>(std::uint64_t);                 \
  template void Thread::store<T>(std::uint64_t, T);
GLIFR_COMPILE_ACCESSES(std::int8_t)
GLIFR_COMPILE_ACCESSES(std::uint8_t)
GLIFR_COMPILE_ACCESSES(std::int16_t)
GLIFR_COMPILE_ACCESSES(std::uint16_t)
GLIFR_COMPILE_ACCESSES(std::int32_t)
GLIFR_COMPILE_ACCESSES(std::uint32_t)
GLIFR_COMPILE_ACCESSES(std::int64_t)
GLIFR_COMPILE_ACCESSES(std::uint64_t)
GLIFR_COMPILE_ACCESSES(float)
GLIFR_COMPILE_ACCESSES(double)
#undef GLIFR_COMPILE_ACCESSES

}  // namespace glifr::stand_in
