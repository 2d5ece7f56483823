#pragma once

#include <array>
#include <cstddef>
#include <iterator>
#include <string>
#include <type_traits>
#include <utility>

#include "glifr/neurons/field.hpp"

/// Going over the members of a neuron's structs, as their `fields` describe them.
namespace glifr {

/// Where a scalar stands in its struct.
struct ScalarPlace {
  const Field& field;  ///< of its member
  int index;           ///< within the member: 0 unless that is an array
  std::size_t number;  ///< within the struct, all scalars counted through
};

/// What a scalar is called where scalars are told apart.
inline std::string scalar_name(const ScalarPlace& place) {
  return scalar_name(place.field, place.index);
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
inline constexpr std::size_t max_members = 12;

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
  constexpr Field field = Struct::fields[K];  // its own constant: a device knows no address of the array
  constexpr bool is_there = extent<Member> != 0;
  if constexpr (is_there) visit(member, field);
}
/// Calls visit(member, field) for each of the members, in order; an array of no scalars is left out.
template <class Struct, class Visit, std::size_t... K, class... Members>
GLIFR_INLINE constexpr void visit_members(Visit& visit, std::index_sequence<K...>, Members&... members) {
  (visit_member<Struct, K>(visit, members), ...);
}

/// Calls visit(scalar, place) for every scalar of a member, of which `number` scalars stand before.
template <class Visit, class T>
GLIFR_INLINE constexpr void visit_scalars(Visit& visit, T& scalar, const Field& field, std::size_t& number) {
  constexpr bool is_of_type = std::is_invocable_v<Visit&, T&, ScalarPlace>;
  static_assert(is_of_type,
                "a member of a neuron's State, Parameters or Constants is neither of the type T nor a "
                "std::array<T, …>, but of another type");
  if constexpr (is_of_type) visit(scalar, ScalarPlace{field, 0, number++});
}
template <class Visit, class T, std::size_t N>
GLIFR_INLINE constexpr void visit_scalars(Visit& visit, std::array<T, N>& scalars, const Field& field,
                                          std::size_t& number) {
  for (std::size_t j = 0; j < N; ++j) visit(scalars[j], ScalarPlace{field, static_cast<int>(j), number++});
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
  static_assert(count <= detail::max_members, "a struct of a neuron has more than 12 members: make arrays of them");
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

/// Calls visit(scalar, place) for every scalar of a state, parameter or constant struct, in declaration order.
template <class Struct, class Visit>
GLIFR_INLINE constexpr void for_each_scalar(Struct& object, Visit&& visit) {
  std::size_t number = 0;
  for_each_field(
      object, [&](auto& member, const Field& field)
                  __attribute__((always_inline)) { detail::visit_scalars(visit, member, field, number); });
}

/// Scalars in a struct described by `fields`, arrays counted with their length.
template <class Struct>
consteval std::size_t count_scalars() {
  Struct object{};
  std::size_t count = 0;
  for_each_scalar(object, [&](auto&, const ScalarPlace&) { ++count; });
  return count;
}

/// Members (scalars or arrays) in a struct described by `fields`.
template <class Struct>
consteval std::size_t count_fields() {
  Struct object{};
  std::size_t count = 0;
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
  std::array<FieldExtent, count_fields<Struct>()> list{};
  Struct object{};
  std::size_t i = 0;
  for_each_field(object, [&](auto& member, const Field& field) {
    using Member = std::remove_cvref_t<decltype(member)>;
    list[i++] = {field, static_cast<int>(detail::extent<Member>), detail::is_array<Member>};
  });
  return list;
}

}  // namespace glifr
