#pragma once

#include <algorithm>
#include <cmath>

#include "glifr/backend/view.hpp"

namespace glifr::detail {

/// What a scan keeps of every step for its backward pass, beside the outputs.
enum class Kept {
  states,    ///< all states
  currents,  ///< synaptic currents
  nothing,   ///< the synaptic currents are computed again, too
};

/// Where a scan does not keep all states, it keeps those before each segment: the backward pass computes the states of
/// one segment after another again, from the currents, or these too. The bits are the same: the same kernels compute
/// them from the same numbers, and windows are cut at the same steps.
struct Retention {
  Kept kept = Kept::states;
  Index segment = 1;  ///< steps whose states are there at a time
};

/// What decides on it.
struct RetentionNeeds {
  bool is_recording;       ///< whether there will be a backward pass
  bool on_host;            ///< on a device everything is launched at once
  bool can_keep_currents;  ///< one a neuron, and no gradients stand there before the backward pass
  Index steps;
  Index unit;          ///< segments are a multiple of so many steps
  Index state_arrays;  ///< numbers a neuron and step that Kept::states alone keeps
  double array_bytes;  ///< of one of them in all neurons and samples
  double limit;        ///< bytes that may be kept; 0: as many as it takes
};

/// All states where they are few bytes. Where they are more than caches hold, currents: to compute the states again
/// takes less time than to write them to memory and to read them (docs/performance.md). Nothing but outputs where the
/// limit leaves no room for currents, since products are then made twice, and where there is no backward pass.
inline Retention choose_retention(const RetentionNeeds& needs) {
  constexpr double cached_bytes = 8e6, segment_bytes = 256e3;
  const auto bytes = [&](Index arrays) { return static_cast<double>(needs.steps * arrays) * needs.array_bytes; };
  const auto in_units = [&](double steps) {
    return std::max<Index>(1, static_cast<Index>(steps) / needs.unit) * needs.unit;
  };
  const Retention all_states{.segment = std::max<Index>(1, needs.steps)};
  constexpr Index outputs_and_currents = 2, gradients = 1;
  if (!needs.is_recording) {
    if (!needs.on_host || bytes(outputs_and_currents) <= cached_bytes) return all_states;
    return {Kept::nothing, in_units(segment_bytes / needs.array_bytes)};
  }
  const double all = bytes(outputs_and_currents + needs.state_arrays);
  const bool fits = needs.limit <= 0 || all <= needs.limit;
  const bool saves_traffic = needs.can_keep_currents && needs.state_arrays > 1 && all > cached_bytes;
  if (fits && !saves_traffic) return all_states;
  if (needs.can_keep_currents && (fits || bytes(outputs_and_currents + gradients) <= needs.limit)) {
    const double state_bytes = static_cast<double>(needs.state_arrays) * needs.array_bytes;
    const Index segment = in_units(segment_bytes / state_bytes);
    return segment < needs.steps ? Retention{Kept::currents, segment} : all_states;
  }
  const double least = std::sqrt(static_cast<double>(needs.steps));  // memory, with the states before each segment
  return {Kept::nothing, in_units(least + static_cast<double>(needs.unit - 1))};
}

}  // namespace glifr::detail
