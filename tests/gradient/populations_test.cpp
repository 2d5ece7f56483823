// Layers of neurons that differ: gradients of shared, grouped, signed and masked quantities and of delays against
// differences, and the fused scan against the composed form.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "glifr/backend/layout.hpp"
#include "glifr/cells/cell.hpp"
#include "glifr/neurons/glifr.hpp"
#include "glifr/neurons/lstm.hpp"
#include "glifr/neurons/rnn.hpp"
#include "glifr/ops/linear.hpp"
#include "support/catch.hpp"
#include "support/neurons.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;

/// How a layer is run.
struct Case {
  Index steps, batch;
  double dropout = 0;
  bool last_only = false;
  Index truncate_steps = 0;
  double memory_limit = 0;
  bool has_readout = false;  // whose gradient comes a window at a time
};

std::string to_string(const Case& c) {
  return std::to_string(c.steps) + " steps, batch " + std::to_string(c.batch) + ", dropout " +
         std::to_string(c.dropout) + (c.last_only ? ", last step" : ", every step") + ", truncated after " +
         std::to_string(c.truncate_steps);
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const auto& [steps, batch] : {std::array<Index, 2>{1, 1}, {9, 1}, {11, 3}}) {
    for (const bool last_only : {false, true}) {
      for (const double dropout : {0.0, 0.3}) list.push_back({steps, batch, dropout, last_only});
    }
  }
  return list;
}

/// Output, gradient of the input and of every parameter.
struct Outcome {
  Tensor<double> output, input_grad;
  std::vector<Tensor<double>> grads;
};

/// A layer with random parameters and a random input.
template <class N>
class Problem {
 public:
  Problem(const CellSettings<N>& settings, const Case& c) : case_(c), cell_(settings) {
    cell_.draw_wiring(3, 0);
    std::uint32_t key = 1;
    for (Parameter<double>* parameter : cell_.parameters()) {
      if (parameter->is_structure) continue;
      const bool is_in_ms = !parameter->ranges.empty() && parameter->field->transform == Transform::identity;
      parameter->value = test::random_tensor<double>(parameter->value.shape(), key++, -1, 1);
      if (!is_in_ms) continue;
      std::size_t i = 0;
      for (double& delay : parameter->value.values()) {
        const Range& range = parameter->ranges[i++];
        delay = range.lowest + (range.highest - range.lowest) * (delay + 1) / 2;
      }
    }
    input_ = test::random_tensor<double>({c.steps, c.batch, settings.input_size}, 99, -1, 1);
    upstream_ = test::random_tensor<double>({c.last_only ? 1 : c.steps, c.batch, settings.hidden_size}, 98, -1, 1);
    readout_ = test::random_tensor<double>({settings.hidden_size, settings.hidden_size}, 97, -1, 1);
    for (Index b = 0; b < c.batch; ++b) samples_.push_back(3 * b + 1);
  }

