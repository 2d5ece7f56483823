// Every operation on a device against the same on the host: values and gradients.
#include <array>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "glifr/ops/linear.hpp"
#include "glifr/ops/loss.hpp"
#include "glifr/ops/output_mask.hpp"
#include "glifr/ops/reduce.hpp"
#include "glifr/ops/reshape.hpp"
#include "support/devices.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;
using test::copy_of;
using test::put_on;
using test::random_tensor;

template <Scalar T>
using Function = std::function<Var<T>(std::vector<Var<T>>&)>;

/// The value of f, and the gradients of its inputs under fixed random weights on the value.
template <Scalar T>
std::vector<Tensor<T>> evaluate(const Function<T>& f, const std::vector<Shape>& shapes, Device* device) {
  Tape<T> tape(Tape<T>::Mode::record, device);
  std::vector<Var<T>> inputs;
  for (const Shape& shape : shapes) {
    inputs.push_back(put_on(tape, random_tensor<T>(shape, static_cast<std::uint32_t>(inputs.size()), 0.3, 2)));
  }
  const Var<T> y = f(inputs);
  tape.backward(sum(y * put_on(tape, random_tensor<T>(y.shape(), 99))));
  std::vector<Tensor<T>> found{copy_of(y.value(), device)};
  for (const Var<T>& input : inputs) found.push_back(copy_of(input.grad(), device));
  return found;
}

template <class F>
void check(Device* device, const std::string& what, const F& f, const std::vector<Shape>& shapes) {
  const auto compare = [&]<class T>(T, double tolerance) {
    const Function<T> function = f;
    const auto here = evaluate<T>(function, shapes, nullptr), there = evaluate<T>(function, shapes, device);
    for (std::size_t i = 0; i < here.size(); ++i) {
      INFO(what << (i == 0 ? ", value" : ", gradient " + std::to_string(i)) << ", first input "
                << to_string(shapes[0]));
      CHECK(test::relative_difference(there[i], here[i]) <= tolerance);
    }
  };
  compare(double{}, 1e-10);
  compare(float{}, 1e-4);
}

struct Operation {
  const char* name;
  std::function<Var<double>(std::vector<Var<double>>&)> in_double;
  std::function<Var<float>(std::vector<Var<float>>&)> in_float;
  operator Function<double>() const { return in_double; }
  operator Function<float>() const { return in_float; }
};
template <class F>
Operation operation(const char* name, F f) {
  return {name, f, f};
}

TEST_CASE("functions of one value, on a device") {
  GLIFR_NEEDS_DEVICE(device);
  const auto operations = {
      operation("sigmoid", [](auto& in) { return sigmoid(in[0]); }),
      operation("tanh", [](auto& in) { return tanh(in[0]); }),
      operation("exp", [](auto& in) { return exp(in[0]); }),
      operation("log", [](auto& in) { return log(in[0]); }),
      operation("sqrt", [](auto& in) { return sqrt(in[0]); }),
      operation("abs", [](auto& in) { return abs(in[0] - 1); }),
      operation("affine", [](auto& in) { return 3 - in[0] * 2 + 1; }),
      operation("3 / x", [](auto& in) { return 3 / in[0]; }),
      operation("x x", [](auto& in) { return in[0] * in[0]; }),
      operation("max(x, 1)", [](auto& in) { return max(in[0], 1); }),
  };
  for (const Operation& o : operations) {
    for (const Shape& shape : {Shape{1}, Shape{2, 3}, Shape{3, 2, 4}, Shape{0}, Shape{300, 7}})
      check(device, o.name, o, {shape});
  }
}

TEST_CASE("functions of two values, rows, columns and numbers repeated, on a device") {
  GLIFR_NEEDS_DEVICE(device);
  const auto operations = {
      operation("a + b", [](auto& in) { return in[0] + in[1]; }),
      operation("a - b", [](auto& in) { return in[0] - in[1]; }),
      operation("a b", [](auto& in) { return in[0] * in[1]; }),
      operation("a / b", [](auto& in) { return in[0] / in[1]; }),
      operation("min", [](auto& in) { return min(in[0], in[1]); }),
      operation("max", [](auto& in) { return max(in[0], in[1]); }),
      operation("select", [](auto& in) { return select(less(in[0], in[1]), in[0] * in[1], in[0] - in[1]); }),
  };
  const std::vector<std::vector<Shape>> pairs{{{1}, {1}},       {{2, 3}, {2, 3}}, {{2, 3}, {1, 3}},   {{2, 3}, {2, 1}},
                                              {{2, 1}, {2, 3}}, {{1}, {2, 3}},    {{1, 3}, {2, 1}},   {{2, 4, 3}, {3}},
                                              {{0, 3}, {1, 3}}, {{700, 5}, {5}},  {{3, 900}, {3, 1}}, {{60, 300}, {1}}};
  for (const Operation& o : operations) {
    for (const auto& shapes : pairs) check(device, o.name, o, shapes);
  }
  check(device, "surrogate", operation("surrogate", [](auto& in) { return surrogate(in[0] * in[0], in[0], in[1]); }),
        {{2, 3}, {1, 3}});
}

