// The calls of CUDA's runtime that glifr makes, and what nvcc puts into programs that have kernels.
#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "findings.hpp"
#include "machine.hpp"

namespace {

using namespace glifr::stand_in;

thread_local cudaError_t last_error = cudaSuccess;

}  // namespace

cudaError_t glifr::stand_in::call(const std::function<cudaError_t(Machine&)>& body) {
  Machine& machine = Machine::instance();
  const std::lock_guard lock(machine.mutex);
  const cudaError_t status = body(machine);
  if (status != cudaSuccess) last_error = status;
  return status;
}

namespace {

std::string readable(const std::string& mangled) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status),
                                                    &std::free);
  return status == 0 ? name.get() : mangled;
}

std::uint64_t volume(const Extent& extent) {
  return std::uint64_t{extent.x} * extent.y * extent.z;
}

/// Calls `body(place, number)` for all places in an extent.
template <class Body>
void for_each_place(const Extent& extent, Body body) {
  std::uint32_t number = 0;
  for (std::uint32_t z = 0; z < extent.z; ++z) {
    for (std::uint32_t y = 0; y < extent.y; ++y) {
      for (std::uint32_t x = 0; x < extent.x; ++x) body(Extent{x, y, z}, number++);
    }
  }
}

/// All threads of a kernel, one after another.
void run(const Kernel& kernel, DeviceMemory& memory, const std::vector<std::byte>& arguments, const Extent& grid,
         const Extent& block) {
  memory.begin_launch();
  Thread thread(memory, arguments, grid, block);
  const auto threads = static_cast<std::uint32_t>(volume(block));
  for_each_place(grid, [&](const Extent& block_place, std::uint32_t block_number) {
    thread.ctaid = block_place;
    for_each_place(block, [&](const Extent& place, std::uint32_t number) {
      thread.tid = place;
      thread.number = block_number * threads + number;
      kernel.run(thread);
    });
  });
}

std::vector<std::byte> copied(const Kernel& kernel, void** arguments) {
  std::vector<std::byte> copy;
  for (std::size_t i = 0; i < kernel.parameters.size(); ++i) {
    const auto& [offset, size] = kernel.parameters[i];
    copy.resize(offset + size);
    std::memcpy(copy.data() + offset, arguments[i], size);
  }
  return copy;
}

bool is_possible(const Extent& grid, const Extent& block, const Kernel& kernel) {
  return volume(grid) > 0 && grid.x <= INT32_MAX && grid.y <= UINT16_MAX && grid.z <= UINT16_MAX && volume(block) > 0 &&
         volume(block) <= kernel.max_threads && block.z <= 64;
}

cudaError_t launch(Machine& machine, const void* function, const Extent& grid, const Extent& block, void** arguments,
                   std::size_t shared_bytes, cudaStream_t handle) {
  const auto known = machine.kernel_names.find(function);
  if (known == machine.kernel_names.end()) return cudaErrorInvalidDeviceFunction;
  const std::string& name = known->second;
  const Kernel* const kernel = find_kernel(name);
  if (!kernel) {
    report("a kernel whose PTX was not translated: " + readable(name));
    return cudaErrorNoKernelImageForDevice;
  }
  Stream* const stream = machine.find(handle);
  if (!stream) return cudaErrorInvalidResourceHandle;
  if (stream->device != current_device()) {
    report("a launch on a stream that is not of the current device: " + readable(name));
    return cudaErrorInvalidResourceHandle;
  }
  if (!is_possible(grid, block, *kernel) || shared_bytes > 0) {
    report("a launch of a size that is not possible: " + readable(name));
    return cudaErrorInvalidConfiguration;
  }
  if (machine.loaded_kernels.emplace(stream->device, name).second && stream->capture) {
    // CUDA loads a kernel when it is first used, and that may wait for the device.
    report("a kernel is used for the first time while its stream is captured: " + readable(name));
  }
  DeviceMemory& memory = *machine.devices[static_cast<std::size_t>(stream->device)];
  stream->add([kernel, &memory, arguments = copied(*kernel, arguments), grid, block, activity = readable(name)] {
    set_activity(activity);
    run(*kernel, memory, arguments, grid, block);
  });
  return cudaSuccess;
}

Extent extent(dim3 size) {
  return {size.x, size.y, size.z};
}

