#pragma once

#include <array>
#include <concepts>
#include <stdexcept>
#include <tuple>
#include <type_traits>

#include "glifr/neurons/detail/derive/graph.hpp"
#include "glifr/neurons/functions.hpp"

/// The value type on which formulas are recorded as a graph.
namespace glifr::derive {

// What a step calls where it cannot be recorded. None of these can run while compiling, so that the compiler names
// them.
inline void this_step_reads_a_value_that_nothing_was_assigned_to() {
  throw std::logic_error("a neuron's step reads a value that nothing was assigned to");
}
inline void this_step_calls_a_function_of_plain_numbers_only_compute_it_outside() {
  throw std::logic_error("a neuron's step calls a function of plain numbers only: compute it outside the step");
}

/// Gives the nodes of one graph a place in another, each when it is asked for.
class Translation {
 public:
  /// The node of the other graph that stands for this one.
  constexpr virtual int value(int id) = 0;

 protected:
  constexpr ~Translation() = default;
};

/// The value type on which formulas are recorded: a node of a graph, a number that is no node yet, or nothing so far.
struct Symbol : Value {
  Graph* graph = nullptr;
  int id = -1;
  double value = 0;
  bool is_given = false;
  Translation* translation = nullptr;  // of `id`, which is then a node of another graph

  constexpr Symbol() = default;
  constexpr Symbol(double number) : value(number), is_given(true) {}  // NOLINT: literals in a step become symbols
  constexpr Symbol(Graph& owner, int node, Translation* from = nullptr)
      : graph(&owner), id(node), is_given(true), translation(from) {}

  constexpr void require_given() const {
    if (!is_given) this_step_reads_a_value_that_nothing_was_assigned_to();
  }
  constexpr int in(Graph& owner) const {
    require_given();
    return !graph ? owner.literal(value) : translation ? translation->value(id) : id;
  }
};

/// What a comparison of symbols gives: nothing that could be branched on.
struct Comparison {
  template <class Truth>
  constexpr operator Truth() const {
    static_assert(
        !std::is_same_v<Truth, Truth>,
        "a neuron's step cannot branch on a value (if, ?:, &&, ||): write select(less(a, b), x, y), min or max");
    return {};
  }
};
constexpr Comparison operator<(const Symbol&, const Symbol&) {
  return {};
}
constexpr Comparison operator>(const Symbol&, const Symbol&) {
  return {};
}
constexpr Comparison operator<=(const Symbol&, const Symbol&) {
  return {};
}
constexpr Comparison operator>=(const Symbol&, const Symbol&) {
  return {};
}
constexpr Comparison operator==(const Symbol&, const Symbol&) {
  return {};
}
constexpr Comparison operator!=(const Symbol&, const Symbol&) {
  return {};
}

namespace detail {

template <class S>
constexpr Symbol refuse_function() {
  static_assert(!std::is_same_v<S, S>,
                "a neuron's step knows no such function; those that it knows stand in glifr/neurons/functions.hpp");
  return {};
}
template <class S>
constexpr Symbol& refuse_assignment(S& x) {
  static_assert(!std::is_same_v<S, S>,
                "a neuron's step changes a value by plain assignment: write x = x + y, not x += y");
  return x;
}

}  // namespace detail

#define GLIFR_REFUSE_FUNCTION(name)      \
  template <std::same_as<Symbol> S>      \
  constexpr Symbol name(const S&) {      \
    return detail::refuse_function<S>(); \
  }
GLIFR_REFUSE_FUNCTION(sin)
GLIFR_REFUSE_FUNCTION(cos)
GLIFR_REFUSE_FUNCTION(tan)
GLIFR_REFUSE_FUNCTION(atan)
GLIFR_REFUSE_FUNCTION(sinh)
GLIFR_REFUSE_FUNCTION(cosh)
GLIFR_REFUSE_FUNCTION(log1p)
GLIFR_REFUSE_FUNCTION(expm1)
GLIFR_REFUSE_FUNCTION(cbrt)
GLIFR_REFUSE_FUNCTION(fabs)
GLIFR_REFUSE_FUNCTION(floor)
GLIFR_REFUSE_FUNCTION(ceil)
GLIFR_REFUSE_FUNCTION(round)
#undef GLIFR_REFUSE_FUNCTION
template <std::same_as<Symbol> S>
constexpr Symbol pow(const S&, const auto&) {
  return detail::refuse_function<S>();
}
template <std::same_as<Symbol> S>
constexpr Symbol& operator+=(S& x, const auto&) {
  return detail::refuse_assignment(x);
}
template <std::same_as<Symbol> S>
constexpr Symbol& operator-=(S& x, const auto&) {
  return detail::refuse_assignment(x);
}
template <std::same_as<Symbol> S>
constexpr Symbol& operator*=(S& x, const auto&) {
  return detail::refuse_assignment(x);
}
template <std::same_as<Symbol> S>
constexpr Symbol& operator/=(S& x, const auto&) {
  return detail::refuse_assignment(x);
}

namespace detail {

/// The graph that one of the symbols belongs to; null where all are numbers.
constexpr Graph* owner(const auto&... symbols) {
  (symbols.require_given(), ...);
  Graph* graph = nullptr;
  ((graph = graph ? graph : symbols.graph), ...);
  return graph;
}

constexpr Graph& known_owner(const auto&... symbols) {
  Graph* graph = owner(symbols...);
  if (!graph) this_step_calls_a_function_of_plain_numbers_only_compute_it_outside();
  return *graph;
}

/// A function of symbols, recorded.
constexpr Symbol call(Op op, const auto&... x) {
  Graph& g = known_owner(x...);
  const std::array<int, sizeof...(x)> ids{x.in(g)...};
  return {g, std::apply([&](auto... id) { return g.call(op, id...); }, ids)};
}

}  // namespace detail

constexpr Symbol operator+(const Symbol& a, const Symbol& b) {
  Graph* g = detail::owner(a, b);
  return g ? Symbol(*g, g->add(a.in(*g), b.in(*g))) : Symbol(a.value + b.value);
}
constexpr Symbol operator-(const Symbol& a, const Symbol& b) {
  Graph* g = detail::owner(a, b);
  return g ? Symbol(*g, g->sub(a.in(*g), b.in(*g))) : Symbol(a.value - b.value);
}
constexpr Symbol operator*(const Symbol& a, const Symbol& b) {
  Graph* g = detail::owner(a, b);
  return g ? Symbol(*g, g->mul(a.in(*g), b.in(*g))) : Symbol(a.value * b.value);
}
constexpr Symbol operator/(const Symbol& a, const Symbol& b) {
  Graph* g = detail::owner(a, b);
  return g ? Symbol(*g, g->div(a.in(*g), b.in(*g))) : Symbol(a.value / b.value);
}
constexpr Symbol operator-(const Symbol& a) {
  Graph* g = detail::owner(a);
  return g ? Symbol(*g, g->neg(a.id)) : Symbol(-a.value);
}

}  // namespace glifr::derive

/// Symbols record the functions that are called of them.
template <>
struct glifr::ValueType<glifr::derive::Symbol> {
  template <class F, class... X>
  static constexpr derive::Symbol call(const X&... x) {
    return derive::detail::call(derive::op_of<F>, derive::Symbol(x)...);
  }
};
