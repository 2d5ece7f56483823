// Every operation's gradient, against central differences.
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "glifr/core/gradient_check.hpp"
#include "glifr/ops/linear.hpp"
#include "glifr/ops/loss.hpp"
#include "glifr/ops/output_mask.hpp"
#include "glifr/ops/reduce.hpp"
#include "glifr/ops/reshape.hpp"
#include "support/catch.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;
using test::put_on;
using test::random_tensor;

using V = Var<double>;
using Vars = std::vector<V>;

/// Checks f at random inputs of these shapes.
template <class F>
void check(const std::string& what, const F& f, const std::vector<Shape>& shapes, double low = -1, double high = 1) {
  std::vector<Tensor<double>> inputs;
  std::string sizes;
  for (const Shape& shape : shapes) {
    inputs.push_back(random_tensor<double>(shape, static_cast<std::uint32_t>(inputs.size()), low, high));
    sizes += " " + to_string(shape);
  }
  const GradientCheck result = gradient_check([&](Tape<double>&, Vars& in) { return f(in); }, std::move(inputs));
  INFO(what << " of" << sizes << ": " << result.report);
  CHECK(result.passed);
}

using Function = std::function<V(Vars&)>;
struct Operation {
  const char* name;
  Function f;
};

TEST_CASE("functions of one value") {
  const std::array<Operation, 15> functions{{
      {"sigmoid", [](Vars& in) { return sigmoid(in[0]); }},
      {"tanh", [](Vars& in) { return tanh(in[0]); }},
      {"exp", [](Vars& in) { return exp(in[0]); }},
      {"abs", [](Vars& in) { return abs(in[0]); }},
      {"-x", [](Vars& in) { return -in[0]; }},
      {"scale", [](Vars& in) { return scale(in[0], -2.5); }},
      {"affine", [](Vars& in) { return affine(in[0], 0.3, 7.0); }},
      {"x + 2", [](Vars& in) { return in[0] + 2; }},
      {"2 - x", [](Vars& in) { return 2 - in[0]; }},
      {"x * 3 - 1", [](Vars& in) { return in[0] * 3 - 1; }},
      {"x / 3", [](Vars& in) { return in[0] / 3; }},
      {"max(x, 0.1)", [](Vars& in) { return max(in[0], 0.1); }},
      {"min(0.1, x)", [](Vars& in) { return min(0.1, in[0]); }},
      {"x x", [](Vars& in) { return in[0] * in[0]; }},
      {"x + x", [](Vars& in) { return in[0] + in[0]; }},
  }};
  for (const Operation& function : functions) {
    for (const Shape& shape : {Shape{0}, Shape{1}, Shape{2, 3}, Shape{3, 2, 4}, Shape{3, 0, 4}}) {
      check(function.name, function.f, {shape}, -3, 3);
    }
  }
}

TEST_CASE("functions of one positive value") {
  const std::array<Operation, 4> functions{{
      {"log", [](Vars& in) { return log(in[0]); }},
      {"sqrt", [](Vars& in) { return sqrt(in[0]); }},
      {"3 / x", [](Vars& in) { return 3 / in[0]; }},
      {"x / x", [](Vars& in) { return in[0] / in[0]; }},
  }};
  for (const Operation& function : functions) {
    for (const Shape& shape : {Shape{0}, Shape{1}, Shape{2, 3}, Shape{3, 2, 4}}) {
      check(function.name, function.f, {shape}, 0.2, 3);
    }
  }
}

/// Pairs of operands with all that may be repeated: nothing, a row, a column, a number, a row of one and a column of
/// the other.
const std::vector<std::vector<Shape>> operand_pairs{
    {{0}, {0}},       {{1}, {1}},       {{2, 3}, {2, 3}}, {{2, 3}, {1, 3}}, {{1, 3}, {2, 3}},       {{2, 3}, {3}},
    {{2, 3}, {2, 1}}, {{2, 1}, {2, 3}}, {{2, 3}, {1}},    {{1}, {2, 3}},    {{1, 3}, {2, 1}},       {{2, 1}, {1, 3}},
    {{0, 3}, {1, 3}}, {{1, 3}, {0, 3}}, {{2, 4, 3}, {3}}, {{2, 4, 3}, {1}}, {{2, 4, 3}, {2, 4, 3}},
};

