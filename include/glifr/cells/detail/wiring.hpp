#pragma once

#include <algorithm>
#include <span>

#include "glifr/backend/detail/elementwise.hpp"
#include "glifr/backend/detail/sums.hpp"
#include "glifr/cells/connections.hpp"
#include "glifr/core/tape.hpp"

/// From what training moves to what a scan takes: weights of connected pairs to a matrix, weights of a given sign,
/// values that several neurons share. Each is an operation of the tape.
namespace glifr {

namespace kernels {

/// |x| with the sign of the sender, or x where senders have none.
template <Scalar T>
GLIFR_INLINE T with_sign(const T* signs, Index sender, T x) {
  return signs ? signs[sender] * (x < T(0) ? -x : x) : x;
}
/// Its slope. At 0 that of the positive side, so that a weight can leave 0.
template <Scalar T>
GLIFR_INLINE T sign_slope(const T* signs, Index sender, T x) {
  return signs ? signs[sender] * (T(1) - T(2) * static_cast<T>(x < T(0))) : T(1);  // no branch on random signs
}

/// weights(sender, g * receivers + receiver) = x(g, k) of every connection k, for each of the inputs g of a neuron.
template <Scalar T>
struct PlaceWeights {
  View<const T> x;
  View<const T> connections;  // [2, connections]: senders, receivers
  const T* signs;             // null: weights have any sign
  Index receivers;
  View<T> weights;
  GLIFR_INLINE void operator()(Index g, Index k) const {
    const auto sender = static_cast<Index>(connections(0, k)), receiver = static_cast<Index>(connections(1, k));
    weights(sender, g * receivers + receiver) = with_sign(signs, sender, x(g, k));
  }
};
template <Scalar T>
struct PlaceWeightsBackward {
  View<const T> x, connections;
  const T* signs;
  Index receivers;
  View<const T> d_weights;
  View<T> dx;
  GLIFR_INLINE void operator()(Index g, Index k) const {
    const auto sender = static_cast<Index>(connections(0, k)), receiver = static_cast<Index>(connections(1, k));
    dx(g, k) += d_weights(sender, g * receivers + receiver) * sign_slope(signs, sender, x(g, k));
  }
};

/// The weights of every pair with the senders' signs.
template <Scalar T>
struct SignWeights {
  View<const T> x;
  const T* signs;
  View<T> weights;
  GLIFR_INLINE void operator()(Index r, Index c) const { weights(r, c) = with_sign(signs, r, x(r, c)); }
};
template <Scalar T>
struct SignWeightsBackward {
  View<const T> x;
  const T* signs;
  View<const T> d_weights;
  View<T> dx;
  GLIFR_INLINE void operator()(Index r, Index c) const { dx(r, c) += d_weights(r, c) * sign_slope(signs, r, x(r, c)); }
};

}  // namespace kernels

/// The matrix [senders, inputs * receivers] of the weights x [inputs, connections]; pairs that are not connected have a
/// weight of 0. `connections` [2, connections]: the sender and the receiver of each, no pair twice. `signs` [senders],
/// 1 or -1: the weight is the sign of its sender times |x|; empty: it is x.
///     dL/dx = dL/dweight of the pair, times sign(x) and the sender's sign where there are signs
template <Scalar T>
Var<T> place_weights(const Var<T>& x, const Var<T>& connections, const Var<T>& signs, Index senders, Index receivers) {
  Tape<T>& tape = x.tape();
  const Index inputs = x.value().rows;
  const Var<T> y = tape.make_from({senders, inputs * receivers}, x);
  kernels::fill(tape.memory(), y.value(), T(0));
  const T* sign = signs.is_empty() ? nullptr : signs.value().data;
  for_each_element(tape.device(), inputs, x.value().columns,
                   kernels::PlaceWeights<T>{x.value(), connections.value(), sign, receivers, y.value()});
  if (y.has_grad()) {
    tape.on_backward([x, connections, sign, receivers, y] {
      for_each_element(
          x.tape().device(), x.value().rows, x.value().columns,
          kernels::PlaceWeightsBackward<T>{x.value(), connections.value(), sign, receivers, y.grad(), x.grad()});
    });
  }
  return y;
}

/// signs[sender] |x(sender, column)|, of x [senders, columns] and signs [senders], 1 or -1.
template <Scalar T>
Var<T> sign_weights(const Var<T>& x, const Var<T>& signs) {
  Tape<T>& tape = x.tape();
  const Var<T> y = tape.make_from(x.shape(), x);
  const T* sign = signs.value().data;
  for_each_element(tape.device(), x.value().rows, x.value().columns,
                   kernels::SignWeights<T>{x.value(), sign, y.value()});
  if (y.has_grad()) {
    tape.on_backward([x, sign, y] {
      for_each_element(x.tape().device(), x.value().rows, x.value().columns,
                       kernels::SignWeightsBackward<T>{x.value(), sign, y.grad(), x.grad()});
    });
  }
  return y;
}

/// The values of a layer's neurons, [extent, 1, neurons], from those that stand for one or for several of them,
/// [extent, 1, columns]. Every neuron is in one of the parts.   dL/dx of a shared value = the sum of dL/dy over its
/// neurons
template <Scalar T>
Var<T> spread(const Var<T>& x, std::span<const detail::SpreadColumns> parts, Index neurons) {
  Tape<T>& tape = x.tape();
  const Index extent = x.value().rows;
  const Var<T> y = tape.make_from({extent, 1, neurons}, x);
  const auto columns = [](View<T> all, Index first, Index count) {
    return View<T>{all.data + first, all.rows, count, all.stride};
  };
  kernels::fill(tape.memory(), y.value(), T(0));
  for (const detail::SpreadColumns& part : parts) {
    kernels::accumulate<T>(tape.memory(), columns(x.value(), part.column, part.is_shared ? 1 : part.neurons),
                           columns(y.value(), part.neuron, part.neurons));
  }
  if (!y.has_grad()) return y;
  auto* kept = tape.arena().template allocate<detail::SpreadColumns>(static_cast<Index>(parts.size()));
  std::copy(parts.begin(), parts.end(), kept);
  tape.on_backward([x, y, columns, list = std::span<const detail::SpreadColumns>(kept, parts.size())] {
    Arena& memory = x.tape().memory();
    for (const detail::SpreadColumns& part : list) {
      if (!part.is_trained) continue;
      const View<T> dy = columns(y.grad(), part.neuron, part.neurons);
      const View<T> dx = columns(x.grad(), part.column, part.is_shared ? 1 : part.neurons);
      if (dy.rows > 0) kernels::add_sums(memory, dy.rows, dy.columns, kernels::Element<T>{dy}, dx);
    }
  });
  return y;
}

}  // namespace glifr
