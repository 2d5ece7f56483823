#pragma once

#include <array>
#include <cmath>

#include "glifr/neurons/neuron.hpp"

namespace glifr {

/// Unit of a long short-term memory network (Hochreiter & Schmidhuber 1997, with forget gate), four weighted inputs a
/// unit:
///
///     i, f, o = sigmoid(...), g = tanh(...)      each of x(t) W_ih + h(t-1) W_hh + b_ih + b_hh
///     c(t) = f c(t-1) + i g
///     h(t) = o tanh(c(t))
struct Lstm {
  static constexpr const char* name = "lstm";
  static constexpr int inputs = 4;  // gates, in the order i, f, g, o
  static constexpr WeightNames weights{"weight_ih", "weight_hh", true};

  template <class T>
  struct State {
    T hidden;
    T cell;

    static GLIFR_INLINE constexpr void fields(auto& s, auto&& visit) {
      visit(s.hidden, Field{.name = "hidden"});
      visit(s.cell, Field{.name = "cell"});
    }
  };

  template <class T>
  struct Parameters {
    std::array<T, 4> bias_ih;
    std::array<T, 4> bias_hh;

    static GLIFR_INLINE constexpr void fields(auto& p, auto&& visit) {
      constexpr auto uniform = [](double u, double, double n) { return (2 * u - 1) / std::sqrt(n); };
      visit(p.bias_ih, Field{.name = "bias_ih", .initial = uniform, .is_flat = true});
      visit(p.bias_hh, Field{.name = "bias_hh", .initial = uniform, .is_flat = true});
    }
  };

  template <class T>
  struct Constants {
    static GLIFR_INLINE constexpr void fields(auto&, auto&&) {}
  };

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
