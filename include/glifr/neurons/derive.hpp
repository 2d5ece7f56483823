#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

#include "glifr/neurons/functions.hpp"
#include "glifr/neurons/neuron.hpp"

/// From a neuron's `step`, written once, to its reverse step, by the compiler. The step is run at compile time on
/// symbols, which record what it computes as a graph; reverse-mode differentiation of that graph, in a constexpr
/// function, appends the adjoint computations to it; what does not lead to a result drops out. The straight-line
/// program that is left is expanded on any value type by `run_reverse`: lanes of a vector register, plain numbers,
/// numbers on a device.
namespace glifr::derive {

// What a step calls where it cannot be recorded. None of these can run while compiling, so that the compiler names
// them.
inline void this_step_is_too_long_make_Graph_capacity_larger() {
  throw std::logic_error("a neuron's step is too long: make derive::Graph::capacity larger");
}
inline void this_step_reads_a_value_that_nothing_was_assigned_to() {
  throw std::logic_error("a neuron's step reads a value that nothing was assigned to");
}
inline void this_step_calls_a_function_of_plain_numbers_only_compute_it_outside() {
  throw std::logic_error("a neuron's step calls a function of plain numbers only: compute it outside the step");
}

enum class Op : unsigned char {
  literal,
  // Leaves that the caller of the program supplies, each with an index.
  old_state,  // state that the step started from
  new_state,  // state that the step produced: stored by the forward pass
  parameter,
  constant,
  synaptic,
  state_adjoint,  // dL / d new state
  parameter_sum,  // dL / d parameter, summed so far
  // Products fused into sums.
  mul_add,      // a b + c
  mul_sub,      // a b - c
  neg_mul_add,  // c - a b
  // From here on, a function each, in the order of functions::All.
  first_function,
};

constexpr bool is_leaf(Op op) {
  return op <= Op::parameter_sum;
}
constexpr bool is_function(Op op) {
  return op >= Op::first_function;
}
/// The place of an operation in functions::All.
constexpr int function_of(Op op) {
  return static_cast<int>(op) - static_cast<int>(Op::first_function);
}
/// The operation that computes a function.
template <class F>
inline constexpr Op op_of = static_cast<Op>(static_cast<int>(Op::first_function) + functions::All::index<F>);

struct Node {
  Op op = Op::literal;
  int a = -1, b = -1, c = -1;  // operands; a leaf's index in a
  double value = 0;            // a literal's value

  friend constexpr bool operator==(const Node&, const Node&) = default;
};

/// A straight-line program: operands stand before what uses them, equal computations are one node.
struct Graph {
  static constexpr int capacity = 1024;
  std::array<Node, capacity> nodes{};
  int size = 0;

  constexpr const Node& operator[](int id) const { return nodes[static_cast<std::size_t>(id)]; }
  constexpr bool is(int id, Op op) const { return (*this)[id].op == op; }
  constexpr bool is_value(int id, double value) const { return is(id, Op::literal) && (*this)[id].value == value; }

  constexpr int put(const Node& node) {
    for (int id = 0; id < size; ++id) {
      if (nodes[static_cast<std::size_t>(id)] == node) return id;
    }
    if (size == capacity) this_step_is_too_long_make_Graph_capacity_larger();
    nodes[static_cast<std::size_t>(size)] = node;
    return size++;
  }
  constexpr int leaf(Op op, int index) { return put({.op = op, .a = index}); }
  constexpr int literal(double value) { return put({.op = Op::literal, .value = value}); }

  /// A function of nodes.
  constexpr int call(Op op, int a, int b = -1, int c = -1) {
    if (op == op_of<functions::Add>) return add(a, b);
    if (op == op_of<functions::Subtract>) return sub(a, b);
    if (op == op_of<functions::Multiply>) return mul(a, b);
    if (op == op_of<functions::Divide>) return div(a, b);
    if (op == op_of<functions::Negate>) return neg(a);
    if (op == op_of<functions::Select> && b == c) return b;
    return put({.op = op, .a = a, .b = b, .c = c});
  }

