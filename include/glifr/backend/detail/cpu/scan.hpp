#pragma once

#include <array>
#include <cstddef>

#include "glifr/backend/detail/cpu/pack.hpp"
#include "glifr/backend/scan.hpp"
#include "glifr/neurons/detail/derive.hpp"

/// The scan over one window on the CPU: each (sample, group of neurons) runs through the window's steps with its state,
/// its adjoints and its neurons' parameter sums in registers. Within a window neurons do not see each other, so this is
/// all there is to do.
namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET {

/// Registers that run side by side, by what the register file holds without spilling (measured by
/// tests/benchmark/scan).
inline constexpr int forward_registers = 4;
inline constexpr int backward_registers = 2;

namespace detail {

/// A struct of packs, its scalars loaded from rows `row_step` apart.
template <class Struct, Scalar T>
GLIFR_INLINE Struct load_struct(const T* from, Index row_step) {
  Struct object;
  for_each_scalar(
      object, [&](auto& member, const ScalarPlace& place) __attribute__((always_inline)) {
        member = std::remove_cvref_t<decltype(member)>::load(from + static_cast<Index>(place.number) * row_step);
      });
  return object;
}

template <class Struct, Scalar T>
GLIFR_INLINE Struct load_constants(const T* from) {
  Struct object;
  for_each_scalar(
      object, [&](T & member, const ScalarPlace& place)
                  __attribute__((always_inline)) { member = from[place.number]; });
  return object;
}

/// Runs body(first neuron, width tag) over the neurons from `first` to `end`: in groups of `Registers` registers, then
/// what is left in one smaller group.
template <Scalar T, int Registers, class Body>
GLIFR_INLINE void for_each_group(Index first, Index end, Body&& body) {
  using Group = Pack<T, Registers>;
  for (; first + Group::width <= end; first += Group::width) body(first, Group{});
  if constexpr (Registers > 1) for_each_group<T, Registers - 1>(first, end, body);
}

/// Asks for what a group of neurons needs of the next sample, one pass through the window ahead. Its rows lie a sample
/// apart at each step, too many and too far from each other for the processor to foresee them.
template <class P, Scalar T>
class Ahead {
 public:
  template <class N>
  Ahead(const ScanWindow<N, T>& w, Index b) {
    if (w.batch == 1) return;               // a row is read from its beginning to its end
    const bool is_last = b + 1 == w.batch;  // the next is the first one of the next group
    of_states_ = is_last ? P::width - b * w.stride : w.stride;
    of_synaptic_ = is_last ? P::width - b * w.synaptic_stride : w.synaptic_stride;
  }
  /// `row`: where this sample's numbers of outputs, states or their gradients are.
  GLIFR_INLINE void fetch(const T* row) const { fetch(row, of_states_); }
  /// The same of synaptic currents.
  GLIFR_INLINE void fetch_synaptic(const T* row) const { fetch(row, of_synaptic_); }

 private:
  static GLIFR_INLINE void fetch(const T* row, Index distance) {
    constexpr Index line = 64 / static_cast<Index>(sizeof(T));
    if (distance == 0) return;
    for (Index i = 0; i < P::width; i += line) __builtin_prefetch(row + distance + i, 0, 2);
  }

  Index of_states_ = 0, of_synaptic_ = 0;
};

template <class N, class P, Scalar T>
void forward_group(const ScanWindow<N, T>& w, Index n) {
  using Parameters = typename N::template Parameters<P>;
  using Constants = typename N::template Constants<T>;
  const auto parameters = load_struct<Parameters>(w.parameters + n, w.neurons);
  const auto constants = load_constants<Constants>(w.constants.data());
  constexpr auto inputs = static_cast<std::size_t>(input_count<N>);
  for (Index b = 0; b < w.batch; ++b) {
    const Index cell = b * w.stride + n;
    const Ahead<P, T> ahead(w, b);
    typename N::template State<P> state;
    for_each_scalar(
        state, [&](P & s, const ScalarPlace& place)
                   __attribute__((always_inline)) { s = P::load(w.state[place.number] + cell); });
    for (Index t = 0; t < w.steps; ++t) {
      std::array<P, inputs> synaptic;
      const T* drive = w.synaptic + (t * w.batch + b) * w.synaptic_stride + n;
      for (std::size_t g = 0; g < inputs; ++g) {
        synaptic[g] = P::load(drive + static_cast<Index>(g) * w.neurons);
        ahead.fetch_synaptic(drive + static_cast<Index>(g) * w.neurons);
      }
      call_step<N>(state, parameters, constants, synaptic);
      for_each_scalar(
          state, [&](P & s, const ScalarPlace& scalar) __attribute__((always_inline)) {
            const std::size_t k = scalar.number;
            if (k == 0 && w.mask) s = s * P::load(w.mask + t * w.mask_step + b * w.mask_row + n);
            T* const place = w.state[k] + (t + 1) * w.state_step[k] + cell;
            s.store(place);
            ahead.fetch(place);
          });
    }
  }
}

template <class N, bool Train, class P, Scalar T>
void backward_group(const ScanWindow<N, T>& w, Index n) {
  constexpr const auto& program = derive::program<N, Train>;
  constexpr auto states = state_count<N>;
  constexpr auto inputs = static_cast<std::size_t>(input_count<N>);
  constexpr auto parameter_scalars = parameter_count<N>;
  std::array<P, parameter_scalars> parameters, parameter_sum;
  const auto constants = w.constants;
  for (std::size_t k = 0; k < parameter_scalars; ++k) {
    parameters[k] = P::load(w.parameters + static_cast<Index>(k) * w.neurons + n);
    if constexpr (Train) parameter_sum[k] = P::load(w.parameter_sum + static_cast<Index>(k) * w.neurons + n);
  }
  for (Index b = 0; b < w.batch; ++b) {
    const Index cell = b * w.stride + n;
    const Ahead<P, T> ahead(w, b);
    std::array<P, states> adjoint, later;  // later: the state after the step, read once and carried over
    for (std::size_t k = 0; k < states; ++k) {
      adjoint[k] = P::load(w.adjoint[k] + cell);
      later[k] = P::load(w.state[k] + w.steps * w.state_step[k] + cell);
    }
    for (Index t = w.steps - 1; t >= 0; --t) {
      const Index at = (t * w.batch + b) * w.stride + n;
      const Index synaptic = (t * w.batch + b) * w.synaptic_stride + n;
      derive::ReverseStep<N, P> io;
      for (std::size_t k = 0; k < states; ++k) {
        io.adjoint[k] = adjoint[k];
        io.new_state[k] = later[k];
        const T* const place = w.state[k] + t * w.state_step[k] + cell;
        io.old_state[k] = P::load(place);
        ahead.fetch(place);
        later[k] = io.old_state[k];
      }
      io.adjoint[0] = io.adjoint[0] + P::load(w.output_grad + at);
      ahead.fetch(w.output_grad + at);
      if (w.mask) {
        // The step's own output is what was stored, over the mask; where the mask is 0 nothing flows back, whatever it
        // was.
        const P mask = P::load(w.mask + t * w.mask_step + b * w.mask_row + n);
        const P is_open = less(P(0), mask);
        io.adjoint[0] = io.adjoint[0] * mask;
        io.new_state[0] = select(is_open, io.new_state[0] / select(is_open, mask, P(1)), P(T(0.5)));
      }
      if constexpr (program.needs_synaptic) {
        for (std::size_t g = 0; g < inputs; ++g) {
          const T* const place = w.synaptic + synaptic + static_cast<Index>(g) * w.neurons;
          io.synaptic[g] = P::load(place);
          ahead.fetch_synaptic(place);
        }
      }
      io.parameter_sum = parameter_sum;
      derive::run_reverse<N, Train>(io, parameters, constants);
      for (std::size_t g = 0; g < inputs; ++g) {
        io.synaptic_adjoint[g].store(w.synaptic_grad + synaptic + static_cast<Index>(g) * w.neurons);
      }
      adjoint = io.adjoint;
      parameter_sum = io.parameter_sum;
    }
    for (std::size_t k = 0; k < states; ++k) adjoint[k].store(w.adjoint[k] + cell);
  }
  if constexpr (Train) {
    for (std::size_t k = 0; k < parameter_scalars; ++k)
      parameter_sum[k].store(w.parameter_sum + static_cast<Index>(k) * w.neurons + n);
  }
}

}  // namespace detail

/// Advances every neuron through the window, `Registers` registers of neurons at a time. See `ScanWindow`.
template <int Registers, class N, Scalar T>
void scan_forward_by(const ScanWindow<N, T>& window) {
  detail::for_each_group<T, Registers>(window.first, window.neurons - window.left_out, [&](Index n, auto pack) {
    detail::forward_group<N, decltype(pack)>(window, n);
  });
}

/// Takes adjoints back through the window and adds up parameter gradients. See `ScanWindow`.
template <int Registers, class N, Scalar T>
void scan_backward_by(const ScanWindow<N, T>& window) {
  detail::for_each_group<T, Registers>(window.first, window.neurons - window.left_out, [&](Index n, auto pack) {
    if (window.parameter_sum) {
      detail::backward_group<N, true, decltype(pack)>(window, n);
    } else {
      detail::backward_group<N, false, decltype(pack)>(window, n);
    }
  });
}

/// Both with as many registers as this instruction set has room for.
template <class N, Scalar T>
void scan_forward(const ScanWindow<N, T>& window) {
  scan_forward_by<forward_registers>(window);
}
template <class N, Scalar T>
void scan_backward(const ScanWindow<N, T>& window) {
  scan_backward_by<backward_registers>(window);
}

}  // namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET
