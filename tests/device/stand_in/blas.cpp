// The calls of cuBLAS that glifr makes: products in the simplest order of sums, which is not that of cuBLAS.
#include <cublas_v2.h>

#include <algorithm>

#include "findings.hpp"
#include "machine.hpp"

namespace {

using namespace glifr::stand_in;

struct Handle {
  int device;
  Stream* stream = nullptr;
  bool has_workspace = false;
};

/// A matrix as cuBLAS sees it: columns, `stride` numbers apart.
template <class T>
struct Matrix {
  T* data;
  std::int64_t rows, columns, stride;

  [[nodiscard]] bool is_possible() const {
    return rows >= 0 && columns >= 0 && stride >= std::max<std::int64_t>(1, rows);
  }
  T& at(std::int64_t row, std::int64_t column) const { return data[row + column * stride]; }
  [[nodiscard]] std::uint64_t address(std::int64_t column) const {
    return reinterpret_cast<std::uint64_t>(data + column * stride);
  }
  [[nodiscard]] std::uint64_t column_bytes() const { return static_cast<std::uint64_t>(rows) * sizeof(T); }
  [[nodiscard]] bool may_be_read(DeviceMemory& memory) const {
    bool may = true;
    for (std::int64_t i = 0; i < columns; ++i) may = memory.may_load(address(i), column_bytes(), 0) && may;
    return may;
  }
  [[nodiscard]] bool may_be_written(DeviceMemory& memory) const {
    bool may = true;
    for (std::int64_t i = 0; i < columns; ++i) may = memory.may_store(address(i), column_bytes(), 0) && may;
    return may;
  }
};

/// c = alpha a b + beta c, where a and b may be turned.
template <class T>
struct Product {
  T alpha, beta;
  Matrix<const T> a, b;
  Matrix<T> c;
  bool turns_a, turns_b;

  [[nodiscard]] std::int64_t inner() const { return turns_a ? a.rows : a.columns; }

  void run(DeviceMemory& memory) const {
    set_activity("a product of cuBLAS");
    memory.begin_launch();
    const bool reads_c = beta != 0;
    bool may = a.may_be_read(memory);
    may = b.may_be_read(memory) && may;
    if (reads_c) may = Matrix<const T>{c.data, c.rows, c.columns, c.stride}.may_be_read(memory) && may;
    memory.begin_launch();  // the result is written when all has been read
    if (!c.may_be_written(memory) || !may) return;
    for (std::int64_t column = 0; column < c.columns; ++column) {
      for (std::int64_t row = 0; row < c.rows; ++row) {
        T sum = 0;
        for (std::int64_t k = 0; k < inner(); ++k) {
          sum += (turns_a ? a.at(k, row) : a.at(row, k)) * (turns_b ? b.at(column, k) : b.at(k, column));
        }
        T& result = c.at(row, column);
        result = alpha * sum + (reads_c ? beta * result : T{0});
      }
    }
  }
};

template <class T>
cublasStatus_t multiply(cublasHandle_t handle, const Product<T>& product) {
  cublasStatus_t status = CUBLAS_STATUS_SUCCESS;
  call([&](Machine& machine) {
    const auto& [device, stream, has_workspace] = *reinterpret_cast<Handle*>(handle);
    if (!product.a.is_possible() || !product.b.is_possible() || !product.c.is_possible()) {
      report("a product of cuBLAS with a stride that is too small");
      status = CUBLAS_STATUS_INVALID_VALUE;
    } else if (!stream || !has_workspace || device != stream->device || device != current_device()) {
      report("a product of cuBLAS without a stream, without memory for it, or on another device than the current one");
      status = CUBLAS_STATUS_EXECUTION_FAILED;
    } else {
      stream->add([product, &memory = *machine.devices[static_cast<std::size_t>(device)]] { product.run(memory); });
    }
    return cudaSuccess;
  });
  return status;
}

template <class T>
cublasStatus_t multiply(cublasHandle_t handle, cublasOperation_t of_a, cublasOperation_t of_b, std::int64_t m,
                        std::int64_t n, std::int64_t k, const T* alpha, const T* a, std::int64_t stride_a, const T* b,
                        std::int64_t stride_b, const T* beta, T* c, std::int64_t stride_c) {
  const bool turns_a = of_a != CUBLAS_OP_N, turns_b = of_b != CUBLAS_OP_N;
  return multiply<T>(handle, {.alpha = *alpha,
                              .beta = *beta,
                              .a = {a, turns_a ? k : m, turns_a ? m : k, stride_a},
                              .b = {b, turns_b ? n : k, turns_b ? k : n, stride_b},
                              .c = {c, m, n, stride_c},
                              .turns_a = turns_a,
                              .turns_b = turns_b});
}

}  // namespace

extern "C" {

cublasStatus_t cublasCreate_v2(cublasHandle_t* handle) {
  const cudaError_t status = call([&](Machine& machine) {
    if (machine.is_forbidden_by_capture("cublasCreate")) return cudaErrorStreamCaptureUnsupported;
    *handle = reinterpret_cast<cublasHandle_t>(new Handle{current_device()});
    return cudaSuccess;
  });
  return status == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_INITIALIZED;
}
cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
  const auto* const destroyed = reinterpret_cast<Handle*>(handle);
  call([&](Machine& machine) {
    if (!machine.is_waiting_forbidden("cublasDestroy", destroyed->device)) machine.run_all(destroyed->device);
    return cudaSuccess;
  });
  delete destroyed;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream) {
  call([&](Machine& machine) {
    *reinterpret_cast<Handle*>(handle) = {reinterpret_cast<Handle*>(handle)->device, machine.find(stream)};
    return cudaSuccess;
  });
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void* workspace, size_t) {
  if (reinterpret_cast<std::uint64_t>(workspace) % 256 != 0) return CUBLAS_STATUS_INVALID_VALUE;
  reinterpret_cast<Handle*>(handle)->has_workspace = true;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetMathMode(cublasHandle_t, cublasMath_t) {
  return CUBLAS_STATUS_SUCCESS;
}
const char* cublasGetStatusString(cublasStatus_t) {
  return "an error of the stand-in for cuBLAS";
}
cublasStatus_t cublasSgemm_v2_64(cublasHandle_t handle, cublasOperation_t of_a, cublasOperation_t of_b, int64_t m,
                                 int64_t n, int64_t k, const float* alpha, const float* a, int64_t stride_a,
                                 const float* b, int64_t stride_b, const float* beta, float* c, int64_t stride_c) {
  return multiply<float>(handle, of_a, of_b, m, n, k, alpha, a, stride_a, b, stride_b, beta, c, stride_c);
}
cublasStatus_t cublasDgemm_v2_64(cublasHandle_t handle, cublasOperation_t of_a, cublasOperation_t of_b, int64_t m,
                                 int64_t n, int64_t k, const double* alpha, const double* a, int64_t stride_a,
                                 const double* b, int64_t stride_b, const double* beta, double* c, int64_t stride_c) {
  return multiply<double>(handle, of_a, of_b, m, n, k, alpha, a, stride_a, b, stride_b, beta, c, stride_c);
}

}  // extern "C"
