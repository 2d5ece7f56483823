#pragma once

#include <array>
#include <cstddef>

#include "glifr/backend/scan.hpp"
#include "glifr/neurons/detail/derive.hpp"

/// The scan over one window on a device: every (sample, neuron) is its own thread, which takes its state or its
/// adjoints through the window in registers. Threads of neighbouring neurons read neighbouring numbers.
namespace glifr::device {

/// Steps whose inputs are asked for before the first of them is computed, so that a thread waits for memory once for
/// all of them.
inline constexpr int steps_at_once = 4;

/// A struct of numbers that lie `step` apart.
template <class Struct, Scalar T>
GLIFR_INLINE Struct load_struct(const T* from, Index step) {
  Struct object;
  for_each_scalar(
      object, [&](T & member, const ScalarPlace& place)
                  __attribute__((always_inline)) { member = from[static_cast<Index>(place.number) * step]; });
  return object;
}

/// Runs body(t, count) over the steps of a window in groups of `steps_at_once`, the rest one by one.
template <class Body>
GLIFR_INLINE void for_each_group(Index steps, bool is_forward, Body&& body) {
  Index done = 0;
  for (; done + steps_at_once <= steps; done += steps_at_once) {
    body(is_forward ? done : steps - done - 1, std::integral_constant<int, steps_at_once>{});
  }
  for (; done < steps; ++done) body(is_forward ? done : steps - done - 1, std::integral_constant<int, 1>{});
}

/// Advances one neuron of one sample through the window. See `ScanWindow`.
template <class N, Scalar T>
struct ScanForward {
  static constexpr auto states = state_count<N>;
  static constexpr auto inputs = static_cast<std::size_t>(input_count<N>);

  ScanWindow<N, T> w;

  GLIFR_INLINE void operator()(Index b, Index n) const {
    const auto parameters = load_struct<typename N::template Parameters<T>>(w.parameters + n, w.neurons);
    const auto constants = load_struct<typename N::template Constants<T>>(w.constants.data(), 1);
    const Index cell = b * w.stride + n;
    typename N::template State<T> state;
    for_each_scalar(
        state, [&](T & s, const ScalarPlace& place)
                   __attribute__((always_inline)) { s = w.state[place.number][cell]; });
    for_each_group(w.steps, true, [&]<int Count>(Index first, std::integral_constant<int, Count>) {
      std::array<std::array<T, inputs>, Count> synaptic;
      std::array<T, Count> mask;
      for (int i = 0; i < Count; ++i) {
        const Index t = first + i;
        for (std::size_t g = 0; g < inputs; ++g) synaptic[i][g] = w.synaptic[synaptic_place(t, b, g) + n];
        mask[i] = w.mask ? w.mask[t * w.mask_step + b * w.mask_row + n] : T(1);
      }
      for (int i = 0; i < Count; ++i) {
        call_step<N>(state, parameters, constants, synaptic[i]);
        for_each_scalar(
            state, [&](T & s, const ScalarPlace& place) __attribute__((always_inline)) {
              const std::size_t k = place.number;
              if (k == 0) s = s * mask[i];
              w.state[k][(first + i + 1) * w.state_step[k] + cell] = s;
            });
      }
    });
  }

 private:
  GLIFR_INLINE Index synaptic_place(Index t, Index b, std::size_t g) const {
    return (t * w.batch + b) * w.synaptic_stride + static_cast<Index>(g) * w.neurons;
  }
};

/// Takes the adjoints of one neuron of one sample back through the window. See `ScanWindow`.
template <class N, bool Train, Scalar T>
struct ScanBackward {
  static constexpr auto states = state_count<N>;
  static constexpr auto inputs = static_cast<std::size_t>(input_count<N>);
  static constexpr auto parameter_scalars = parameter_count<N>;

  ScanWindow<N, T> w;

  GLIFR_INLINE void operator()(Index b, Index n) const {
    constexpr bool needs_synaptic = derive::program<N, Train>.needs_synaptic;
    const Index cell = b * w.stride + n;
    T* const sums = Train ? w.parameter_sum + b * w.parameter_sum_row + n : nullptr;
    std::array<T, parameter_scalars> parameters;
    derive::ReverseStep<N, T> io;
    for (std::size_t k = 0; k < parameter_scalars; ++k) {
      parameters[k] = w.parameters[static_cast<Index>(k) * w.neurons + n];
      if constexpr (Train) io.parameter_sum[k] = sums[static_cast<Index>(k) * w.neurons];
    }
    std::array<T, states> later;  // the state after the step, read once and carried over
    for (std::size_t k = 0; k < states; ++k) {
      io.adjoint[k] = w.adjoint[k][cell];
      later[k] = w.state[k][w.steps * w.state_step[k] + cell];
    }
    for_each_group(w.steps, false, [&]<int Count>(Index last, std::integral_constant<int, Count>) {
      std::array<std::array<T, states>, Count> old;
      std::array<std::array<T, inputs>, Count> synaptic;
      std::array<T, Count> output_grad, mask;
      for (int i = 0; i < Count; ++i) {
        const Index t = last - i;
        for (std::size_t k = 0; k < states; ++k) old[i][k] = w.state[k][t * w.state_step[k] + cell];
        output_grad[i] = w.output_grad[(t * w.batch + b) * w.stride + n];
        mask[i] = w.mask ? w.mask[t * w.mask_step + b * w.mask_row + n] : T(1);
        if constexpr (needs_synaptic) {
          for (std::size_t g = 0; g < inputs; ++g) synaptic[i][g] = w.synaptic[synaptic_place(t, b, g) + n];
        }
      }
      for (int i = 0; i < Count; ++i) {
        io.new_state = later;
        io.old_state = old[i];
        if constexpr (needs_synaptic) io.synaptic = synaptic[i];
        later = old[i];
        io.adjoint[0] = io.adjoint[0] + output_grad[i];
        if (w.mask) {
          // As on the CPU: the step's own output is what was stored, over the mask; a closed mask lets nothing back.
          io.adjoint[0] = io.adjoint[0] * mask[i];
          io.new_state[0] = mask[i] > T(0) ? io.new_state[0] / mask[i] : T(0.5);
        }
        derive::run_reverse<N, Train>(io, parameters, w.constants);
        for (std::size_t g = 0; g < inputs; ++g)
          w.synaptic_grad[synaptic_place(last - i, b, g) + n] = io.synaptic_adjoint[g];
      }
    });
    for (std::size_t k = 0; k < states; ++k) w.adjoint[k][cell] = io.adjoint[k];
    if constexpr (Train) {
      for (std::size_t k = 0; k < parameter_scalars; ++k) sums[static_cast<Index>(k) * w.neurons] = io.parameter_sum[k];
    }
  }

 private:
  GLIFR_INLINE Index synaptic_place(Index t, Index b, std::size_t g) const {
    return (t * w.batch + b) * w.synaptic_stride + static_cast<Index>(g) * w.neurons;
  }
};

}  // namespace glifr::device
