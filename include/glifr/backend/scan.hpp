#pragma once

#include <array>
#include <cstddef>

#include "glifr/backend/view.hpp"
#include "glifr/neurons/neuron.hpp"

namespace glifr {

/// One window of a scan: `steps` time steps during which everything that neurons send each other is already in
/// `synaptic`, because it was sent a synaptic delay ago (steps <= delay). A row is a sample at a step, and the rows of
/// one time step lie together: `[batch, stride]`, of which the first `neurons` columns are used. Forward reads `state`
/// row 0 and writes rows 1 … steps; backward reads all of them, adds `output_grad` to `adjoint` step by step, and
/// leaves the adjoint of row 0 in `adjoint`, of the synaptic currents in `synaptic_grad`, of the parameters added to
/// `parameter_sum`.
template <class N, Scalar T>
struct ScanWindow {
  /// Scalars of a neuron's state.
  static constexpr auto states = state_count<N>;

  Index steps = 0;                               ///< time steps, at most the synaptic delay
  Index batch = 0;                               ///< samples
  Index neurons = 0;                             ///< padded to whole registers
  Index first = 0, left_out = 0;                 ///< neurons at the beginning and the end that are not computed
  Index stride = 0;                              ///< between rows, of everything but the synaptic currents
  Index synaptic_stride = 0;                     ///< between rows of these; a row holds inputs * neurons of them
  const T* parameters = nullptr;                 ///< physical values, [parameter scalars, neurons]
  std::array<T, constant_count<N>> constants{};  ///< in the order of their struct
  const T* synaptic = nullptr;                   ///< [steps, batch, synaptic_stride]
  std::array<T*, states> state{};                ///< row 0: the state before the window
  std::array<Index, states>
      state_step{};  ///< between rows of consecutive steps; 0 keeps only the last (no backward pass then)
  /// Factors on the output (dropout and silencing), or null: all 1. The one of step t, sample b stands at t * mask_step
  /// + b * mask_row.
  const T* mask = nullptr;
  Index mask_step = 0;  ///< between the factors of consecutive steps
  Index mask_row = 0;   ///< between those of consecutive samples

  // Backward only.
  const T* output_grad = nullptr;  ///< [steps, batch, stride]: dL / d output, from the readout and from later windows
  T* synaptic_grad =
      nullptr;  ///< [steps, batch, synaptic_stride]; may be `output_grad` or `synaptic` (each element is read first)
  std::array<T*, states> adjoint{};  ///< [batch, stride] each: dL / d state after the window, then before it
  T* parameter_sum = nullptr;        ///< [parameter scalars, neurons]; null where the parameters are not trained
  Index parameter_sum_row = 0;       ///< on a device: between the sums of two samples, which each have their own
};

}  // namespace glifr