cudaError_t copy_to_device(Machine& machine, Stream& stream, void* to, const void* from, std::size_t bytes) {
  DeviceMemory& memory = *machine.devices[static_cast<std::size_t>(stream.device)];
  const bool reads_late = machine.is_pinned(from) || machine.reads_late || stream.capture;
  std::vector<std::byte> staged;
  if (!reads_late) staged.assign(static_cast<const std::byte*>(from), static_cast<const std::byte*>(from) + bytes);
  stream.add([&memory, to, from, bytes, reads_late, staged = std::move(staged)] {
    set_activity("a copy to the device");
    memory.begin_launch();
    if (memory.may_store(reinterpret_cast<std::uint64_t>(to), bytes, 0)) {
      std::memcpy(to, reads_late ? from : staged.data(), bytes);
    }
  });
  return cudaSuccess;
}

cudaError_t copy_from_device(Machine& machine, Stream& stream, void* to, const void* from, std::size_t bytes) {
  DeviceMemory& memory = *machine.devices[static_cast<std::size_t>(stream.device)];
  const bool is_late = machine.is_pinned(to) || machine.reads_late || stream.capture;
  stream.add([&memory, to, from, bytes] {
    set_activity("a copy from the device");
    memory.begin_launch();
    if (memory.may_load(reinterpret_cast<std::uint64_t>(from), bytes, 0)) {
      std::memcpy(to, from, bytes);
    } else {
      std::memset(to, 0xff, bytes);
    }
  });
  if (!is_late) stream.run_all();
  return cudaSuccess;
}

cudaError_t allocate_pinned(void** memory, std::size_t bytes, const char* name) {
  return call([&](Machine& machine) {
    if (machine.is_forbidden_by_capture(name)) return cudaErrorStreamCaptureUnsupported;
    *memory = std::malloc(bytes);
    machine.pinned.emplace(*memory, bytes);
    return cudaSuccess;
  });
}

}  // namespace

extern "C" {

// What nvcc puts into programs

void** __cudaRegisterFatBinary(void*) {
  static void* handle = nullptr;
  return &handle;
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
void __cudaRegisterFunction(void**, const char* function, char*, const char* name, int, uint3*, uint3*, dim3*, dim3*,
                            int*) {
  call([&](Machine& machine) {
    machine.kernel_names[function] = name;
    return cudaSuccess;
  });
}
cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* function) {
  *kernel = reinterpret_cast<cudaKernel_t>(const_cast<void*>(function));
  return cudaSuccess;
}
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments, size_t shared_bytes,
                               cudaStream_t stream) {
  return cudaLaunchKernel(reinterpret_cast<const void*>(kernel), grid, block, arguments, shared_bytes, stream);
}

struct Configuration {
  dim3 grid, block;
  size_t shared_bytes;
  cudaStream_t stream;
};
static thread_local std::vector<Configuration> configurations;

unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream) {
  configurations.push_back({grid, block, shared_bytes, stream});
  return 0;
}
cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, size_t* shared_bytes, cudaStream_t* stream) {
  const Configuration last = configurations.back();
  configurations.pop_back();
  *grid = last.grid;
  *block = last.block;
  *shared_bytes = last.shared_bytes;
  *stream = last.stream;
  return cudaSuccess;
}

// Errors

cudaError_t cudaGetLastError() {
  return std::exchange(last_error, cudaSuccess);
}
cudaError_t cudaPeekAtLastError() {
  return last_error;
}
const char* cudaGetErrorString(cudaError_t status) {
  static thread_local std::string text;
  text = "error " + std::to_string(status) + " of the stand-in for CUDA";
  return text.c_str();
}

// Devices

cudaError_t cudaDriverGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceCount(int* count) {
  return call([&](Machine& machine) {
    *count = static_cast<int>(machine.devices.size());
    return cudaSuccess;
  });
}
cudaError_t cudaSetDevice(int device) {
  return call([&](Machine& machine) {
    if (device < 0 || device >= static_cast<int>(machine.devices.size())) return cudaErrorInvalidDevice;
    current_device() = device;
    return cudaSuccess;
  });
}
cudaError_t cudaGetDevice(int* device) {
  *device = current_device();
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  return call([&](Machine& machine) {
    if (device < 0 || device >= static_cast<int>(machine.devices.size())) return cudaErrorInvalidDevice;
    *properties = {};
    std::strcpy(properties->name, "stand-in for a GPU");
    properties->major = 9;
    properties->totalGlobalMem = DeviceMemory::capacity;
    return cudaSuccess;
  });
}
cudaError_t cudaDeviceSynchronize() {
  return call([&](Machine& machine) {
    if (machine.is_waiting_forbidden("cudaDeviceSynchronize", current_device())) {
      return cudaErrorStreamCaptureUnsupported;
    }
    machine.run_all(current_device());
    return cudaSuccess;
  });
}

