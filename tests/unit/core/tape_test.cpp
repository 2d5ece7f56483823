#include "glifr/core/tape.hpp"

#include <algorithm>
#include <array>
#include <thread>

#include "glifr/ops/elementwise.hpp"
#include "glifr/ops/linear.hpp"
#include "glifr/ops/reduce.hpp"
#include "glifr/ops/reshape.hpp"
#include "support/catch.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;
using Catch::Matchers::WithinAbs;
using test::copy_of;
using test::put_on;
using test::random_tensor;

TEST_CASE("the backward pass runs in the reverse of the order of recording") {
  Tape<double> tape;
  std::vector<int> order;
  auto* seen = &order;
  const Var<double> loss = tape.make({1});
  for (int i = 0; i < 4; ++i) tape.on_backward([seen, i] { seen->push_back(i); });
  tape.backward(loss);
  CHECK(order == std::vector<int>{3, 2, 1, 0});
}

TEST_CASE("a value that is used more than once collects all shares") {
  Tape<double> tape;
  const Var<double> x = put_on(tape, random_tensor<double>({3}, 1));
  const Var<double> y = x * x + 3 * x, z = y * x;
  tape.backward(sum(z));
  for (Index i = 0; i < 3; ++i) {
    const double v = x.value()(0, i);
    CHECK(std::abs(x.grad()(0, i) - (3 * v * v + 6 * v)) < 1e-14);
  }
}

TEST_CASE("a long chain needs no recursion") {
  Tape<double> tape;
  const Var<double> x = put_on(tape, random_tensor<double>({1}, 1));
  Var<double> y = x;
  for (int i = 0; i < 200000; ++i) y = y + 1;
  tape.backward(y);
  CHECK(x.grad()(0, 0) == 1);
}

TEST_CASE("a cleared tape starts anew in the same memory") {
  Tape<double> tape;
  const auto round = [&] {
    const Var<double> x = put_on(tape, random_tensor<double>({50, 40}, 1));
    tape.backward(sum(sigmoid(x) * x));
    return copy_of(x.grad());
  };
  const Tensor<double> first = round();
  const std::size_t capacity = tape.arena().capacity();
  for (int i = 0; i < 3; ++i) {
    tape.clear();
    CHECK(test::relative_difference(round(), first) == 0);
  }
  CHECK(tape.arena().capacity() == capacity);
}

TEST_CASE("a value of a cleared tape is caught") {
  Tape<double> tape;
  const Var<double> x = tape.make({2});
  CHECK(x.value().columns == 2);
  tape.clear();
  CHECK_THROWS_AS(x.value(), std::logic_error);
  CHECK_THROWS_AS(x.grad(), std::logic_error);
  CHECK_THROWS_AS(x.has_grad(), std::logic_error);
  CHECK_THROWS_AS(x.shape(), std::logic_error);
  CHECK_THROWS_AS(x.item(), std::logic_error);
  CHECK_THROWS_WITH(x + x, "a value of a tape was used after the tape was cleared");
  CHECK_THROWS_AS(tape.backward(x), std::logic_error);
}

TEST_CASE("what a cleared tape held is not reached through what came later") {
  Tape<double> tape;
  const Var<double> old = tape.make({2});
  tape.clear();
  const Var<double> x = tape.make({2});
  CHECK_THROWS_AS(x * old, std::logic_error);
  CHECK_THROWS_AS(tape.alias(old, {1}, 0), std::logic_error);
}

TEST_CASE("an empty value is caught") {
  const Var<double> empty;
  CHECK(empty.is_empty());
  CHECK_THROWS_AS(empty.value(), std::logic_error);
  CHECK_THROWS_AS(empty.item(), std::logic_error);
  CHECK_THROWS_AS(empty.tape(), std::logic_error);
  CHECK_THROWS_WITH(empty + empty, "a Var that stands for no value was used");
  Tape<double> tape;
  CHECK_THROWS_AS(tape.make({2}) * empty, std::logic_error);
  CHECK_THROWS_AS(tape.backward(empty), std::logic_error);
}

TEST_CASE("a loss of another tape is caught") {
  Tape<double> tape, other;
  const Var<double> loss = sum(put_on(tape, random_tensor<double>({3}, 1)));
  CHECK_THROWS_WITH(other.backward(loss), "backward: the loss is a value of another tape");
  CHECK_NOTHROW(tape.backward(loss));
}

TEST_CASE("a loss is a single number") {
  Tape<double> tape;
  const Var<double> x = tape.make({2, 3});
  CHECK_THROWS_WITH(tape.backward(x), "backward: expected a loss of size 1, found [2, 3]");
}

