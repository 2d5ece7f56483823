#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "glifr/core/random.hpp"
#include "glifr/core/tape.hpp"

namespace glifr {

/// What a gradient check found.
struct GradientCheck {
  bool passed = true;    ///< no error above the tolerance
  double worst = 0;      ///< largest relative error; NaN where a gradient is
  std::string report{};  ///< where that was, with both gradients
};

/// Holds the tape's gradients of `f` against central differences, in double. `f` is called with a fresh tape and the
/// inputs on it, and returns a value of any shape, which is projected on fixed random weights: a plain sum would hide
/// symmetric mistakes. Every element of every input is moved by +-`step`. The error of an element is relative to the
/// larger of the two gradients or `floor`, whichever is more.
inline GradientCheck gradient_check(const std::function<Var<double>(Tape<double>&, std::vector<Var<double>>&)>& f,
                                    std::vector<Tensor<double>> inputs, double tolerance = 1e-6, double step = 1e-5,
                                    double floor = 1e-3) {
  const auto weight = [](Index i) { return 0.5 + Random(7, Stream::analysis).uniform(static_cast<std::uint64_t>(i)); };
  // The projected value; with `gradients`, also its derivatives by the tape.
  const auto evaluate = [&](std::vector<Tensor<double>>* gradients) {
    Tape<double> tape;
    std::vector<Var<double>> vars;
    for (const Tensor<double>& input : inputs) {
      vars.push_back(tape.make(input.shape()));
      std::copy_n(input.data(), input.shape().size(), vars.back().value().data);
    }
    const Var<double> y = f(tape, vars);
    const Var<double> projected = tape.make_from({1}, y);
    double sum = 0;
    const auto each = [weight, y](auto&& visit) {
      for (Index r = 0, i = 0; r < y.value().rows; ++r) {
        for (Index c = 0; c < y.value().columns; ++c, ++i) visit(r, c, weight(i));
      }
    };
    each([&](Index r, Index c, double w) { sum += w * y.value()(r, c); });
    projected.value().data[0] = sum;
    if (y.has_grad()) {
      tape.on_backward([each, projected, y] {
        each([&](Index r, Index c, double w) { y.grad()(r, c) += w * projected.grad().data[0]; });
      });
    }
    if (gradients) {
      tape.backward(projected);
      for (const Var<double>& var : vars) {
        Tensor<double> gradient(var.shape());
        std::copy_n(var.grad().data, var.shape().size(), gradient.data());
        gradients->push_back(gradient);
      }
    }
    return sum;
  };

  std::vector<Tensor<double>> gradients;
  evaluate(&gradients);
  GradientCheck check;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    for (Index i = 0; i < inputs[k].size(); ++i) {
      double& x = inputs[k].data()[i];
      const double centre = x;
      x = centre + step;
      const double above = evaluate(nullptr);
      x = centre - step;
      const double below = evaluate(nullptr);
      x = centre;
      const double difference = (above - below) / (2 * step), gradient = gradients[k].data()[i];
      const double error =
          std::abs(gradient - difference) / std::max({std::abs(gradient), std::abs(difference), floor});
      check.passed = check.passed && error <= tolerance;  // false for a NaN
      if (error <= check.worst || std::isnan(check.worst)) continue;
      check.worst = error;
      std::ostringstream text;
      text.precision(12);
      text << "input " << k << ", element " << i << ": by the tape " << gradient << ", by differences " << difference
           << ", relative error " << error;
      check.report = text.str();
    }
  }
  return check;
}

}  // namespace glifr
