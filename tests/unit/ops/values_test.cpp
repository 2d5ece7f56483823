// What operations compute going forward; their derivatives are tested under tests/gradient.
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "glifr/ops/linear.hpp"
#include "glifr/ops/loss.hpp"
#include "glifr/ops/output_mask.hpp"
#include "glifr/ops/reduce.hpp"
#include "glifr/ops/reshape.hpp"
#include "support/catch.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;

using V = Var<double>;
using List = std::vector<double>;

/// A value on the tape with the given numbers.
V put(Tape<double>& tape, const Shape& shape, const List& numbers) {
  const V var = tape.make(shape);
  std::copy(numbers.begin(), numbers.end(), var.value().data);
  return var;
}
List numbers_of(const V& var) {
  const auto tensor = test::copy_of(var.value());
  return {tensor.values().begin(), tensor.values().end()};
}

TEST_CASE("a single row, column or number is repeated") {
  Tape<double> tape;
  const V m = put(tape, {2, 3}, {1, 2, 3, 4, 5, 6});
  const V row = put(tape, {3}, {10, 20, 30}), column = put(tape, {2, 1}, {100, 200}), number = put(tape, {1}, {7});
  CHECK(numbers_of(m + row) == List{11, 22, 33, 14, 25, 36});
  CHECK(numbers_of(column - m) == List{99, 98, 97, 196, 195, 194});
  CHECK(numbers_of(m * number) == List{7, 14, 21, 28, 35, 42});
  CHECK(numbers_of(row / column) == List{0.1, 0.2, 0.3, 0.05, 0.1, 0.15});
  CHECK((row + column).shape() == Shape{2, 3});
  CHECK((m + number).shape() == Shape{2, 3});
  CHECK((put(tape, {1, 2, 3}, {1, 2, 3, 4, 5, 6}) + row).shape() == Shape{1, 2, 3});
  CHECK(numbers_of(2 - number) == List{-5});
  CHECK(numbers_of(14 / number) == List{2});
  CHECK(numbers_of(number / 2 + 1) == List{4.5});
}

TEST_CASE("select takes no number from the operand that is not chosen, be it no number at all") {
  Tape<double> tape;
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const V condition = put(tape, {4}, {1, 0, 1, 0});
  const V a = put(tape, {4}, {1, nan, 3, infinity}), b = put(tape, {4}, {nan, 2, infinity, 4});
  const V y = select(condition, a, b);
  CHECK(numbers_of(y) == List{1, 2, 3, 4});
  tape.backward(sum(y * y));
  CHECK(std::vector<double>(a.grad().data, a.grad().data + 4) == List{2, 0, 6, 0});
  CHECK(std::vector<double>(b.grad().data, b.grad().data + 4) == List{0, 4, 0, 8});
}

