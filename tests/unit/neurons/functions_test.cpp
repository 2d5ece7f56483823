// The table of elementary functions: of every function in it, the derivative against differences of its value, and what
// each value type makes of both. A function that is added to the table is tested here without another line.
#include "glifr/neurons/functions.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "glifr/backend/detail/cpu/pack.hpp"
#include "glifr/core/random.hpp"
#include "glifr/neurons/detail/derive.hpp"
#include "glifr/ops/elementwise.hpp"
#include "support/catch.hpp"
#include "support/emulated_device.hpp"

namespace {

using namespace glifr;

template <class F>
inline constexpr auto operands = static_cast<std::size_t>(functions::operand_count<F>);
template <class F>
using Point = std::array<double, operands<F>>;

/// Numbers at which every function has a derivative: positive, apart from each other and from 0.5.
template <class F>
Point<F> point(std::uint64_t number) {
  const glifr::Random random(3, Stream::analysis, 7);
  Point<F> x;
  for (std::size_t k = 0; k < x.size(); ++k)
    x[k] = 0.6 + static_cast<double>((k + number) % 3) + 0.3 * random.uniform(3 * number + k);
  return x;
}

/// f(x...) on any value type.
template <class F, class T, std::size_t N>
T value(const std::array<T, N>& x) {
  return std::apply([](const auto&... operand) { return detail::call<F>(operand...); }, x);
}

/// What w = dL/dy adds to each dL/dx, on plain numbers.
template <class F>
Point<F> adjoints(double w, const Point<F>& x) {
  Point<F> result{};
  const auto set = [&]<int K>(std::integral_constant<int, K>) {
    if constexpr (functions::receives_gradient<F, K>) {
      result[K] = std::apply([&](auto... operand) { return functions::adjoint<F, K>(w, operand..., value<F>(x)); }, x);
    }
  };
  [&]<int... K>(std::integer_sequence<int, K...>) {
    (set(std::integral_constant<int, K>{}), ...);
  }
  (std::make_integer_sequence<int, functions::operand_count<F>>{});
  return result;
}

/// Calls check(F{}, x) with every function of the table at several points.
template <class Check>
void at_points(Check&& check) {
  functions::All::for_each([&]<class F>(F) {
    for (std::uint64_t number = 0; number < 6; ++number) {
      INFO(F::name << ", point " << number);
      check(F{}, point<F>(number));
    }
  });
}

TEST_CASE("the derivative of every elementary function is that of its value") {
  at_points([]<class F>(F, const Point<F>& x) {
    if (std::is_same_v<F, functions::Surrogate>) return;  // its derivative is the one it is given
    const Point<F> derived = adjoints<F>(1.5, x);
    for (std::size_t k = 0; k < x.size(); ++k) {
      const auto at = [&](double step) {
        Point<F> moved = x;
        moved[k] += step;
        return value<F>(moved);
      };
      const double h = 1e-3, difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
      INFO("operand " << k << ": " << derived[k] << ", by differences " << 1.5 * difference);
      CHECK(std::abs(derived[k] - 1.5 * difference) <= 1e-9 * std::max(1.0, std::abs(derived[k])));
    }
  });
}

TEST_CASE("every elementary function on packs is that on numbers") {
  using P = cpu::Pack<double, 2>;
  at_points([]<class F>(F, const Point<F>& x) {
    std::array<P, operands<F>> packs;
    for (std::size_t k = 0; k < x.size(); ++k) packs[k] = P(x[k]);
    alignas(64) std::array<double, P::width> lanes;
    value<F>(packs).store(lanes.data());
    for (const double lane : lanes) CHECK(std::abs(lane - value<F>(x)) <= 1e-14 * std::abs(value<F>(x)));
  });
}

/// Values and derivatives of every function through the tape, its numbers on the device or, where it is null, the host.
void check_on_tape(Device* device) {
  at_points([&]<class F>(F, const Point<F>& x) {
    Tape<double> tape(Tape<double>::Mode::record, device);
    std::array<Var<double>, operands<F>> leaves;
    for (std::size_t k = 0; k < x.size(); ++k) {
      leaves[k] = tape.make({1, 1});
      kernels::copy_in(tape.memory(), leaves[k].value().data, &x[k], 1);
    }
    const Var<double> y = value<F>(leaves);
    CHECK(y.item() == value<F>(x));
    tape.backward(1.5 * y);
    const Point<F> expected = adjoints<F>(1.5, x);
    for (std::size_t k = 0; k < x.size(); ++k) {
      double grad = 0;
      kernels::copy_out(device, &grad, leaves[k].grad().data, 1);
      // A compiler may join a product and a sum in one of the two places alone.
      CHECK(std::abs(grad - expected[k]) <= 1e-12 * std::abs(expected[k]));
    }
  });
}

TEST_CASE("every elementary function on the tape has the value and the derivative of the table") {
  check_on_tape(nullptr);
}

TEST_CASE("so it has on a device") {
  test::EmulatedDevice device;
  check_on_tape(&device);
}

/// A neuron whose step is a single function.
template <class F>
struct Single {
  static constexpr const char* name = F::name;

