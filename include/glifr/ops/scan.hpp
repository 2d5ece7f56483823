#pragma once

#include "glifr/core/tape.hpp"
#include "glifr/ops/detail/scan.hpp"
#include "glifr/ops/detail/sparse_weights.hpp"
#include "glifr/ops/layer.hpp"

namespace glifr {

/// Runs a layer of neurons over a sequence: one operation on the tape, forward and reverse both fused over time
/// (docs/performance.md).
///
///     I_syn(t) = x(t) W_in + S(t - delay) W_lat,   then the neuron's step,   then S(t) *= mask
///
/// Gradients flow to the weights, the raw parameters, the input and the initial state. ShapeError where shapes do not
/// fit, ConfigError for a delay or a dropout out of range.
template <class N, Scalar T>
ScanResult<N, T> scan(const Layer<N, T>& layer, const Sequence<T>& input, const InitialState<N, T>& initial = {},
                      const OutputMask<T>& mask = {}, const ScanOptions& options = {}) {
  detail::check_scan(layer, input, initial, mask, options);
  Tape<T>& tape = layer.w_lateral.tape();
  Layer<N, T> chosen = layer;
  detail::choose_products(chosen.w_input, chosen.input_connections, input.features, layer.neurons, !input.is_sparse());
  detail::choose_products(chosen.w_lateral, chosen.lateral_connections, layer.neurons, layer.neurons, true);
  detail::Scan<N, T> scan(chosen, input, initial, mask, options);
  const ScanResult<N, T> result = scan.forward();
  if (scan.has_grad() && input.steps > 0) tape.on_backward([scan] { detail::Scan<N, T>(scan).backward(); });
  return result;
}

}  // namespace glifr
