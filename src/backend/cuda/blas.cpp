#include "blas.hpp"

#include "../late_library.hpp"
#include "glifr/error.hpp"

namespace glifr::cuda {

namespace {

/// The library, or why there is none.
struct Loaded {
  Blas functions;
  std::optional<std::string> problem;

  Loaded() {
    LateLibrary library("cuBLAS", "libcublas.so." + std::to_string(CUBLAS_VER_MAJOR));
    library.find("cublasCreate_v2", functions.create);
    library.find("cublasDestroy_v2", functions.destroy);
    library.find("cublasSetStream_v2", functions.set_stream);
    library.find("cublasSetWorkspace_v2", functions.set_workspace);
    library.find("cublasSetMathMode", functions.set_math_mode);
    library.find("cublasSgemm_v2_64", functions.sgemm);
    library.find("cublasDgemm_v2_64", functions.dgemm);
    library.find("cublasGetStatusString", functions.status_string);
    problem = library.problem();
  }
};

const Loaded& loaded() {
  static const Loaded library;
  return library;
}

}  // namespace

std::optional<std::string> blas_problem() {
  return loaded().problem;
}

const Blas& blas() {
  if (const auto& problem = loaded().problem) throw DeviceUnavailable("cuda", *problem);
  return loaded().functions;
}

}  // namespace glifr::cuda
