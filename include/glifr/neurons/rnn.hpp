#pragma once

#include "glifr/export.hpp"
#include "glifr/neurons/neuron.hpp"

namespace glifr {

/// Unit of a vanilla recurrent network: h(t) = tanh(x(t) W_ih + h(t-d) W_hh + b). It carries no state from step to
/// step.
struct GLIFR_API Rnn {
  static constexpr const char* name = "rnn";                        ///< for messages and files
  static constexpr WeightNames weights{"weight_ih", "weight_lat"};  ///< names of the published code

  /// What a unit hands on; it remembers nothing by itself.
  template <class T>
  struct State {
    T hidden;  ///< h, the output, in (-1, 1)

    static constexpr Field fields[] = {{.name = "hidden"}};  ///< the name
  };

  /// What is trained, one a unit.
  template <class T>
  struct Parameters {
    T bias;  ///< b

    static constexpr Field fields[] = {{.name = "bias"}};  ///< the name
  };

  template <class T>
  struct Constants {};

  /// One time step, on any value type.
  template <class T, class C>
  static GLIFR_INLINE constexpr void step(State<T>& s, const Parameters<T>& p, const Constants<C>&,
                                          const T& synaptic_current) {
    s.hidden = tanh(synaptic_current + p.bias);
  }
};

}  // namespace glifr
