#pragma once

#include <type_traits>

#include "glifr/neurons/neuron.hpp"

namespace glifr::detail {

/// Says in words what a neuron lacks.
template <class N>
struct NeuronCheck {
  static_assert(HasName<N>, "a neuron needs a name: static constexpr const char* name = ...");
  static_assert(
      requires {
        typename N::template State<double>;
        typename N::template Parameters<double>;
        typename N::template Constants<double>;
      },
      "a neuron needs three struct templates over the value type: State, Parameters and Constants");
  static_assert(Described<typename N::template State<double>>,
                "a neuron's State needs static constexpr Field fields[] that describes its members");
  static_assert(Described<typename N::template Parameters<double>>,
                "a neuron's Parameters need static constexpr Field fields[] that describes their members");
  static_assert(Described<typename N::template Constants<double>>,
                "a neuron's Constants need static constexpr Field fields[] that describes their members");
  static_assert(!std::is_empty_v<typename N::template State<double>>,
                "a neuron's State needs a member: the first one is its output");
  static_assert(Steps<N, double>,
                "a neuron needs static constexpr void step(State<T>&, const Parameters<T>&, const Constants<C>&, const "
                "T& synaptic_current), or const std::array<T, inputs>& where it has several inputs");
  static_assert(Neuron<N>);
};

}  // namespace glifr::detail
