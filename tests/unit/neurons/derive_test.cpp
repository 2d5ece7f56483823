// The reverse step that the compiler derives, against differences of the step itself and against the tape.
#include "glifr/neurons/detail/derive.hpp"

#include <cmath>
#include <vector>

#include "glifr/backend/detail/cpu/pack.hpp"
#include "glifr/core/random.hpp"
#include "glifr/neurons/constants.hpp"
#include "glifr/neurons/glifr.hpp"
#include "glifr/neurons/lstm.hpp"
#include "glifr/neurons/rnn.hpp"
#include "glifr/ops/elementwise.hpp"
#include "glifr/ops/reduce.hpp"
#include "support/catch.hpp"
#include "support/neurons.hpp"

namespace {

using namespace glifr;
using test::Calcium;
using test::Gated;
using test::Spiking;

/// One step of a neuron at a random point, with random derivatives of a loss with respect to its new state. The loss is
/// that weighted sum.
template <class N>
struct Point {
  static constexpr auto states = state_count<N>;
  static constexpr auto parameters = parameter_count<N>;
  static constexpr auto inputs = static_cast<std::size_t>(input_count<N>);

  /// Old state, parameters, synaptic currents: all that the loss may be differentiated by, in this order.
  std::vector<double> x;
  typename N::template Constants<double> constants = default_constants<N>();
  std::array<double, states> weight{};

  explicit Point(std::uint32_t key) {
    const glifr::Random random(11, Stream::analysis, key);
    for (std::size_t i = 0; i < states + parameters + inputs; ++i) {
      // Parameters stay away from 0: some are time constants.
      const bool is_parameter = i >= states && i < states + parameters;
      x.push_back(is_parameter ? 0.2 + 0.7 * random.uniform(i) : 2 * random.uniform(i) - 1);
    }
    std::uint64_t i = 1000;
    for (double& w : weight) w = 2 * random.uniform(i++) - 1;
    for_each_scalar(constants, [&](double& value, const ScalarPlace&) { value = 0.5 + random.uniform(i++); });
  }

  /// The new state and the loss, on any value type made from numbers by `lift`.
  template <class T, class Lift>
  auto step(const Lift& lift) const {
    typename N::template State<T> state;
    typename N::template Parameters<T> p;
    std::array<T, inputs> synaptic;
    std::size_t i = 0;
    for_each_scalar(state, [&](T& value, const ScalarPlace&) { value = lift(x[i++]); });
    for_each_scalar(p, [&](T& value, const ScalarPlace&) { value = lift(x[i++]); });
    for (T& value : synaptic) value = lift(x[i++]);
    call_step<N>(state, p, constants, synaptic);
    std::array<T, states> result;
    std::size_t k = 0;
    for_each_scalar(state, [&](T& value, const ScalarPlace&) { result[k++] = value; });
    return result;
  }

  [[nodiscard]] std::array<double, states> new_state() const {
    return step<double>([](double value) { return value; });
  }
  [[nodiscard]] double loss() const {
    const auto state = new_state();
    double sum = 0;
    for (std::size_t k = 0; k < states; ++k) sum += weight[k] * state[k];
    return sum;
  }

  /// Derivatives of the loss by the derived reverse step, on a value type made from numbers by T(number). Parameter
  /// sums start at 1.
  template <class T, bool Train>
  [[nodiscard]] derive::ReverseStep<N, T> reverse() const {
    const auto after = new_state();
    derive::ReverseStep<N, T> io;
    std::array<T, parameters> p;
    std::array<double, constant_count<N>> c{};
    for (std::size_t k = 0; k < states; ++k) {
      io.old_state[k] = T(x[k]);
      io.new_state[k] = T(after[k]);
      io.adjoint[k] = T(weight[k]);
    }
    for (std::size_t k = 0; k < parameters; ++k) p[k] = T(x[states + k]), io.parameter_sum[k] = T(1);
    for (std::size_t g = 0; g < inputs; ++g) io.synaptic[g] = T(x[states + parameters + g]);
    std::size_t i = 0;
    auto copy = constants;
    for_each_scalar(copy, [&](double& value, const ScalarPlace&) { c[i++] = value; });
    derive::run_reverse<N, Train>(io, p, c);
    return io;
  }
  /// The same in the order of x.
  [[nodiscard]] std::vector<double> gradient() const {
    const auto io = reverse<double, true>();
    std::vector<double> all(io.adjoint.begin(), io.adjoint.end());
    for (const double sum : io.parameter_sum) all.push_back(sum - 1);
    all.insert(all.end(), io.synaptic_adjoint.begin(), io.synaptic_adjoint.end());
    return all;
  }

