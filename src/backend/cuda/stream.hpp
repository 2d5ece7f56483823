#pragma once

#include <cuda_runtime.h>

namespace glifr::cuda {

/// A device whose work goes through a stream of CUDA's, in which other libraries can put theirs.
class HasStream {
 public:
  virtual ~HasStream() = default;
  /// Makes its GPU the current one of the calling thread.
  [[nodiscard]] virtual cudaStream_t stream() const = 0;
};

}  // namespace glifr::cuda
