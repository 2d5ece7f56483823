// Once a training step has run, the next ones ask the heap for nothing.
#include <vector>

#include "glifr/cells/glifr.hpp"
#include "glifr/cells/lstm.hpp"
#include "glifr/cells/rnn.hpp"
#include "glifr/ops/loss.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"

namespace {

using namespace glifr;
using test::allocations;
using test::Form;
using test::random_tensor;

/// A layer with a readout, and what it is trained on.
template <class C>
class Training {
 public:
  using T = typename C::Value;

  Training(Index hidden, Index batch)
      : cell_({.input_size = features, .hidden_size = hidden, .delay = 3}),
        weight_("weight", {hidden, outputs}),
        bias_("bias", {outputs}),
        input_(random_tensor<T>({steps, batch, features}, 100)),
        target_(random_tensor<T>({steps * batch, outputs}, 101)) {
    ParameterList<T> parameters = cell_.parameters();
    parameters.insert(parameters.end(), {&weight_, &bias_});
    std::uint32_t key = 0;
    for (Parameter<T>* p : parameters) p->value = random_tensor<T>(p->value.shape(), key++);
    gradients_.emplace(parameters);
    for (Index b = 0; b < batch; ++b) samples_.push_back(b);
    tape_.accumulate_into(&*gradients_);
  }

  double step(Form form) {
    const Sequence<T> input = Sequence<T>::from(tape_.constant(input_.shape(), input_.data()));
    const OutputMask<T> mask{.dropout = 0.2, .samples = samples_};
    const auto result = form == Form::fused ? cell_.run(tape_, input, mask) : cell_.run_composed(tape_, input, mask);
    const auto loss = mean_squared_error(linear(result.output, tape_.use(weight_), tape_.use(bias_)), target_.view());
    tape_.backward(loss.value);
    tape_.clear();
    return loss.sum();
  }

 private:
  static constexpr Index steps = 8, features = 2, outputs = 3;
  C cell_;
  Parameter<T> weight_, bias_;
  Tensor<T> input_, target_;
  std::optional<Gradients<T>> gradients_;
  std::vector<Index> samples_;
  Tape<T> tape_;
};

TEST_CASE("allocations are seen") {
  const std::size_t before = allocations();
  const Tensor<float> tensor({1000});
  std::vector<int> numbers(10);
  asm volatile("" : : "r"(numbers.data()) : "memory");  // or a compiler would leave it out, as it may
  CHECK(allocations() >= before + 2);
}

TEMPLATE_TEST_CASE("a training step allocates nothing after the first", "", (GlifrCell<0, float>),
                   (GlifrCell<2, float>), (GlifrCell<3, double>), RnnCell<float>, LstmCell<float>) {
  for (const Form form : {Form::composed, Form::fused}) {
    for (const auto& [hidden, batch] : {std::array<Index, 2>{5, 3}, {124, 32}}) {
      Training<TestType> training(hidden, batch);
      const double loss = training.step(form);
      const std::size_t before = allocations();
      for (int i = 0; i < 4; ++i) {
        if (training.step(form) != loss) FAIL("the steps differ");
      }
      const std::size_t made = allocations() - before;
      INFO((form == Form::fused ? "fused, " : "composed, ") << hidden << " neurons, batch " << batch);
      CHECK(made == 0);
    }
  }
}

}  // namespace
