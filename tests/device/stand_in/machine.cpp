#include "machine.hpp"

#include <algorithm>
#include <cstdlib>

#include "findings.hpp"

namespace glifr::stand_in {

namespace {

thread_local int device_of_thread = 0;

const char* variable(const char* name) {
  const char* const value = std::getenv(name);
  return value && *value ? value : nullptr;
}

}  // namespace

int& current_device() {
  return device_of_thread;
}

void Stream::run_all() {
  for (const Work& work : std::exchange(waiting, {})) work();
  set_activity("");
}

Machine::Machine() : reads_late(variable("GLIFR_STAND_IN_LATE_READS") != nullptr) {
  const char* const count = variable("GLIFR_STAND_IN_DEVICES");
  for (int i = 0; i < (count ? std::atoi(count) : 1); ++i) devices.push_back(std::make_unique<DeviceMemory>());
}

Machine& Machine::instance() {
  static auto* const machine = new Machine;  // never destroyed: static objects of the program may still call
  return *machine;
}

Stream* Machine::find(cudaStream_t handle) {
  auto* const stream = reinterpret_cast<Stream*>(handle);
  if (streams.contains(stream)) return stream;
  report("a stream that there is not, or the default stream, which waits for all others");
  return nullptr;
}

bool Machine::is_forbidden_by_capture(const char* name) {
  bool is_forbidden = false;
  for (Stream* stream : streams) {
    if (!stream->capture || stream->capture->mode == cudaStreamCaptureModeRelaxed) continue;
    const bool is_own = stream->capture->thread == std::this_thread::get_id();
    if (!is_own && stream->capture->mode != cudaStreamCaptureModeGlobal) continue;
    stream->capture->is_broken = true;
    is_forbidden = true;
  }
  if (is_forbidden) report(std::string(name) + " while a stream is captured");
  return is_forbidden;
}

bool Machine::is_waiting_forbidden(const char* name, int device) {
  bool is_forbidden = false;
  for (Stream* stream : streams) {
    if (!stream->capture || stream->device != device) continue;
    stream->capture->is_broken = true;
    is_forbidden = true;
  }
  if (is_forbidden) report(std::string(name) + ", which waits for the whole device, while a stream of it is captured");
  return is_forbidden;
}

void Machine::run_all(int device) {
  for (Stream* stream : streams) {
    if (stream->device == device) stream->run_all();
  }
}

bool Machine::is_pinned(const void* pointer) const {
  const auto after = pinned.upper_bound(pointer);
  if (after == pinned.begin()) return false;
  const auto& [begin, bytes] = *std::prev(after);
  return static_cast<const std::byte*>(pointer) < static_cast<const std::byte*>(begin) + bytes;
}

}  // namespace glifr::stand_in
