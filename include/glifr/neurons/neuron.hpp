#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>

#include "glifr/neurons/functions.hpp"
#include "glifr/neurons/members.hpp"

namespace glifr {

/// Synaptic currents that a step takes: 1 unless the neuron says otherwise through `static constexpr int inputs`.
template <class Neuron>
inline constexpr int input_count = 1;
/// Those of a neuron that says so.
template <class Neuron>
requires requires {
  Neuron::inputs;
}
inline constexpr int input_count<Neuron> = Neuron::inputs;

/// Scalars of a neuron's state, its output among them.
template <class Neuron>
inline constexpr std::size_t state_count = count_scalars<typename Neuron::template State<double>>();
/// Scalars of a neuron's parameters.
template <class Neuron>
inline constexpr std::size_t parameter_count = count_scalars<typename Neuron::template Parameters<double>>();
/// Scalars of a neuron's constants.
template <class Neuron>
inline constexpr std::size_t constant_count = count_scalars<typename Neuron::template Constants<double>>();

/// How checkpoints call the weights into a neuron. In memory they are [sources, inputs * neurons]; `stored_transposed`
/// turns them in files, as PyTorch's own layers have them.
struct WeightNames {
  const char* input = "weight_in";     ///< of the weights from the input
  const char* lateral = "weight_lat";  ///< of the weights from the layer itself
  bool stored_transposed = false;      ///< files hold [inputs * neurons, sources]
};

/// The names that a neuron gives its weights through `static constexpr WeightNames weights`, or these.
template <class Neuron>
inline constexpr WeightNames weight_names{};
/// Those of a neuron that names them.
template <class Neuron>
requires requires {
  Neuron::weights;
}
inline constexpr WeightNames weight_names<Neuron> = Neuron::weights;

/// Calls the neuron's `step`, which takes its synaptic current as a value or, where it has several, as an array of
/// them.
template <class Neuron, class T, class C, std::size_t Inputs>
GLIFR_INLINE constexpr void call_step(typename Neuron::template State<T>& state,
                                      const typename Neuron::template Parameters<T>& parameters,
                                      const typename Neuron::template Constants<C>& constants,
                                      const std::array<T, Inputs>& synaptic) {
  // The single value first: a step that takes `const auto&` would take the array too.
  if constexpr (Inputs == 1 && requires { Neuron::step(state, parameters, constants, synaptic[0]); }) {
    Neuron::step(state, parameters, constants, synaptic[0]);
  } else {
    Neuron::step(state, parameters, constants, synaptic);
  }
}

namespace detail {

template <class Struct>
concept HasFields = std::is_aggregate_v<Struct> && requires {
  { Struct::fields[0] } -> std::convertible_to<Field>;
};
/// What `fields` says of a struct can be read: one `Field` a member, or no member at all.
template <class Struct>
concept Described = std::is_empty_v<Struct> || HasFields<Struct>;

template <class N>
concept HasName = requires {
  { N::name } -> std::convertible_to<std::string>;
};
template <class N>
concept HasState = Described<typename N::template State<double>> &&
    (count_scalars<typename N::template State<double>>() >= 1);
template <class N>
concept HasParameters = Described<typename N::template Parameters<double>>;
template <class N>
concept HasConstants = Described<typename N::template Constants<double>>;

template <class N, class T, class Currents>
concept StepsWith = requires(typename N::template State<T>& state, const typename N::template Parameters<T>& parameters,
                             const typename N::template Constants<T>& constants, const Currents& currents) {
  N::step(state, parameters, constants, currents);
};
template <class N, class T>
using CurrentOfEachInput = std::array<T, static_cast<std::size_t>(input_count<N>)>;
template <class N, class T>
concept StepsWithOne = input_count<N>
== 1 && StepsWith<N, T, T>;
/// `step` takes the synaptic currents as `call_step` may hand them over.
template <class N, class T>
concept Steps = StepsWithOne<N, T> || StepsWith<N, T, CurrentOfEachInput<N, T>>;

}  // namespace detail

/// The equations of one neuron, written once. A neuron names itself, has its `State` (whose first member is the output:
/// what other neurons and the readout see), `Parameters` (trained) and `Constants` as templates over the value type,
/// plain structs of scalars and std::arrays of scalars whose `static constexpr Field fields[]` describes the members in
/// their order (an empty struct needs none), and advances one time step in `static constexpr void
/// step(State<T>&, const Parameters<T>&, const Constants<C>&, const T& synaptic_current)`. docs/neurons.md leads
/// through one.
template <class N>
concept Neuron = detail::HasName<N> && detail::HasState<N> && detail::HasParameters<N> && detail::HasConstants<N> &&
    detail::Steps<N, double>;

}  // namespace glifr