  template <class T>
  struct State {
    T y;

    static constexpr Field fields[] = {{.name = "y"}};
  };
  template <class T>
  struct Parameters {
    std::array<T, operands<F>> x;

    static constexpr Field fields[] = {{.name = "x"}};
  };
  template <class T>
  struct Constants {};

  template <class T, class C>
  static GLIFR_INLINE constexpr void step(State<T>& s, const Parameters<T>& p, const Constants<C>&, const T&) {
    [&]<std::size_t... K>(std::index_sequence<K...>) {
      s.y = detail::call<F>(p.x[K]...);
    }
    (std::make_index_sequence<operands<F>>{});
  }
};

TEST_CASE("the reverse step of every elementary function is the derivative of the table") {
  at_points([]<class F>(F, const Point<F>& x) {
    derive::ReverseStep<Single<F>, double> io;
    io.old_state = {0};
    io.new_state = {value<F>(x)};
    io.adjoint = {1.5};
    io.synaptic = {0};
    io.parameter_sum = {};
    derive::run_reverse<Single<F>>(io, x, std::array<double, 0>{});
    CHECK(io.parameter_sum == adjoints<F>(1.5, x));
  });
}

TEST_CASE("numbers of different types meet as floats where one is a float, else as doubles") {
  STATIC_REQUIRE(std::is_same_v<decltype(min(1.0F, 2.0)), float>);
  STATIC_REQUIRE(std::is_same_v<decltype(max(1.0, 2)), double>);
  STATIC_REQUIRE(std::is_same_v<decltype(select(1.0F, 2, 3)), float>);
  STATIC_REQUIRE(std::is_same_v<decltype(less(0, cpu::Pack<float, 1>(1))), cpu::Pack<float, 1>>);
  CHECK(min(1.5F, 2) == 1.5F);
  CHECK(surrogate(1, 0.5, 2) == 1);
}

/// What may stand among the operands of min.
template <class A, class B>
concept HaveMinimum = requires(A a, B b) {
  glifr::min(a, b);
};
static_assert(HaveMinimum<float, int> && HaveMinimum<Var<float>, int> && HaveMinimum<cpu::Pack<double, 2>, float>);
static_assert(!HaveMinimum<int, int> && !HaveMinimum<double, std::string> &&
              !HaveMinimum<cpu::Pack<double, 2>, Var<double>>);

TEST_CASE("the table finds a function by its place") {
  for (int i = 0; i < functions::All::size; ++i)
    functions::All::visit(i, [&]<class F>(F) { CHECK(functions::All::index<F> == i); });
  STATIC_REQUIRE(std::is_same_v<functions::All::At<functions::All::index<functions::Tanh>>, functions::Tanh>);
}

}  // namespace
