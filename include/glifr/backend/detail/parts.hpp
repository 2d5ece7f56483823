#pragma once

#include <algorithm>

#include "glifr/backend/memory.hpp"
#include "glifr/backend/parallel.hpp"
#include "glifr/backend/view.hpp"

/// Large operations of one tape in parts, for the threads that may help it (`Arena::threads`).
namespace glifr::kernels {

/// Parts begin at multiples of this: whole registers and panels, so that no number depends on how many there are.
inline constexpr Index part_step = 64;

/// Runs body(first, count) over `size` neurons or columns, in parts of `least` or more. `work` is that of all of them,
/// `worth_sharing` what takes a thread longer than telling another to help.
template <class Body>
void for_each_part(const Arena& memory, Index size, Index least, double work, double worth_sharing, Body&& body) {
  if (memory.threads() == 1) return body(Index{0}, size);
  const auto worthwhile = static_cast<Index>(std::min(work / worth_sharing, 1e6));
  const Index parts = std::min({memory.threads(), size / least, worthwhile});
  if (parts <= 1) return body(Index{0}, size);
  const Index steps = (size + part_step - 1) / part_step;
  parallel_for(parts, [&](Index i) {
    const Index first = steps * i / parts * part_step;
    body(first, std::min(steps * (i + 1) / parts * part_step, size) - first);
  });
}

}  // namespace glifr::kernels
