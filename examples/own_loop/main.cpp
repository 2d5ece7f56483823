// A custom training loop with a custom loss: a network learns waves with a penalty on the lateral weights. If only the
// loss is custom, a `LossFunction` passed to the `Trainer` is enough.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <vector>

#include <glifr/glifr.hpp>

int main() try {
  using namespace glifr;
  Network<GlifrCell<1, double>> network({.input_size = 1, .hidden_size = 20, .delay = delay_steps(1.0, 0.05)}, 1,
                                        Outputs::every_step);
  initialize_homogeneous(network, 1);
  const auto waves = make_sine<double>({.num_freqs = 3});
  const Index steps = waves.time_steps(), samples = waves.size();
  const std::vector<Index> all{0, 1, 2};
  std::vector<double> inputs(static_cast<std::size_t>(steps * samples)), targets(inputs);
  waves.inputs(all, inputs.data());
  waves.targets(all, targets.data());

  const ParameterList<double> parameters = network.parameters();
  Gradients<double> gradients(parameters);
  Reduction<double> reduce(parameters);
  Optimizer<double> optimizer(parameters, {});
  Tape<double> tape;
  tape.accumulate_into(&gradients);
  for (int round = 0; round <= 400; ++round) {
    tape.clear();
    std::ranges::fill(gradients.values(), 0.0);
    const auto x = Sequence<double>::from(tape.constant({steps, samples, 1}, inputs));
    const Var<double> off = network.forward(tape, x).output - tape.constant({steps, samples, 1}, targets);
    const Var<double> error = mean(off * off), lateral = tape.use(network.cell().w_lateral());
    tape.backward(error + 1e-3 * sum(lateral * lateral));
    optimizer.apply(gradients, reduce(gradients).norm, 5e-3);
    if (round == 0) std::printf("mean squared error before: %.4f\n", error.item());
    if (round == 400) std::printf("after: %.4f\n", error.item());
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
