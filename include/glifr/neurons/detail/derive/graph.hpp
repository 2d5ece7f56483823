#pragma once

#include <array>
#include <cstddef>
#include <stdexcept>

#include "glifr/neurons/functions.hpp"
#include "glifr/neurons/indexing.hpp"

/// What a step computes, as a graph.
namespace glifr::derive {

// What is called where nothing can be recorded. It cannot run while compiling, so that the compiler names it.
inline void this_step_is_too_long_make_Graph_capacity_larger() {
  throw std::logic_error("a neuron's step is too long: make derive::Graph::capacity larger");
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

  constexpr const Node& operator[](int id) const { return at(nodes, id); }
  constexpr bool is(int id, Op op) const { return (*this)[id].op == op; }
  constexpr bool is_value(int id, double value) const { return is(id, Op::literal) && (*this)[id].value == value; }

  constexpr int put(const Node& node) {
    for (int id = 0; id < size; ++id) {
      if (at(nodes, id) == node) return id;
    }
    if (size == capacity) this_step_is_too_long_make_Graph_capacity_larger();
    at(nodes, size) = node;
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

}  // namespace glifr::derive