TEST_CASE("sums and means over all, rows and columns") {
  Tape<double> tape;
  const V m = put(tape, {2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(numbers_of(sum(m)) == List{21});
  CHECK(numbers_of(sum(m, Over::rows)) == List{5, 7, 9});
  CHECK(numbers_of(sum(m, Over::columns)) == List{6, 15});
  CHECK(numbers_of(mean(m)) == List{3.5});
  CHECK(numbers_of(mean(m, Over::rows)) == List{2.5, 3.5, 4.5});
  CHECK(numbers_of(mean(m, Over::columns)) == List{2, 5});
  CHECK(sum(m, Over::rows).shape() == Shape{1, 3});
  CHECK(sum(m, Over::columns).shape() == Shape{2, 1});
  CHECK(sum(m).shape() == Shape{1});
  CHECK(std::isnan(mean(put(tape, {0}, {})).item()));
}

TEST_CASE("steps of a sequence are parts of it, and a stack of them is a copy") {
  Tape<double> tape;
  const V x = put(tape, {3, 1, 2}, {1, 2, 3, 4, 5, 6});
  CHECK(numbers_of(slice(x, 1, 2)) == List{3, 4, 5, 6});
  CHECK(slice(x, 1, 2).value().data == x.value().row(1));
  CHECK(step_of(x, 2).shape() == Shape{1, 2});
  CHECK(numbers_of(step_of(x, 2)) == List{5, 6});
  const V y = stack<double>(tape, std::array{step_of(x, 2), step_of(x, 0)});
  CHECK(y.shape() == Shape{2, 1, 2});
  CHECK(numbers_of(y) == List{5, 6, 1, 2});
}

TEST_CASE("mean squared error, of a whole and of a share") {
  Tape<double> tape;
  const V x = put(tape, {2, 2}, {1, 2, 3, 4});
  Tensor<double> target({2, 2});
  const auto whole = mean_squared_error(x, target.view());
  CHECK(whole.value.item() == 30.0 / 4);
  CHECK(whole.sum() == 30);
  CHECK(mean_squared_error(x, target.view(), 10).value.item() == 3);
}

TEST_CASE("weights of rows multiply their terms of a loss, and what has none is not looked at") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::array<double, 3> weights{0.5, 0, 4};
  Tape<double> tape;
  const V x = put(tape, {3, 2}, {1, 2, nan, nan, 3, 5});
  Tensor<double> target({3, 2});
  const auto squared = mean_squared_error(x, target.view(), 10, weights.data());
  CHECK(squared.sum() == 0.5 * 5 + 4 * 34);
  CHECK(std::abs(squared.value.item() - squared.sum() / 10) < 1e-14);
  tape.backward(squared.value);
  const double slopes[] = {0.1, 0.2, 0, 0, 2.4, 4};
  for (Index i = 0; i < 6; ++i) CHECK(std::abs(x.grad().data[i] - slopes[i]) < 1e-15);

  tape.clear();
  const std::array<std::int32_t, 3> labels{0, 1, 1};
  const V logits = put(tape, {3, 2}, {0, 0, nan, nan, 0, std::log(3.0)});
  const auto entropy = softmax_cross_entropy(logits, labels, 10, weights.data());
  CHECK(std::abs(entropy.sum() - (0.5 * std::log(2.0) + 4 * std::log(4.0 / 3))) < 1e-15);
  tape.backward(entropy.value);
  const double expected[] = {-0.025, 0.025, 0, 0, 0.1, -0.1};
  for (Index i = 0; i < 6; ++i) CHECK(std::abs(logits.grad().data[i] - expected[i]) < 1e-15);
}

TEST_CASE("the last valid step of each sample") {
  Tape<double> tape;
  const std::array<std::int32_t, 2> lengths{3, 1};
  const V x = put(tape, {3, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  const V y = last_valid_step(x, std::span<const std::int32_t>(lengths));
  CHECK(y.shape() == Shape{1, 2, 2});
  CHECK(numbers_of(y) == List{9, 10, 3, 4});
  CHECK_THROWS_AS(last_valid_step(x, std::span<const std::int32_t>(lengths).first(1)), ShapeError);
}

TEST_CASE("cross entropy of softmax, also where exponentials would overflow") {
  Tape<double> tape;
  const std::array<std::int32_t, 2> labels{2, 0};
  const auto loss = softmax_cross_entropy(put(tape, {2, 3}, {1, 2, 3, 0, 0, 0}), labels);
  const double first = std::log(std::exp(-2.0) + std::exp(-1.0) + 1);
  CHECK(std::abs(loss.sum() - (first + std::log(3.0))) < 1e-14);
  CHECK(std::abs(loss.value.item() - loss.sum() / 2) < 1e-15);

  const V extreme = put(tape, {2, 3}, {1e300, -1e300, 1e300, 5, -1e4, 1e4});
  const auto large = softmax_cross_entropy(extreme, labels);
  CHECK(std::abs(large.sum() - (std::log(2.0) + 1e4 - 5)) < 1e-9);
  tape.backward(large.value);
  const double expected[] = {0.25, 0, -0.25, -0.5, 0, 0.5};
  for (Index i = 0; i < 6; ++i) CHECK(std::abs(extreme.grad().data[i] - expected[i]) < 1e-15);
}

TEST_CASE("cross entropy in float is finite for logits that training may reach") {
  Tape<float> tape;
  const Var<float> x = tape.make({1, 3});
  const std::array<std::int32_t, 1> label{1};
  x.value().data[0] = 1e30f, x.value().data[1] = -1e30f, x.value().data[2] = 0;
  const auto loss = softmax_cross_entropy(x, label);
  CHECK(std::isfinite(loss.value.item()));
  tape.backward(loss.value);
  CHECK((x.grad().data[0] == 1 && x.grad().data[1] == -1 && x.grad().data[2] == 0));
}

TEST_CASE("dropout keeps its share of outputs, scaled so that their mean stays") {
  std::vector<Index> samples(200);
  for (std::size_t b = 0; b < samples.size(); ++b) samples[b] = static_cast<Index>(b);
  const OutputMask<double> mask{.dropout = 0.3, .random = Random(1, Stream::dropout, 4), .samples = samples};
  Tape<double> tape;
  const V factors = mask.at(tape, 1, 5, 200, 101);
  double kept = 0;
  for (const double factor : numbers_of(factors)) {
    CHECK((factor == 0 || factor == 1 / 0.7));
    kept += factor > 0 ? 1 : 0;
  }
  const double count = 200 * 101;
  CHECK(std::abs(kept / count - 0.7) < 5 * std::sqrt(0.21 / count));
}

TEST_CASE("dropout is drawn for a sample, a step and a neuron, however a batch is cut up") {
  const std::array<Index, 3> all{4, 9, 2}, one{9};
  const auto mask = [](std::span<const Index> samples, std::uint32_t epoch) {
    return OutputMask<double>{.dropout = 0.5, .random = Random(1, Stream::dropout, epoch), .samples = samples};
  };
  Tape<double> tape;
  const auto row = [&](const OutputMask<double>& m, Index t, Index b) {
    List factors(m.samples.size() * 37);
    m.fill(tape, t, 1, 6, std::ssize(m.samples), {factors.data(), std::ssize(m.samples), 37});
    return List(factors.begin() + b * 37, factors.begin() + (b + 1) * 37);
  };
  CHECK(row(mask(all, 0), 3, 1) == row(mask(one, 0), 3, 0));
  CHECK(row(mask(all, 0), 3, 1) != row(mask(all, 0), 3, 0));
  CHECK(row(mask(all, 0), 3, 1) != row(mask(all, 0), 2, 1));
  CHECK(row(mask(all, 0), 3, 1) != row(mask(all, 1), 3, 1));
}

TEST_CASE("everything dropped, nothing dropped, some silenced") {
  const std::array<Index, 1> samples{0};
  const std::array<double, 5> silencing{1, 0, 1, 1, 0};
  Tape<double> tape;
  const auto row = [&](const OutputMask<double>& m) {
    List factors(5, 9);
    m.fill(tape, 0, 1, 1, 1, {factors.data(), 1, 5});
    return factors;
  };
  CHECK(row({}) == List{1, 1, 1, 1, 1});
  CHECK(row({.dropout = 1, .samples = samples}) == List{0, 0, 0, 0, 0});
  CHECK(row({.silencing = silencing}) == List{1, 0, 1, 1, 0});
  const List both = row({.dropout = 0.5, .samples = samples, .silencing = silencing});
  CHECK((both[1] == 0 && both[4] == 0));
  CHECK_FALSE(OutputMask<double>{}.is_active());
  CHECK(OutputMask<double>{.silencing = silencing}.is_constant());
  CHECK_FALSE((OutputMask<double>{.dropout = 0.5, .samples = samples}.is_constant()));
}

}  // namespace