  // Folding keeps what the compiler may not simplify by itself (x * 0, x + 0 and signs, in floating point) out of the
  // program.
  constexpr int neg(int a) {
    if (is(a, Op::literal)) return literal(-(*this)[a].value);
    if (is(a, op_of<functions::Negate>)) return (*this)[a].a;
    return put({.op = op_of<functions::Negate>, .a = a});
  }
  constexpr int add(int a, int b) {
    if (is(a, Op::literal) && is(b, Op::literal)) return literal((*this)[a].value + (*this)[b].value);
    if (is_value(a, 0)) return b;
    if (is_value(b, 0)) return a;
    if (is(b, op_of<functions::Negate>)) return sub(a, (*this)[b].a);
    if (is(a, op_of<functions::Negate>)) return sub(b, (*this)[a].a);
    return put({.op = op_of<functions::Add>, .a = a, .b = b});
  }
  constexpr int sub(int a, int b) {
    if (is(a, Op::literal) && is(b, Op::literal)) return literal((*this)[a].value - (*this)[b].value);
    if (is_value(a, 0)) return neg(b);
    if (is_value(b, 0)) return a;
    if (a == b) return literal(0);
    if (is(b, op_of<functions::Negate>)) return add(a, (*this)[b].a);
    return put({.op = op_of<functions::Subtract>, .a = a, .b = b});
  }
  constexpr int mul(int a, int b) {
    if (is(a, Op::literal) && is(b, Op::literal)) return literal((*this)[a].value * (*this)[b].value);
    if (is_value(a, 0) || is_value(b, 0)) return literal(0);
    if (is_value(a, 1)) return b;
    if (is_value(b, 1)) return a;
    if (is_value(a, -1)) return neg(b);
    if (is_value(b, -1)) return neg(a);
    if (is(a, op_of<functions::Negate>)) return neg(mul((*this)[a].a, b));
    if (is(b, op_of<functions::Negate>)) return neg(mul(a, (*this)[b].a));
    return put({.op = op_of<functions::Multiply>, .a = a, .b = b});
  }
  constexpr int div(int a, int b) {
    if (is(a, Op::literal) && is(b, Op::literal)) return literal((*this)[a].value / (*this)[b].value);
    if (is_value(a, 0) || is_value(b, 1)) return a;
    if (is(a, op_of<functions::Negate>)) return neg(div((*this)[a].a, b));
    return put({.op = op_of<functions::Divide>, .a = a, .b = b});
  }
};

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

template <std::same_as<Symbol> S>
constexpr Symbol sin(const S&) {
  return detail::refuse_function<S>();
}
template <std::same_as<Symbol> S>
constexpr Symbol cos(const S&) {
  return detail::refuse_function<S>();
}
template <std::same_as<Symbol> S>
constexpr Symbol floor(const S&) {
  return detail::refuse_function<S>();
}
template <std::same_as<Symbol> S>
constexpr Symbol round(const S&) {
  return detail::refuse_function<S>();
}
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

namespace glifr::derive {

template <class N>
inline constexpr int states_of = count_scalars<typename N::template State<Symbol>>();
template <class N>
inline constexpr int parameters_of = count_scalars<typename N::template Parameters<Symbol>>();
template <class N>
inline constexpr int constants_of = count_scalars<typename N::template Constants<Symbol>>();

/// The reverse step of a neuron: a graph with the nodes at which its results stand.
template <class N>
struct Program {
  Graph graph;
  std::array<int, static_cast<std::size_t>(states_of<N>)> old_state_adjoint{};   // dL / d old state
  std::array<int, static_cast<std::size_t>(input_count<N>)> synaptic_adjoint{};  // dL / d synaptic current
  std::array<int, static_cast<std::size_t>(parameters_of<N>)>
      parameter_sum{};           // dL / d parameter, with this step's share
  bool needs_old_state = false;  // some result depends on the state that the step started from
  bool needs_synaptic = false;   // some result depends on the synaptic current, so that the forward pass must keep it
  bool carries_state = false;    // the new state depends on the old one: no step is independent of those before it
};

namespace detail {

/// Step of neuron N recorded on symbols; returns the nodes of its new state.
template <class N>
constexpr auto record(Graph& graph) {
  typename N::template State<Symbol> state;
  typename N::template Parameters<Symbol> parameters;
  typename N::template Constants<Symbol> constants;
  std::array<Symbol, static_cast<std::size_t>(input_count<N>)> synaptic;
  const auto leaves = [&](auto& object, Op op) {
    int index = 0;
    for_each_scalar(object,
                    [&](Symbol& symbol, const Field&, int) { symbol = Symbol(graph, graph.leaf(op, index++)); });
  };
  leaves(state, Op::old_state);
  leaves(parameters, Op::parameter);
  leaves(constants, Op::constant);
  for (std::size_t g = 0; g < synaptic.size(); ++g)
    synaptic[g] = Symbol(graph, graph.leaf(Op::synaptic, static_cast<int>(g)));
  call_step<N>(state, parameters, constants, synaptic);
  std::array<int, static_cast<std::size_t>(states_of<N>)> outputs{};
  std::size_t k = 0;
  for_each_scalar(state, [&](Symbol& symbol, const Field&, int) { outputs[k++] = symbol.in(graph); });
  return outputs;
}

/// Marks what the nodes in `roots` depend on.
constexpr std::array<bool, Graph::capacity> reach(const Graph& graph, const auto&... roots) {
  std::array<bool, Graph::capacity> live{};
  const auto mark = [&](const auto& ids) {
    for (const int id : ids) live[static_cast<std::size_t>(id)] = true;
  };
  (mark(roots), ...);
  for (int id = graph.size - 1; id >= 0; --id) {
    const Node& n = graph[id];
    if (!live[static_cast<std::size_t>(id)] || is_leaf(n.op)) continue;
    for (const int operand : {n.a, n.b, n.c}) {
      if (operand >= 0) live[static_cast<std::size_t>(operand)] = true;
    }
  }
  return live;
}

/// The reverse sweep over a recorded step, emitting into a second graph in which every new state is a leaf.
template <std::size_t States>
class Reverse final : private Translation {
 public:
  constexpr Reverse(const Graph& forward, const std::array<int, States>& new_state) : forward_(forward) {
    value_.fill(-1);
    adjoint_.fill(-1);
    // The output is stored with its mask (dropout, silencing) over it, which may be zero: where the rest of the step
    // reads it, it is computed again instead.
    std::array<int, States - 1> rest{};
    std::copy(new_state.begin() + 1, new_state.end(), rest.begin());
    const bool rest_reads_output = reach(forward, rest)[static_cast<std::size_t>(new_state[0])];
    for (std::size_t k = 0; k < States; ++k) {
      const int id = new_state[k];
      const int leaf = out_.leaf(Op::new_state, static_cast<int>(k));
      const bool is_known = !is_leaf(forward_[id].op) && !(k == 0 && rest_reads_output);
      if (is_known) value_[static_cast<std::size_t>(id)] = leaf;
      accumulate(id, out_.leaf(Op::state_adjoint, static_cast<int>(k)));
    }
  }

