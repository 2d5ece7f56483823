#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "glifr/neurons/functions.hpp"
#include "glifr/neurons/range.hpp"
#include "glifr/neurons/transform.hpp"

namespace glifr {

/// What there is to know about one member of a neuron's `State`, `Parameters` or `Constants`: the single description
/// that allocation, checkpoints, configuration keys, analyses and scans are driven by.
struct Field {
  const char* name;        ///< of the physical quantity: "k_m"
  const char* unit = "1";  ///< of the physical quantity: "1/ms"
  /// Parameters: the name under which the raw value is stored; `name` where the two are the same.
  const char* stored_as = nullptr;
  /// Parameters: how the raw value becomes the physical one, and so between which bounds it stays.
  Transform transform = Transform::identity;
  /// Constants: the value where the user gives none (0 where it is not said). Parameters: the physical initial value,
  /// drawn from [value - spread, value + spread); where neither it nor `initial` is said, the raw one is drawn as
  /// weights are, from [-1/sqrt(N), 1/sqrt(N)).
  std::optional<double> value = {};
  double spread = 0;  ///< see `value`
  /// Parameters: the raw initial value, where it takes more to say: from a number `u` drawn uniformly from [0, 1), `dt`
  /// (ms) and the number of neurons.
  double (*initial)(double u, double dt, double neurons) = nullptr;
  /// Constants: the values that a user may give.
  Range range = {};
  /// Parameters: stored with the shape [extent * neurons] instead of [extent, 1, neurons].
  bool is_flat = false;

  /// The name in files.
  [[nodiscard]] constexpr const char* stored_name() const { return stored_as ? stored_as : name; }
};

/// The raw initial value of a parameter, from a number `u` drawn uniformly from [0, 1); `dt` in ms.
inline double initial_raw(const Field& field, double u, double dt, double neurons) {
  if (field.initial) return field.initial(u, dt, neurons);
  if (field.value) return to_raw(field.transform, *field.value - field.spread + 2 * field.spread * u, dt);
  return (2 * u - 1) / std::sqrt(neurons);
}

namespace detail {

template <class Member>
inline constexpr std::size_t extent = 1;
template <class T, std::size_t N>
inline constexpr std::size_t extent<std::array<T, N>> = N;
template <class Member>
inline constexpr bool is_array = false;
template <class T, std::size_t N>
inline constexpr bool is_array<std::array<T, N>> = true;

/// The most members that a described struct can have.
inline constexpr std::size_t most_members = 12;

/// Members that `Struct::fields` describes; a struct without `fields` has none.
template <class Struct>
inline constexpr std::size_t described_members = 0;
template <class Struct>
requires requires {
  Struct::fields;
}
inline constexpr std::size_t described_members<Struct> = std::size(Struct::fields);

/// Whether a struct can be initialised from as many values as there are numbers in the sequence.
struct AnyMember {
  template <class Member>
  operator Member() const;
};
template <class Struct, std::size_t... K>
constexpr bool takes_values(std::index_sequence<K...>) {
  return requires {
    Struct{(static_cast<void>(K), AnyMember{})...};
  };
}

template <class Struct, std::size_t K, class Visit, class Member>
GLIFR_INLINE constexpr void visit_member(Visit& visit, Member& member) {
  constexpr Field field = Struct::fields[K];  // a constant of its own: a device knows no address of the array
  constexpr bool is_there = extent<Member> != 0;
  if constexpr (is_there) visit(member, field);
}
/// Calls visit(member, field) for each of the members, in order; an array of no scalars is left out.
template <class Struct, class Visit, std::size_t... K, class... Members>
GLIFR_INLINE constexpr void visit_members(Visit& visit, std::index_sequence<K...>, Members&... members) {
  (visit_member<Struct, K>(visit, members), ...);
}

/// Calls visit(scalar, field, index within the field) for every scalar of a member.
template <class Visit, class T>
GLIFR_INLINE constexpr void visit_scalars(Visit& visit, T& scalar, const Field& field) {
  visit(scalar, field, 0);
}
template <class Visit, class T, std::size_t N>
GLIFR_INLINE constexpr void visit_scalars(Visit& visit, std::array<T, N>& scalars, const Field& field) {
  for (std::size_t j = 0; j < N; ++j) visit(scalars[j], field, static_cast<int>(j));
}

}  // namespace detail

/// Calls visit(member, field) for every member of a state, parameter or constant struct, in declaration order.
template <class Struct, class Visit>
GLIFR_INLINE constexpr void for_each_field(Struct& o, Visit&& visit) {
  constexpr std::size_t count = detail::described_members<Struct>;
  constexpr std::make_index_sequence<count> all;
  static_assert(
      detail::takes_values<Struct>(all) && !detail::takes_values<Struct>(std::make_index_sequence<count + 1>{}),
      "a neuron's `fields` must describe every member of the struct, one Field each, in their order");
  static_assert(count <= detail::most_members, "a struct of a neuron has more than 12 members: make arrays of them");
  if constexpr (count == 1) {
    auto& [a] = o;
    detail::visit_members<Struct>(visit, all, a);
  } else if constexpr (count == 2) {
    auto& [a, b] = o;
    detail::visit_members<Struct>(visit, all, a, b);
  } else if constexpr (count == 3) {
    auto& [a, b, c] = o;
    detail::visit_members<Struct>(visit, all, a, b, c);
  } else if constexpr (count == 4) {
    auto& [a, b, c, d] = o;
    detail::visit_members<Struct>(visit, all, a, b, c, d);
  } else if constexpr (count == 5) {
    auto& [a, b, c, d, e] = o;
    detail::visit_members<Struct>(visit, all, a, b, c, d, e);
  } else if constexpr (count == 6) {
    auto& [a, b, c, d, e, f] = o;
    detail::visit_members<Struct>(visit, all, a, b, c, d, e, f);
  } else if constexpr (count == 7) {
    auto& [a, b, c, d, e, f, g] = o;
    detail::visit_members<Struct>(visit, all, a, b, c, d, e, f, g);
  } else if constexpr (count == 8) {
    auto& [a, b, c, d, e, f, g, h] = o;
    detail::visit_members<Struct>(visit, all, a, b, c, d, e, f, g, h);
  } else if constexpr (count == 9) {
    auto& [a, b, c, d, e, f, g, h, i] = o;
    detail::visit_members<Struct>(visit, all, a, b, c, d, e, f, g, h, i);
  } else if constexpr (count == 10) {
    auto& [a, b, c, d, e, f, g, h, i, j] = o;
    detail::visit_members<Struct>(visit, all, a, b, c, d, e, f, g, h, i, j);
  } else if constexpr (count == 11) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = o;
    detail::visit_members<Struct>(visit, all, a, b, c, d, e, f, g, h, i, j, k);
  } else if constexpr (count == 12) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = o;
    detail::visit_members<Struct>(visit, all, a, b, c, d, e, f, g, h, i, j, k, l);
  }
}

