#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "glifr/neurons/math.hpp"
#include "glifr/neurons/transform.hpp"

namespace glifr {

/// What there is to know about one member of a neuron's `State`, `Parameters` or `Constants`: the single description
/// that allocation, checkpoints, configuration keys, analyses and scans are driven by.
struct Field {
  const char* name;        ///< of the physical quantity: "k_m"
  const char* unit = "1";  ///< of the physical quantity: "1/ms"
  /// Parameters: the name under which the raw value is stored; `name` where the two are the same.
  const char* stored_as = nullptr;
  Transform transform = Transform::identity;
  /// Parameters: the raw initial value from a number `u` drawn uniformly from [0, 1), `dt` (ms) and the number of
  /// neurons.
  double (*initial)(double u, double dt, double neurons) = nullptr;
  /// Constants: the value where the user gives none.
  double value = 0;
  /// Parameters: stored with the shape [extent * neurons] instead of [extent, 1, neurons].
  bool is_flat = false;

  [[nodiscard]] constexpr const char* stored_name() const { return stored_as ? stored_as : name; }
};

namespace detail {

template <class Member>
inline constexpr std::size_t extent = 1;
template <class T, std::size_t N>
inline constexpr std::size_t extent<std::array<T, N>> = N;
template <class Member>
inline constexpr bool is_array = false;
template <class T, std::size_t N>
inline constexpr bool is_array<std::array<T, N>> = true;

/// Calls visit(scalar, field, index within the field) for every scalar of a state, parameter or constant struct, in
/// declaration order.
struct ScalarVisitor {
  template <class Visit, class T>
  static GLIFR_INLINE constexpr void member(Visit& visit, T& scalar, const Field& field) {
    visit(scalar, field, 0);
  }
  template <class Visit, class T, std::size_t N>
  static GLIFR_INLINE constexpr void member(Visit& visit, std::array<T, N>& scalars, const Field& field) {
    for (std::size_t j = 0; j < N; ++j) visit(scalars[j], field, static_cast<int>(j));
  }
};

}  // namespace detail

template <class Struct, class Visit>
GLIFR_INLINE constexpr void for_each_scalar(Struct& object, Visit&& visit) {
  Struct::fields(
      object, [&](auto& member, const Field& field)
                  __attribute__((always_inline)) { detail::ScalarVisitor::member(visit, member, field); });
}

/// Scalars in a struct described by `fields`, arrays counted with their length.
template <class Struct>
consteval int count_scalars() {
  Struct object{};
  int count = 0;
  for_each_scalar(object, [&](auto&, const Field&, int) { ++count; });
  return count;
}

/// Members (scalars or arrays) in a struct described by `fields`.
template <class Struct>
consteval int count_fields() {
  Struct object{};
  int count = 0;
  Struct::fields(object, [&](auto&, const Field&) { ++count; });
  return count;
}

/// A field with the number of scalars that its member holds.
struct FieldExtent {
  Field field;
  int extent;
  bool is_array;  ///< the member is an array, be it of a single scalar
};

/// The members of a struct described by `fields`, in declaration order.
template <class Struct>
constexpr auto list_fields() {
  std::array<FieldExtent, static_cast<std::size_t>(count_fields<Struct>())> list{};
  Struct object{};
  std::size_t i = 0;
  Struct::fields(object, [&](auto& member, const Field& field) {
    using Member = std::remove_cvref_t<decltype(member)>;
    list[i++] = {field, static_cast<int>(detail::extent<Member>), detail::is_array<Member>};
  });
  return list;
}

/// Synaptic currents that a step takes: 1 unless the neuron says otherwise through `static constexpr int inputs`.
template <class Neuron>
inline constexpr int input_count = 1;
template <class Neuron>
requires requires {
  Neuron::inputs;
}
inline constexpr int input_count<Neuron> = Neuron::inputs;

/// How checkpoints call the weights into a neuron. In memory they are [sources, inputs * neurons]; `stored_transposed`
/// turns them in files, as PyTorch's own layers have them.
struct WeightNames {
  const char* input = "weight_in";
  const char* lateral = "weight_lat";
  bool stored_transposed = false;
};

template <class Neuron>
inline constexpr WeightNames weight_names{};
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
  if constexpr (requires { Neuron::step(state, parameters, constants, synaptic); }) {
    Neuron::step(state, parameters, constants, synaptic);
  } else {
    Neuron::step(state, parameters, constants, synaptic[0]);
  }
}

namespace detail {

struct IgnoreField {
  constexpr void operator()(auto&, const Field&) const {}
};
template <class Struct>
concept Described = requires(Struct& object) {
  Struct::fields(object, IgnoreField{});
};

/// `step` takes the synaptic currents as `call_step` may hand them over.
template <class N, class T>
concept Steps = requires(typename N::template State<T>& state, const typename N::template Parameters<T>& parameters,
                         const typename N::template Constants<T>& constants, const T& current,
                         const std::array<T, static_cast<std::size_t>(input_count<N>)>& currents) {
  requires requires {
    N::step(state, parameters, constants, currents);
  } ||(input_count<N> == 1 && requires { N::step(state, parameters, constants, current); });
};

}  // namespace detail

/// The equations of one neuron, written once. A neuron names itself, describes its `State` (whose first member is the
/// output: what other neurons and the readout see), `Parameters` (trained) and `Constants` as templates over the value
/// type, each with a `static void fields(auto& self, auto&& visit)` that visits every member with its `Field`, and
/// advances one time step in `static void step(State<T>&, const Parameters<T>&, const Constants<C>&, const T&
/// synaptic_current)`.
template <class N>
concept Neuron = requires {
  { N::name } -> std::convertible_to<std::string>;
}
&&detail::Described<typename N::template State<double>>&& detail::Described<typename N::template Parameters<double>>&&
        detail::Described<typename N::template Constants<double>>&& detail::Steps<N, double>&&
        count_scalars<typename N::template State<double>>() >= 1;

/// The time step (ms) among a neuron's constants, or 1 where it has none.
template <class Constants>
constexpr double time_step(const Constants& constants) {
  if constexpr (requires { constants.dt; }) {
    return static_cast<double>(constants.dt);
  } else {
    return 1;
  }
}

/// A neuron's constants with the values of its `fields`.
template <class N>
constexpr typename N::template Constants<double> default_constants() {
  typename N::template Constants<double> constants{};
  for_each_scalar(constants, [](double& value, const Field& field, int) { value = field.value; });
  return constants;
}

}  // namespace glifr
