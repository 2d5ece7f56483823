// The tape without a network: gradient descent fits the parameters of a damped oscillation y = a exp(-k t) cos(w t) to
// samples of such an oscillation. The tape has no operation for the cosine, so it is computed as the real part of a
// rotation that is repeated step by step.
#include <cmath>
#include <cstdio>
#include <vector>

#include <glifr/glifr.hpp>

int main() {
  using namespace glifr;
  constexpr Index samples = 40;
  constexpr double dt = 0.1;
  Tensor<double> measured({1, samples});
  for (Index i = 0; i < samples; ++i) {
    const double t = dt * static_cast<double>(i);
    measured.data()[i] = 1.5 * std::exp(-0.4 * t) * std::cos(2 * t);
  }

  // x(t + dt) = p x - q y, y(t + dt) = q x + p y: p + iq rotates and shrinks the oscillation in one step.
  std::vector<Parameter<double>> unknown;
  for (const char* name : {"start", "p", "q"}) unknown.emplace_back(name, Shape{1, 1});
  unknown[0].value.data()[0] = 1;
  unknown[1].value.data()[0] = 0.9;
  unknown[2].value.data()[0] = 0.1;
  ParameterList<double> parameters;
  for (Parameter<double>& parameter : unknown) parameters.push_back(&parameter);

  Gradients<double> gradients(parameters);
  Reduction<double> reduce(parameters);
  Optimizer<double> optimizer(parameters, {});
  Tape<double> tape;
  tape.accumulate_into(&gradients);
  for (int round = 0; round <= 2000; ++round) {
    tape.clear();
    std::fill(gradients.values().begin(), gradients.values().end(), 0.0);
    const Var<double> p = tape.use(unknown[1]), q = tape.use(unknown[2]);
    Var<double> x = tape.use(unknown[0]), y = x * 0;
    Var<double> error = y;
    for (Index i = 0; i < samples; ++i) {
      const Var<double> off = x - measured.data()[i];
      error = error + off * off;
      const Var<double> next = p * x - q * y;
      y = q * x + p * y;
      x = next;
    }
    tape.backward(error);
    optimizer.apply(gradients, reduce(gradients).norm, 0.01);
    if (round % 500 == 0) std::printf("round %4d: squared error %.6f\n", round, error.item());
  }
  const double p = unknown[1].value.data()[0], q = unknown[2].value.data()[0];
  std::printf("a %.3f (1.5), k %.3f (0.4), w %.3f (2)\n", unknown[0].value.data()[0], -std::log(std::hypot(p, q)) / dt,
              std::atan2(q, p) / dt);
}
