#pragma once

#include <string>

#include "glifr/backend/view.hpp"
#include "glifr/error.hpp"
#include "glifr/neurons/scalar.hpp"

namespace glifr::detail {

/// ShapeError where a list of connections (`Layer`) names a neuron that there is not, its senders do not ascend, or the
/// receivers of one do not. Lies in the host's memory.
template <Scalar T>
void check_connections(View<const T> pairs, Index senders, Index receivers) {
  const auto name = [](T sender, T receiver) {
    return std::to_string(static_cast<Index>(sender)) + " to " + std::to_string(static_cast<Index>(receiver));
  };
  for (Index k = 0; k < pairs.columns; ++k) {
    const T sender = pairs(0, k), receiver = pairs(1, k);
    // In this form, so that a NaN is found, too.
    const bool is_next =
        k == 0 || sender > pairs(0, k - 1) || (sender == pairs(0, k - 1) && receiver > pairs(1, k - 1));
    const bool is_fine = is_next && sender >= T(0) && sender < static_cast<T>(senders) && receiver >= T(0) &&
                         receiver < static_cast<T>(receivers);
    if (is_fine) continue;
    throw ShapeError("scan: connections",
                     "senders below " + std::to_string(senders) + " in ascending order, receivers below " +
                         std::to_string(receivers) + ", of each sender in ascending order",
                     name(sender, receiver) + (k > 0 ? " behind " + name(pairs(0, k - 1), pairs(1, k - 1)) : ""));
  }
}

}  // namespace glifr::detail
