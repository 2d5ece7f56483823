#pragma once

#include "glifr/backend/parallel.hpp"
#include "glifr/backend/view.hpp"

namespace glifr {

/// Elements that one task takes: enough to be worth handing over, few enough to share out. No result depends on it.
inline constexpr Index parameter_block = 16384;

/// Runs body(0) … body(count - 1), of blocks with `elements` together, on the surrounding workers. The blocks of a
/// small network are done sooner than another thread would wake up.
template <class Body>
void for_each_block(Index count, Index elements, Body&& body) {
  if (elements > 2 * parameter_block) return parallel_for(count, body);
  for (Index b = 0; b < count; ++b) body(b);
}

}  // namespace glifr
