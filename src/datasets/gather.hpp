#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "glifr/backend/view.hpp"

namespace glifr::detail {

/// Copies the chosen samples of `[time_steps, samples, features]`.
template <Scalar T>
void gather(const std::vector<T>& values, const Shape& shape, std::span<const Index> chosen, T* to) {
  for (Index step = 0; step < shape[0]; ++step) {
    for (const Index sample : chosen) {
      to = std::copy_n(values.data() + (step * shape[1] + sample) * shape[2], shape[2], to);
    }
  }
}

}  // namespace glifr::detail
