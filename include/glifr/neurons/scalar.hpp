#pragma once

#include <concepts>

/// Marks a function that runs inside a scan: inlined always, and on the host and the device where CUDA compiles it.
#if defined(__CUDACC__)
#define GLIFR_INLINE __host__ __device__ __forceinline__
#else
#define GLIFR_INLINE __attribute__((always_inline)) inline
#endif

namespace glifr {

/// The number types that glifr is built for.
template <class T>
concept Scalar = std::same_as<T, float> || std::same_as<T, double>;

}  // namespace glifr
