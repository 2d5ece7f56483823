#pragma once

#include <cstdint>

#include "glifr/backend/view.hpp"

namespace glifr {

/// The ones of a binary input vector, as indices in ascending order; everything else is zero.
struct ActiveInputs {
  const std::uint16_t* indices = nullptr;
  Index count = 0;
};

}  // namespace glifr
