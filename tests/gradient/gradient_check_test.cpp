#include "glifr/core/gradient_check.hpp"

#include <limits>

#include "glifr/ops/elementwise.hpp"
#include "support/catch.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;
using Catch::Matchers::WithinRel;
using test::random_tensor;

using Vars = std::vector<Var<double>>;

/// y[i] = x[i]^3, with a derivative of the caller's making: slope(x, i) is what reaches dL/dx[i], given dL/dy.
template <class Slope>
Var<double> cube(const Var<double>& x, Slope slope) {
  const Var<double> y = x.tape().make_from(x.shape(), x);
  const Index size = x.shape().size();
  for (Index i = 0; i < size; ++i) y.value().data[i] = std::pow(x.value().data[i], 3);
  x.tape().on_backward([x, y, size, slope] {
    for (Index i = 0; i < size; ++i) x.grad().data[i] += slope(x.value().data, y.grad().data, i);
  });
  return y;
}

template <class Slope>
GradientCheck check_cube(const Shape& shape, Slope slope) {
  return gradient_check([slope](Tape<double>&, Vars& in) { return cube(in[0], slope); },
                        {random_tensor<double>(shape, 1, 0.5, 1.5)});
}

double right(const double* x, const double* dy, Index i) {
  return dy[i] * 3 * x[i] * x[i];
}

TEST_CASE("right derivatives are accepted, whatever the size") {
  for (const Shape& shape : {Shape{0}, Shape{1}, Shape{5}, Shape{2, 3}, Shape{2, 0, 3}, Shape{2, 3, 4}}) {
    INFO("shape " << to_string(shape));
    const GradientCheck check = check_cube(shape, right);
    INFO(check.report);
    CHECK(check.passed);
    CHECK(check.worst < 1e-8);
  }
}

TEST_CASE("every input is checked") {
  const auto product = [](bool share_a, bool share_b) {
    return gradient_check(
        [=](Tape<double>& tape, Vars& in) {
          const Var<double> a = in[0], b = in[1], y = tape.make_from(a.shape(), a, b);
          for (Index i = 0; i < 4; ++i) y.value().data[i] = a.value().data[i] * b.value().data[i];
          tape.on_backward([=] {
            for (Index i = 0; i < 4; ++i) {
              if (share_a) a.grad().data[i] += y.grad().data[i] * b.value().data[i];
              if (share_b) b.grad().data[i] += y.grad().data[i] * a.value().data[i];
            }
          });
          return y;
        },
        {random_tensor<double>({4}, 1), random_tensor<double>({4}, 2)});
  };
  CHECK(product(true, true).passed);
  CHECK_FALSE(product(false, true).passed);
  CHECK_FALSE(product(true, false).passed);
}

TEST_CASE("wrong derivatives are rejected") {
  const Shape shape{2, 3};
  SECTION("a wrong value") {
    CHECK_FALSE(check_cube(shape, [](auto... a) { return right(a...) * 1.00001; }).passed);
  }
  SECTION("a wrong sign") {
    CHECK_FALSE(check_cube(shape, [](auto... a) { return -right(a...); }).passed);
  }
  SECTION("none at all") {
    CHECK_FALSE(check_cube(shape, [](const double*, const double*, Index) { return 0.0; }).passed);
  }
  SECTION("one of a single element only") {
    CHECK_FALSE(check_cube(shape, [](const double* x, const double* dy, Index i) {
                  return i == 4 ? 0 : right(x, dy, i);
                }).passed);
  }
  SECTION("a symmetric mistake, which a plain sum of the outputs would hide: dL/dy of another element") {
    CHECK_FALSE(check_cube(shape, [](const double* x, const double* dy, Index i) {
                  return dy[5 - i] * 3 * x[i] * x[i];
                }).passed);
  }
}

TEST_CASE("what is not a number is rejected, wherever it stands") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Index where : {Index{0}, Index{2}, Index{5}}) {
    INFO("element " << where);
    const GradientCheck check = check_cube(
        {2, 3}, [=](const double* x, const double* dy, Index i) { return i == where ? nan : right(x, dy, i); });
    CHECK_FALSE(check.passed);
    CHECK(std::isnan(check.worst));
    CHECK(check.report.find("element " + std::to_string(where)) != std::string::npos);
  }
}

TEST_CASE("the report names the worst element and both of its gradients") {
  Tensor<double> x({3});
  x.data()[0] = 1, x.data()[1] = 2, x.data()[2] = 3;
  const GradientCheck check = gradient_check(
      [](Tape<double>&, Vars& in) {
        return cube(in[0], [](const double* values, const double* dy, Index i) {
          return right(values, dy, i) * (i == 1 ? 1.5 : i == 2 ? 1.1 : 1);
        });
      },
      {x});
  CHECK_FALSE(check.passed);
  CHECK_THAT(check.worst, WithinRel(1.0 / 3, 1e-6));
  CHECK(check.report.find("input 0, element 1: by the tape ") == 0);
  const auto after = [&](const std::string& words) {
    return std::stod(check.report.substr(check.report.find(words) + words.size()));
  };
  CHECK_THAT(after("by the tape "), WithinRel(1.5 * after("by differences "), 1e-8));
}

}  // namespace