TEST_CASE("functions of two values, rows, columns and numbers repeated") {
  const std::array<Operation, 8> functions{{
      {"a + b", [](Vars& in) { return in[0] + in[1]; }},
      {"a - b", [](Vars& in) { return in[0] - in[1]; }},
      {"a b", [](Vars& in) { return in[0] * in[1]; }},
      {"a / b", [](Vars& in) { return in[0] / in[1]; }},
      {"min", [](Vars& in) { return min(in[0], in[1]); }},
      {"max", [](Vars& in) { return max(in[0], in[1]); }},
      {"select", [](Vars& in) { return select(less(in[0], in[1]), in[0] * in[1], in[0] - in[1]); }},
      {"select a number", [](Vars& in) { return select(less(in[0], in[1]), 0.7, in[0] * in[1]); }},
  }};
  for (const Operation& function : functions) {
    for (const auto& shapes : operand_pairs) check(function.name, function.f, shapes, 0.3, 2);
  }
}

TEST_CASE("a comparison has no derivative, and select passes one to the chosen operand alone") {
  Tape<double> tape;
  const V a = put_on(tape, random_tensor<double>({4}, 1)), b = put_on(tape, random_tensor<double>({4}, 2));
  const V chosen = less(a, b);
  const V y = select(chosen, a, b);
  tape.backward(sum(y));
  for (Index i = 0; i < 4; ++i) {
    const double is_a = a.value()(0, i) < b.value()(0, i) ? 1 : 0;
    CHECK(chosen.value()(0, i) == is_a);
    CHECK(a.grad()(0, i) == is_a);
    CHECK(b.grad()(0, i) == 1 - is_a);
    CHECK(y.value()(0, i) == std::min(a.value()(0, i), b.value()(0, i)));
  }
}

TEST_CASE("where two values are equal, min and max give their derivative to the first") {
  Tape<double> tape;
  const V a = put_on(tape, Tensor<double>({1})), b = put_on(tape, Tensor<double>({1}));
  tape.backward(sum(min(a, b) + 10 * max(a, b)));
  CHECK(a.grad()(0, 0) == 11);
  CHECK(b.grad()(0, 0) == 0);
}

TEST_CASE("a surrogate goes forward as its value and back by its slope, and by nothing else") {
  for (const Shape& slope_shape : {Shape{2, 3}, Shape{1, 3}, Shape{1}}) {
    Tape<double> tape;
    const V x = put_on(tape, random_tensor<double>({2, 3}, 1));
    const V slope = put_on(tape, random_tensor<double>(slope_shape, 2));
    const V weight = put_on(tape, random_tensor<double>({2, 3}, 3));
    const V y = surrogate(x * x, x, slope);
    tape.backward(sum(y * weight));
    for (Index r = 0; r < 2; ++r) {
      for (Index c = 0; c < 3; ++c) {
        const double xi = x.value()(r, c);
        CHECK(y.value()(r, c) == xi * xi);
        CHECK(x.grad()(r, c) ==
              weight.value()(r, c) * slope.value()(slope_shape.rows() > 1 ? r : 0, slope_shape.columns() > 1 ? c : 0));
      }
    }
    CHECK(test::relative_difference(slope.grad(), Tensor<double>(slope_shape).view()) == 0);
  }
}

TEST_CASE("matrix products") {
  for (const auto& [rows, inner, columns] :
       {std::array<Index, 3>{0, 3, 2}, {2, 0, 3}, {2, 3, 0}, {1, 1, 1}, {1, 4, 3}, {4, 1, 3}, {4, 3, 1}, {2, 3, 5}}) {
    check("matmul", [](Vars& in) { return matmul(in[0], in[1]); }, {{rows, inner}, {inner, columns}});
    check("linear", [](Vars& in) { return linear(in[0], in[1], in[2]); }, {{rows, inner}, {inner, columns}, {columns}});
  }
  check("matmul", [](Vars& in) { return matmul(in[0], in[1]); }, {{2, 3, 4}, {4, 5}});
  check("x x", [](Vars& in) { return matmul(in[0], in[0]); }, {{3, 3}});
}

TEST_CASE("products with binary inputs, given by the indices of their ones") {
  const std::array<std::uint16_t, 4> ones{0, 3, 3, 4};
  // Rows {0, 3}, {}, {3}, {4}: none, one, several, and one that two rows share.
  const std::array<ActiveInputs, 4> rows{{{&ones[0], 2}, {nullptr, 0}, {&ones[2], 1}, {&ones[3], 1}}};
  for (const Index count : {0, 1, 4}) {
    check("sparse_matmul", [&](Vars& in) { return sparse_matmul(rows.data(), count, in[0]); }, {{5, 3}});
  }
  Tape<double> tape;
  Tensor<double> dense({4, 5});
  dense.view()(0, 0) = dense.view()(0, 3) = dense.view()(2, 3) = dense.view()(3, 4) = 1;
  const V weights = put_on(tape, random_tensor<double>({5, 3}, 1));
  CHECK(test::relative_difference(sparse_matmul(rows.data(), 4, weights).value(),
                                  matmul(put_on(tape, dense), weights).value()) < 1e-15);
}