  constexpr void sweep() {
    for (int id = forward_.size - 1; id >= 0; --id) {
      if (adjoint_[static_cast<std::size_t>(id)] >= 0) propagate(id, adjoint_[static_cast<std::size_t>(id)]);
    }
  }

  /// dL / d leaf, or 0 where the step does not depend on it. A parameter's is its share of this step added to the sum
  /// so far.
  constexpr int adjoint(Op op, int index) {
    for (int id = 0; id < forward_.size; ++id) {
      if (forward_.is(id, op) && forward_[id].a == index && adjoint_[static_cast<std::size_t>(id)] >= 0) {
        return adjoint_[static_cast<std::size_t>(id)];
      }
    }
    return op == Op::parameter ? out_.leaf(Op::parameter_sum, index) : out_.literal(0);
  }

  constexpr const Graph& graph() const { return out_; }

 private:
  constexpr void accumulate(int id, int share) {
    if (id < 0 || forward_.is(id, Op::literal) || forward_.is(id, Op::constant) || out_.is_value(share, 0)) return;
    int& sum = adjoint_[static_cast<std::size_t>(id)];
    if (sum < 0 && forward_.is(id, Op::parameter)) sum = out_.leaf(Op::parameter_sum, forward_[id].a);
    sum = sum < 0 ? share : out_.add(sum, share);
  }

