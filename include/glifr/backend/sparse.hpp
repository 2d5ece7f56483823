#pragma once

#include <cstdint>

#include "glifr/backend/view.hpp"

namespace glifr {

/// The ones of a binary input vector, as indices in ascending order; everything else is zero.
struct ActiveInputs {
  const std::uint16_t* indices = nullptr;  ///< of the inputs that are 1, in rising order
  Index count = 0;                         ///< how many they are
};

}  // namespace glifr
