#pragma once

#include <cuda_runtime.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kernel.hpp"

/// The state of the machine that the stand-in plays: what CUDA's runtime and cuBLAS keep behind their calls.
namespace glifr::stand_in {

/// Work that a stream does when it gets to it: a kernel, a product or a copy, in the memory of the stream's device.
using Work = std::function<void()>;

/// What a stream records instead of doing it.
struct Capture {
  std::thread::id thread;
  cudaStreamCaptureMode mode;
  std::vector<Work> work{};
  bool is_broken = false;
};

/// Its work waits until somebody waits for it: as late as a GPU could be.
struct Stream {
  int device;
  std::vector<Work> waiting{};
  std::optional<Capture> capture{};

  void add(Work work) { (capture ? capture->work : waiting).push_back(std::move(work)); }
  void run_all();
};

struct Event {
  Stream* stream = nullptr;
  bool has_happened = true;
  bool was_asked = false;
};

struct Graph {
  std::vector<Work> work;
};

class Machine {
 public:
  /// GLIFR_STAND_IN_DEVICES says how many GPUs there are, 1 if it is not set.
  static Machine& instance();

  std::mutex mutex;  // held by each call
  std::vector<std::unique_ptr<DeviceMemory>> devices;
  std::set<Stream*> streams;
  std::map<const void*, std::string> kernel_names;       // by the host's functions that stand for them
  std::set<std::pair<int, std::string>> loaded_kernels;  // and on which device
  std::map<const void*, std::size_t> pinned;             // memory of the host: its bytes by its beginning
  /// Whether copies read ordinary memory of the host when they run, as GPUs do that share it
  /// (GLIFR_STAND_IN_LATE_READS).
  bool reads_late;

  /// The stream of this handle; null: there is none, which was reported.
  Stream* find(cudaStream_t handle);
  /// Reports a call that the thread may not make because of a capture, and breaks that capture.
  bool is_forbidden_by_capture(const char* call);
  /// The same for calls that wait for a whole device, which no stream of it may be captured for.
  bool is_waiting_forbidden(const char* call, int device);
  void run_all(int device);
  [[nodiscard]] bool is_pinned(const void* pointer) const;

 private:
  Machine();
};

/// The calling thread's.
int& current_device();

/// Makes a call: no other thread makes one meanwhile, and an error is kept as the thread's last one.
cudaError_t call(const std::function<cudaError_t(Machine&)>& body);

}  // namespace glifr::stand_in
