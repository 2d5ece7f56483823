#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <typeindex>

#include "glifr/backend/device.hpp"
#include "glifr/export.hpp"

#ifndef __CUDACC__
#error "this header is for sources that nvcc compiles; nothing else of glifr needs CUDA"
#endif

/// What nvcc makes of the bodies of kernels. A GPU can run those that were named to `compile` and no others.
namespace glifr::cuda {

/// Starts a body's kernel on a stream; says how that went, and nothing of what was before.
using Launcher = cudaError_t (*)(const void* body, Index rows, Index columns, cudaStream_t stream);

/// Makes a body's kernel known to every GPU of this program.
GLIFR_API void add_launcher(std::type_index body, Launcher launcher);

inline constexpr unsigned max_threads = 256;

template <class Body>
__global__ void __launch_bounds__(max_threads) run_body(const Body body, Index total, Index columns) {
  const Index i = static_cast<Index>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= total) return;
  // Division of 32 bits is many times faster than of 64.
  const Index row =
      total <= UINT32_MAX ? static_cast<std::uint32_t>(i) / static_cast<std::uint32_t>(columns) : i / columns;
  body(row, i - row * columns);
}

template <class Body>
cudaError_t launch_body(const void* body, Index rows, Index columns, cudaStream_t stream) {
  Index total = rows * columns;
  // Small blocks spread little work over more of the processor.
  const unsigned threads = total < (Index{1} << 16) ? 64 : max_threads;
  const auto blocks = static_cast<unsigned>((total + threads - 1) / threads);
  void* arguments[] = {const_cast<void*>(body), &total, &columns};
  return cudaLaunchKernel(run_body<Body>, dim3(blocks), dim3(threads), arguments, 0, stream);
}

/// Compiles these bodies for the GPU. To be called once, before they are launched.
template <class... Body>
void compile() {
  (add_launcher(typeid(Body), &launch_body<Body>), ...);
}

}  // namespace glifr::cuda
