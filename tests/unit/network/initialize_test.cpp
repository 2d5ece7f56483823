#include "glifr/network/initialize.hpp"

#include "glifr/cells/glifr.hpp"
#include "glifr/cells/lstm.hpp"
#include "glifr/cells/rnn.hpp"
#include "glifr/datasets/sine.hpp"
#include "glifr/training/trainer.hpp"
#include "support/catch.hpp"

namespace {

using namespace glifr;

TEMPLATE_TEST_CASE("a network that was never initialised says so", "", (GlifrCell<2, float>), RnnCell<double>,
                   LstmCell<float>) {
  using T = typename TestType::Value;
  Network<TestType> network({.input_size = 1, .hidden_size = 5, .delay = 3}, 1, Outputs::every_step);
  const auto waves = make_sine<T>({.num_freqs = 2});
  Workers workers(1);
  const auto names_the_remedy = Catch::Contains("initialize_homogeneous");
  CHECK_THROWS_AS(evaluate(network, waves, workers), std::logic_error);
  Trainer<T> trainer(network, waves, {.batch_size = 2, .max_epochs = 1}, workers);
  CHECK_THROWS_WITH(trainer.fit(), names_the_remedy);
  Tape<T> tape;
  const Sequence<T> input{1, 1, 1, tape.make({1, 1, 1})};
  CHECK_THROWS_WITH(network.forward(tape, input), names_the_remedy);
  CHECK_THROWS_WITH(network.forward(tape, input, {.engine = Engine::composed}), names_the_remedy);

  // One number anywhere in the layer was put there by somebody.
  network.parameters()[1]->value.values().back() = T(0.5);
  CHECK_NOTHROW(evaluate(network, waves, workers));
  initialize_homogeneous(network, 1);
  CHECK_NOTHROW(trainer.fit());
}

TEST_CASE("sizes that nothing can be trained with are refused by the names of their members") {
  Network<RnnCell<float>> network({.hidden_size = 5}, 1, Outputs::every_step);
  initialize_homogeneous(network, 1);
  const auto waves = make_sine<float>({.num_freqs = 2});
  CHECK_THROWS_AS(Workers(0), std::logic_error);
  Workers workers(1);
  for (const Index size : {0, -3}) {
    CHECK_THROWS_WITH(Trainer<float>(network, waves, {.batch_size = size}, workers),
                      Catch::Contains("TrainingSettings::batch_size"));
  }
}

}  // namespace