  Outcome outcome(bool is_fused) {
    Tape<double> tape;
    const Var<double> x = test::put_on(tape, input_);
    const OutputMask<double> mask{.dropout = case_.dropout, .random = Random(5, Stream::dropout), .samples = samples_};
    const ScanOptions options{
        .last_only = case_.last_only, .truncate_steps = case_.truncate_steps, .memory_limit = case_.memory_limit};
    const auto sequence = Sequence<double>::from(x);
    Var<double> y =
        (is_fused ? cell_.run(tape, sequence, mask, options) : cell_.run_composed(tape, sequence, mask, options))
            .output;
    if (case_.has_readout) y = matmul(y, tape.constant({y.value().columns, y.value().columns}, readout_.data()));
    for (Index r = 0; r < y.value().rows; ++r) std::copy_n(upstream_.view().row(r), y.value().columns, y.grad().row(r));
    tape.backward(tape.make({1}));  // the upstream gradient is there already
    Outcome result{test::copy_of(y.value()), test::copy_of(x.grad()), {}};
    for (const Parameter<double>* parameter : cell_.parameters()) {
      const Var<double> var = tape.use(*parameter);
      result.grads.push_back(var.has_grad() ? test::copy_of(var.grad()) : Tensor<double>(Shape{0}));
    }
    return result;
  }
  /// The output of a pass without gradients.
  Tensor<double> output_alone() {
    Tape<double> tape(Tape<double>::Mode::forward_only);
    const auto sequence = Sequence<double>::from(test::put_on(tape, input_));
    return test::copy_of(cell_.run(tape, sequence, {}, {.last_only = case_.last_only}).output.value());
  }
  /// Bytes of a tape behind a forward pass.
  [[nodiscard]] std::size_t memory() {
    Tape<double> tape;
    const auto sequence = Sequence<double>::from(test::put_on(tape, input_));
    static_cast<void>(cell_.run(tape, sequence, {}, {}));
    return tape.arena().capacity();
  }
  [[nodiscard]] double projected() {
    const Tensor<double> y = outcome(true).output;
    double sum = 0;
    for (Index i = 0; i < y.size(); ++i) sum += y.data()[i] * upstream_.data()[i];
    return sum;
  }
  Cell<N, double>& cell() { return cell_; }

 private:
  Case case_;
  Cell<N, double> cell_;
  Tensor<double> input_, upstream_, readout_;
  std::vector<Index> samples_;
};

template <class N>
void check(const CellSettings<N>& settings, const Case& c, bool compares_differences = true) {
  INFO(to_string(c));
  Problem<N> problem(settings, c);
  const Outcome fused = problem.outcome(true), composed = problem.outcome(false);
  CHECK(test::relative_difference(fused.output, composed.output) < 1e-12);
  CHECK(test::relative_difference(fused.input_grad, composed.input_grad) < 1e-10);
  const ParameterList<double> parameters = problem.cell().parameters();
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    INFO(parameters[k]->name);
    if (parameters[k]->value.size() == 0) continue;  // of a layer without connections
    CHECK(parameters[k]->is_trained == (fused.grads[k].size() > 0));
    if (fused.grads[k].size() == 0) continue;
    CHECK(test::relative_difference(fused.grads[k], composed.grads[k]) < 1e-10);
    if (!compares_differences) continue;
    for (Index i = 0; i < parameters[k]->value.size(); ++i) {
      double& value = parameters[k]->value.data()[i];
      const double centre = value, step = 1e-5;
      value = centre + step;
      const double above = problem.projected();
      value = centre - step;
      const double below = problem.projected();
      value = centre;
      const double difference = (above - below) / (2 * step), gradient = fused.grads[k].data()[i];
      INFO("element " << i << ": by the tape " << gradient << ", by differences " << difference);
      CHECK(std::abs(gradient - difference) <= 1e-6 * std::max({std::abs(gradient), std::abs(difference), 1e-2}));
    }
  }
}

template <class N>
CellSettings<N> layer_of(Index neurons, Index delay = 2) {
  return {.input_size = 2, .hidden_size = neurons, .delay = delay, .time_step = 0.5};
}
/// The first parameter of a neuron.
template <class N>
std::string first_field() {
  return Cell<N, double>::field_list[0].field.name;
}
Population with_groups(Index first, Index second) {
  Population population;
  population.groups = {{.name = "E", .size = first}, {.name = "I", .size = second}};
  return population;
}

TEMPLATE_TEST_CASE("gradients of parameters that a layer or its groups share", "", Rnn, Lstm, Glifr<0>, Glifr<2>) {
  for (const Case& c : cases()) {
    CellSettings<TestType> shared = layer_of<TestType>(4);
    shared.population = with_groups(3, 1);
    for (const FieldExtent& f : Cell<TestType, double>::field_list)
      shared.population.parameters[f.field.name].per =
          f.field.name == first_field<TestType>() ? Per::layer : Per::group;
    check(shared, c);
  }
}

