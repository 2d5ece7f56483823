#pragma once

#include <glifr/glifr.hpp>
#include <string>
#include <vector>

namespace example {

using namespace glifr;

/// A layer of gated recurrent units (Cho et al. 2014). Units cannot be stepped one by one, because the reset gate is
/// applied before the product with the recurrent weights. Therefore this is not a `Neuron`, but a layer written with
/// operations of the tape:
///
///     z = sigmoid(x W_z + h U_z + b_z)
///     r = sigmoid(x W_r + h U_r + b_r)
///     n = tanh(x W_n + (r h) U_n + b_n)
///     h = (1 - z) n + z h
template <Scalar T>
class Gru final : public NetworkLayer<T> {
 public:
  Gru(Index input_size, Index size, const std::string& prefix = layer_prefix(0))
      : input_size_(input_size), size_(size) {
    for (const char* gate : {"z", "r", "n"}) {
      parameters_.emplace_back(prefix + "weight_i" + gate, Shape{input_size, size});
      parameters_.emplace_back(prefix + "weight_h" + gate, Shape{size, size});
      parameters_.emplace_back(prefix + "bias_" + gate, Shape{1, size});
    }
  }

  std::string neuron() const override { return "gru"; }
  Index input_size() const override { return input_size_; }
  Index size() const override { return size_; }
  ParameterList<T> parameters() override {
    ParameterList<T> list;
    for (Parameter<T>& parameter : parameters_) list.push_back(&parameter);
    return list;
  }

  LayerOutput<T> run(Tape<T>& tape, const Sequence<T>& input, Engine, const OutputMask<T>& mask,
                     const ScanOptions& options) const override {
    if (input.is_sparse()) throw ConfigError("gru", "expected dense inputs, found lists of active ones");
    mask.check(input.batch, size_);
    const auto gate = [&](std::size_t g, const Var<T>& x, const Var<T>& h) {
      return matmul(x, tape.use(parameters_[3 * g])) + matmul(h, tape.use(parameters_[3 * g + 1])) +
             tape.use(parameters_[3 * g + 2]);
    };
    Var<T> h = tape.constant({input.batch, size_}, tape.memory().template allocate_zeroed<T>(input.batch * size_));
    std::vector<Var<T>> outputs;
    for (Index t = 0; t < input.steps; ++t) {
      const Var<T> x = step_of(input.dense, t);
      const Var<T> z = sigmoid(gate(0, x, h)), r = sigmoid(gate(1, x, h)), n = tanh(gate(2, x, r * h));
      h = (1 - z) * n + z * h;
      if (mask.is_active()) h = h * mask.at(tape, t, input.steps, input.batch, size_);
      outputs.push_back(h);
    }
    const std::span<const Var<T>> asked(outputs);
    return {stack<T>(tape, options.last_only ? asked.last(1) : asked)};
  }

 private:
  Index input_size_, size_;
  std::vector<Parameter<T>> parameters_;
};

}  // namespace example
