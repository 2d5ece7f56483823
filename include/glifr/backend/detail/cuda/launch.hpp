#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <typeindex>

#include "glifr/backend/device.hpp"
#include "glifr/export.hpp"

#ifndef __CUDACC__
#error "this header is for sources that nvcc compiles; nothing else of glifr needs CUDA"
#endif

/// What nvcc makes of the bodies of kernels. A GPU can run those that were named to `compile` and no others.
namespace glifr::cuda {

/// How a body's kernels are started on a stream. Each says how that went, and nothing of what was before.
struct Launcher {
  cudaError_t (*one)(const Launch& launch, cudaStream_t stream);
  /// The same for several bodies of one size at once; null: there is no such kernel.
  cudaError_t (*lanes)(std::span<const Launch> lanes, cudaStream_t stream);
};

/// Makes a body's kernels known to every GPU of this program.
GLIFR_API void add_launcher(std::type_index body, Launcher launcher);

inline constexpr unsigned max_threads = 256;

/// The body's call for element `i` of a matrix.
template <class Body>
__device__ inline void run_element(const Body& body, Index i, Index total, Index columns) {
  // Division of 32 bits is many times faster than of 64.
  const Index row =
      total <= UINT32_MAX ? static_cast<std::uint32_t>(i) / static_cast<std::uint32_t>(columns) : i / columns;
  body(row, i - row * columns);
}

template <class Body>
__global__ void __launch_bounds__(max_threads) run_body(const Body body, Index total, Index columns) {
  const Index i = static_cast<Index>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < total) run_element(body, i, total, columns);
}

/// Bodies of several lanes, as many as the parameters of a kernel hold.
template <class Body>
struct LaneBodies {
  static constexpr std::size_t most = std::clamp<std::size_t>(3840 / sizeof(Body), 1, 32);
  Body lane[most];
};
/// A block belongs to one lane.
template <class Body>
__global__ void __launch_bounds__(max_threads)
    run_lanes(const __grid_constant__ LaneBodies<Body> bodies, unsigned blocks_a_lane, Index total, Index columns) {
  const unsigned lane = blockIdx.x / blocks_a_lane;
  const Index i = static_cast<Index>(blockIdx.x - lane * blocks_a_lane) * blockDim.x + threadIdx.x;
  if (i < total) run_element(bodies.lane[lane], i, total, columns);
}

/// Threads of a block for so many elements: small blocks spread little work over more of the processor.
inline unsigned threads_for(Index total) {
  return total < (Index{1} << 16) ? 64 : max_threads;
}
inline unsigned blocks_for(Index total, unsigned threads) {
  return static_cast<unsigned>((total + threads - 1) / threads);
}

template <class Body>
cudaError_t launch_body(const Launch& launch, cudaStream_t stream) {
  Index total = launch.rows * launch.columns, columns = launch.columns;
  const unsigned threads = threads_for(total);
  void* arguments[] = {const_cast<void*>(launch.body), &total, &columns};
  return cudaLaunchKernel(run_body<Body>, dim3(blocks_for(total, threads)), dim3(threads), arguments, 0, stream);
}
template <class Body>
cudaError_t launch_lanes(std::span<const Launch> lanes, cudaStream_t stream) {
  Index total = lanes[0].rows * lanes[0].columns, columns = lanes[0].columns;
  const unsigned threads = threads_for(total * static_cast<Index>(lanes.size()));
  unsigned blocks_a_lane = blocks_for(total, threads);
  while (!lanes.empty()) {
    const std::size_t count = std::min(lanes.size(), LaneBodies<Body>::most);
    alignas(LaneBodies<Body>) std::byte bodies[sizeof(LaneBodies<Body>)]{};
    for (std::size_t i = 0; i < count; ++i) std::memcpy(bodies + i * sizeof(Body), lanes[i].body, sizeof(Body));
    void* arguments[] = {bodies, &blocks_a_lane, &total, &columns};
    const cudaError_t status = cudaLaunchKernel(run_lanes<Body>, dim3(blocks_a_lane * static_cast<unsigned>(count)),
                                                dim3(threads), arguments, 0, stream);
    if (status != cudaSuccess) return status;
    lanes = lanes.subspan(count);
  }
  return cudaSuccess;
}

/// Compiles these bodies for the GPU. To be called once, before they are launched.
template <class... Body>
void compile() {
  (add_launcher(typeid(Body), {&launch_body<Body>, nullptr}), ...);
}
template <class Body>
cudaError_t launch_single_lane(const Launch& launch, cudaStream_t stream) {
  return launch_lanes<Body>({&launch, 1}, stream);
}
/// The same, and to run for several lanes at once (`Device::launch_lanes`): bodies of training steps. There is one
/// kernel for both, because the compiler rounds products and sums together where it likes, in two kernels perhaps
/// differently.
template <class... Body>
void compile_for_lanes() {
  (add_launcher(typeid(Body), {&launch_single_lane<Body>, &launch_lanes<Body>}), ...);
}

}  // namespace glifr::cuda
