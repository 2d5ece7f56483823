#pragma once

#include <type_traits>
#include <utility>

#include "glifr/analysis/parameters.hpp"
#include "glifr/error.hpp"

namespace glifr::analysis::detail {

inline constexpr int max_ascs = 4;

/// Calls f(std::integral_constant<int, J>) for the number of after-spike currents that a table has.
template <class F>
auto with_ascs(Index num_ascs, F&& f) {
  switch (num_ascs) {
    case 0:
      return f(std::integral_constant<int, 0>{});
    case 1:
      return f(std::integral_constant<int, 1>{});
    case 2:
      return f(std::integral_constant<int, 2>{});
    case 3:
      return f(std::integral_constant<int, 3>{});
    case max_ascs:
      return f(std::integral_constant<int, max_ascs>{});
    default:
      throw ConfigError("num_ascs", "found " + std::to_string(num_ascs) +
                                        " after-spike currents a neuron, accepted are 0 to " +
                                        std::to_string(max_ascs));
  }
}

/// The same constants for neurons with J after-spike currents.
template <int J>
typename Glifr<J>::template Constants<double> constants_for(const GlifrConstants& c) {
  return {c.dt, c.tau, c.sigma_v, c.R, c.I0, c.v_reset};
}

}  // namespace glifr::analysis::detail
