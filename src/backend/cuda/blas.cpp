#include "blas.hpp"

#include <dlfcn.h>

#include "glifr/error.hpp"

namespace glifr::cuda {

namespace {

/// What the loader says of its last failure.
std::string loader_problem() {
  const char* reason = ::dlerror();
  return std::string("cuBLAS cannot be loaded: ") + (reason ? reason : "unknown reason");
}

/// The library, or why there is none.
struct Loaded {
  Blas functions;
  std::optional<std::string> problem;

  Loaded() {
    const std::string name = "libcublas.so." + std::to_string(CUBLAS_VER_MAJOR);
    library_ = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);  // for as long as the process lives
    if (!library_) problem = loader_problem();
    find("cublasCreate_v2", functions.create);
    find("cublasSetStream_v2", functions.set_stream);
    find("cublasSetWorkspace_v2", functions.set_workspace);
    find("cublasSetMathMode", functions.set_math_mode);
    find("cublasSgemm_v2_64", functions.sgemm);
    find("cublasDgemm_v2_64", functions.dgemm);
    find("cublasGetStatusString", functions.status_string);
  }

 private:
  template <class Function>
  void find(const char* name, Function& function) {
    if (problem) return;
    function = reinterpret_cast<Function>(::dlsym(library_, name));
    if (!function) problem = loader_problem();
  }

  void* library_;
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