// Memory

cudaError_t cudaMalloc(void** memory, size_t bytes) {
  return call([&](Machine& machine) {
    if (machine.is_forbidden_by_capture("cudaMalloc")) return cudaErrorStreamCaptureUnsupported;
    *memory = machine.devices[static_cast<std::size_t>(current_device())]->allocate(bytes);
    return *memory ? cudaSuccess : cudaErrorMemoryAllocation;
  });
}
cudaError_t cudaFree(void* memory) {
  return call([&](Machine& machine) {
    if (!memory) return cudaSuccess;
    if (machine.is_forbidden_by_capture("cudaFree")) return cudaErrorStreamCaptureUnsupported;
    for (std::size_t device = 0; device < machine.devices.size(); ++device) {
      if (!machine.devices[device]->contains(memory)) continue;
      machine.run_all(static_cast<int>(device));  // it waits for the device
      if (machine.devices[device]->release(memory)) return cudaSuccess;
    }
    report("cudaFree of what was not allocated, or was freed before");
    return cudaErrorInvalidValue;
  });
}
cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  return call([&](Machine& machine) {
    *free = machine.devices[static_cast<std::size_t>(current_device())]->free_bytes();
    *total = DeviceMemory::capacity;
    return cudaSuccess;
  });
}
cudaError_t cudaHostAlloc(void** memory, size_t bytes, unsigned) {
  return allocate_pinned(memory, bytes, "cudaHostAlloc");
}
cudaError_t cudaMallocHost(void** memory, size_t bytes) {
  return allocate_pinned(memory, bytes, "cudaMallocHost");
}
cudaError_t cudaFreeHost(void* memory) {
  return call([&](Machine& machine) {
    if (!memory) return cudaSuccess;
    if (machine.is_forbidden_by_capture("cudaFreeHost")) return cudaErrorStreamCaptureUnsupported;
    for (int device = 0; device < static_cast<int>(machine.devices.size()); ++device) machine.run_all(device);
    if (machine.pinned.erase(memory) == 0) {
      report("cudaFreeHost of what was not allocated, or was freed before");
      return cudaErrorInvalidValue;
    }
    std::free(memory);
    return cudaSuccess;
  });
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t handle) {
  return call([&](Machine& machine) {
    Stream* const stream = machine.find(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    const bool is_to_device = kind == cudaMemcpyHostToDevice;
    if (!is_to_device && kind != cudaMemcpyDeviceToHost) {
      report("a copy of a kind that the stand-in does not have");
      return cudaErrorInvalidMemcpyDirection;
    }
    if (stream->capture && !machine.is_pinned(is_to_device ? from : to)) {
      report("a copy of ordinary memory of the host while its stream is captured: the graph keeps the address");
    }
    return is_to_device ? copy_to_device(machine, *stream, to, from, bytes)
                        : copy_from_device(machine, *stream, to, from, bytes);
  });
}

// Kernels

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* function) {
  return call([&](Machine& machine) {
    const auto known = machine.kernel_names.find(function);
    if (known == machine.kernel_names.end()) return cudaErrorInvalidDeviceFunction;
    machine.loaded_kernels.emplace(current_device(), known->second);
    *attributes = {};
    return cudaSuccess;
  });
}
cudaError_t cudaLaunchKernel(const void* function, dim3 grid, dim3 block, void** arguments, size_t shared_bytes,
                             cudaStream_t stream) {
  return call([&](Machine& machine) {
    return launch(machine, function, extent(grid), extent(block), arguments, shared_bytes, stream);
  });
}
cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void* function, void** arguments) {
  return call([&](Machine& machine) {
    for (unsigned i = 0; i < config->numAttrs; ++i) {
      // That it may begin before the one before has ended changes nothing where they run one after another.
      if (config->attrs[i].id == cudaLaunchAttributeProgrammaticStreamSerialization) continue;
      report("a launch with an attribute that the stand-in does not have");
      return cudaErrorInvalidValue;
    }
    return launch(machine, function, extent(config->gridDim), extent(config->blockDim), arguments,
                  config->dynamicSmemBytes, config->stream);
  });
}

