// The workers' engine: the same bits on any number of threads, scores, and what is not finite.
#include "glifr/training/engine.hpp"

#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "glifr/datasets/labels.hpp"
#include "glifr/datasets/synthetic.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/ops/reduce.hpp"
#include "glifr/training/class_weights.hpp"
#include "glifr/training/evaluate.hpp"
#include "glifr/training/trainer.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/padded_dataset.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;

/// Fifty samples of 9 steps or, with lengths, of 1 to 9.
std::unique_ptr<Dataset<float>> make_data(bool has_lengths) {
  if (!has_lengths)
    return std::make_unique<SyntheticDataset<float>>(
        SyntheticSettings{.samples = 50, .time_steps = 9, .input_size = 3, .classes = 4});
  std::vector<std::int32_t> lengths;
  for (std::int32_t i = 0; i < 50; ++i) lengths.push_back(1 + i * 7 % 9);
  return std::make_unique<test::PaddedDataset<float>>(
      test::PaddedSettings{.time_steps = 9, .input_size = 3, .classes = 4, .lengths = lengths});
}

struct Problem {
  std::unique_ptr<Dataset<float>> owned;
  const Dataset<float>& data = *owned;
  TrainingSettings settings{.batch_size = 20, .micro_batch = 3, .dropout = 0.3, .seed = 6};
  std::vector<Index> order;
  RecurrentNetwork<float> network{Outputs::last_step};

