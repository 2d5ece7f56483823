// The workers' engine: the same bits on any number of threads, scores, and what is not finite.
#include "glifr/training/engine.hpp"

#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "glifr/datasets/synthetic.hpp"
#include "glifr/network/initialize.hpp"
#include "support/catch.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;

struct Problem {
  SyntheticDataset<float> data{{.samples = 50, .time_steps = 9, .input_size = 3, .classes = 4}};
  TrainingSettings settings{.batch_size = 20, .micro_batch = 3, .dropout = 0.3, .seed = 6};
  std::vector<Index> order;
  RecurrentNetwork<float> network{Outputs::last_step};

  Problem() {
    network.add<Glifr<1>>({.input_size = 3, .hidden_size = 7, .delay = 2});
    network.add<Lstm>({.input_size = 7, .hidden_size = 5});
    network.add_readout(4);
    initialize_homogeneous(network, 3);
    order.resize(50);
    std::iota(order.begin(), order.end(), Index{0});
  }
};

TEST_CASE("steps on any number of threads leave the same bits and scores") {
  const ThreadLimit limit(5);
  std::vector<double> losses;
  std::vector<Tensor<float>> first;
  for (const Index threads : {1, 2, 3, 5}) {
    Problem p;
    Workers workers(threads);
    Optimizer<float> optimizer(p.network.parameters(), {});
    const auto engine = make_worker_engine<float>({p.network, p.data, p.settings, optimizer}, workers);
    Position position;
    engine->begin({0, p.order, 20, 1e-2}, position);
    while (position.step < 3) engine->advance(position);
    CHECK(position.running.samples == 50);
    losses.push_back(position.running.loss());
    losses.push_back(engine->evaluate().loss());
    CHECK(losses[losses.size() - 2] == losses[0]);
    CHECK(losses.back() == losses[1]);
    for (std::size_t k = 0; k < p.network.parameters().size(); ++k) {
      const Tensor<float>& value = p.network.parameters()[k]->value;
      if (threads == 1) {
        first.push_back(value);
      } else {
        CHECK(test::relative_difference(value, first[k]) == 0);
      }
    }
  }
}

TEST_CASE("what is not finite is named with its epoch and step, and nothing moves") {
  Problem p;
  Parameter<float>& weights = find_parameter(p.network.parameters(), "output_linear.weight");
  weights.value.data()[0] = std::numeric_limits<float>::infinity();
  const Tensor<float> before = p.network.parameters()[0]->value;
  Workers workers(1);
  Optimizer<float> optimizer(p.network.parameters(), {});
  const auto engine = make_worker_engine<float>({p.network, p.data, p.settings, optimizer}, workers);
  Position position{.epoch = 4, .step = 1};
  engine->begin({4, p.order, 20, 1e-2}, position);
  std::string message;
  try {
    engine->advance(position);
  } catch (const NumericError& error) {
    message = error.what();
  }
  INFO(message);
  CHECK(message.find("the network's output") != std::string::npos);
  CHECK(message.find("epoch 5") != std::string::npos);
  CHECK(message.find("step 2") != std::string::npos);
  CHECK(test::relative_difference(p.network.parameters()[0]->value, before) == 0);
  CHECK(optimizer.steps() == 0);
}

}  // namespace
