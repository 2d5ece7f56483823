#include "glifr/backend/gpu.hpp"

#include <cuda_runtime.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "blas.hpp"
#include "glifr/backend/detail/cuda/launch.hpp"
#include "glifr/backend/memory.hpp"
#include "glifr/error.hpp"
#include "kernels.hpp"
#include "stream.hpp"

namespace glifr {

namespace cuda {

namespace {

/// Launchers by the type of the body: the library's own, and those that static objects of users' sources add.
struct LauncherTable {
  std::mutex mutex;
  std::map<std::type_index, Launcher> launchers;
};
LauncherTable& launcher_table() {
  static LauncherTable table;
  return table;
}

/// The launchers of a body, or none.
std::optional<Launcher> look_up(std::type_index type) {
  [[maybe_unused]] static const bool own_are_known = [] {
    add_elementwise_kernels();
    add_combining_kernels();
    add_layer_kernels();
    add_built_in_scans();
    add_training_kernels();
    return true;
  }();
  LauncherTable& table = launcher_table();
  const std::lock_guard lock(table.mutex);
  const auto found = table.launchers.find(type);
  return found == table.launchers.end() ? std::nullopt : std::optional(found->second);
}

/// An error that was seen is also kept by CUDA as the last one, and would be taken for that of a later call.
cudaError_t taken(cudaError_t status) {
  if (status != cudaSuccess) cudaGetLastError();
  return status;
}

void check(cudaError_t status, const char* call) {
  if (taken(status) == cudaSuccess) return;
  throw DeviceFailure("cuda", std::string(call) + ": " + cudaGetErrorString(status));
}
void check(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw DeviceFailure("cuda", std::string(call) + ": " + blas().status_string(status));
}

struct DestroyStream {
  void operator()(cudaStream_t stream) const { taken(cudaStreamDestroy(stream)); }
};
struct FreeMemory {
  void operator()(void* memory) const { taken(cudaFree(memory)); }
};
struct DestroyBlas {
  void operator()(cublasHandle_t handle) const { blas().destroy(handle); }
};
using OwnedStream = std::unique_ptr<CUstream_st, DestroyStream>;
using OwnedMemory = std::unique_ptr<void, FreeMemory>;
using OwnedBlas = std::unique_ptr<cublasContext, DestroyBlas>;

OwnedStream make_stream() {
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreate");
  return OwnedStream(stream);
}

OwnedMemory make_memory(std::size_t bytes) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, bytes), "cudaMalloc");
  return OwnedMemory(memory);
}

OwnedBlas make_blas_handle() {
  cublasHandle_t handle = nullptr;
  check(blas().create(&handle), "cublasCreate");
  return OwnedBlas(handle);
}

/// What a `Gpu` computes with: the queue of its work and cuBLAS on it.
struct Queue {
  /// On the current device.
  Queue() {
    check(blas().set_stream(blas_handle.get(), stream.get()), "cublasSetStream");
    check(blas().set_workspace(blas_handle.get(), workspace.get(), workspace_size), "cublasSetWorkspace");
  }

  static constexpr std::size_t workspace_size = std::size_t{32} << 20;  // what cuBLAS likes best on Hopper

  OwnedStream stream = make_stream();
  // Of cuBLAS, so that it asks for none while a step is recorded, and sums in the same order every time.
  OwnedMemory workspace = make_memory(workspace_size);
  OwnedBlas blas_handle = make_blas_handle();
};

/// Queues that no `Gpu` has at the moment, by device. They are kept until the process ends: to destroy a cuBLAS handle
/// waits for the whole device, and so breaks whatever another thread records at that time.
class QueuePool {
 public:
  static QueuePool& instance() {
    static auto* const pool = new QueuePool;  // never destroyed: when the process ends, CUDA may be gone already
    return *pool;
  }

