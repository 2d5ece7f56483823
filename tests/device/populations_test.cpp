// Layers of neurons that differ, on a device against the same on the host.
#include <string>
#include <utility>
#include <vector>

#include "glifr/cells/cell.hpp"
#include "glifr/neurons/glifr.hpp"
#include "glifr/neurons/rnn.hpp"
#include "support/devices.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;

/// A layer in which groups share a parameter, and weights are masked and signed; with learned delays.
template <class N>
Cell<N, double> make_cell() {
  CellSettings<N> settings{.input_size = 2, .hidden_size = 7, .delay = 2, .time_step = 0.5};
  Population& population = settings.population;
  population.groups = {{.name = "E", .size = 5, .inhibitory = 0}, {.name = "I", .size = 2, .inhibitory = 1}};
  population.parameters[Cell<N, double>::field_list[0].field.name] = {.per = Per::group};
  population.lateral = Connectivity::with_density(0.5);
  population.synaptic_delay = DelayDescription::learned(0.6, 3.2);
  Cell<N, double> cell(settings);
  cell.draw_wiring(3, 0);
  std::uint32_t key = 1;
  for (Parameter<double>* parameter : cell.parameters()) {
    if (!parameter->is_structure)
      parameter->value = test::random_tensor<double>(parameter->value.shape(), key++, -1, 1);
  }
  return cell;
}

/// Output and gradients of everything that has one.
template <class N>
std::vector<Tensor<double>> run(Cell<N, double>& cell, Device* device, Index truncate_steps) {
  Tape<double> tape(Tape<double>::Mode::record, device);
  const Tensor<double> input = test::random_tensor<double>({11, 3, 2}, 99, -1, 1);
  const Var<double> x = tape.make(input.shape(), 0, true);
  test::set(x, input);
  const Var<double> y = cell.run(tape, Sequence<double>::from(x), {}, {.truncate_steps = truncate_steps}).output;
  kernels::fill(tape.memory(), y.grad(), 1.0);
  tape.backward(tape.make({1}));
  std::vector<Tensor<double>> result{test::copy_of(y.value(), device), test::copy_of(x.grad(), device)};
  for (const Parameter<double>* parameter : cell.parameters()) {
    const Var<double> var = tape.use(*parameter);
    if (var.has_grad()) result.push_back(test::copy_of(var.grad(), device));
  }
  return result;
}

TEMPLATE_TEST_CASE("delays, groups, masks and signs on a device give what they give on the host", "", Rnn, Glifr<2>) {
  GLIFR_NEEDS_DEVICE(device);
  for (const Index truncate_steps : {0, 4}) {
    Cell<TestType, double> cell = make_cell<TestType>();
    const auto there = run(cell, device, truncate_steps), here = run(cell, nullptr, truncate_steps);
    REQUIRE(there.size() == here.size());
    for (std::size_t i = 0; i < here.size(); ++i) {
      INFO("tensor " << i);
      CHECK(test::relative_difference(there[i], here[i]) <= 1e-10);
    }
  }
}

}  // namespace
