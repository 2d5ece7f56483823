// The functions of packs of lanes against those of the C library. Built once for every instruction set that this
// machine can run.
#include "glifr/backend/detail/cpu/pack.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace {

using namespace glifr;

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T nan_of = std::numeric_limits<T>::quiet_NaN();

template <class P>
struct NumberOf;
template <class T, int Registers>
struct NumberOf<cpu::Pack<T, Registers>> {
  using type = T;
};
template <class P>
using Number = typename NumberOf<P>::type;

/// f, a function of packs, of every number.
template <class P, class F>
std::vector<Number<P>> apply(F f, std::vector<Number<P>> numbers) {
  const std::size_t count = numbers.size();
  numbers.resize((count + P::width - 1) / P::width * P::width);
  for (std::size_t i = 0; i < numbers.size(); i += P::width) f(P::load(&numbers[i])).store(&numbers[i]);
  numbers.resize(count);
  return numbers;
}

/// `count` numbers from low to high, both included.
template <class T>
std::vector<T> range(T low, T high, int count) {
  std::vector<T> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(low + (high - low) * static_cast<T>(i) / static_cast<T>(count - 1));
  return numbers;
}

/// Numbers of every size that the type holds, of both signs.
template <class T>
std::vector<T> all_sizes() {
  std::vector<T> numbers{0, -T(0), std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::max(),
                         std::numeric_limits<T>::lowest()};
  for (int exponent = std::numeric_limits<T>::min_exponent; exponent < std::numeric_limits<T>::max_exponent;
       ++exponent) {
    for (const T digits : {T(0.5), T(0.7), T(0.99)}) {
      numbers.push_back(std::ldexp(digits, exponent));
      numbers.push_back(-numbers.back());
    }
  }
  return numbers;
}

/// Largest relative error of f over some numbers, against a reference taken in long double.
template <class P, class F, class Reference>
double worst_error(F f, Reference reference, const std::vector<Number<P>>& numbers) {
  const auto results = apply<P>(f, numbers);
  double worst = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const long double exact = reference(static_cast<long double>(numbers[i]));
    const auto error = static_cast<double>(std::fabs((static_cast<long double>(results[i]) - exact) / exact));
    if (!(error <= worst)) worst = error;  // a NaN too
    if (std::isnan(worst)) return worst;
  }
  return worst;
}

template <class T>
constexpr double few_units = 2.5 * std::numeric_limits<T>::epsilon();

#define GLIFR_PACKS (cpu::Pack<float, 1>), (cpu::Pack<float, 4>), (cpu::Pack<double, 1>), (cpu::Pack<double, 2>)

TEMPLATE_TEST_CASE("exp is right to a few units in the last place over all its range", "", GLIFR_PACKS) {
  using T = Number<TestType>;
  const T least = std::is_same_v<T, float> ? T(-86.5) : T(-707.5),
          most = std::is_same_v<T, float> ? T(88.72) : T(709.78);
  const auto f = [](const TestType& x) { return exp(x); };
  const auto reference = [](long double x) { return std::exp(x); };
  CHECK(worst_error<TestType>(f, reference, range(least, most, 100001)) < few_units<T>);
  CHECK(worst_error<TestType>(f, reference, range(T(-1), T(1), 100001)) < few_units<T>);
  CHECK(worst_error<TestType>(f, reference, range(T(0.999) * most, most, 10001)) < few_units<T>);
}

TEMPLATE_TEST_CASE("exp of what is too large or too small, and of no number", "", GLIFR_PACKS) {
  using T = Number<TestType>;
  const T most = std::is_same_v<T, float> ? T(88.73) : T(709.79);
  const std::vector<T> large{most, most + T(0.5), T(1.01) * most, 1000, std::numeric_limits<T>::max(), infinity<T>};
  const auto f = [](const TestType& x) { return exp(x); };
  for (const T y : apply<TestType>(f, large)) CHECK(y == infinity<T>);
  const std::vector<T> small{-most - 20, -1000, std::numeric_limits<T>::lowest(), -infinity<T>};
  for (const T y : apply<TestType>(f, small)) CHECK(y == 0);
  for (const T y : apply<TestType>(f, range(-most, T(-0.98) * most, 1001))) {
    CHECK((y >= 0 && y < 10 * std::exp(T(-0.98) * most)));
  }
  for (const T y : apply<TestType>(f, {nan_of<T>})) CHECK(std::isnan(y));
  for (const T x : all_sizes<T>()) {
    if (std::isnan(apply<TestType>(f, {x})[0])) FAIL("exp(" << x << ") is NaN");
  }
}

TEMPLATE_TEST_CASE("sigmoid is right to a few units in the last place, also in its left tail", "", GLIFR_PACKS) {
  using T = Number<TestType>;
  const T least = std::is_same_v<T, float> ? T(-87) : T(-708);
  const auto f = [](const TestType& x) { return sigmoid(x); };
  const auto reference = [](long double x) { return 1 / (1 + std::exp(-x)); };
  CHECK(worst_error<TestType>(f, reference, range(least, T(100), 100001)) < few_units<T>);
  CHECK(worst_error<TestType>(f, reference, range(T(-3), T(3), 100001)) < few_units<T>);
}