TEST_CASE("a tape that only runs forward keeps no gradient and records nothing") {
  Tape<double> tape(Tape<double>::Mode::forward_only);
  const Var<double> x = put_on(tape, random_tensor<double>({3}, 1));
  const Var<double> y = sum(exp(x));
  CHECK_FALSE(x.has_grad());
  CHECK_FALSE(y.has_grad());
  CHECK(y.grad().data == nullptr);
  tape.on_backward([] { throw std::logic_error("recorded"); });
  CHECK_NOTHROW(tape.backward(y));
}

TEST_CASE("nothing flows back to constants, nor to what is made of them alone") {
  Tape<double> tape;
  const double numbers[] = {1, 2};
  const Var<double> c = tape.constant({2}, numbers);
  const Var<double> x = put_on(tape, random_tensor<double>({2}, 1));
  CHECK_FALSE((c * c).has_grad());
  CHECK((c * x).has_grad());
  tape.backward(sum(c * c));
  tape.backward(sum(c * x));
  CHECK(x.grad()(0, 1) == 2);
}

TEST_CASE("a parameter is one value on the tape, however often it is used") {
  Parameter<double> p("p", {2}), frozen("frozen", {2});
  p.value.data()[0] = 3;
  frozen.is_trained = false;
  frozen.value.data()[0] = 5;
  Gradients<double> gradients({&p, &frozen});

  Tape<double> tape;
  SECTION("with gradients of the tape's own") {
    const Var<double> a = tape.use(p), b = tape.use(p);
    CHECK(a.value().data == b.value().data);
    tape.backward(sum(a * b * tape.use(frozen)));
    CHECK(a.grad()(0, 0) == 2 * 3 * 5);
    CHECK_FALSE(tape.use(frozen).has_grad());
    CHECK(gradients.of(p)(0, 0) == 0);
  }
  SECTION("with gradients that outlive the round, and add up over rounds") {
    tape.accumulate_into(&gradients);
    for (int round = 1; round <= 3; ++round) {
      tape.backward(sum(tape.use(p) * tape.use(frozen)));
      CHECK(gradients.of(p)(0, 0) == 5 * round);
      tape.clear();
    }
  }
}

TEST_CASE("the first gradient replaces what stood there, and what nobody gave a gradient is zero") {
  Parameter<double> p("p", {2, 2}), unused("unused", {3});
  Gradients<double> gradients({&p, &unused});
  const auto fill = [&] { std::ranges::fill(gradients.values(), 7.0); };
  Tape<double> tape;
  tape.accumulate_into(&gradients);
  SECTION("parameters, over rounds") {
    fill();
    gradients.begin();
    for (int round = 1; round <= 3; ++round) {
      const Var<double> x = put_on(tape, random_tensor<double>({1, 2}, 1));
      tape.backward(sum(matmul(x, tape.use(p))));
      const double sent = random_tensor<double>({1, 2}, 1).data()[1];
      CHECK_THAT(gradients.of(p)(1, 0), WithinAbs(sent * round, 1e-12));
      tape.clear();
    }
    gradients.complete();
    CHECK(gradients.of(unused)(0, 2) == 0);
    CHECK(gradients.of(p)(1, 0) != 0);
  }
  SECTION("values, however many operations they serve") {
    const Var<double> x = tape.make({3, 2}, 4);
    kernels::fill(tape.memory(), View<double>(x.value().data, 1, 12), 1.0);
    const auto [first, before] = x.grad_target();
    CHECK(before == 0);
    const auto [second, after] = x.grad_target();
    CHECK(after == 1);
    CHECK(first.data == second.data);
    const Var<double> y = tape.make({3, 2});
    CHECK(y.grad()(2, 1) == 0);
    CHECK(y.grad_target().kept == 1);
  }
  SECTION("a product and its operand's other uses") {
    for (const bool product_first : {true, false}) {
      const Var<double> x = put_on(tape, random_tensor<double>({3, 2}, 1)), w = tape.use(p);
      tape.backward(product_first ? sum(matmul(x, w)) + sum(x * 2.0) : sum(x * 2.0) + sum(matmul(x, w)));
      CHECK_THAT(x.grad()(2, 0), WithinAbs(2 + w.value()(0, 0) + w.value()(0, 1), 1e-12));
      tape.clear();
    }
  }
}