// Streams

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* handle, unsigned) {
  return call([&](Machine& machine) {
    auto* const stream = new Stream{current_device()};
    machine.streams.insert(stream);
    *handle = reinterpret_cast<cudaStream_t>(stream);
    return cudaSuccess;
  });
}
cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  return call([&](Machine& machine) {
    Stream* const stream = machine.find(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    stream->run_all();
    machine.streams.erase(stream);
    delete stream;
    return cudaSuccess;
  });
}
cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  return call([&](Machine& machine) {
    Stream* const stream = machine.find(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (machine.is_forbidden_by_capture("cudaStreamSynchronize")) return cudaErrorStreamCaptureUnsupported;
    stream->run_all();
    return cudaSuccess;
  });
}

// Events

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = reinterpret_cast<cudaEvent_t>(new Event);
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, 0);
}
cudaError_t cudaEventDestroy(cudaEvent_t handle) {
  return call([&](Machine&) {
    auto* const event = reinterpret_cast<Event*>(handle);
    if (!event->has_happened) event->stream->run_all();
    delete event;
    return cudaSuccess;
  });
}
cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t stream_handle) {
  return call([&](Machine& machine) {
    Stream* const stream = machine.find(stream_handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (stream->capture) {
      report("an event in a capture, which the stand-in does not have");
      return cudaErrorStreamCaptureUnsupported;
    }
    auto* const event = reinterpret_cast<Event*>(handle);
    *event = {.stream = stream, .has_happened = false};
    stream->add([event] { event->has_happened = true; });
    return cudaSuccess;
  });
}
/// Says once that it has not happened yet, so that programs that ask until it has meet both answers.
cudaError_t cudaEventQuery(cudaEvent_t handle) {
  return call([&](Machine& machine) {
    if (machine.is_forbidden_by_capture("cudaEventQuery")) return cudaErrorStreamCaptureUnsupported;
    auto* const event = reinterpret_cast<Event*>(handle);
    if (event->has_happened) return cudaSuccess;
    if (!std::exchange(event->was_asked, true)) return cudaErrorNotReady;
    event->stream->run_all();
    return cudaSuccess;
  });
}
cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  return call([&](Machine& machine) {
    if (machine.is_forbidden_by_capture("cudaEventSynchronize")) return cudaErrorStreamCaptureUnsupported;
    auto* const event = reinterpret_cast<Event*>(handle);
    if (!event->has_happened) event->stream->run_all();
    return cudaSuccess;
  });
}

// Captures and graphs

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  return call([&](Machine& machine) {
    Stream* const stream = machine.find(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (stream->capture) {
      report("a capture begins in a stream that is captured already");
      return cudaErrorIllegalState;
    }
    stream->capture = Capture{std::this_thread::get_id(), mode};
    return cudaSuccess;
  });
}
cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  return call([&](Machine& machine) {
    *graph = nullptr;
    Stream* const stream = machine.find(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (!stream->capture) {
      report("a capture ends that had not begun");
      return cudaErrorIllegalState;
    }
    const Capture capture = *std::exchange(stream->capture, std::nullopt);
    if (capture.thread != std::this_thread::get_id() && capture.mode != cudaStreamCaptureModeRelaxed) {
      report("a capture ends in another thread than it began");
      return cudaErrorStreamCaptureWrongThread;
    }
    if (capture.is_broken) return cudaErrorStreamCaptureInvalidated;
    *graph = reinterpret_cast<cudaGraph_t>(new Graph{capture.work});
    return cudaSuccess;
  });
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = reinterpret_cast<cudaGraphExec_t>(new Graph(*reinterpret_cast<Graph*>(graph)));
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete reinterpret_cast<Graph*>(graph);
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete reinterpret_cast<Graph*>(executable);
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t handle) {
  return call([&](Machine& machine) {
    Stream* const stream = machine.find(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (stream->capture) {
      report("a graph is launched in a stream that is captured, which the stand-in does not have");
      return cudaErrorStreamCaptureUnsupported;
    }
    for (const Work& work : reinterpret_cast<Graph*>(executable)->work) stream->add(work);
    return cudaSuccess;
  });
}

}  // extern "C"
