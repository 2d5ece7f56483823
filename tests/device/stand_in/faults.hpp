#pragma once

#include <cuda_runtime.h>

/// Launches of kernels, most of which are wrong.
namespace faults {

/// Right: values[i] = i, by one block of 64 threads.
cudaError_t fill(float* values, int count, cudaStream_t stream);
/// Thread i reads number i + 1.
void read_next(const float* values, float* out, int threads, cudaStream_t stream);
/// Thread i writes number i + 1.
void write_next(float* values, int threads, cudaStream_t stream);
/// Floats that begin at byte 2.
void read_misaligned(const char* bytes, float* out, cudaStream_t stream);
/// Two threads write number 0.
void write_same(float* values, cudaStream_t stream);
/// Thread i reads number i + 1 and writes number i.
void shift_in_place(float* values, int threads, cudaStream_t stream);
/// values[0] = values[1] / values[2]
void divide(int* values, cudaStream_t stream);
/// Right where it is not recorded: a kernel that nothing else uses.
void use_first(int* values, cudaStream_t stream);
/// Right: all threads add 1 atomically.
void count(unsigned* counter, int threads, cudaStream_t stream);
/// Two threads add 1 atomically, then read what the other may be adding to.
void count_and_read(unsigned* counter, unsigned* out, cudaStream_t stream);

}  // namespace faults
