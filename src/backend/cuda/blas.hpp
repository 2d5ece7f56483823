#pragma once

#include <cublas_v2.h>

#include <optional>
#include <string>

namespace glifr::cuda {

/// cuBLAS, loaded when a GPU is asked for: it takes 200 MB of memory, which a program that computes on the processor
/// should not pay for.
struct Blas {
  decltype(&cublasCreate_v2) create = nullptr;
  decltype(&cublasDestroy_v2) destroy = nullptr;
  decltype(&cublasSetStream_v2) set_stream = nullptr;
  decltype(&cublasSetWorkspace_v2) set_workspace = nullptr;
  decltype(&cublasSetMathMode) set_math_mode = nullptr;
  decltype(&cublasSgemm_v2_64) sgemm = nullptr;
  decltype(&cublasDgemm_v2_64) dgemm = nullptr;
  decltype(&cublasGetStatusString) status_string = nullptr;
};

/// Why it cannot be loaded, or nothing.
std::optional<std::string> blas_problem();
/// The library; DeviceUnavailable where it cannot be loaded.
const Blas& blas();

}  // namespace glifr::cuda