TEMPLATE_TEST_CASE("sigmoid and its slope are numbers at any voltage", "", GLIFR_PACKS) {
  using T = Number<TestType>;
  const auto f = [](const TestType& x) { return sigmoid(x); };
  const auto slope = [](const TestType& x) {
    const TestType y = sigmoid(x);
    return y - y * y;
  };
  std::vector<T> voltages = all_sizes<T>();
  // Where exp(-x) leaves the range of the type.
  for (const T x : range(T(-120), T(-80), 40001)) voltages.push_back(x);
  for (const T x : range(T(-720), T(-700), 20001)) voltages.push_back(x);
  const auto y = apply<TestType>(f, voltages), dy = apply<TestType>(slope, voltages);
  int wrong = 0;
  for (std::size_t i = 0; i < voltages.size(); ++i) {
    const T expected = sigmoid(voltages[i]);  // of a plain number
    const bool is_right = std::abs(y[i] - expected) <= few_units<T> * expected + 2 * std::numeric_limits<T>::min() &&
                          y[i] >= 0 && y[i] <= 1 && dy[i] >= 0 && dy[i] <= T(0.2500001);
    if (!is_right && wrong++ == 0) FAIL_CHECK("sigmoid(" << voltages[i] << ") = " << y[i] << ", slope " << dy[i]);
  }
  CHECK(wrong == 0);
  CHECK(apply<TestType>(f, {-infinity<T>, infinity<T>}) == std::vector<T>{0, 1});
  CHECK(apply<TestType>(slope, {-infinity<T>, infinity<T>}) == std::vector<T>{0, 0});
  CHECK(std::isnan(apply<TestType>(f, {nan_of<T>})[0]));
}

TEMPLATE_TEST_CASE("sigmoid of a plain number", "", float, double) {
  CHECK(sigmoid(TestType(0)) == TestType(0.5));
  CHECK(sigmoid(-infinity<TestType>) == 0);
  CHECK(sigmoid(infinity<TestType>) == 1);
  CHECK(std::isnan(sigmoid(nan_of<TestType>)));
  for (const TestType x : all_sizes<TestType>()) {
    const TestType y = sigmoid(x);
    if (!(y >= 0 && y <= 1 && y - y * y >= 0)) FAIL("sigmoid(" << x << ") = " << y);
  }
}

TEMPLATE_TEST_CASE("tanh is right to a few units in the last place, also near zero", "", GLIFR_PACKS) {
  using T = Number<TestType>;
  const auto f = [](const TestType& x) { return tanh(x); };
  const auto reference = [](long double x) { return std::tanh(x); };
  std::vector<T> numbers;
  for (int i = 0; i <= 60000; ++i) {
    numbers.push_back(T(30) * std::exp(-T(i) / 3000));  // 30 down to 6e-8
    numbers.push_back(-numbers.back());
  }
  CHECK(worst_error<TestType>(f, reference, numbers) < 2 * few_units<T>);
  CHECK(apply<TestType>(f, {0, -infinity<T>, infinity<T>, std::numeric_limits<T>::max()}) ==
        std::vector<T>{0, -1, 1, 1});
  CHECK(std::isnan(apply<TestType>(f, {nan_of<T>})[0]));
}

TEMPLATE_TEST_CASE("log and sqrt are those of the C library", "", GLIFR_PACKS) {
  using T = Number<TestType>;
  const std::vector<T> numbers = all_sizes<T>();
  const auto logs = apply<TestType>([](const TestType& x) { return log(x); }, numbers);
  const auto roots = apply<TestType>([](const TestType& x) { return sqrt(x); }, numbers);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] < 0) {
      CHECK((std::isnan(logs[i]) && std::isnan(roots[i])));
    } else {
      CHECK((logs[i] == std::log(numbers[i]) && roots[i] == std::sqrt(numbers[i])));
    }
  }
}

TEMPLATE_TEST_CASE("arithmetic, bounds and choices are those of plain numbers, lane by lane", "", GLIFR_PACKS) {
  using T = Number<TestType>;
  const std::vector<T> special{0, -T(0), 1, -2, T(0.3), infinity<T>, -infinity<T>, nan_of<T>};
  const auto same = [](T a, T b) { return a == b || (std::isnan(a) && std::isnan(b)); };
  for (const T second : special) {
    const TestType b(second);
    const auto holds = [&](const char* name, auto f) {
      const auto results = apply<TestType>([&](const TestType& a) { return f(a, b); }, special);
      for (std::size_t i = 0; i < special.size(); ++i) {
        INFO(name << " of " << special[i] << " and " << second << " is " << results[i]);
        CHECK(same(results[i], f(special[i], second)));
      }
    };
    holds("sum", [](auto x, auto y) { return x + y; });
    holds("difference", [](auto x, auto y) { return x - y; });
    holds("product", [](auto x, auto y) { return x * y; });
    holds("quotient", [](auto x, auto y) { return x / y; });
    holds("negative", [](auto x, auto) { return -x; });
    holds("min", [](auto x, auto y) { return min(x, y); });
    holds("max", [](auto x, auto y) { return max(x, y); });
    holds("less", [](auto x, auto y) { return less(x, y); });
    holds("select", [](auto x, auto y) { return select(less(x, y), x, y + y); });
    holds("abs", [](auto x, auto) { return abs(x); });
    holds("surrogate", [](auto x, auto y) { return surrogate(x, y, y); });
    holds("numbers beside", [](auto x, auto y) { return 2 * x + y / 4 - 1 + (1 - x) + max(x, 0) + less(0, y); });
  }
}

}  // namespace