  /// One for the current device, which is `ordinal`.
  std::unique_ptr<Queue> take(int ordinal) {
    {
      const std::lock_guard lock(mutex_);
      if (auto& queues = free_[ordinal]; !queues.empty()) {
        std::unique_ptr<Queue> queue = std::move(queues.back());
        queues.pop_back();
        return queue;
      }
    }
    return std::make_unique<Queue>();
  }

  /// Takes back a queue in which nothing is left to do.
  void give_back(int ordinal, std::unique_ptr<Queue> queue) {
    const std::lock_guard lock(mutex_);
    free_[ordinal].push_back(std::move(queue));
  }

 private:
  std::mutex mutex_;
  std::map<int, std::vector<std::unique_ptr<Queue>>> free_;
};

/// A queue of the pool, which has it back when its work is done and this ends.
class LentQueue {
 public:
  explicit LentQueue(int ordinal) : ordinal_(ordinal), queue_(QueuePool::instance().take(ordinal)) {}
  ~LentQueue() {
    cudaSetDevice(ordinal_);
    if (taken(cudaStreamSynchronize(stream())) == cudaSuccess) {
      QueuePool::instance().give_back(ordinal_, std::move(queue_));
    } else {
      // After a fault nothing on the device can be used any more, not even to destroy the queue.
      static_cast<void>(queue_.release());
    }
  }
  LentQueue(const LentQueue&) = delete;
  LentQueue& operator=(const LentQueue&) = delete;

  [[nodiscard]] cudaStream_t stream() const { return queue_->stream.get(); }
  [[nodiscard]] cublasHandle_t blas_handle() const { return queue_->blas_handle.get(); }

 private:
  int ordinal_;
  std::unique_ptr<Queue> queue_;
};

/// Memory of the host through which numbers go to the device, so that what they come from may change at once. CUDA
/// promises that for ordinary memory only where it copies it aside first, which it does not on every system.
class Staging {
 public:
  /// Copies to the device, in the order of a stream's work.
  void copy(void* to, const void* from, std::size_t bytes, cudaStream_t stream) {
    const auto* source = static_cast<const std::byte*>(from);
    auto* destination = static_cast<std::byte*>(to);
    while (bytes > 0) {
      if (used_ == size) {
        check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
        used_ = 0;
      }
      const std::size_t piece = std::min(bytes, size - used_);
      std::memcpy(memory_.data() + used_, source, piece);
      check(cudaMemcpyAsync(destination, memory_.data() + used_, piece, cudaMemcpyHostToDevice, stream),
            "cudaMemcpyAsync");
      used_ = std::min(size, (used_ + piece + memory_alignment - 1) / memory_alignment * memory_alignment);
      source += piece;
      destination += piece;
      bytes -= piece;
    }
  }
  /// All that was copied has arrived.
  void forget() { used_ = 0; }

 private:
  static constexpr std::size_t size = std::size_t{4} << 20;
  std::vector<std::byte> memory_ = std::vector<std::byte>(size);
  std::size_t used_ = 0;
};

class Gpu final : public Device, public HasStream {
 public:
  explicit Gpu(const GpuSettings& settings) : ordinal_(use(settings.ordinal)), queue_(ordinal_) {
    check(cudaGetDeviceProperties(&properties_, ordinal_), "cudaGetDeviceProperties");
    check(blas().set_math_mode(queue_.blas_handle(),
                               settings.uses_tf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH),
          "cublasSetMathMode");
  }
  ~Gpu() override {
    if (is_recording_) drop_recording();
  }

  [[nodiscard]] std::string name() const override { return properties_.name; }
  [[nodiscard]] cudaStream_t stream() const override {
    use();
    return queue_.stream();
  }

  void* allocate(std::size_t bytes) override {
    refuse_while_recording("memory");
    use();
    void* memory = nullptr;
    const cudaError_t status = cudaMalloc(&memory, bytes);
    if (taken(status) == cudaErrorMemoryAllocation) {
      throw DeviceFailure("cuda", "out of memory: " + std::to_string(bytes >> 20) + " MB were asked for, " +
                                      std::to_string(free_memory() >> 20) + " MB are free");
    }
    check(status, "cudaMalloc");
    return memory;
  }
  void release(void* memory) noexcept override {
    cudaSetDevice(ordinal_);
    taken(cudaFree(memory));
  }
  [[nodiscard]] std::size_t free_memory() const override {
    use();
    std::size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
    return free;
  }

