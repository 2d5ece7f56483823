#pragma once

#include <array>

#include "glifr/export.hpp"
#include "glifr/neurons/neuron.hpp"

namespace glifr {

/// Unit of a long short-term memory network (Hochreiter & Schmidhuber 1997, with forget gate), four weighted inputs a
/// unit:
///
///     i, f, o = sigmoid(...), g = tanh(...)      each of x(t) W_ih + h(t-1) W_hh + b_ih + b_hh
///     c(t) = f c(t-1) + i g
///     h(t) = o tanh(c(t))
struct GLIFR_API Lstm {
  static constexpr const char* name = "lstm";                            ///< for messages and files
  static constexpr bool has_synaptic_delay = false;                      ///< its cells hear each other at the next step
  static constexpr int inputs = 4;                                       ///< gates, in the order i, f, g, o
  static constexpr WeightNames weights{"weight_ih", "weight_hh", true};  ///< those of PyTorch's own layer

  /// What a unit carries from step to step.
  template <class T>
  struct State {
    T hidden;  ///< h, the output, in (-1, 1)
    T cell;    ///< c

    static constexpr Field fields[] = {{.name = "hidden"}, {.name = "cell"}};  ///< the names
  };

  /// What is trained, one of each a unit.
  template <class T>
  struct Parameters {
    std::array<T, 4> bias_ih;  ///< of each gate, beside the input weights
    std::array<T, 4> bias_hh;  ///< of each gate, beside the recurrent weights

    /// The names.
    static constexpr Field fields[] = {{.name = "bias_ih", .is_flat = true}, {.name = "bias_hh", .is_flat = true}};
  };

  template <class T>
  struct Constants {};

  /// One time step, on any value type.
  template <class T, class C>
  static GLIFR_INLINE constexpr void step(State<T>& s, const Parameters<T>& p, const Constants<C>&,
                                          const std::array<T, 4>& gates) {
    const T input = sigmoid(gates[0] + (p.bias_ih[0] + p.bias_hh[0]));
    const T forget = sigmoid(gates[1] + (p.bias_ih[1] + p.bias_hh[1]));
    const T candidate = tanh(gates[2] + (p.bias_ih[2] + p.bias_hh[2]));
    const T output = sigmoid(gates[3] + (p.bias_ih[3] + p.bias_hh[3]));
    s.cell = forget * s.cell + input * candidate;
    s.hidden = output * tanh(s.cell);
  }
};

}  // namespace glifr
