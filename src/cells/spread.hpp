#pragma once

#include <algorithm>
#include <span>

#include "glifr/backend/detail/elementwise.hpp"
#include "glifr/backend/detail/sums.hpp"
#include "glifr/cells/connections.hpp"
#include "glifr/core/tape.hpp"

namespace glifr {

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
