// Kernels that do what a GPU does not forgive, or not in a way that anybody sees.
#include "faults.hpp"

namespace faults {

namespace {

__global__ void fill(float* values, int count) {
  const auto i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count) values[i] = static_cast<float>(i);
}
__global__ void read_next(const float* values, float* out) {
  out[threadIdx.x] = values[threadIdx.x + 1];
}
__global__ void write_next(float* values) {
  values[threadIdx.x + 1] = 1;
}
__global__ void read_misaligned(const char* bytes, float* out) {
  out[threadIdx.x] = *reinterpret_cast<const float*>(bytes + 2 + 4 * threadIdx.x);
}
__global__ void write_same(float* values) {
  values[0] = static_cast<float>(threadIdx.x);
}
__global__ void shift_in_place(float* values) {
  values[threadIdx.x] = values[threadIdx.x + 1];
}
__global__ void divide(int* values) {
  values[0] = values[1] / values[2];
}
__global__ void use_first(int* values) {
  values[0] += values[1];
}
__global__ void count(unsigned* counter) {
  atomicAdd(counter, 1);
}
__global__ void count_and_read(unsigned* counter, unsigned* out) {
  atomicAdd(counter, 1);
  out[threadIdx.x] = *counter;
}

}  // namespace

cudaError_t fill(float* values, int count, cudaStream_t stream) {
  cudaGetLastError();
  fill<<<1, 64, 0, stream>>>(values, count);
  return cudaGetLastError();
}
void read_next(const float* values, float* out, int threads, cudaStream_t stream) {
  read_next<<<1, threads, 0, stream>>>(values, out);
}
void write_next(float* values, int threads, cudaStream_t stream) {
  write_next<<<1, threads, 0, stream>>>(values);
}
void read_misaligned(const char* bytes, float* out, cudaStream_t stream) {
  read_misaligned<<<1, 2, 0, stream>>>(bytes, out);
}
void write_same(float* values, cudaStream_t stream) {
  write_same<<<1, 2, 0, stream>>>(values);
}
void shift_in_place(float* values, int threads, cudaStream_t stream) {
  shift_in_place<<<1, threads, 0, stream>>>(values);
}
void divide(int* values, cudaStream_t stream) {
  divide<<<1, 1, 0, stream>>>(values);
}
void use_first(int* values, cudaStream_t stream) {
  use_first<<<1, 1, 0, stream>>>(values);
}
void count(unsigned* counter, int threads, cudaStream_t stream) {
  count<<<1, threads, 0, stream>>>(counter);
}
void count_and_read(unsigned* counter, unsigned* out, cudaStream_t stream) {
  count_and_read<<<1, 2, 0, stream>>>(counter, out);
}

}  // namespace faults