  /// Derivatives by the tape.
  [[nodiscard]] std::vector<double> gradient_by_tape() const {
    Tape<double> tape;
    std::vector<Var<double>> leaves;
    const auto after = step<Var<double>>([&](double value) {
      leaves.push_back(tape.make({1, 1}));
      leaves.back().value().data[0] = value;
      return leaves.back();
    });
    Var<double> sum = weight[0] * after[0];
    for (std::size_t k = 1; k < states; ++k) sum = sum + weight[k] * after[k];
    tape.backward(sum);
    std::vector<double> all;
    for (const Var<double>& leaf : leaves) all.push_back(leaf.grad().data[0]);
    return all;
  }
};

TEMPLATE_TEST_CASE("the derived reverse step equals differences of the step", "", Rnn, Lstm, Glifr<0>, Glifr<1>,
                   Glifr<2>, Glifr<3>, Calcium, Gated) {
  for (std::uint32_t key = 0; key < 20; ++key) {
    Point<TestType> point(key);
    const std::vector<double> gradient = point.gradient();
    for (std::size_t i = 0; i < point.x.size(); ++i) {
      const double centre = point.x[i], h = 1e-4;
      const auto at = [&](double x) {
        point.x[i] = x;
        const double loss = point.loss();
        point.x[i] = centre;
        return loss;
      };
      // Five points: the error is of fourth order.
      const double difference =
          (8 * (at(centre + h) - at(centre - h)) - (at(centre + 2 * h) - at(centre - 2 * h))) / (12 * h);
      INFO("point " << key << ", variable " << i << ": derived " << gradient[i] << ", by differences " << difference);
      CHECK(std::abs(gradient[i] - difference) <= 1e-9 * std::max(1.0, std::abs(difference)));
    }
  }
}

TEMPLATE_TEST_CASE("the derived reverse step equals the tape's", "", Rnn, Lstm, Glifr<0>, Glifr<1>, Glifr<2>, Glifr<3>,
                   Calcium, Gated, Spiking) {
  for (std::uint32_t key = 0; key < 20; ++key) {
    const Point<TestType> point(key);
    const std::vector<double> derived = point.gradient(), taped = point.gradient_by_tape();
    REQUIRE(derived.size() == taped.size());
    for (std::size_t i = 0; i < derived.size(); ++i) {
      INFO("point " << key << ", variable " << i);
      CHECK(std::abs(derived[i] - taped[i]) <= 1e-13 * std::max(1.0, std::abs(taped[i])));
    }
  }
}

TEMPLATE_TEST_CASE("on lanes of vectors the reverse step gives what it gives on numbers", "", Rnn, Lstm, Glifr<2>,
                   Calcium, Gated, Spiking) {
  using P = cpu::Pack<double, 2>;
  const Point<TestType> point(3);
  const auto numbers = point.template reverse<double, true>();
  const auto packs = point.template reverse<P, true>();
  const auto same = [](const auto& a, const auto& b) {
    for (std::size_t k = 0; k < a.size(); ++k) {
      alignas(64) std::array<double, P::width> lanes;
      a[k].store(lanes.data());
      for (const double lane : lanes) CHECK(std::abs(lane - b[k]) <= 1e-14 * std::max(1.0, std::abs(b[k])));
    }
  };
  same(packs.adjoint, numbers.adjoint);
  same(packs.synaptic_adjoint, numbers.synaptic_adjoint);
  same(packs.parameter_sum, numbers.parameter_sum);
}

TEMPLATE_TEST_CASE("without training, parameter sums stay and the rest is the same", "", Rnn, Lstm, Glifr<2>, Calcium,
                   Gated, Spiking) {
  const Point<TestType> point(5);
  const auto trained = point.template reverse<double, true>();
  const auto fixed = point.template reverse<double, false>();
  CHECK(fixed.adjoint == trained.adjoint);
  CHECK(fixed.synaptic_adjoint == trained.synaptic_adjoint);
  for (const double sum : fixed.parameter_sum) CHECK(sum == 1);
}

TEST_CASE("a spike has the slope of its surrogate") {
  for (std::uint32_t key = 0; key < 20; ++key) {
    const Point<Spiking> point(key);
    const double voltage_0 = point.x[1], thresh = point.x[2], leak = point.x[3], current = point.x[4];
    const double voltage = leak * voltage_0 + current, over = voltage - thresh;
    const double spike = over > 0 ? 1 : 0;
    const double width = 1 + point.constants.sharpness * std::abs(over), slope = 1 / (width * width);
    const double d_spike = point.weight[0] - 2 * spike * voltage * point.weight[1];
    const double d_voltage = d_spike * slope + point.weight[1] * (1 - spike * spike);
    const std::vector<double> expected{0, d_voltage * leak, -d_spike * slope, d_voltage * voltage_0, d_voltage};
    const std::vector<double> derived = point.gradient();
    CHECK(point.new_state()[0] == spike);
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(std::abs(derived[i] - expected[i]) < 1e-13);
  }
}

TEST_CASE("what the reverse steps need is known to the compiler") {
  STATIC_REQUIRE_FALSE(derive::program<Rnn>.carries_state);
  STATIC_REQUIRE(derive::program<Lstm>.carries_state);
  STATIC_REQUIRE(derive::program<Glifr<0>>.carries_state);
  // A GLIFR neuron's reverse step computes no sigmoid again and leaves the synaptic current unread.
  STATIC_REQUIRE_FALSE(derive::program<Glifr<2>>.needs_synaptic);
  STATIC_REQUIRE(derive::program<Lstm>.needs_synaptic);
  const auto& program = derive::program<Glifr<2>>;
  for (int id = 0; id < program.graph.size; ++id) CHECK_FALSE(program.graph.is(id, derive::op_of<functions::Sigmoid>));
}

/// The compiler can derive N's reverse step.
template <class N>
concept Derivable = requires {
  typename std::bool_constant<(derive::derive<N>(true).graph.size > 0)>;
};

/// A neuron whose step reads what nothing was assigned to.
struct Forgetful : Rnn {
  template <class T, class C>
  static GLIFR_INLINE constexpr void step(State<T>& s, const Parameters<T>& p, const Constants<C>&, const T& current) {
    T gain;
    s.hidden = tanh(gain * current + p.bias);
  }
};

static_assert(Derivable<Rnn> && Derivable<Spiking>);
static_assert(Neuron<Forgetful> && !Derivable<Forgetful>);

TEST_CASE("constants that are known while compiling fold away") {
  derive::Graph graph;
  const derive::Symbol x(graph, graph.leaf(derive::Op::parameter, 0));
  const int before = graph.size;
  CHECK((x * 1 + 0).id == x.id);
  CHECK((-(-x)).id == x.id);
  CHECK((x - x).in(graph) == graph.literal(0));
  CHECK((x * 0).in(graph) == graph.literal(0));
  CHECK((x / 1).id == x.id);
  CHECK(graph.size <= before + 5);  // the numbers 0 and 1, and -x
  CHECK((x + x * 2).id == (x + x * 2).id);
}

}  // namespace
