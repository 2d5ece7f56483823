#pragma once

#include "glifr/backend/view.hpp"

/// The bodies of the operations of ops/wiring.hpp, an element at a time.
namespace glifr::kernels {

/// weights(sender, g * receivers + receiver) = x(g, k) of every connection k, for each of the inputs g of a neuron.
template <Scalar T>
struct PlaceWeights {
  View<const T> x;
  View<const T> connections;  // [2, connections]: senders, receivers
  Index receivers;
  View<T> weights;
  GLIFR_INLINE void operator()(Index g, Index k) const {
    const auto sender = static_cast<Index>(connections(0, k)), receiver = static_cast<Index>(connections(1, k));
    weights(sender, g * receivers + receiver) = x(g, k);
  }
};
template <Scalar T>
struct PlaceWeightsBackward {
  View<const T> connections;
  Index receivers;
  View<const T> d_weights;
  View<T> dx;
  GLIFR_INLINE void operator()(Index g, Index k) const {
    const auto sender = static_cast<Index>(connections(0, k)), receiver = static_cast<Index>(connections(1, k));
    dx(g, k) += d_weights(sender, g * receivers + receiver);
  }
};

/// The sender of weight (r, c): of a matrix r, of a list that of connection c.
template <Scalar T>
GLIFR_INLINE Index sender_of(const T* senders, Index r, Index c) {
  return senders ? static_cast<Index>(senders[c]) : r;
}
template <Scalar T>
struct SignWeights {
  View<const T> x;
  const T* signs;
  const T* senders;  // of each connection; null: x is a matrix
  View<T> weights;
  GLIFR_INLINE void operator()(Index r, Index c) const {
    const T value = x(r, c);
    weights(r, c) = signs[sender_of(senders, r, c)] * (value < T(0) ? -value : value);
  }
};
template <Scalar T>
struct SignWeightsBackward {
  View<const T> x;
  const T *signs, *senders;
  View<const T> d_weights;
  View<T> dx;
  GLIFR_INLINE void operator()(Index r, Index c) const {
    const T sign = T(1) - T(2) * static_cast<T>(x(r, c) < T(0));  // no branch on random signs
    dx(r, c) += d_weights(r, c) * signs[sender_of(senders, r, c)] * sign;
  }
};

}  // namespace glifr::kernels
