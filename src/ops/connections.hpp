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
  const T *from = pairs.row(0), *to = pairs.row(1);
  const auto name = [&](Index k) {
    return std::to_string(static_cast<Index>(from[k])) + " to " + std::to_string(static_cast<Index>(to[k]));
  };
  // Each step of a training asks: one comparison of the pair's place in the whole matrix in place of four.
  const double width = static_cast<double>(receivers), end = static_cast<double>(senders) * width;
  double last = -1;
  for (Index k = 0; k < pairs.columns; ++k) {
    const double place = static_cast<double>(from[k]) * width + static_cast<double>(to[k]);
    // In this form, so that a NaN is found, too.
    const bool is_fine = place > last && place < end && to[k] >= T(0) && to[k] < static_cast<T>(receivers);
    last = place;
    if (is_fine) continue;
    throw ShapeError("scan: connections",
                     "senders below " + std::to_string(senders) + " in ascending order, receivers below " +
                         std::to_string(receivers) + ", of each sender in ascending order",
                     name(k) + (k > 0 ? " behind " + name(k - 1) : ""));
  }
}

}  // namespace glifr::detail
