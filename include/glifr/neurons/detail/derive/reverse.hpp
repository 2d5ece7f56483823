#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "glifr/neurons/detail/derive/graph.hpp"
#include "glifr/neurons/detail/derive/prune.hpp"
#include "glifr/neurons/detail/derive/symbol.hpp"

/// Reverse-mode differentiation of a graph.
namespace glifr::derive {

/// The reverse sweep over a recorded step, emitting into a second graph in which every new state is a leaf.
class Reverse final : private Translation {
 public:
  constexpr Reverse(const Graph& forward, std::span<const int> new_state) : forward_(forward) {
    value_.fill(-1);
    adjoint_.fill(-1);
    // The output is stored with its mask (dropout, silencing) over it, which may be zero: where the rest of the step
    // reads it, it is computed again instead.
    const bool rest_reads_output = at(live_nodes(forward, new_state.subspan(1)), new_state[0]);
    int k = 0;
    for (const int id : new_state) {
      const int leaf = out_.leaf(Op::new_state, k);
      const bool is_known = !is_leaf(forward_[id].op) && !(k == 0 && rest_reads_output);
      if (is_known) at(value_, id) = leaf;
      accumulate(id, out_.leaf(Op::state_adjoint, k));
      ++k;
    }
  }

  constexpr void sweep() {
    for (int id = forward_.size - 1; id >= 0; --id) {
      if (at(adjoint_, id) >= 0) propagate(id, at(adjoint_, id));
    }
  }

  /// dL / d leaf, or 0 where the step does not depend on it. A parameter's is its share of this step added to the sum
  /// so far.
  constexpr int adjoint(Op op, int index) {
    for (int id = 0; id < forward_.size; ++id) {
      if (forward_.is(id, op) && forward_[id].a == index && at(adjoint_, id) >= 0) {
        return at(adjoint_, id);
      }
    }
    return op == Op::parameter ? out_.leaf(Op::parameter_sum, index) : out_.literal(0);
  }

  constexpr const Graph& graph() const { return out_; }

 private:
  constexpr void accumulate(int id, int share) {
    if (id < 0 || forward_.is(id, Op::literal) || forward_.is(id, Op::constant) || out_.is_value(share, 0)) return;
    int& sum = at(adjoint_, id);
    if (sum < 0 && forward_.is(id, Op::parameter)) sum = out_.leaf(Op::parameter_sum, forward_[id].a);
    sum = sum < 0 ? share : out_.add(sum, share);
  }

  /// The value of a forward node in the reverse program: a leaf, a stored new state, or computed again.
  constexpr int value(int id) override {
    int& known = at(value_, id);
    if (known >= 0) return known;
    const Node& n = forward_[id];
    if (is_leaf(n.op)) return known = out_.put(n);
    const int a = value(n.a);
    const int b = n.b >= 0 ? value(n.b) : -1;
    const int c = n.c >= 0 ? value(n.c) : -1;
    return known = n.op == op_of<functions::Surrogate> ? a : out_.call(n.op, a, b, c);
  }

  /// Hands the adjoint w of node y to its operands, as the derivative of its function says.
  constexpr void propagate(int id, int w) {
    const Node& n = forward_[id];
    if (!is_function(n.op)) return;
    functions::All::visit(function_of(n.op), [&]<class F>(F) {
      const auto stored = [&](int node) { return Symbol(out_, node, this); };
      const auto hand = [&]<int K, int... Operand>(std::integral_constant<int, K>,
                                                   std::integer_sequence<int, Operand...>) {
        const std::array operands{n.a, n.b, n.c};
        if constexpr (functions::receives_gradient<F, K>) {
          const Symbol share = functions::adjoint<F, K>(Symbol(out_, w), stored(at(operands, Operand))..., stored(id));
          accumulate(at(operands, K), share.in(out_));
        }
      };
      constexpr std::make_integer_sequence<int, functions::operand_count<F>> all;
      [&]<int... K>(std::integer_sequence<int, K...>) {
        (hand(std::integral_constant<int, K>{}, all), ...);
      }
      (all);
    });
  }

  const Graph& forward_;
  Graph out_{};
  std::array<int, Graph::capacity> value_{};    // forward node -> its value in out_
  std::array<int, Graph::capacity> adjoint_{};  // forward node -> its adjoint in out_
};

}  // namespace glifr::derive