TEST_CASE("a gradient that may be computed later is there when it is asked for") {
  Tape<double> tape;
  const Var<double> x = tape.make({3, 2});
  int calls = 0;
  const auto defer = [&] {
    return x.defer_grad([&calls](Index first, const View<double>& rows) {
      ++calls;
      for (Index r = 0; r < rows.rows; ++r)
        std::fill_n(rows.row(r), rows.columns, 10.0 + static_cast<double>(first + r));
    });
  };
  SECTION("not where nobody takes it") {
    CHECK_FALSE(defer());
    tape.allow_deferred_grad(x);
    static_cast<void>(x.grad_target());
    CHECK_FALSE(defer());  // behind another one
  }
  SECTION("row by row to who takes it") {
    tape.allow_deferred_grad(x);
    CHECK_FALSE(tape.take_deferred_grad(x));
    CHECK(defer());
    CHECK_FALSE(defer());
    CHECK(calls == 0);
    const DeferredGradient<double> deferred = tape.take_deferred_grad(x);
    REQUIRE(deferred);
    CHECK_FALSE(tape.take_deferred_grad(x));
    std::array<double, 2> row{};
    deferred.write(2, {row.data(), 1, 2});
    CHECK(row == std::array{12.0, 12.0});
  }
  SECTION("whole to anybody else, once") {
    tape.allow_deferred_grad(x);
    CHECK(defer());
    const auto [rows, kept] = x.grad_target();
    CHECK(kept == 1);
    CHECK(rows(2, 1) == 12);
    CHECK(x.grad()(0, 0) == 10);
    CHECK(calls == 1);
    CHECK_FALSE(tape.take_deferred_grad(x));
  }
}

TEST_CASE("a gradient in whose place other numbers were put is not given out") {
  Tape<double> tape;
  const Var<double> x = put_on(tape, random_tensor<double>({2, 2}, 1));
  tape.backward(sum(x));
  CHECK(x.grad()(1, 1) == 1);
  tape.use_up_grad(x);
  CHECK_THROWS_AS(x.grad(), std::logic_error);
  CHECK_THROWS_AS(x.grad_target(), std::logic_error);
}

TEST_CASE("a backward pass runs once a round, of values of one tape") {
  Tape<double> tape, other;
  const Var<double> x = put_on(tape, random_tensor<double>({2, 2}, 1)),
                    y = put_on(other, random_tensor<double>({2, 2}, 2));
  tape.backward(sum(x));
  CHECK_THROWS_AS(tape.backward(sum(x)), std::logic_error);
  CHECK_THROWS_AS(x + y, std::logic_error);
  CHECK_THROWS_AS(matmul(x, y), std::logic_error);
  tape.clear();
  CHECK_NOTHROW(tape.backward(sum(put_on(tape, random_tensor<double>({2, 2}, 1)))));
}

TEST_CASE("operands of as many rows, but other steps and samples, are refused") {
  Tape<double> tape;
  const Var<double> x = put_on(tape, random_tensor<double>({4, 2, 1}, 1)),
                    y = put_on(tape, random_tensor<double>({2, 4, 1}, 2));
  CHECK_THROWS_AS(x - y, ShapeError);
  CHECK_NOTHROW(x - put_on(tape, random_tensor<double>({4, 2, 1}, 2)));
  CHECK_NOTHROW(x * put_on(tape, random_tensor<double>({1}, 2)));
}

TEST_CASE("lengths and active inputs that there are not are refused") {
  Tape<double> tape;
  const Var<double> x = put_on(tape, random_tensor<double>({4, 2, 1}, 1)),
                    w = put_on(tape, random_tensor<double>({3, 2}, 2));
  for (const std::int32_t length : {0, 5}) {
    const std::vector<std::int32_t> lengths{4, length};
    CHECK_THROWS_AS(last_valid_step(x, std::span<const std::int32_t>(lengths)), ShapeError);
  }
  for (const std::vector<std::uint16_t>& inputs : {std::vector<std::uint16_t>{0, 3}, {3, 0}}) {
    const ActiveInputs active{inputs.data(), 2};
    CHECK_THROWS_AS(sparse_matmul(&active, 1, w), ShapeError);
  }
}

TEST_CASE("a part of a value shares its memory and its gradient") {
  Tape<double> tape;
  const Var<double> x = put_on(tape, random_tensor<double>({4, 3}, 1));
  const Var<double> part = tape.alias(x, {2, 2}, 4);  // rows 1 and 2, columns 1 and 2
  CHECK(part.value()(1, 0) == x.value()(2, 1));
  tape.backward(sum(part));
  for (Index r = 0; r < 4; ++r) {
    for (Index c = 0; c < 3; ++c) CHECK(x.grad()(r, c) == (r > 0 && r < 3 && c > 0 ? 1 : 0));
  }
}

TEST_CASE("tapes of different threads do not know of each other") {
  const auto work = [](std::uint32_t key) {
    Tape<double> tape;
    Tensor<double> last;
    for (int round = 0; round < 200; ++round) {
      tape.clear();
      const Var<double> x = put_on(tape, random_tensor<double>({20, 10}, key));
      tape.backward(mean(tanh(x) * sigmoid(x)));
      last = copy_of(x.grad());
    }
    return last;
  };
  const Tensor<double> alone[] = {work(1), work(2)};
  Tensor<double> together[2];
  std::thread first([&] { together[0] = work(1); }), second([&] { together[1] = work(2); });
  first.join();
  second.join();
  for (int i = 0; i < 2; ++i) CHECK(test::relative_difference(together[i], alone[i]) == 0);
}

}  // namespace