  explicit Problem(bool has_lengths = false) : owned(make_data(has_lengths)) {
    if (has_lengths) settings.class_weights = {1, 0.25, 2, 1};
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
  const bool has_lengths = GENERATE(false, true);
  std::vector<double> losses;
  std::vector<Tensor<float>> first;
  for (const Index threads : {1, 2, 3, 5}) {
    Problem p(has_lengths);
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

TEST_CASE("gradients that are too large for Adam are named, unless they are clipped") {
  const double clip = GENERATE(0.0, 1.0);
  Problem p;
  p.settings.optimizer.gradient_clip = clip;
  find_parameter(p.network.parameters(), "output_linear.weight").value.data()[0] = 1e25f;
  Workers workers(1);
  Optimizer<float> optimizer(p.network.parameters(), p.settings.optimizer);
  const auto engine = make_worker_engine<float>({p.network, p.data, p.settings, optimizer}, workers);
  Position position;
  engine->begin({0, p.order, 20, 1e-2}, position);
  if (clip > 0) {
    CHECK_NOTHROW(engine->advance(position));
    CHECK(optimizer.steps() == 1);
  } else {
    CHECK_THROWS_WITH(engine->advance(position), Catch::Contains("Adam's mean of the squared gradients is not finite"));
    CHECK(optimizer.steps() == 0);
  }
}

TEST_CASE("once an epoch has run, steps ask the heap for nothing") {
  const bool has_lengths = GENERATE(false, true);
  Problem p(has_lengths);
  Workers workers(1);
  Optimizer<float> optimizer(p.network.parameters(), {});
  const auto engine = make_worker_engine<float>({p.network, p.data, p.settings, optimizer}, workers);
  std::size_t before = 0;
  for (int epoch = 0; epoch < 3; ++epoch) {
    if (epoch == 2) before = test::allocations();
    Position position;
    engine->begin({0, p.order, 20, 1e-2}, position);
    while (position.step < 3) engine->advance(position);
  }
  CHECK(test::allocations() == before);
}

TEST_CASE("lengths that are all the same leave the bits of a set without lengths") {
  // The same samples, once said to be of one length.
  class WithoutLengths final : public Dataset<float> {
   public:
    explicit WithoutLengths(const Dataset<float>& data) : data_(data) {}
    [[nodiscard]] Index size() const override { return data_.size(); }
    [[nodiscard]] Index time_steps() const override { return data_.time_steps(); }
    [[nodiscard]] Index input_size() const override { return data_.input_size(); }
    [[nodiscard]] Index classes() const override { return data_.classes(); }
    [[nodiscard]] Index target_size() const override { return data_.target_size(); }
    void inputs(std::span<const Index> samples, float* x) const override { data_.inputs(samples, x); }
    void targets(std::span<const Index> samples, float* values) const override { data_.targets(samples, values); }

   private:
    const Dataset<float>& data_;
  };
  const test::PaddedDataset<float> data(
      {.time_steps = 9, .input_size = 3, .target_size = 2, .lengths = std::vector<std::int32_t>(14, 9)});
  const WithoutLengths without(data);
  for (const Outputs outputs : {Outputs::every_step, Outputs::last_step}) {
    std::vector<Tensor<float>> values;
    for (const Dataset<float>* one :
         {static_cast<const Dataset<float>*>(&data), static_cast<const Dataset<float>*>(&without)}) {
      RecurrentNetwork<float> network(outputs);
      network.add<Rnn>({.input_size = 3, .hidden_size = 5, .delay = 3});
      network.add_readout(2);
      initialize_homogeneous(network, 3);
      Workers workers(1);
      Trainer<float>(network, *one, {.batch_size = 5, .max_epochs = 2}, workers).fit();
      for (const Parameter<float>* parameter : network.parameters()) values.push_back(parameter->value);
    }
    for (std::size_t k = 0; k < values.size() / 2; ++k)
      CHECK(test::relative_difference(values[k], values[values.size() / 2 + k]) == 0);
  }
}

TEST_CASE("evaluation knows no class weights, and training reports what it minimises") {
  Problem p;
  Workers workers(1);
  p.settings.dropout = 0;
  const double plain = evaluate<float>(p.network, p.data, workers).loss();
  p.settings.class_weights = {3, 3, 3, 3};
  Trainer<float> trainer(p.network, p.data, p.settings, workers);
  CHECK(std::abs(trainer.step(p.order, 0).loss() - 3 * plain) < 1e-5 * plain);
  CHECK(std::abs(evaluate<float>(p.network, p.data, workers).loss() - plain) < 1e-5 * plain);
}

TEST_CASE("balanced weights give every class that occurs the same part of the loss") {
  const LabelDataset<float> data({1, 6, 1}, std::vector<float>(6), 4, {0, 2, 2, 3, 2, 0});
  CHECK(balanced_class_weights(data) == std::vector<double>{1, 1, 6.0 / 9, 2});
}

TEST_CASE("lengths, targets and class weights that do not go with the data are refused") {
  Workers workers(1);
  RecurrentNetwork<float> every(Outputs::every_step), last(Outputs::last_step);
  for (RecurrentNetwork<float>* network : {&every, &last}) {
    network->add<Rnn>({.input_size = 3, .hidden_size = 4});
    network->add_readout(2);
    initialize_homogeneous(*network, 3);
  }
  const auto message = [&](RecurrentNetwork<float>& network, const test::PaddedSettings& data,
                           const std::vector<double>& weights) -> std::string {
    try {
      Trainer<float>(network, test::PaddedDataset<float>(data), {.class_weights = weights}, workers);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const test::PaddedSettings labels{.time_steps = 5, .input_size = 3, .classes = 2, .lengths = {5, 3}};
  test::PaddedSettings values = labels;
  values.classes = 0;
  values.target_size = 2;
  CHECK(message(last, labels, {1, 2}).empty());
  CHECK(message(last, labels, {1, 2, 3}) ==
        "class_weights: expected a number of 0 or more for each class, found 3 for 2 classes");
  CHECK(message(last, labels, {1, -1}).starts_with("class_weights: expected a number of 0 or more"));
  CHECK(message(every, values, {1, 1}).ends_with("found 2 for 0 classes"));
  CHECK(message(every, values, {}).empty());
  values.has_last_target = true;
  CHECK(message(last, values, {}).empty());
  CHECK(message(every, values, {}).starts_with("final_reduction: a target for the last step only needs"));
  for (const std::int32_t length : {0, 6}) {
    test::PaddedSettings wrong = labels;
    wrong.lengths[1] = length;
    CHECK(message(last, wrong, {}) == "lengths: expected 1 to 5, found " + std::to_string(length) + " of sample 1");
  }
}

TEST_CASE("a classification gives each sample's class in order, its counts and the score") {
  const ThreadLimit limit(3);
  const bool has_lengths = GENERATE(false, true);
  Problem p(has_lengths);
  Workers one(1), three(3);
  const Classification all = classify<float>(p.network, p.data, one);
  const Score score = evaluate<float>(p.network, p.data, one);
  CHECK((all.score.loss_sum == score.loss_sum && all.score.correct == score.correct && all.score.samples == 50));
  CHECK(classify<float>(p.network, p.data, three).predicted == all.predicted);
  REQUIRE(all.predicted.size() == 50);
  std::vector<std::int32_t> labels(50);
  p.data.labels(p.order, labels.data());
  Index right = 0;
  std::vector<Index> counts(16);
  for (std::size_t i = 0; i < 50; ++i) {
    ++counts[static_cast<std::size_t>(labels[i] * 4 + all.predicted[i])];
    right += labels[i] == all.predicted[i];
    // By itself, it is taken for the same class.
    const Index sample = static_cast<Index>(i);
    const Classification alone = classify<float>(p.network, p.data, one, {.samples = {&sample, 1}});
    CHECK(alone.predicted == std::vector<std::int32_t>{all.predicted[i]});
    CHECK(alone.score.correct == (labels[i] == all.predicted[i]));
  }
  CHECK(all.confusion == counts);
  CHECK(all.score.correct == right);
  CHECK(all.count(labels[0], all.predicted[0]) >= 1);

  RecurrentNetwork<float> every(Outputs::every_step);
  every.add<Rnn>({.input_size = 3, .hidden_size = 4});
  CHECK_THROWS_AS(classify<float>(every, p.data, one), ConfigError);
  RecurrentNetwork<float> wide(Outputs::last_step);
  wide.add<Rnn>({.input_size = 3, .hidden_size = 4});
  wide.add_readout(6);
  initialize_homogeneous(wide, 3);
  const LossFunction<float> any = [](const Var<float>& output, const Batch<float>&) { return mean(output); };
  CHECK_THROWS_WITH(classify<float>(wide, p.data, one, {.loss = any}),
                    "output_size: the data has 4 classes, the network 6 outputs");
}

/// Measures a network on other data after every epoch.
struct Validation final : Callback<float> {
  TrainingEngine<float>* engine;
  std::vector<double> losses{};
  explicit Validation(TrainingEngine<float>& by) : engine(&by) {}
  bool after_epoch(const EpochReport&, const Position&) override {
    losses.push_back(engine->evaluate().loss());
    return true;
  }
};

TEST_CASE("evaluation on other data after each epoch leaves the bits of the training") {
  const SyntheticDataset<float> other({.samples = 13, .time_steps = 9, .input_size = 3, .classes = 4, .seed = 4});
  Workers workers(2);
  Problem plain, watched;
  plain.settings.max_epochs = watched.settings.max_epochs = 3;
  Trainer<float>(plain.network, plain.data, plain.settings, workers).fit();
  Optimizer<float> none({}, {});
  const auto engine = make_worker_engine<float>({watched.network, other, watched.settings, none}, workers);
  Validation validation(*engine);
  Callback<float>* const callbacks[] = {&validation};
  Trainer<float>(watched.network, watched.data, watched.settings, workers).fit(callbacks);
  REQUIRE(validation.losses.size() == 3);
  CHECK(validation.losses.back() == evaluate<float>(watched.network, other, workers).loss());
  for (std::size_t k = 0; k < plain.network.parameters().size(); ++k)
    CHECK(test::relative_difference(watched.network.parameters()[k]->value, plain.network.parameters()[k]->value) == 0);
}

}  // namespace
