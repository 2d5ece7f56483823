#pragma once

#include <algorithm>
#include <string_view>
#include <type_traits>

#include "glifr/neurons/neuron.hpp"

namespace glifr::detail {

template <class Struct>
constexpr bool has_field(std::string_view name) {
  for (const FieldExtent& member : list_fields<Struct>()) {
    if (name == member.field.name) return true;
  }
  return false;
}
template <class Struct>
inline constexpr bool has_decay_rate = std::ranges::any_of(list_fields<Struct>(), [](const FieldExtent& member) {
  return member.field.transform == Transform::decay_rate;
});

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
  static_assert(!has_decay_rate<typename N::template Parameters<double>> ||
                    has_field<typename N::template Constants<double>>("dt"),
                "a parameter with Transform::decay_rate needs the time step: a constant of the neuron called dt");
};

}  // namespace glifr::detail
