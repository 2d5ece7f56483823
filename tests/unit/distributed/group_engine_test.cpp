// The engine of a group of processes: the bits of one process on any number of processes and threads.
#include <atomic>
#include <limits>
#include <numeric>

#include "glifr/backend/parallel.hpp"
#include "glifr/datasets/synthetic.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/training/trainer.hpp"
#include "support/catch.hpp"
#include "support/thread_group.hpp"

namespace {

using namespace glifr;
using test::ThreadGroups;

template <class T>
struct Problem {
  SyntheticDataset<T> data{{.samples = 53, .time_steps = 9, .input_size = 3, .classes = 4}};
  TrainingSettings settings{.optimizer = {.gradient_clip = 0.01},
                            .batch_size = 24,
                            .micro_batch = 1,
                            .max_epochs = 2,
                            .dropout = 0.3,
                            .seed = 6};
  RecurrentNetwork<T> network{Outputs::last_step};

  explicit Problem(Index shares) {
    settings.shares = shares;
    network.template add<Glifr<1>>({.input_size = 3, .hidden_size = 7, .delay = 2});
    network.template add<Lstm>({.input_size = 7, .hidden_size = 5});
    network.add_readout(4);
    initialize_homogeneous(network, 3);
  }
  std::vector<T> values() {
    std::vector<T> all;
    for (const Parameter<T>* parameter : network.parameters())
      all.insert(all.end(), parameter->value.values().begin(), parameter->value.values().end());
    return all;
  }
};

/// What a training leaves: parameters, and the loss of all samples afterwards.
template <class T>
struct Trained {
  std::vector<T> values;
  Score score, evaluated;
  bool operator==(const Trained& o) const {
    return values == o.values && score.loss_sum == o.score.loss_sum && score.correct == o.score.correct &&
           evaluated.loss_sum == o.evaluated.loss_sum && evaluated.correct == o.evaluated.correct;
  }
};

template <class T>
Trained<T> train(Index shares, Workers& workers, Group* group) {
  Problem<T> p(shares);
  const auto make_engine = [&](const EngineParts<T>& parts) {
    return group ? make_group_engine<T>(parts, workers, *group) : make_worker_engine<T>(parts, workers);
  };
  Trainer<T> trainer(p.network, p.data, p.settings, make_engine);
  std::vector<Index> samples(p.settings.batch_size);
  std::iota(samples.begin(), samples.end(), Index{0});
  const Score score = trainer.step(samples, 1e-2);
  trainer.fit();
  Optimizer<T> nothing({}, {});
  return {p.values(), score, make_engine({p.network, p.data, p.settings, nothing})->evaluate()};
}

TEMPLATE_TEST_CASE("any number of processes and threads leaves the bits of one", "", float, double) {
  const ThreadLimit limit(16);
  // One share a process at most, fewer and more shares than processes, and a tree with open ends.
  for (const Index shares : {2, 7, 24}) {
    Workers alone(2);
    const Trained<TestType> expected = train<TestType>(shares, alone, nullptr);
    for (const Index processes : {1, 2, 3, 5, 8}) {
      for (const Index threads : {1, 2}) {
        std::atomic<Index> same = 0;
        ThreadGroups::run(processes, [&](Group& group) {
          Workers workers(threads);
          if (train<TestType>(shares, workers, &group) == expected) ++same;
        });
        CAPTURE(shares, processes, threads);
        CHECK(same == processes);
      }
    }
  }
}

TEST_CASE("the number of shares decides bits, and nothing else") {
  Workers workers(1);
  const auto few = train<float>(2, workers, nullptr), many = train<float>(24, workers, nullptr);
  REQUIRE(few.values.size() == many.values.size());
  CHECK(few.values != many.values);
  for (std::size_t i = 0; i < few.values.size(); ++i)
    CHECK(static_cast<double>(few.values[i]) == Approx(static_cast<double>(many.values[i])).margin(1e-4));
}

TEST_CASE("what is not finite in one process is found by all at the same step") {
  const Index processes = 3;
  std::atomic<Index> found = 0;
  ThreadGroups::run(processes, [&](Group& group) {
    Problem<float> p(6);
    // A readout that overflows for some samples only would be chance; a gradient of the loss that does, does for all.
    find_parameter(p.network.parameters(), "output_linear.weight").value.data()[0] =
        std::numeric_limits<float>::infinity();
    const std::vector<float> before = p.values();
    Workers workers(1);
    Trainer<float> trainer(p.network, p.data, p.settings, [&](const EngineParts<float>& parts) {
      return make_group_engine<float>(parts, workers, group);
    });
    try {
      trainer.fit();
    } catch (const NumericError& error) {
      if (error.quantity() == "the network's output" && error.step() == 1 && p.values() == before) ++found;
    }
  });
  CHECK(found == processes);
}

TEST_CASE("many shares are summed while they are computed, on any number of threads") {
  const ThreadLimit limit(5);
  const SyntheticDataset<double> data({.samples = 300, .time_steps = 3, .input_size = 3, .classes = 4});
  std::vector<std::vector<double>> results;
  for (const Index threads : {1, 2, 5}) {
    RecurrentNetwork<double> network(Outputs::last_step);
    network.add<Rnn>({.input_size = 3, .hidden_size = 5});
    network.add_readout(4);
    initialize_homogeneous(network, 3);
    Workers workers(threads);
    Trainer<double> trainer(network, data, {.batch_size = 300, .micro_batch = 1, .shares = 257, .max_epochs = 3},
                            workers);
    trainer.fit();
    std::vector<double> values;
    for (const Parameter<double>* parameter : network.parameters())
      values.insert(values.end(), parameter->value.values().begin(), parameter->value.values().end());
    results.push_back(values);
  }
  CHECK(results[0] == results[1]);
  CHECK(results[0] == results[2]);
}

}  // namespace
