#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>

#include "glifr/neurons/detail/derive/graph.hpp"

/// Which nodes of a graph are needed, and a graph of these alone.
namespace glifr::derive {

/// Marks what the marked nodes depend on, too.
constexpr void mark_operands(const Graph& graph, std::array<bool, Graph::capacity>& live) {
  for (int id = graph.size - 1; id >= 0; --id) {
    const Node& n = graph[id];
    if (!at(live, id) || is_leaf(n.op)) continue;
    for (const int operand : {n.a, n.b, n.c}) {
      if (operand >= 0) at(live, operand) = true;
    }
  }
}

/// Marks what the nodes in `roots` depend on.
constexpr std::array<bool, Graph::capacity> live_nodes(const Graph& graph, std::span<const int> roots) {
  std::array<bool, Graph::capacity> live{};
  for (const int id : roots) at(live, id) = true;
  mark_operands(graph, live);
  return live;
}

/// Drops what no result needs, fuses products that are used once into the sum that uses them, and numbers the rest
/// anew, in order.
constexpr void compact(Graph& graph, std::initializer_list<std::span<int>> results) {
  std::array<bool, Graph::capacity> live{};
  const auto for_each_result = [&](auto&& visit) {
    for (const std::span<int> ids : results) {
      for (int& id : ids) visit(id);
    }
  };
  for_each_result([&](int& id) { at(live, id) = true; });
  mark_operands(graph, live);
  std::array<int, Graph::capacity> uses{};
  const auto use = [&](int id) {
    if (id >= 0) ++at(uses, id);
  };
  for (int id = 0; id < graph.size; ++id) {
    if (!at(live, id) || is_leaf(graph[id].op)) continue;
    use(graph[id].a);
    use(graph[id].b);
    use(graph[id].c);
  }
  for_each_result([&](int& id) { use(id); });

  for (int id = 0; id < graph.size; ++id) {
    if (!at(live, id)) continue;
    Node& n = at(graph.nodes, id);
    if (n.op != op_of<functions::Add> && n.op != op_of<functions::Subtract>) continue;
    const auto fuses = [&](int operand) {
      return graph.is(operand, op_of<functions::Multiply>) && at(uses, operand) == 1;
    };
    const auto fuse = [&](Op op, int product, int other) {
      n = {.op = op, .a = graph[product].a, .b = graph[product].b, .c = other};
      at(live, product) = false;
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
    if (!at(live, id)) continue;
    Node n = graph[id];
    if (!is_leaf(n.op)) {
      for (int* operand : {&n.a, &n.b, &n.c}) {
        if (*operand >= 0) *operand = number[static_cast<std::size_t>(*operand)];
      }
    }
    at(number, id) = compacted.size;
    compacted.nodes[static_cast<std::size_t>(compacted.size++)] = n;
  }
  graph = compacted;
  for_each_result([&](int& id) { id = at(number, id); });
}

}  // namespace glifr::derive
