#pragma once

#include <cstdint>

#include "glifr/datasets/dataset.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// What tells one data set from another: the number of samples, and checksums (CRC-32) of the sizes and all inputs, and
/// of all targets. They guard against mistakes, not against forgery.
struct DataDigest {
  Index samples = 0;          ///< how many there are
  std::uint32_t inputs = 0;   ///< of time steps, input size and all inputs
  std::uint32_t targets = 0;  ///< of the number of classes or values, and all labels or values

  /// Whether all of it agrees.
  friend bool operator==(const DataDigest&, const DataDigest&) = default;
};

/// The digest of any data set, read once from its first sample to its last. It depends on T, in which values are
/// summed.
template <Scalar T>
[[nodiscard]] GLIFR_API DataDigest digest(const Dataset<T>& data);

}  // namespace glifr
