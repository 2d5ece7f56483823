#pragma once

#include "glifr/backend/detail/cuda/launch.hpp"
#include "glifr/backend/detail/device_scan.hpp"

namespace glifr::cuda {

/// Compiles the scans of a neuron for the GPU, its equations and the reverse program derived from them. The neurons
/// that come with glifr are in the library; for one of your own, put into a source that nvcc compiles (docs/gpu.md)
///
///     const bool is_compiled = glifr::cuda::compile_neuron<MyNeuron>();
template <class N>
bool compile_neuron() {
  compile_for_lanes<device::ScanForward<N, float>, device::ScanBackward<N, true, float>,
                    device::ScanBackward<N, false, float>>();
  compile<device::ScanForward<N, double>, device::ScanBackward<N, true, double>,
          device::ScanBackward<N, false, double>>();
  return true;
}

}  // namespace glifr::cuda