  /// The value of a forward node in the reverse program: a leaf, a stored new state, or computed again.
  constexpr int value(int id) override {
    int& known = value_[static_cast<std::size_t>(id)];
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
          const Symbol share = functions::adjoint<F, K>(
              Symbol(out_, w), stored(operands[static_cast<std::size_t>(Operand)])..., stored(id));
          accumulate(operands[static_cast<std::size_t>(K)], share.in(out_));
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

/// Drops what no result needs, fuses products that are used once into the sum that uses them, and numbers the rest
/// anew, in order.
template <class N>
constexpr Program<N> compact(Program<N> program) {
  Graph& graph = program.graph;
  auto live = reach(graph, program.old_state_adjoint, program.synaptic_adjoint, program.parameter_sum);
  std::array<int, Graph::capacity> uses{};
  const auto use = [&](int id) {
    if (id >= 0) ++uses[static_cast<std::size_t>(id)];
  };
  for (int id = 0; id < graph.size; ++id) {
    if (!live[static_cast<std::size_t>(id)] || is_leaf(graph[id].op)) continue;
    use(graph[id].a);
    use(graph[id].b);
    use(graph[id].c);
  }
  const auto results = [&](auto&& visit) {
    for (int& id : program.old_state_adjoint) visit(id);
    for (int& id : program.synaptic_adjoint) visit(id);
    for (int& id : program.parameter_sum) visit(id);
  };
  results([&](int& id) { use(id); });

  for (int id = 0; id < graph.size; ++id) {
    if (!live[static_cast<std::size_t>(id)]) continue;
    Node& n = graph.nodes[static_cast<std::size_t>(id)];
    if (n.op != op_of<functions::Add> && n.op != op_of<functions::Subtract>) continue;
    const auto fuses = [&](int operand) {
      return graph.is(operand, op_of<functions::Multiply>) && uses[static_cast<std::size_t>(operand)] == 1;
    };
    const auto fuse = [&](Op op, int product, int other) {
      n = {.op = op, .a = graph[product].a, .b = graph[product].b, .c = other};
      live[static_cast<std::size_t>(product)] = false;
    };
    if (fuses(n.b)) {
      fuse(n.op == op_of<functions::Add> ? Op::mul_add : Op::neg_mul_add, n.b, n.a);
    } else if (fuses(n.a)) {
      fuse(n.op == op_of<functions::Add> ? Op::mul_add : Op::mul_sub, n.a, n.b);
    }
  }

  std::array<int, Graph::capacity> number{};
  Graph compacted;
  for (int id = 0; id < graph.size; ++id) {
    if (!live[static_cast<std::size_t>(id)]) continue;
    Node n = graph[id];
    if (!is_leaf(n.op)) {
      for (int* operand : {&n.a, &n.b, &n.c}) {
        if (*operand >= 0) *operand = number[static_cast<std::size_t>(*operand)];
      }
    }
    number[static_cast<std::size_t>(id)] = compacted.size;
    compacted.nodes[static_cast<std::size_t>(compacted.size++)] = n;
  }
  graph = compacted;
  results([&](int& id) { id = number[static_cast<std::size_t>(id)]; });
  return program;
}

}  // namespace detail

/// Derives the reverse step of neuron N. With `train_parameters` false, parameter sums are left as they are (dynamics
/// that are not trained).
template <class N>
constexpr Program<N> derive(bool train_parameters) {
  Graph forward;
  const auto new_state = detail::record<N>(forward);
  detail::Reverse reverse(forward, new_state);
  reverse.sweep();
  Program<N> program;
  for (int k = 0; k < states_of<N>; ++k)
    program.old_state_adjoint[static_cast<std::size_t>(k)] = reverse.adjoint(Op::old_state, k);
  for (int g = 0; g < input_count<N>; ++g)
    program.synaptic_adjoint[static_cast<std::size_t>(g)] = reverse.adjoint(Op::synaptic, g);
  for (int k = 0; k < parameters_of<N>; ++k) {
    program.parameter_sum[static_cast<std::size_t>(k)] = reverse.adjoint(Op::parameter, k);
  }
  program.graph = reverse.graph();
  if (!train_parameters) {
    for (int k = 0; k < parameters_of<N>; ++k) {
      program.parameter_sum[static_cast<std::size_t>(k)] = program.graph.leaf(Op::parameter_sum, k);
    }
  }
  program = detail::compact(program);
  for (int id = 0; id < program.graph.size; ++id) {
    program.needs_old_state |= program.graph.is(id, Op::old_state);
    program.needs_synaptic |= program.graph.is(id, Op::synaptic);
  }
  const auto live = detail::reach(forward, new_state);
  for (int id = 0; id < forward.size; ++id) {
    program.carries_state |= live[static_cast<std::size_t>(id)] && forward.is(id, Op::old_state);
  }
  return program;
}

/// The reverse step of neuron N, derived once, by the compiler.
template <class N, bool TrainParameters = true>
inline constexpr Program<N> program = derive<N>(TrainParameters);

/// What a reverse step reads and writes, for a value type T. `adjoint` holds dL / d new state and receives dL / d old
/// state.
template <class N, class T>
struct ReverseStep {
  std::array<T, static_cast<std::size_t>(states_of<N>)> old_state, new_state, adjoint;
  std::array<T, static_cast<std::size_t>(input_count<N>)> synaptic, synaptic_adjoint;
  std::array<T, static_cast<std::size_t>(parameters_of<N>)> parameter_sum;
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
  (std::make_index_sequence<static_cast<std::size_t>(states_of<N>)>{});
  [&]<std::size_t... G>(std::index_sequence<G...>) __attribute__((always_inline)) {
    ((io.synaptic_adjoint[G] = v[detail::Place<program<N, Train>.synaptic_adjoint[G]>::value]), ...);
  }
  (std::make_index_sequence<static_cast<std::size_t>(input_count<N>)>{});
  if constexpr (Train) {
    [&]<std::size_t... K>(std::index_sequence<K...>) __attribute__((always_inline)) {
      ((io.parameter_sum[K] = v[detail::Place<program<N, Train>.parameter_sum[K]>::value]), ...);
    }
    (std::make_index_sequence<static_cast<std::size_t>(parameters_of<N>)>{});
  }
}

}  // namespace glifr::derive
