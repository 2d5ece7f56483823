#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "glifr/backend/sparse.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/error.hpp"

namespace glifr {

/// A batch's inputs over time: dense numbers, or the active inputs of binary frames.
template <Scalar T>
struct Sequence {
  Index steps = 0;                       ///< time steps
  Index batch = 0;                       ///< samples
  Index features = 0;                    ///< of the input, at each step
  Var<T> dense{};                        ///< [steps, batch, features]; empty where the input is sparse
  const ActiveInputs* active = nullptr;  ///< [steps * batch]; outlives the round

  /// Dense inputs, which may receive a gradient.
  static Sequence from(const Var<T>& x) { return {x.shape()[0], x.shape()[1], x.shape()[2], x, nullptr}; }
  /// Whether the input is a list of active inputs.
  [[nodiscard]] bool is_sparse() const { return active != nullptr; }
};

namespace detail {

/// ShapeError where a list names an input that there is not. Those on a device cannot be looked at from here.
template <Scalar T>
void check_active(const char* operation, Tape<T>& tape, const ActiveInputs* active, Index rows, Index features) {
  if (tape.device()) return;
  for (Index r = 0; r < rows; ++r) {
    std::uint16_t largest = 0;
    for (Index i = 0; i < active[r].count; ++i) largest = std::max(largest, active[r].indices[i]);
    if (active[r].count == 0 || largest < features) continue;
    throw ShapeError(operation, "active inputs 0 to " + std::to_string(features - 1), std::to_string(largest));
  }
}

}  // namespace detail

}  // namespace glifr
