#pragma once

#include <cmath>

#include "glifr/neurons/functions.hpp"

namespace glifr {

/// How a trained, unconstrained ("raw") number becomes the physical one that a neuron's equations use. Raw values are
/// what the optimiser moves and what checkpoints hold.
enum class Transform {
  identity,    ///< physical = raw; any number
  decay_rate,  ///< physical = sigmoid(raw) / dt, in (0, 1/dt) per ms: a rate that decays by less than everything in one
               ///< time step
  bounded,     ///< physical = 1 - 2 sigmoid(raw), in (-1, 1)
  positive,    ///< physical = exp(raw), in (0, inf)
  fraction,    ///< physical = sigmoid(raw), in (0, 1)
};

/// The physical value of `raw`; `dt` in ms. T is any value type of `neurons/functions.hpp`.
template <class T, class S>
GLIFR_INLINE T to_physical(Transform transform, const T& raw, S dt) {
  switch (transform) {
    case Transform::decay_rate:
      return sigmoid(raw) * (S(1) / dt);
    case Transform::bounded:
      return S(1) - S(2) * sigmoid(raw);
    case Transform::positive:
      return exp(raw);
    case Transform::fraction:
      return sigmoid(raw);
    case Transform::identity:
      break;
  }
  return raw;
}

/// d physical / d raw, from the physical value (so that no exponential is taken again).
template <class T, class S>
GLIFR_INLINE T transform_slope(Transform transform, const T& physical, S dt) {
  switch (transform) {
    case Transform::decay_rate:
      return physical * (S(1) - dt * physical);
    case Transform::bounded:
      return (physical * physical - S(1)) * S(0.5);
    case Transform::positive:
      return physical;
    case Transform::fraction:
      return physical * (S(1) - physical);
    case Transform::identity:
      break;
  }
  return physical - physical + S(1);
}

/// The raw value of a physical one: the inverse of `to_physical`.
GLIFR_INLINE double to_raw(Transform transform, double physical, double dt) {
  switch (transform) {
    case Transform::decay_rate:
      return std::log(dt * physical / (1 - dt * physical));
    case Transform::bounded:
      return std::log((1 - physical) / (1 + physical));
    case Transform::positive:
      return std::log(physical);
    case Transform::fraction:
      return std::log(physical / (1 - physical));
    case Transform::identity:
      break;
  }
  return physical;
}

}  // namespace glifr