  void copy_in(void* to, const void* from, std::size_t bytes) override {
    refuse_while_recording("a copy to the device");
    use();
    staging_.copy(to, from, bytes, queue_.stream());
  }
  void copy_out(void* to, const void* from, std::size_t bytes) override {
    refuse_while_recording("a copy from the device");
    use();
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, queue_.stream()), "cudaMemcpyAsync");
    wait();
  }

  void launch(const Launch& launch) override {
    const Launcher launcher = find_launcher(launch.type);
    use();
    check(launcher.one(launch, queue_.stream()), "a kernel's launch");
  }
  void launch_lanes(std::span<const Launch> lanes) override {
    if (lanes.empty()) return;
    const Launcher launcher = find_launcher(lanes[0].type);
    if (!launcher.lanes) return Device::launch_lanes(lanes);
    use();
    check(launcher.lanes(lanes, queue_.stream()), "a kernel's launch for several lanes");
  }

  // cuBLAS thinks in columns: what it takes for a matrix is ours turned, and (a b)^T = b^T a^T.
  void gemm(kernels::Transpose ta, kernels::Transpose tb, View<const float> a, View<const float> b, float beta,
            View<float> c) override {
    use();
    const float one = 1;
    check(blas().sgemm(queue_.blas_handle(), operation(tb), operation(ta), c.columns, c.rows, inner(ta, a), &one,
                       b.data, b.stride, a.data, a.stride, &beta, c.data, c.stride),
          "cublasSgemm");
  }
  void gemm(kernels::Transpose ta, kernels::Transpose tb, View<const double> a, View<const double> b, double beta,
            View<double> c) override {
    use();
    const double one = 1;
    check(blas().dgemm(queue_.blas_handle(), operation(tb), operation(ta), c.columns, c.rows, inner(ta, a), &one,
                       b.data, b.stride, a.data, a.stride, &beta, c.data, c.stride),
          "cublasDgemm");
  }

  void wait() override {
    refuse_while_recording("to wait");
    use();
    check(cudaStreamSynchronize(queue_.stream()), "cudaStreamSynchronize");
    staging_.forget();
  }

  void begin_recording() override {
    refuse_while_recording("another recording");
    use();
    check(cudaStreamBeginCapture(queue_.stream(), cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
    is_recording_ = true;
  }
  std::unique_ptr<Recording> end_recording() override {
    use();
    cudaGraph_t graph = nullptr;
    is_recording_ = false;
    check(cudaStreamEndCapture(queue_.stream(), &graph), "cudaStreamEndCapture");
    return std::make_unique<Recorded>(*this, graph);
  }
  void drop_recording() noexcept override {
    cudaSetDevice(ordinal_);
    cudaGraph_t graph = nullptr;
    is_recording_ = false;
    taken(cudaStreamEndCapture(queue_.stream(), &graph));  // what went wrong while it was recorded has been reported
    if (graph) cudaGraphDestroy(graph);
  }

 private:
  class Recorded final : public Recording {
   public:
    Recorded(const Gpu& gpu, cudaGraph_t graph) : gpu_(gpu) {
      const cudaError_t status = cudaGraphInstantiate(&run_, graph, 0);
      cudaGraphDestroy(graph);
      check(status, "cudaGraphInstantiate");
    }
    ~Recorded() override { cudaGraphExecDestroy(run_); }
    void replay() override {
      gpu_.refuse_while_recording("a replay");
      gpu_.use();
      check(cudaGraphLaunch(run_, gpu_.queue_.stream()), "cudaGraphLaunch");
    }

   private:
    const Gpu& gpu_;
    cudaGraphExec_t run_ = nullptr;
  };

  /// CUDA's current device is the calling thread's, and a `Gpu` may be handed from one to another.
  static int use(int ordinal) {
    check(cudaSetDevice(ordinal), "cudaSetDevice");
    return ordinal;
  }
  void use() const { use(ordinal_); }

  void refuse_while_recording(const char* what) const {
    if (is_recording_) throw std::logic_error(std::string(what) + " was asked for while work for a device is recorded");
  }

  static cublasOperation_t operation(kernels::Transpose t) {
    return t == kernels::Transpose::yes ? CUBLAS_OP_T : CUBLAS_OP_N;
  }
  template <class T>
  static Index inner(kernels::Transpose ta, View<const T> a) {
    return ta == kernels::Transpose::yes ? a.rows : a.columns;
  }

  /// Found once, then remembered without a lock.
  Launcher find_launcher(std::type_index type) {
    const auto known = launchers_.find(type);
    if (known != launchers_.end()) return known->second;
    const std::optional<Launcher> launcher = look_up(type);
    if (!launcher) {
      throw DeviceUnavailable("cuda", std::string("no kernel was compiled for ") + type.name() +
                                          "; neurons and functions of your own are compiled by nvcc, see docs/gpu.md");
    }
    launchers_.emplace(type, *launcher);
    return *launcher;
  }

  int ordinal_;
  Staging staging_;
  LentQueue queue_;  // ends before the memory from which its work copies
  bool is_recording_ = false;
  cudaDeviceProp properties_{};
  std::map<std::type_index, Launcher> launchers_;
};

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

}  // namespace