TEST_CASE("sums and means") {
  for (const Over over : {Over::all, Over::rows, Over::columns}) {
    for (const Shape& shape : {Shape{1}, Shape{5}, Shape{2, 3}, Shape{2, 3, 4}, Shape{0, 3}, Shape{3, 0}}) {
      check("sum", [=](Vars& in) { return sum(in[0] * in[0], over); }, {shape});
      if (shape.size() > 0) check("mean", [=](Vars& in) { return mean(in[0] * in[0], over); }, {shape});
    }
  }
}

TEST_CASE("parts of a sequence") {
  check("slice", [](Vars& in) { return slice(in[0], 1, 3); }, {{5, 2, 3}});
  check("slice of nothing", [](Vars& in) { return slice(in[0], 2, 0); }, {{5, 2, 3}});
  check("step_of", [](Vars& in) { return step_of(in[0], 4) * step_of(in[0], 1); }, {{5, 2, 3}});
  check("overlapping slices",
        [](Vars& in) { return slice(in[0], 0, 2) * slice(in[0], 1, 2) + slice(slice(in[0], 1, 2), 0, 2); },
        {{3, 2, 3}});
}

TEST_CASE("steps stacked to a sequence") {
  check("stack",
        [](Vars& in) {
          return stack<double>(in[0].tape(), std::array{in[0], in[1], in[0]});
        },
        {{2, 3}, {2, 3}});
  check("stack of one", [](Vars& in) { return stack<double>(in[0].tape(), std::array{in[0]}); }, {{1, 1}});
  check("stack of nothing wide", [](Vars& in) { return stack<double>(in[0].tape(), std::array{in[0]}); }, {{2, 0}});
  check("stack with a constant",
        [](Vars& in) {
          static constexpr double two[] = {2, 2};
          return stack<double>(in[0].tape(), std::array{in[0], in[0].tape().constant({1, 2}, two)});
        },
        {{1, 2}});
}

TEST_CASE("dropout and silencing") {
  const std::array<Index, 3> samples{5, 0, 7};
  const std::array<double, 4> silencing{1, 0, 1, 1};
  for (const double dropout : {0.0, 0.4, 1.0}) {
    const OutputMask<double> mask{dropout, Random(3, Stream::dropout), samples, silencing};
    check("mask", [&](Vars& in) { return in[0] * mask.at(in[0].tape(), 2, 6, 3, 4); }, {{3, 4}});
  }
}

TEST_CASE("mean squared error") {
  for (const Shape& shape : {Shape{1}, Shape{2, 3}, Shape{4, 2, 3}}) {
    const Tensor<double> target = random_tensor<double>(shape, 9);
    check("mse", [&](Vars& in) { return mean_squared_error(in[0], target.view()).value; }, {shape});
    check("share of an mse", [&](Vars& in) { return 3 * mean_squared_error(in[0], target.view(), 100).value; },
          {shape});
  }
}

TEST_CASE("softmax cross entropy, at ordinary and at extreme values") {
  const std::array<std::int32_t, 4> labels{0, 2, 1, 2};
  for (const double size : {1.0, 30.0, 1e4}) {
    const auto loss = [&](Vars& in) { return softmax_cross_entropy(in[0], labels).value; };
    check("cross entropy", loss, {{4, 3}}, -size, size);
  }
  check("share of a cross entropy", [&](Vars& in) { return 3 * softmax_cross_entropy(in[0], labels, 100).value; },
        {{4, 3}});
  const std::array<std::int32_t, 1> only{0};
  check("a single class", [&](Vars& in) { return softmax_cross_entropy(in[0], only).value; }, {{1, 1}});
}

TEST_CASE("losses with weights of rows, and the last valid steps") {
  const std::array<double, 4> weights{0.5, 0, 2, 1};
  const std::array<std::int32_t, 4> labels{0, 2, 1, 2};
  const Tensor<double> target = random_tensor<double>({4, 3}, 9);
  check("mse", [&](Vars& in) { return mean_squared_error(in[0], target.view(), 5, weights.data()).value; }, {{4, 3}});
  check("cross entropy", [&](Vars& in) { return softmax_cross_entropy(in[0], labels, 5, weights.data()).value; },
        {{4, 3}});
  const std::array<std::int32_t, 3> lengths{2, 1, 4};
  check("last valid step",
        [&](Vars& in) { return last_valid_step(in[0] * in[0], std::span<const std::int32_t>(lengths)); }, {{4, 3, 2}});
}

}  // namespace
