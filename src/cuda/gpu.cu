#include "glifr/backend/gpu.hpp"

#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <map>
#include <mutex>

#include "glifr/backend/cuda/launch.hpp"
#include "glifr/backend/memory.hpp"
#include "glifr/error.hpp"
#include "kernels.hpp"

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

/// The launcher of a body, or null.
Launcher look_up(std::type_index type) {
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
  return found == table.launchers.end() ? nullptr : found->second;
}

void check(cudaError_t status, const char* call) {
  if (status == cudaSuccess) return;
  throw DeviceFault("cuda", std::string(call) + ": " + cudaGetErrorString(status));
}
void check(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw DeviceFault("cuda", std::string(call) + ": " + cublasGetStatusString(status));
}

class Recorded final : public Device::Recording {
 public:
  Recorded(cudaGraph_t graph, cudaStream_t stream) : stream_(stream) {
    const cudaError_t status = cudaGraphInstantiate(&run_, graph, 0);
    cudaGraphDestroy(graph);
    check(status, "cudaGraphInstantiate");
  }
  ~Recorded() override { cudaGraphExecDestroy(run_); }
  void replay() override { check(cudaGraphLaunch(run_, stream_), "cudaGraphLaunch"); }

 private:
  cudaGraphExec_t run_ = nullptr;
  cudaStream_t stream_;
};

class Gpu final : public Device {
 public:
  explicit Gpu(bool uses_tf32) {
    check(cudaGetDeviceProperties(&properties_, 0), "cudaGetDeviceProperties");
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
    check(cublasCreate(&blas_), "cublasCreate");
    check(cublasSetStream(blas_, stream_), "cublasSetStream");
    // Memory of its own, so that it asks for none while a step is recorded, and sums in the same order every time.
    check(cudaMalloc(&workspace_, workspace_size), "cudaMalloc");
    check(cublasSetWorkspace(blas_, workspace_, workspace_size), "cublasSetWorkspace");
    check(cublasSetMathMode(blas_, uses_tf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH), "cublasSetMathMode");
  }
  ~Gpu() override {
    if (blas_) cublasDestroy(blas_);
    cudaFree(workspace_);
    if (stream_) cudaStreamDestroy(stream_);
  }

  [[nodiscard]] std::string name() const override { return properties_.name; }

  void* allocate(std::size_t bytes) override {
    void* memory = nullptr;
    const cudaError_t status = cudaMalloc(&memory, bytes);
    if (status == cudaErrorMemoryAllocation) {
      cudaGetLastError();  // it is not sticky: take it back
      throw DeviceFault("cuda", "out of memory: " + std::to_string(bytes >> 20) + " MB were asked for, " +
                                    std::to_string(free_memory() >> 20) + " MB are free");
    }
    check(status, "cudaMalloc");
    return memory;
  }
  void release(void* memory) noexcept override { cudaFree(memory); }
  [[nodiscard]] std::size_t free_memory() const override {
    std::size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
    return free;
  }

  void copy_in(void* to, const void* from, std::size_t bytes) override {
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream_), "cudaMemcpyAsync");
  }
  void copy_out(void* to, const void* from, std::size_t bytes) override {
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_), "cudaMemcpyAsync");
    wait();
  }

  void launch(const Launch& launch) override {
    find_launcher(launch.type)(launch.body, launch.rows, launch.columns, stream_);
    check(cudaGetLastError(), "a kernel's launch");
  }

  // cuBLAS thinks in columns: what it takes for a matrix is ours turned, and (a b)^T = b^T a^T.
  void gemm(kernels::Transpose ta, kernels::Transpose tb, View<const float> a, View<const float> b, float beta,
            View<float> c) override {
    const float one = 1;
    check(cublasSgemm_64(blas_, operation(tb), operation(ta), c.columns, c.rows, inner(ta, a), &one, b.data, b.stride,
                         a.data, a.stride, &beta, c.data, c.stride),
          "cublasSgemm");
  }
  void gemm(kernels::Transpose ta, kernels::Transpose tb, View<const double> a, View<const double> b, double beta,
            View<double> c) override {
    const double one = 1;
    check(cublasDgemm_64(blas_, operation(tb), operation(ta), c.columns, c.rows, inner(ta, a), &one, b.data, b.stride,
                         a.data, a.stride, &beta, c.data, c.stride),
          "cublasDgemm");
  }

  void wait() override { check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize"); }

  void begin_recording() override {
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
  }
  std::unique_ptr<Recording> end_recording() override {
    cudaGraph_t graph = nullptr;
    check(cudaStreamEndCapture(stream_, &graph), "cudaStreamEndCapture");
    return std::make_unique<Recorded>(graph, stream_);
  }

 private:
  static constexpr std::size_t workspace_size = std::size_t{32} << 20;  // what cuBLAS likes best on Hopper

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
    const Launcher launcher = look_up(type);
    if (!launcher) {
      throw DeviceError("cuda", std::string("no kernel was compiled for ") + type.name() +
                                    "; neurons and functions of your own are compiled by nvcc, see docs/gpu.md");
    }
    return launchers_[type] = launcher;
  }

  cudaDeviceProp properties_{};
  cudaStream_t stream_ = nullptr;
  cublasHandle_t blas_ = nullptr;
  void* workspace_ = nullptr;
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

std::optional<std::string> gpu_problem() {
  int driver = 0, count = 0;
  cudaDriverGetVersion(&driver);
  if (driver == 0) return "there is no GPU: no NVIDIA driver is installed";
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaErrorInsufficientDriver) {
    return "the NVIDIA driver is too old: it knows CUDA " + cuda::version_text(driver) + ", glifr was built with " +
           cuda::version_text(CUDART_VERSION);
  }
  if (status == cudaErrorNoDevice || (status == cudaSuccess && count == 0)) return "there is no GPU";
  if (status != cudaSuccess) return std::string("the GPU cannot be used: ") + cudaGetErrorString(status);
  cudaFuncAttributes attributes;
  if (cudaFuncGetAttributes(&attributes, cuda::run_body<kernels::Fill<float>>) != cudaSuccess) {
    cudaDeviceProp properties;
    cudaGetDeviceProperties(&properties, 0);
    return std::string(properties.name) + " has compute capability " + std::to_string(properties.major) + "." +
           std::to_string(properties.minor) + ", for which glifr was not built";
  }
  return std::nullopt;
}

bool is_compiled_for_gpu(std::type_index body) {
  return cuda::look_up(body) != nullptr;
}

std::unique_ptr<Device> open_gpu(bool uses_tf32) {
  if (const auto problem = gpu_problem()) throw DeviceError("cuda", *problem);
  return std::make_unique<cuda::Gpu>(uses_tf32);
}

}  // namespace glifr
