#pragma once

#include "glifr/backend/detail/dispatch.hpp"
#include "glifr/backend/layout.hpp"
#include "glifr/backend/view.hpp"
#include "glifr/core/tape.hpp"

namespace glifr::detail {

/// How the synaptic currents of a layer, or their gradients, lie: [steps * batch, stride], a row holding the currents
/// of every input of the neurons, each input padded.
template <Scalar T>
struct CurrentsLayout {
  Index batch = 0;    ///< samples
  Index inputs = 1;   ///< synaptic currents a neuron
  Index neurons = 0;  ///< how many they are
  Index padded = 0;   ///< neurons, as they are computed: whole registers, or on a device as many as there are
  Index stride = 0;   ///< between rows

  CurrentsLayout() = default;
  CurrentsLayout(Index samples, Index inputs_a_neuron, Index neuron_count, bool on_device)
      : batch(samples),
        inputs(inputs_a_neuron),
        neurons(neuron_count),
        padded(on_device ? neuron_count : layout::padded<T>(neuron_count)),
        stride(layout::row_stride<T>(inputs_a_neuron * padded)) {}

  /// Columns that are computed.
  [[nodiscard]] Index columns() const { return inputs * padded; }
  /// Numbers in the currents of that many steps.
  [[nodiscard]] Index size(Index steps) const { return steps * batch * stride; }
  /// `count` rows of them.
  [[nodiscard]] View<T> rows(T* currents, Index count) const {
    return {currents, count, inputs == 1 ? neurons : columns(), stride};
  }
  /// Currents from step t on.
  [[nodiscard]] T* step(T* currents, Index t) const { return currents + size(t); }

  /// Calls visit(first column, columns, block of the weights) so that one product a call covers all inputs of the
  /// neurons: all of them at once where the weights are padded as the currents are.
  template <class Visit>
  void for_each_block(View<T> weights, Visit&& visit) const {
    if (inputs == 1 || weights.columns == columns()) return visit(Index{0}, weights.columns, weights);
    for (Index g = 0; g < inputs; ++g)
      visit(g * padded, neurons, View<T>{weights.data + g * neurons, weights.rows, neurons, weights.stride});
  }

  /// The gradient of the weights += rows^T d_currents.
  void add_products(View<const T> rows, const T* d_currents, const Var<T>& weights) const {
    const auto [d_weights, kept] = weights.grad_target();
    for_each_block(d_weights, [&, kept = kept](Index column, Index count, View<T> dw) {
      const View<const T> d(d_currents + column, rows.rows, count, stride);
      kernels::multiply_transposed<T>(weights.tape().memory(), rows, d, kept, dw);
    });
  }
};

}  // namespace glifr::detail
