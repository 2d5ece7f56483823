#pragma once

#include <cmath>

#include "glifr/neurons/neuron.hpp"

namespace glifr {

/// Unit of a vanilla recurrent network: h(t) = tanh(x(t) W_ih + h(t-d) W_hh + b). It carries no state from step to
/// step.
struct Rnn {
  static constexpr const char* name = "rnn";
  static constexpr WeightNames weights{"weight_ih", "weight_lat"};

  template <class T>
  struct State {
    T hidden;

    static GLIFR_INLINE constexpr void fields(auto& s, auto&& visit) { visit(s.hidden, Field{.name = "hidden"}); }
  };

  template <class T>
  struct Parameters {
    T bias;

    static GLIFR_INLINE constexpr void fields(auto& p, auto&& visit) {
      visit(p.bias,
            Field{.name = "bias", .initial = [](double u, double, double n) { return (2 * u - 1) / std::sqrt(n); }});
    }
  };

  template <class T>
  struct Constants {
    static GLIFR_INLINE constexpr void fields(auto&, auto&&) {}
  };

  template <class T, class C>
  static GLIFR_INLINE constexpr void step(State<T>& s, const Parameters<T>& p, const Constants<C>&,
                                          const T& synaptic_current) {
    s.hidden = tanh(synaptic_current + p.bias);
  }
};

}  // namespace glifr
