#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "glifr/neurons/detail/derive/program.hpp"

/// A reverse step, expanded on any value type.
namespace glifr::derive {

/// What a reverse step reads and writes, for a value type T. `adjoint` holds dL / d new state and receives dL / d old
/// state.
template <class N, class T>
struct ReverseStep {
  std::array<T, state_count<N>> old_state, new_state, adjoint;
  std::array<T, static_cast<std::size_t>(input_count<N>)> synaptic, synaptic_adjoint;
  std::array<T, parameter_count<N>> parameter_sum;
};

namespace detail {

/// The number type of a value type: its own, or that of a pack of numbers.
template <class T>
struct NumberOf {
  using type = T;
};
template <template <class, int> class Pack, class T, int Registers>
struct NumberOf<Pack<T, Registers>> {
  using type = T;
};

/// The place of a result, as a type.
template <int I>
using Place = std::integral_constant<int, I>;

template <class N, bool Train, int I, class T, class Parameters, class Constants>
GLIFR_INLINE void execute(T* v, const ReverseStep<N, T>& io, const Parameters& parameters, const Constants& constants) {
  constexpr Node n = program<N, Train>.graph[I];
  constexpr auto index = static_cast<std::size_t>(n.a);
  if constexpr (n.op == Op::literal) v[I] = T(static_cast<typename NumberOf<T>::type>(n.value));
  if constexpr (n.op == Op::old_state) v[I] = io.old_state[index];
  if constexpr (n.op == Op::new_state) v[I] = io.new_state[index];
  if constexpr (n.op == Op::parameter) v[I] = parameters[index];
  if constexpr (n.op == Op::constant) v[I] = T(constants[index]);
  if constexpr (n.op == Op::synaptic) v[I] = io.synaptic[index];
  if constexpr (n.op == Op::state_adjoint) v[I] = io.adjoint[index];
  if constexpr (n.op == Op::parameter_sum) v[I] = io.parameter_sum[index];
  if constexpr (n.op == Op::mul_add) v[I] = v[n.a] * v[n.b] + v[n.c];
  if constexpr (n.op == Op::mul_sub) v[I] = v[n.a] * v[n.b] - v[n.c];
  if constexpr (n.op == Op::neg_mul_add) v[I] = v[n.c] - v[n.a] * v[n.b];
  if constexpr (is_function(n.op)) {
    using F = functions::All::At<function_of(n.op)>;
    if constexpr (functions::operand_count<F> == 1) v[I] = ValueType<T>::template call<F>(v[n.a]);
    if constexpr (functions::operand_count<F> == 2) v[I] = ValueType<T>::template call<F>(v[n.a], v[n.b]);
    if constexpr (functions::operand_count<F> == 3) v[I] = ValueType<T>::template call<F>(v[n.a], v[n.b], v[n.c]);
  }
}

}  // namespace detail

/// One reverse step on value type T: adjoints of the new state in, adjoints of the old state and of the synaptic
/// currents out, parameter sums advanced. `parameters` and `constants` are indexable, in declaration order.
template <class N, bool Train = true, class T, class Parameters, class Constants>
GLIFR_INLINE void run_reverse(ReverseStep<N, T>& io, const Parameters& parameters, const Constants& constants) {
  constexpr auto size = static_cast<std::size_t>(program<N, Train>.graph.size);
  T v[size];
  [&]<std::size_t... I>(std::index_sequence<I...>) __attribute__((always_inline)) {
    (detail::execute<N, Train, static_cast<int>(I)>(v, io, parameters, constants), ...);
  }
  (std::make_index_sequence<size>{});
  // Places of results are constants by type: code on a device cannot read the program itself.
  [&]<std::size_t... K>(std::index_sequence<K...>) __attribute__((always_inline)) {
    ((io.adjoint[K] = v[detail::Place<program<N, Train>.old_state_adjoint[K]>::value]), ...);
  }
  (std::make_index_sequence<state_count<N>>{});
  [&]<std::size_t... G>(std::index_sequence<G...>) __attribute__((always_inline)) {
    ((io.synaptic_adjoint[G] = v[detail::Place<program<N, Train>.synaptic_adjoint[G]>::value]), ...);
  }
  (std::make_index_sequence<static_cast<std::size_t>(input_count<N>)>{});
  if constexpr (Train) {
    [&]<std::size_t... K>(std::index_sequence<K...>) __attribute__((always_inline)) {
      ((io.parameter_sum[K] = v[detail::Place<program<N, Train>.parameter_sum[K]>::value]), ...);
    }
    (std::make_index_sequence<parameter_count<N>>{});
  }
}

}  // namespace glifr::derive
