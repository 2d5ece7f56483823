#pragma once

#include "glifr/backend/sparse.hpp"
#include "glifr/core/tape.hpp"

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

}  // namespace glifr