/// Calls visit(scalar, field, index within the field) for every scalar of a state, parameter or constant struct, in
/// declaration order.
template <class Struct, class Visit>
GLIFR_INLINE constexpr void for_each_scalar(Struct& object, Visit&& visit) {
  for_each_field(
      object, [&](auto& member, const Field& field)
                  __attribute__((always_inline)) { detail::visit_scalars(visit, member, field); });
}

/// What scalar `index` of a field is called where scalars are told apart: the field's name, for the second, third … of
/// an array followed by _2, _3 …
inline std::string scalar_name(const Field& field, int index) {
  return index == 0 ? field.name : field.name + ("_" + std::to_string(index + 1));
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
  for_each_field(object, [&](auto&, const Field&) { ++count; });
  return count;
}

/// A field with the number of scalars that its member holds.
struct FieldExtent {
  Field field;    ///< its description
  int extent;     ///< scalars, 1 or more
  bool is_array;  ///< the member is an array, be it of a single scalar
};

/// The members of a struct described by `fields`, in declaration order.
template <class Struct>
constexpr auto list_fields() {
  std::array<FieldExtent, static_cast<std::size_t>(count_fields<Struct>())> list{};
  Struct object{};
  std::size_t i = 0;
  for_each_field(object, [&](auto& member, const Field& field) {
    using Member = std::remove_cvref_t<decltype(member)>;
    list[i++] = {field, static_cast<int>(detail::extent<Member>), detail::is_array<Member>};
  });
  return list;
}

/// Synaptic currents that a step takes: 1 unless the neuron says otherwise through `static constexpr int inputs`.
template <class Neuron>
inline constexpr int input_count = 1;
/// Those of a neuron that says so.
template <class Neuron>
requires requires {
  Neuron::inputs;
}
inline constexpr int input_count<Neuron> = Neuron::inputs;

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

/// What `fields` says of a struct can be read: one `Field` a member, or no member at all.
template <class Struct>
concept Described = std::is_empty_v<Struct> ||(std::is_aggregate_v<Struct>&& requires {
  { Struct::fields[0] } -> std::convertible_to<Field>;
});

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

/// The equations of one neuron, written once. A neuron names itself, has its `State` (whose first member is the output:
/// what other neurons and the readout see), `Parameters` (trained) and `Constants` as templates over the value type,
/// plain structs of scalars and std::arrays of scalars whose `static constexpr Field fields[]` describes the members in
/// their order (an empty struct needs none), and advances one time step in `static void step(State<T>&, const
/// Parameters<T>&, const Constants<C>&, const T& synaptic_current)`. docs/neurons.md leads through one.
template <class N>
concept Neuron = requires {
  { N::name } -> std::convertible_to<std::string>;
}
&&detail::Described<typename N::template State<double>>&& detail::Described<typename N::template Parameters<double>>&&
        detail::Described<typename N::template Constants<double>>&& detail::Steps<N, double>&&
        count_scalars<typename N::template State<double>>() >= 1;

namespace detail {

/// Says in words what a neuron lacks.
template <class N>
struct NeuronCheck {
  static_assert(
      requires {
        { N::name } -> std::convertible_to<std::string>;
      },
      "a neuron needs a name: static constexpr const char* name = ...");
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
                "a neuron needs static void step(State<T>&, const Parameters<T>&, const Constants<C>&, const T& "
                "synaptic_current), or const std::array<T, inputs>& where it has several inputs");
  static_assert(Neuron<N>);
};

}  // namespace detail

/// The constant that `fields` calls by this name, or null.
template <class Constants>
constexpr double* find_constant(Constants& constants, std::string_view name) {
  double* found = nullptr;
  for_each_scalar(constants, [&](double& value, const Field& field, int j) {
    if (j == 0 && name == field.name) found = &value;
  });
  return found;
}

/// The time step (ms), which is the constant that is called dt, or 1 where there is none.
template <class Constants>
constexpr double time_step(Constants constants) {
  const double* dt = find_constant(constants, "dt");
  return dt ? *dt : 1;
}

/// A neuron's constants with the values of its `fields`.
template <class N>
constexpr typename N::template Constants<double> default_constants() {
  typename N::template Constants<double> constants{};
  for_each_scalar(constants, [](double& value, const Field& field, int) { value = field.value.value_or(0); });
  return constants;
}

}  // namespace glifr