TEMPLATE_TEST_CASE("gradients of masked and signed weights", "", Rnn, Lstm, Glifr<2>) {
  for (const Case& c : cases()) {
    CellSettings<TestType> masked = layer_of<TestType>(4);
    masked.population.lateral = Connectivity::with_density(0.4);
    masked.population.input = Connectivity::with_density(0.5);
    check(masked, c);
    CellSettings<TestType> signed_ = layer_of<TestType>(4);
    signed_.population.inhibitory = 0.25;
    check(signed_, c);
    CellSettings<TestType> both = layer_of<TestType>(4);
    both.population = with_groups(3, 1);
    both.population.groups[0].lateral["E"] = Connectivity::with_density(0.3);
    both.population.groups[0].lateral["I"] = Connectivity::all();
    both.population.groups[1].lateral["I"] = Connectivity::none();
    both.population.groups[0].inhibitory = 0;
    both.population.groups[1].inhibitory = 1;
    check(both, c);
  }
}

// So few that products of the connections alone are used.
TEMPLATE_TEST_CASE("gradients of few weights", "", Rnn, Lstm, Glifr<2>) {
  for (Case c : cases()) {
    CellSettings<TestType> few = layer_of<TestType>(5);
    few.population.lateral = Connectivity::with_density(0.2);
    few.population.input = Connectivity::with_density(0.2);
    check(few, c);
    few.population.input = Connectivity::all();
    few.population.inhibitory = 0.4;
    check(few, c);
    few.population.synaptic_delay = DelayDescription::learned(0.6, 3.2);
    check(few, c);
    few.population.lateral = Connectivity::none();
    c.memory_limit = 1;
    check(few, c);
  }
}

TEMPLATE_TEST_CASE("gradients of delays, one a sending neuron", "", Rnn, Lstm, Glifr<0>, Glifr<2>) {
  for (const Case& c : cases()) {
    CellSettings<TestType> learned = layer_of<TestType>(3);
    learned.population.synaptic_delay = DelayDescription::learned(0.6, 3.2);  // 1.2 to 6.4 steps
    check(learned, c);
    learned.population.synaptic_delay = DelayDescription::learned(1.1, 2.2);  // windows of two steps
    check(learned, c);
    learned.population.synaptic_delay = DelayDescription::learned(0.6, 16);  // beyond the time
    check(learned, c);
    CellSettings<TestType> fixed = layer_of<TestType>(3);
    fixed.population.synaptic_delay = DelayDescription::uniform(0, 30);  // beyond the time
    check(fixed, c);
  }
}

