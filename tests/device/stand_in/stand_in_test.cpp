// That the stand-in for CUDA sees what is wrong: each fault is made on purpose, and must be reported.
#include <cublas_v2.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <thread>

#include "device_memory.hpp"
#include "faults.hpp"

namespace {

using test::DeviceArray;
using test::findings;
using test::Stream;

/// Holds if `text` has one line, and `part` is in it.
void check_only(const std::string& text, const std::string& part) {
  INFO("found:\n" << text);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK(text.find(part) != std::string::npos);
}

TEST_CASE("what is right is not reported") {
  const Stream stream;
  const DeviceArray<float> values(100), out(7);
  REQUIRE(faults::fill(values.data(), 64, stream) == cudaSuccess);
  faults::read_next(values.data(), out.data(), 7, stream);
  CHECK(out.values(stream) == std::vector<float>{1, 2, 3, 4, 5, 6, 7});
  const DeviceArray<unsigned> counter({10}, stream);
  faults::count(counter.data(), 64, stream);
  CHECK(counter.values(stream)[0] == 74);
  CHECK(findings().empty());
}

TEST_CASE("accesses outside of a block are reported, and say where") {
  const Stream stream;
  const DeviceArray<float> values(std::vector<float>(64), stream), out(64);
  faults::read_next(values.data(), out.data(), 64, stream);
  stream.wait();
  const std::string found = findings();
  check_only(found, "1 x load outside of every block of memory, in faults::");
  CHECK(found.find("read_next(float const*, float*)") != std::string::npos);
  CHECK(found.find("byte 256 of a block of 256") != std::string::npos);
  faults::write_next(values.data(), 64, stream);
  stream.wait();
  check_only(findings(), "1 x store outside of every block of memory");
}

TEST_CASE("memory that was freed is not there") {
  const Stream stream;
  const DeviceArray<float> out(4);
  float* freed = nullptr;
  {
    const DeviceArray<float> values(std::vector<float>(8), stream);
    freed = values.data();
  }
  faults::read_next(freed, out.data(), 4, stream);
  CHECK(std::isnan(out.values(stream)[0]));
  check_only(findings(), "4 x load outside of every block of memory");
  CHECK(cudaFree(freed) == cudaErrorInvalidValue);
  check_only(findings(), "cudaFree of what was not allocated, or was freed before");
}

TEST_CASE("memory of the host is not the device's") {
  const Stream stream;
  const std::vector<float> host(8);
  const DeviceArray<float> out(4);
  faults::read_next(host.data(), out.data(), 4, stream);
  stream.wait();
  check_only(findings(), "an address that is not of this device");
}

TEST_CASE("numbers that nobody wrote are reported, also those that are copied") {
  const Stream stream;
  const DeviceArray<float> values(8), out(4);
  faults::read_next(values.data(), out.data(), 4, stream);
  stream.wait();
  check_only(findings(), "4 x load of memory that was never written");
  static_cast<void>(values.values(stream));
  check_only(findings(), "load of memory that was never written, in a copy from the device");
}

TEST_CASE("accesses that are not aligned are reported") {
  const Stream stream;
  const DeviceArray<char> bytes(std::vector<char>(32), stream);
  const DeviceArray<float> out(2);
  faults::read_misaligned(bytes.data(), out.data(), stream);
  stream.wait();
  check_only(findings(), "2 x an access that is not aligned");
}

TEST_CASE("races of threads are reported") {
  const Stream stream;
  const DeviceArray<float> values(std::vector<float>(8), stream);
  faults::write_same(values.data(), stream);
  stream.wait();
  check_only(findings(), "race: two threads of one launch write the same");
  faults::shift_in_place(values.data(), 4, stream);
  stream.wait();
  check_only(findings(), "3 x race: a thread writes what another thread of its launch reads");
  const DeviceArray<unsigned> counter({0}, stream), out(2);
  faults::count_and_read(counter.data(), out.data(), stream);
  stream.wait();
  CHECK(findings().find("race") != std::string::npos);
}

TEST_CASE("a division of whole numbers by zero is reported") {
  const Stream stream;
  const DeviceArray<int> values({1, 2, 0}, stream);
  faults::divide(values.data(), stream);
  stream.wait();
  check_only(findings(), "a division of whole numbers by zero");
}

TEST_CASE("nothing runs before somebody waits for it") {
  const Stream stream;
  const DeviceArray<float> values(64);
  int* pinned = nullptr;
  REQUIRE(cudaMallocHost(reinterpret_cast<void**>(&pinned), sizeof(int)) == cudaSuccess);
  *pinned = 1;
  const DeviceArray<int> number(1);
  REQUIRE(cudaMemcpyAsync(number.data(), pinned, sizeof(int), cudaMemcpyHostToDevice, stream) == cudaSuccess);
  *pinned = 2;  // too early: the copy has not run
  CHECK(number.values(stream)[0] == 2);
  REQUIRE(cudaFreeHost(pinned) == cudaSuccess);
  std::vector<int> ordinary{3};
  REQUIRE(cudaMemcpyAsync(number.data(), ordinary.data(), sizeof(int), cudaMemcpyHostToDevice, stream) == cudaSuccess);
  ordinary[0] = 4;  // in ordinary memory it was copied aside, if reading is not late
  const bool reads_late = std::getenv("GLIFR_STAND_IN_LATE_READS") != nullptr;
  CHECK(number.values(stream)[0] == (reads_late ? 4 : 3));
  CHECK(findings().empty());
}

TEST_CASE("events happen when their stream gets there") {
  const Stream stream;
  const DeviceArray<float> values(64);
  cudaEvent_t event = nullptr;
  REQUIRE(cudaEventCreate(&event) == cudaSuccess);
  CHECK(cudaEventQuery(event) == cudaSuccess);
  REQUIRE(faults::fill(values.data(), 64, stream) == cudaSuccess);
  REQUIRE(cudaEventRecord(event, stream) == cudaSuccess);
  CHECK(cudaEventQuery(event) == cudaErrorNotReady);
  CHECK(cudaEventQuery(event) == cudaSuccess);
  REQUIRE(cudaEventRecord(event, stream) == cudaSuccess);
  CHECK(cudaEventSynchronize(event) == cudaSuccess);
  REQUIRE(cudaEventDestroy(event) == cudaSuccess);
  CHECK(findings().empty());
}

/// A capture in which `body` is done; the status of its end.
template <class Body>
cudaError_t capture(const Stream& stream, Body body, cudaGraph_t* graph = nullptr) {
  cudaGraph_t unused = nullptr;
  REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
  body();
  cudaGraph_t* const made = graph ? graph : &unused;
  const cudaError_t status = cudaStreamEndCapture(stream, made);
  if (unused) cudaGraphDestroy(unused);
  return status;
}

TEST_CASE("what is captured runs when its graph is launched, each time") {
  const Stream stream;
  const DeviceArray<unsigned> counter({0}, stream);
  faults::count(counter.data(), 1, stream);  // the kernel is loaded
  cudaGraph_t graph = nullptr;
  CHECK(capture(
            stream, [&] { faults::count(counter.data(), 10, stream); }, &graph) == cudaSuccess);
  CHECK(counter.values(stream)[0] == 1);
  cudaGraphExec_t executable = nullptr;
  REQUIRE(cudaGraphInstantiate(&executable, graph, 0) == cudaSuccess);
  cudaGraphDestroy(graph);
  for (int i = 0; i < 3; ++i) REQUIRE(cudaGraphLaunch(executable, stream) == cudaSuccess);
  cudaGraphExecDestroy(executable);
  CHECK(counter.values(stream)[0] == 31);
  CHECK(findings().empty());
}

TEST_CASE("calls that a capture forbids are reported and break it") {
  const Stream stream;
  const DeviceArray<float> values(std::vector<float>(8), stream);
  stream.wait();
  void* memory = nullptr;
  CHECK(capture(stream, [&] { CHECK(cudaMalloc(&memory, 8) != cudaSuccess); }) == cudaErrorStreamCaptureInvalidated);
  check_only(findings(), "cudaMalloc while a stream is captured");
  CHECK(capture(stream, [&] { CHECK(cudaFree(values.data()) != cudaSuccess); }) == cudaErrorStreamCaptureInvalidated);
  check_only(findings(), "cudaFree while a stream is captured");
  CHECK(capture(stream, [&] { CHECK(cudaStreamSynchronize(stream) != cudaSuccess); }) ==
        cudaErrorStreamCaptureInvalidated);
  check_only(findings(), "cudaStreamSynchronize while a stream is captured");
  float host[8];
  CHECK(capture(stream, [&] { cudaMemcpyAsync(host, values.data(), 32, cudaMemcpyDeviceToHost, stream); }) ==
        cudaSuccess);
  check_only(findings(), "a copy of ordinary memory of the host while its stream is captured");
  CHECK(capture(stream, [&] {
          std::thread([&] { CHECK(cudaMalloc(&memory, 8) == cudaSuccess); }).join();  // another thread may
        }) == cudaSuccess);
  CHECK(cudaFree(memory) == cudaSuccess);
  CHECK(findings().empty());
}

TEST_CASE("a cuBLAS handle is not destroyed while any thread captures, a kernel not used first") {
  const Stream stream;
  cublasHandle_t handle = nullptr;
  REQUIRE(cublasCreate_v2(&handle) == CUBLAS_STATUS_SUCCESS);
  CHECK(capture(stream, [&] { std::thread([&] { cublasDestroy_v2(handle); }).join(); }) ==
        cudaErrorStreamCaptureInvalidated);
  check_only(findings(), "cublasDestroy, which waits for the whole device, while a stream of it is captured");
  const DeviceArray<int> values({1, 2, 3}, stream);
  CHECK(capture(stream, [&] { faults::use_first(values.data(), stream); }) == cudaSuccess);
  check_only(findings(), "a kernel is used for the first time while its stream is captured");
}

TEST_CASE("a product of cuBLAS reads its matrices within their blocks, and has memory for it") {
  const Stream stream;
  cublasHandle_t handle = nullptr;
  REQUIRE(cublasCreate_v2(&handle) == CUBLAS_STATUS_SUCCESS);
  REQUIRE(cublasSetStream_v2(handle, stream) == CUBLAS_STATUS_SUCCESS);
  const DeviceArray<float> a({1, 2, 3, 4, 5, 6}, stream), b({7, 8, 9, 10, 11, 12}, stream), c(4), workspace(1024);
  const float one = 1, zero = 0;
  const auto product = [&](int64_t k) {
    return cublasSgemm_v2_64(handle, CUBLAS_OP_N, CUBLAS_OP_T, 2, 2, k, &one, a.data(), 2, b.data(), 2, &zero, c.data(),
                             2);
  };
  CHECK(product(3) == CUBLAS_STATUS_EXECUTION_FAILED);
  check_only(findings(), "a product of cuBLAS without");
  REQUIRE(cublasSetWorkspace_v2(handle, workspace.data(), 4096) == CUBLAS_STATUS_SUCCESS);
  CHECK(product(3) == CUBLAS_STATUS_SUCCESS);
  CHECK(c.values(stream) == std::vector<float>{89, 116, 98, 128});
  CHECK(findings().empty());
  CHECK(product(4) == CUBLAS_STATUS_SUCCESS);
  stream.wait();
  check_only(findings(), "2 x load outside of every block of memory, in a product of cuBLAS");
  REQUIRE(cublasDestroy_v2(handle) == CUBLAS_STATUS_SUCCESS);
}

TEST_CASE("streams belong to devices, and each thread has its current one") {
  int count = 0;
  REQUIRE(cudaGetDeviceCount(&count) == cudaSuccess);
  CHECK(cudaSetDevice(count) == cudaErrorInvalidDevice);
  if (count < 2) GLIFR_SKIP("needs GLIFR_STAND_IN_DEVICES=2");
  const Stream stream;
  const DeviceArray<float> values(64);
  REQUIRE(cudaSetDevice(1) == cudaSuccess);
  CHECK(faults::fill(values.data(), 64, stream) == cudaErrorInvalidResourceHandle);
  check_only(findings(), "a launch on a stream that is not of the current device");
  std::thread([&] { CHECK(faults::fill(values.data(), 64, stream) == cudaSuccess); }).join();
  const Stream other;
  CHECK(faults::fill(values.data(), 64, other) == cudaSuccess);
  other.wait();
  check_only(findings(), "64 x store outside of every block of memory");
  REQUIRE(cudaSetDevice(0) == cudaSuccess);
}

TEST_CASE("a program in which something was found has the exit status 1, whatever it wanted") {
  const pid_t child = ::fork();
  if (child == 0) {
    cudaFree(&std::cout);
    std::exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1);
}

}  // namespace