void add_launcher(std::type_index body, Launcher launcher) {
  LauncherTable& table = launcher_table();
  const std::lock_guard lock(table.mutex);
  table.launchers[body] = launcher;
}

}  // namespace cuda

std::optional<std::string> gpu_problem(int ordinal) {
  int driver = 0, count = 0;
  cuda::taken(cudaDriverGetVersion(&driver));
  if (driver == 0) return "there is no GPU: no NVIDIA driver is installed";
  const cudaError_t status = cuda::taken(cudaGetDeviceCount(&count));
  if (status == cudaErrorInsufficientDriver) {
    return "the NVIDIA driver is too old: it knows CUDA " + cuda::version_text(driver) + ", glifr was built with " +
           cuda::version_text(CUDART_VERSION);
  }
  if (status == cudaErrorNoDevice || (status == cudaSuccess && count == 0)) return "there is no GPU";
  if (status != cudaSuccess) return std::string("the GPU cannot be used: ") + cudaGetErrorString(status);
  if (ordinal < 0 || ordinal >= count) {
    return "there is no GPU " + std::to_string(ordinal) + ": " +
           (count == 1 ? "the only one is number 0" : "they are numbered 0 to " + std::to_string(count - 1));
  }
  if (const cudaError_t chosen = cuda::taken(cudaSetDevice(ordinal)); chosen != cudaSuccess) {
    return "GPU " + std::to_string(ordinal) + " cannot be used: " + cudaGetErrorString(chosen);
  }
  cudaFuncAttributes attributes;
  if (cuda::taken(cudaFuncGetAttributes(&attributes, cuda::run_body<kernels::Fill<float>>)) != cudaSuccess) {
    cudaDeviceProp properties{};
    cuda::taken(cudaGetDeviceProperties(&properties, ordinal));
    return std::string(properties.name) + " has compute capability " + std::to_string(properties.major) + "." +
           std::to_string(properties.minor) + ", for which glifr was not built";
  }
  return cuda::blas_problem();
}

int gpu_count() {
  int count = 0;
  return cuda::taken(cudaGetDeviceCount(&count)) == cudaSuccess ? count : 0;
}

bool is_compiled_for_gpu(std::type_index body) {
  return cuda::look_up(body).has_value();
}

std::unique_ptr<Device> open_gpu(const GpuSettings& settings) {
  if (const auto problem = gpu_problem(settings.ordinal)) throw DeviceUnavailable("cuda", *problem);
  return std::make_unique<cuda::Gpu>(settings);
}

}  // namespace glifr