TEST_CASE("delays beyond the last step take no memory") {
  CellSettings<Rnn> settings = layer_of<Rnn>(3);
  settings.population.synaptic_delay = DelayDescription::learned(0.6, 4e5);
  Problem<Rnn> problem(settings, {.steps = 10, .batch = 1});
  CHECK(problem.memory() < 100'000);
}

TEMPLATE_TEST_CASE("gradients of everything at once", "", Rnn, Glifr<1>) {
  for (const Case& c : cases()) {
    CellSettings<TestType> all = layer_of<TestType>(5);
    Population& population = all.population = with_groups(3, 2);
    population.parameters[first_field<TestType>()] = {.per = Per::group};
    population.groups[0].parameters[first_field<TestType>()].is_trained = false;
    population.inhibitory = 0.34;
    population.lateral = Connectivity::with_density(0.6);
    population.groups[0].synaptic_delay = DelayDescription::learned(1, 2);
    population.groups[1].synaptic_delay = DelayDescription::uniform(1.5, 4);
    const bool compares_differences = false;  // the values of the frozen group have no gradient
    check(all, c, compares_differences);
  }
}

// Calcium asks for its synaptic currents in the reverse step.
TEMPLATE_TEST_CASE("computing states again gives the same bits as keeping them", "", Rnn, Lstm, Glifr<0>, Glifr<2>,
                   test::Calcium) {
  constexpr Index neurons = 40;
  for (const bool last_only : {false, true}) {
    for (const double dropout : {0.0, 0.3}) {
      for (const Index delay : {1, 3, 40}) {
        for (const Index truncate_steps : {0, 7}) {
          for (const bool has_readout : {false, true}) {
            // So many numbers that gradients of weights are added up in several parts, and states kept in several.
            Case c{.steps = 37,
                   .batch = 30,
                   .dropout = dropout,
                   .last_only = last_only,
                   .truncate_steps = truncate_steps,
                   .has_readout = has_readout};
            INFO(to_string(c) << ", delay " << delay << (has_readout ? ", with a readout" : ""));
            CellSettings<TestType> settings = layer_of<TestType>(neurons, delay);
            if (delay == 3) settings.population.synaptic_delay = DelayDescription::learned(1.5, 4);
            const Outcome kept = Problem<TestType>(settings, c).outcome(true);
            const double array = static_cast<double>(c.steps * c.batch * layout::row_stride<double>(neurons)) * 8;
            for (const double limit :
                 {1.0, 3 * array}) {  // less than any scan needs; room for currents, not for states
              INFO("at most " << limit << " bytes");
              c.memory_limit = limit;
              const Outcome again = Problem<TestType>(settings, c).outcome(true);
              CHECK(test::relative_difference(kept.output, again.output) == 0);
              CHECK(test::relative_difference(kept.input_grad, again.input_grad) == 0);
              for (std::size_t k = 0; k < kept.grads.size(); ++k)
                CHECK(test::relative_difference(kept.grads[k], again.grads[k]) == 0);
            }
          }
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("outputs of a long sequence are the same bits without a backward pass", "", Rnn, Lstm, Glifr<2>) {
  for (const bool last_only : {false, true}) {
    for (const bool has_delays : {false, true}) {
      CellSettings<TestType> settings = layer_of<TestType>(40, 3);
      if (has_delays) settings.population.synaptic_delay = DelayDescription::learned(1.5, 4);
      // More than caches are taken to hold: currents are there for some steps at a time.
      Problem<TestType> problem(settings, {.steps = 500, .batch = 30, .last_only = last_only});
      CHECK(test::relative_difference(problem.output_alone(), problem.outcome(true).output) == 0);
    }
  }
}

TEMPLATE_TEST_CASE("fused and composed agree where gradients end after some steps", "", Rnn, Lstm, Glifr<2>) {
  for (const Index truncate_steps : {1, 2, 3, 5, 20}) {
    for (const bool last_only : {false, true}) {
      for (const Index delay : {1, 3, 4}) {
        const Case c{.steps = 12, .batch = 2, .last_only = last_only, .truncate_steps = truncate_steps};
        CellSettings<TestType> plain = layer_of<TestType>(3, delay);
        check(plain, c, truncate_steps >= c.steps);
        CellSettings<TestType> delays = layer_of<TestType>(3);
        delays.population.synaptic_delay = DelayDescription::learned(0.6, 3.2);
        check(delays, c, truncate_steps >= c.steps);
      }
    }
  }
}

/// The gradients of weights are then added up for some windows at a time.
TEMPLATE_TEST_CASE("fused and composed agree on many samples and steps", "", Rnn, Lstm, Glifr<2>) {
  for (const Index truncate_steps : {0, 7}) {
    for (const double memory_limit : {0.0, 1.0}) {
      const Case c{.steps = 23,
                   .batch = 30,
                   .truncate_steps = truncate_steps,
                   .memory_limit = memory_limit,
                   .has_readout = memory_limit == 0};
      for (const Index delay : {1, 3}) check(layer_of<TestType>(18, delay), c, false);
      CellSettings<TestType> delays = layer_of<TestType>(18);
      delays.population.synaptic_delay = DelayDescription::learned(0.6, 3.2);
      check(delays, c, false);
      CellSettings<TestType> few = layer_of<TestType>(18, 2);
      few.population.lateral = Connectivity::with_density(0.2);
      few.population.input = Connectivity::with_density(0.5);
      check(few, c, false);
    }
  }
}

}  // namespace