TEST_CASE("products, sums and parts, on a device") {
  GLIFR_NEEDS_DEVICE(device);
  for (const auto& [rows, inner, columns] :
       {std::array<Index, 3>{1, 1, 1}, {2, 3, 5}, {300, 1, 20}, {40, 70, 1}, {2, 0, 3}, {0, 3, 2}, {1, 500, 3}}) {
    check(device, "linear", operation("linear", [](auto& in) { return linear(in[0], in[1], in[2]); }),
          {{rows, inner}, {inner, columns}, {columns}});
  }
  for (const Over over : {Over::all, Over::rows, Over::columns}) {
    for (const Shape& shape : {Shape{1}, Shape{2, 3, 4}, Shape{0, 3}, Shape{400, 60}})
      check(device, "sum", operation("sum", [over](auto& in) { return sum(in[0] * in[0], over); }), {shape});
  }
  check(device, "slices", operation("slices", [](auto& in) { return slice(in[0], 0, 2) * slice(in[0], 1, 2); }),
        {{3, 2, 3}});
  check(device, "stack",
        operation("stack",
                  [](auto& in) {
                    using V = std::remove_reference_t<decltype(in[0])>;
                    return stack<typename V::Value>(in[0].tape(), std::array<V, 3>{in[0], in[1], in[0]});
                  }),
        {{2, 3}, {2, 3}});
}

TEST_CASE("binary inputs, losses and masks, on a device") {
  GLIFR_NEEDS_DEVICE(device);
  const std::array<std::uint16_t, 5> ones{0, 3, 3, 4, 0};
  const auto sparse = [&](auto& in) {
    auto& tape = in[0].tape();
    const std::uint16_t* there = tape.to_memory(std::span<const std::uint16_t>(ones));
    std::vector<ActiveInputs> rows{{there, 2}, {nullptr, 0}, {there + 2, 2}};
    for (Index r = 0; r < 70; ++r) rows.push_back({there + r % 5, 1});
    static std::vector<ActiveInputs> kept;  // on the host, lists stay where they are
    kept = rows;
    return sparse_matmul(tape.to_memory(std::span<const ActiveInputs>(kept)), std::ssize(kept), in[0]);
  };
  check(device, "sparse_matmul", operation("sparse_matmul", sparse), {{5, 3}});

  const auto squared = [](auto& in) {
    using V = std::remove_reference_t<decltype(in[0])>;
    using T = typename V::Value;
    static const Tensor<T> target = random_tensor<T>({400, 3}, 9);
    const T* there = in[0].tape().to_memory(target.values());
    return mean_squared_error(in[0], View<const T>(there, 400, 3), 70).value;
  };
  check(device, "mean_squared_error", operation("mse", squared), {{400, 3}});
  const auto weighted = [](auto& in) {
    using V = std::remove_reference_t<decltype(in[0])>;
    using T = typename V::Value;
    static const Tensor<T> target = random_tensor<T>({400, 3}, 9), weights = random_tensor<T>({400}, 8, 0, 1);
    auto& tape = in[0].tape();
    const T* there = tape.to_memory(target.values());
    return mean_squared_error(in[0], View<const T>(there, 400, 3), 70, tape.to_memory(weights.values())).value;
  };
  check(device, "mean_squared_error with weights", operation("weighted mse", weighted), {{400, 3}});

  std::vector<std::int32_t> labels;
  for (std::int32_t i = 0; i < 300; ++i) labels.push_back(i * 7 % 10);
  const auto entropy = [&](auto& in) {
    const std::int32_t* there = in[0].tape().to_memory(std::span<const std::int32_t>(labels));
    return softmax_cross_entropy(in[0] * 5, {there, labels.size()}).value;
  };
  check(device, "softmax_cross_entropy", operation("entropy", entropy), {{300, 10}});
  const auto weighted_entropy = [&](auto& in) {
    using V = std::remove_reference_t<decltype(in[0])>;
    using T = typename V::Value;
    static const Tensor<T> weights = random_tensor<T>({300}, 8, 0, 1);
    auto& tape = in[0].tape();
    const std::int32_t* there = tape.to_memory(std::span<const std::int32_t>(labels));
    return softmax_cross_entropy(in[0] * 5, {there, labels.size()}, 0, tape.to_memory(weights.values())).value;
  };
  check(device, "softmax_cross_entropy with weights", operation("weighted entropy", weighted_entropy), {{300, 10}});
}

TEMPLATE_TEST_CASE("dropout on a device is the host's, bit for bit", "", float, double) {
  GLIFR_NEEDS_DEVICE(device);
  using T = TestType;
  const std::vector<Index> samples{50'000'000'000, 0, 7};
  const std::vector<T> silencing{1, 0, 1, 1, 1, 0, 1};
  const auto factors = [&](Device* place, double dropout, bool is_silenced, bool is_stored) {
    Tape<T> tape(Tape<T>::Mode::record, place);
    OutputMask<T> mask{.dropout = dropout, .random = Random(3, Stream::dropout, 11)};
    mask.samples = {tape.to_memory(std::span<const Index>(samples)), samples.size()};
    if (is_silenced) mask.silencing = silencing;
    const Random other(3, Stream::dropout, 11);
    if (is_stored) {
      mask.random = Random(0, Stream::dropout);
      mask.random_at = tape.to_memory(std::span<const Random>(&other, 1));
    }
    return copy_of(mask.at(tape, 2, 6, 3, 7).value(), place);
  };
  for (const double dropout : {0.0, 0.4, 1.0}) {
    for (const bool is_silenced : {false, true}) {
      const Tensor<T> here = factors(nullptr, dropout, is_silenced, false);
      for (const bool is_stored : {false, true}) {
        CHECK(test::relative_difference(factors(device, dropout, is_silenced, is_stored), here) == 0);
      }
    }
  }
}

}  // namespace
