#pragma once

#include <cuda_runtime.h>

#include <span>
#include <string>
#include <vector>

#include "findings.hpp"
#include "support/catch.hpp"

/// What the tests of the stand-in share: a stream, memory, and what was found.
namespace test {

class Stream {
 public:
  Stream() { REQUIRE(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking) == cudaSuccess); }
  ~Stream() { cudaStreamDestroy(stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  operator cudaStream_t() const { return stream_; }

  void wait() const { REQUIRE(cudaStreamSynchronize(stream_) == cudaSuccess); }

 private:
  cudaStream_t stream_ = nullptr;
};

/// Numbers in the memory of the current device.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t size) : size_(size) {
    REQUIRE(cudaMalloc(reinterpret_cast<void**>(&data_), size * sizeof(T)) == cudaSuccess);
  }
  DeviceArray(const std::vector<T>& values, const Stream& stream) : DeviceArray(values.size()) {
    REQUIRE(cudaMemcpyAsync(data_, values.data(), size_ * sizeof(T), cudaMemcpyHostToDevice, stream) == cudaSuccess);
    stream.wait();  // until then, the values may be read
  }
  ~DeviceArray() { cudaFree(data_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  [[nodiscard]] T* data() const { return data_; }
  [[nodiscard]] std::vector<T> values(const Stream& stream) const {
    std::vector<T> copy(size_);
    REQUIRE(cudaMemcpyAsync(copy.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost, stream) == cudaSuccess);
    stream.wait();
    return copy;
  }

 private:
  T* data_ = nullptr;
  std::size_t size_;
};

inline std::string findings() {
  return glifr_stand_in_take_findings();
}

}  // namespace test
