#include "glifr/neurons/neuron.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "glifr/cells/glifr.hpp"
#include "glifr/cells/lstm.hpp"
#include "glifr/cells/rnn.hpp"
#include "support/catch.hpp"
#include "support/neurons.hpp"

namespace {

using namespace glifr;

struct Nameless : Rnn {
 private:
  using Rnn::name;
};

struct Stepless {
  static constexpr const char* name = "stepless";
  template <class T>
  using State = Rnn::State<T>;
  template <class T>
  using Parameters = Rnn::Parameters<T>;
  template <class T>
  using Constants = Rnn::Constants<T>;
};

template <class T>
struct Undescribed {
  T value;
};
struct WithoutFields : Rnn {
  template <class T>
  using State = Undescribed<T>;
};

static_assert(Neuron<Rnn> && Neuron<Lstm> && Neuron<Glifr<0>> && Neuron<Glifr<4>>);
static_assert(!Neuron<int> && !Neuron<std::string>);
static_assert(!Neuron<Nameless>);
static_assert(!Neuron<Stepless>);
static_assert(!Neuron<WithoutFields>);

static_assert(RecurrentCell<GlifrCell<0, float>> && RecurrentCell<GlifrCell<3, double>>);
static_assert(RecurrentCell<RnnCell<double>> && RecurrentCell<LstmCell<float>>);
static_assert(RecurrentCell<Cell<test::Gated, float>>);
/// A cell that a network could not ask for everything.
struct WithoutDelay : GlifrCell<0, float> {
  void delay() const = delete;
};
struct WithoutFieldList : GlifrCell<0, float> {
  using field_list = void;
};
static_assert(!RecurrentCell<WithoutDelay> && !RecurrentCell<WithoutFieldList>);
static_assert(!RecurrentCell<int> && !RecurrentCell<Rnn> && !RecurrentCell<Tensor<float>>);

template <class Struct>
std::vector<std::string> described() {
  std::vector<std::string> list;
  for (const auto& [field, extent, is_array] : list_fields<Struct>()) {
    list.push_back(field.stored_name() + std::string(is_array ? " array of " : " ") + std::to_string(extent) + " " +
                   field.unit);
  }
  return list;
}

TEST_CASE("a neuron's members are listed once, in order, with unit and extent") {
  CHECK(described<Glifr<2>::Parameters<double>>() ==
        std::vector<std::string>{"thresh 1 mV", "trans_k_m 1 1/ms", "trans_k_j array of 2 1/ms",
                                 "trans_r_j array of 2 1", "a_j array of 2 pA"});
  CHECK(described<Glifr<0>::Parameters<double>>() == std::vector<std::string>{"thresh 1 mV", "trans_k_m 1 1/ms"});
  CHECK(described<Glifr<3>::State<double>>() ==
        std::vector<std::string>{"firing 1 1", "voltage 1 mV", "after_spike_current array of 3 pA"});
  CHECK(described<Lstm::Parameters<double>>() ==
        std::vector<std::string>{"bias_ih array of 4 1", "bias_hh array of 4 1"});
  STATIC_REQUIRE(count_scalars<Glifr<3>::State<double>>() == 5);
  STATIC_REQUIRE(count_fields<Glifr<3>::State<double>>() == 3);
  STATIC_REQUIRE(count_scalars<Rnn::Constants<double>>() == 0);
}

TEST_CASE("constants have the values of the published experiments unless given") {
  const auto c = default_constants<Glifr<2>>();
  CHECK((c.dt == 0.05 && c.tau == 0.05 && c.sigma_v == 1 && c.R == 0.1 && c.I0 == 0 && c.v_reset == 0));
  CHECK(time_step(c) == 0.05);
  CHECK(time_step(default_constants<Rnn>()) == 1);
}

TEST_CASE("initial values are drawn as a field says") {
  constexpr Field around{.name = "tau", .transform = Transform::positive, .value = 20, .spread = 5};
  for (const double u : {0.0, 0.5, 0.999}) {
    CHECK(std::abs(to_physical(around.transform, initial_raw(around, u, 0.05, 100), 0.05) - (15 + 10 * u)) < 1e-12);
  }
  CHECK(initial_raw({.name = "bias"}, 0.25, 0.05, 100) == -0.05);  // as weights
  CHECK(initial_raw({.name = "x", .value = 3, .initial = [](double u, double dt, double n) { return u + dt + n; }}, 1,
                    2, 4) == 7);
  CHECK(scalar_name({.name = "k_j"}, 0) == "k_j");
  CHECK(scalar_name({.name = "k_j"}, 2) == "k_j_3");
}

TEST_CASE("a range says which numbers it holds") {
  STATIC_REQUIRE((Range::above(0).contains(1e-300) && !Range::above(0).contains(0)));
  STATIC_REQUIRE((Range::from(0).contains(0) && !Range::from(0).contains(-1e-300)));
  STATIC_REQUIRE((!Range{.highest = 1, .excludes_highest = true}.contains(1)));
  CHECK_FALSE(Range{}.contains(std::numeric_limits<double>::quiet_NaN()));
  CHECK_FALSE(Range{}.contains(std::numeric_limits<double>::infinity()));
}

TEST_CASE("one step of a GLIFR neuron, by hand") {
  // The after-spike currents are updated first and enter the voltage with their new values; the reset uses the old
  // firing and voltage.
  Glifr<2>::State<double> s{0.5, 2, {3, -1}};
  const Glifr<2>::Parameters<double> p{.thresh = 0.25, .k_m = 0.5, .k_j = {0.25, 1}, .r_j = {0.5, -0.5}, .a_j = {1, 2}};
  const Glifr<2>::Constants<double> c{.dt = 0.5, .tau = 2, .sigma_v = 4, .R = 0.5, .I0 = 3, .v_reset = -2};
  Glifr<2>::step(s, p, c, 1.5);
  const double first = (0.5 * 3 + 1) * 0.5 * 0.25 + (1 - 0.125) * 3;
  const double second = (-0.5 * -1 + 2) * 0.5 * 0.25 + (1 - 0.5) * -1;
  const double voltage = 1.5 + 0.25 * 0.5 * (first + second + 3) + 0.75 * 2 - 0.25 * 0.5 * (2 + 2);
  CHECK(s.after_spike_current[0] == first);
  CHECK(s.after_spike_current[1] == second);
  CHECK(std::abs(s.voltage - voltage) < 1e-15);
  CHECK(std::abs(s.firing - 1 / (1 + std::exp(-(voltage - 0.25) / 4))) < 1e-15);
}

TEST_CASE("one step of a GLIFR neuron without after-spike currents, by hand") {
  Glifr<0>::State<double> s{0.5, 2, {}};
  const Glifr<0>::Parameters<double> p{.thresh = 0.25, .k_m = 0.5, .k_j = {}, .r_j = {}, .a_j = {}};
  Glifr<0>::step(s, p, Glifr<0>::Constants<double>{.dt = 0.5, .tau = 2, .sigma_v = 4, .R = 0.5, .I0 = 3, .v_reset = -2},
                 1.5);
  CHECK(std::abs(s.voltage - (1.5 + 0.25 * 0.5 * 3 + 0.75 * 2 - 0.25 * 0.5 * 4)) < 1e-15);
}

TEST_CASE("one step of an LSTM unit, by hand") {
  const auto sigma = [](double x) { return 1 / (1 + std::exp(-x)); };
  Lstm::State<double> s{0.9, 0.5};
  Lstm::step(s, Lstm::Parameters<double>{{0.1, 0.2, 0.3, 0.4}, {1, 2, 3, 4}}, Lstm::Constants<double>{},
             std::array<double, 4>{0.5, -0.5, 0.25, -1});
  const double cell = sigma(-0.5 + 2.2) * 0.5 + sigma(0.5 + 1.1) * std::tanh(0.25 + 3.3);
  CHECK(std::abs(s.cell - cell) < 1e-15);
  CHECK(std::abs(s.hidden - sigma(-1 + 4.4) * std::tanh(cell)) < 1e-15);
}

TEST_CASE("plain numbers take numbers of other types beside them, as every value type does") {
  static_assert(std::same_as<decltype(max(1.5f, 0)), float> && std::same_as<decltype(less(0.0, 1.5f)), float>);
  static_assert(std::same_as<decltype(min(2, 1.5)), double> && std::same_as<decltype(select(1.0, 1, 0)), double>);
  CHECK(max(-1.5, 0) == 0);
  CHECK(max(0, -1.5f) == 0);
  CHECK(min(2, 1.5) == 1.5);
  CHECK(less(0, 1.5) == 1);
  CHECK(select(less(2.0, 1), 3, 4) == 4);
  CHECK(surrogate(1.0, 0.5, 2) == 1);
}

}  // namespace
