// Training on a device against training on the host.
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "glifr/cells/glifr.hpp"
#include "glifr/cells/lstm.hpp"
#include "glifr/cells/rnn.hpp"
#include "glifr/datasets/synthetic.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/training/checkpoint.hpp"
#include "glifr/training/trainer.hpp"
#include "support/devices.hpp"
#include "support/padded_dataset.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;

/// What training leaves: the epochs' losses and accuracies, the test's, and the parameters.
template <Scalar T>
struct Trained {
  std::vector<double> losses, accuracies;
  Score test;
  std::vector<Tensor<T>> parameters;
};

template <Scalar T>
struct Losses final : Callback<T> {
  Trained<T>* trained;
  RecurrentNetwork<T>* annealed;            // its sigma_v falls from epoch to epoch
  RecurrentNetwork<T>* silenced = nullptr;  // some of its neurons are silent in some epochs
  explicit Losses(Trained<T>& to, RecurrentNetwork<T>* network) : trained(&to), annealed(network) {}
  void begin_epoch(Index epoch) override {
    if (annealed) annealed->set_constant("sigma_v", 1 / (1 + static_cast<double>(epoch / 2)));
    if (silenced && epoch == 2) silence_every(3);
    if (silenced && epoch == 4) silence_every(2);
    if (silenced && epoch == 6) silenced->silence({});
  }
  void silence_every(std::size_t n) {
    std::vector<T> factors(static_cast<std::size_t>(silenced->hidden_size()), T(1));
    for (std::size_t i = 0; i < factors.size(); i += n) factors[i] = 0;
    silenced->silence(std::move(factors));
  }
  bool after_epoch(const EpochReport& report, const Position&) override {
    trained->losses.push_back(report.loss);
    trained->accuracies.push_back(report.accuracy.value_or(0));
    return true;
  }
};

struct Problem {
  SyntheticSettings data{.samples = 53, .time_steps = 12, .input_size = 3, .classes = 4};
  TrainingSettings training{.learning_rate = {.initial = 1e-2}, .batch_size = 8, .max_epochs = 8, .seed = 5};
  Index hidden = 21, delay = 5;
  bool is_annealed = false, is_frozen = false, is_silenced = false;
  bool has_lengths = false, has_last_target = false;
  std::optional<Outputs> outputs{};  // where they are not those that the targets suggest
};

template <Scalar T>
std::unique_ptr<Dataset<T>> make_data(const Problem& p) {
  if (!p.has_lengths) return std::make_unique<SyntheticDataset<T>>(p.data);
  test::PaddedSettings settings{.time_steps = p.data.time_steps,
                                .input_size = p.data.input_size,
                                .classes = p.data.classes,
                                .target_size = p.data.target_size,
                                .has_last_target = p.has_last_target,
                                .is_sparse = p.data.density.has_value()};
  for (Index i = 0; i < p.data.samples; ++i)
    settings.lengths.push_back(static_cast<std::int32_t>(1 + i * 5 % p.data.time_steps));
  return std::make_unique<test::PaddedDataset<T>>(settings);
}

template <class C>
Network<C> make_network(const Problem& p) {
  const Index width = p.data.classes > 0 ? p.data.classes : p.data.target_size;
  Network<C> network({.input_size = p.data.input_size, .hidden_size = p.hidden, .delay = p.delay}, width,
                     p.outputs.value_or(p.data.classes > 0 ? Outputs::last_step : Outputs::every_step));
  initialize_homogeneous(network, 3);
  if (p.is_frozen) {
    for (Parameter<typename C::Value>* parameter : network.parameters()) {
      if (parameter->field) parameter->is_trained = false;
    }
  }
  return network;
}

/// Makes the engine of a device or, where that is null, of the workers.
template <Scalar T>
auto engine_on(Device* device, Workers& workers) {
  return [device, &workers](const EngineParts<T>& parts) {
    return device ? make_device_engine<T>(parts, *device) : make_worker_engine<T>(parts, workers);
  };
}

template <class C>
Trained<typename C::Value> train(const Problem& p, Device* device) {
  using T = typename C::Value;
  const auto owned = make_data<T>(p);
  const Dataset<T>& data = *owned;
  Network<C> network = make_network<C>(p);
  Workers workers(1);
  Trainer<T> trainer(network, data, p.training, engine_on<T>(device, workers));
  Trained<T> trained;
  Losses<T> losses(trained, p.is_annealed ? &network : nullptr);
  if (p.is_silenced) losses.silenced = &network;
  Callback<T>* const callbacks[] = {&losses};
  trainer.fit(callbacks);
  if (device) {
    Optimizer<T> none({}, p.training.optimizer);
    trained.test = make_device_engine<T>({network, data, p.training, none}, *device)->evaluate();
  } else {
    trained.test = evaluate<T>(network, data, workers);
  }
  for (const Parameter<T>* parameter : network.parameters()) trained.parameters.push_back(parameter->value);
  return trained;
}

/// Losses to one tolerance, parameters to another: where gradients are small, Adam makes whole steps of what rounding
/// leaves of them.
template <Scalar T>
void compare(const Trained<T>& there, const Trained<T>& here, double loss_tolerance, double parameter_tolerance) {
  REQUIRE(there.losses.size() == here.losses.size());
  for (std::size_t i = 0; i < here.losses.size(); ++i) {
    INFO("epoch " << i + 1);
    CHECK(std::abs(there.losses[i] - here.losses[i]) <= loss_tolerance * std::abs(here.losses[i]));
    if (sizeof(T) == 8) CHECK(there.accuracies[i] == here.accuracies[i]);
  }
  CHECK(std::abs(there.test.loss_sum - here.test.loss_sum) <= loss_tolerance * std::abs(here.test.loss_sum));
  CHECK(there.test.samples == here.test.samples);
  for (std::size_t i = 0; i < here.parameters.size(); ++i) {
    INFO("parameter " << i);
    CHECK(test::relative_difference(there.parameters[i], here.parameters[i]) <= parameter_tolerance);
  }
}

TEMPLATE_TEST_CASE("fifty steps with a smaller last batch give the host's losses and parameters", "", Rnn, Lstm,
                   Glifr<0>, Glifr<2>) {
  GLIFR_NEEDS_DEVICE(device);
  for (const int kind : {0, 1, 2}) {
    Problem p;
    if (kind == 1) p.data.classes = 0, p.data.target_size = 2;
    if (kind == 2) p.data.density = 0.3, p.data.input_size = 40;
    if constexpr (std::is_same_v<TestType, Lstm>) p.delay = 1;
    INFO((kind == 0 ? "labels" : kind == 1 ? "values" : "binary inputs"));
    const auto here = train<Cell<TestType, double>>(p, nullptr);
    compare(train<Cell<TestType, double>>(p, device), here, 1e-8, 1e-8);
    compare(train<Cell<TestType, float>>(p, device), train<Cell<TestType, float>>(p, nullptr), 1e-3, 1e-2);
  }
}

TEST_CASE("dropout, annealing, frozen dynamics, other optimizers, the composed form") {
  GLIFR_NEEDS_DEVICE(device);
  const auto check = [&](const char* what, auto&& change) {
    Problem p;
    change(p);
    INFO(what);
    compare(train<GlifrCell<2, double>>(p, device), train<GlifrCell<2, double>>(p, nullptr), 1e-8, 1e-8);
  };
  check("dropout", [](Problem& p) { p.training.dropout = 0.3; });
  check("annealed width of the threshold", [](Problem& p) { p.is_annealed = true; });
  check("neurons silenced from time to time", [](Problem& p) { p.is_silenced = true; });
  check("neurons silenced from time to time, with dropout", [](Problem& p) {
    p.is_silenced = true;
    p.training.dropout = 0.3;
  });
  check("frozen dynamics", [](Problem& p) { p.is_frozen = true; });
  check("clipped gradients", [](Problem& p) { p.training.optimizer.gradient_clip = 0.05; });
  check("SGD", [](Problem& p) { p.training.optimizer.kind = OptimizerSettings::Kind::sgd; });
  check("SGD with momentum", [](Problem& p) {
    p.training.optimizer.kind = OptimizerSettings::Kind::sgd;
    p.training.optimizer.momentum = 0.9;
  });
  check("AdamW", [](Problem& p) {
    p.training.optimizer.kind = OptimizerSettings::Kind::adamw;
    p.training.optimizer.weight_decay = 0.4;
  });
  check("class weights", [](Problem& p) { p.training.class_weights = {1, 3, 0.5, 0}; });
  check("a schedule", [](Problem& p) { p.training.learning_rate.schedule = LearningRate::Schedule::cosine; });
  check("composed, with dropout", [](Problem& p) {
    p.training.engine = Engine::composed;
    p.training.dropout = 0.3;
    p.training.max_epochs = 3;
  });
}

TEST_CASE("samples of different lengths, targets on every step and on the last, class weights") {
  GLIFR_NEEDS_DEVICE(device);
  const auto check = [&](const char* what, auto&& change) {
    Problem p;
    p.has_lengths = true;
    p.training.dropout = 0.2;
    change(p);
    INFO(what);
    compare(train<GlifrCell<2, double>>(p, device), train<GlifrCell<2, double>>(p, nullptr), 1e-8, 1e-8);
  };
  const auto take_values = [](Problem& p) {
    p.data.classes = 0;
    p.data.target_size = 2;
  };
  check("labels", [](Problem&) {});
  check("labels with weights", [](Problem& p) { p.training.class_weights = {1, 3, 0.5, 0}; });
  check("labels of binary inputs", [](Problem& p) {
    p.data.density = 0.3;
    p.data.input_size = 40;
  });
  check("values on every step", take_values);
  check("values on every step, the last one is compared", [&](Problem& p) {
    take_values(p);
    p.outputs = Outputs::last_step;
  });
  check("values on the last step", [&](Problem& p) {
    take_values(p);
    p.outputs = Outputs::last_step;
    p.has_last_target = true;
  });
}

/// Measures a network on other data after every epoch.
template <Scalar T>
struct Validation final : Callback<T> {
  TrainingEngine<T>* engine;
  std::vector<double> losses{};
  explicit Validation(TrainingEngine<T>* by) : engine(by) {}
  bool after_epoch(const EpochReport&, const Position&) override {
    if (engine) losses.push_back(engine->evaluate().loss());
    return true;
  }
};

TEST_CASE("evaluation on other data after each epoch leaves the bits of the training") {
  GLIFR_NEEDS_DEVICE(device);
  using C = GlifrCell<2, double>;
  Problem p;
  p.training.dropout = 0.2;
  const auto data = make_data<double>(p);
  const SyntheticDataset<double> other({.samples = 13, .time_steps = 7, .input_size = 3, .classes = 4, .seed = 4});
  Workers workers(1);
  const auto run = [&](Device* place, bool is_watched) {
    Network<C> network = make_network<C>(p);
    Trainer<double> trainer(network, *data, p.training, engine_on<double>(place, workers));
    Optimizer<double> none({}, p.training.optimizer);
    const auto engine = engine_on<double>(place, workers)({network, other, p.training, none});
    Validation<double> validation(is_watched ? engine.get() : nullptr);
    Callback<double>* const callbacks[] = {&validation};
    trainer.fit(callbacks);
    std::vector<Tensor<double>> parameters;
    for (const Parameter<double>* parameter : network.parameters()) parameters.push_back(parameter->value);
    if (is_watched) {
      const double loss = evaluate<double>(network, other, workers).loss();
      CHECK(std::abs(validation.losses.back() - loss) < 1e-10 * loss);
    }
    return std::pair(parameters, validation.losses);
  };
  const auto [watched, losses] = run(device, true);
  const auto [plain, nothing] = run(device, false);
  const auto [here, losses_here] = run(nullptr, true);
  REQUIRE(losses.size() == 8);
  CHECK(losses.front() != losses.back());
  for (std::size_t i = 0; i < losses.size(); ++i) CHECK(std::abs(losses[i] - losses_here[i]) < 1e-8 * losses_here[i]);
  for (std::size_t i = 0; i < plain.size(); ++i) CHECK(test::relative_difference(watched[i], plain[i]) == 0);
}

/// Stops after some epoch's step.
template <Scalar T>
struct StopIn final : Callback<T> {
  Index epoch;
  explicit StopIn(Index when) : epoch(when) {}
  bool after_step(const Position& position) override { return position.epoch < epoch; }
};

TEST_CASE("training goes on where a checkpoint was written, to the same bits") {
  GLIFR_NEEDS_DEVICE(device);
  using C = GlifrCell<2, float>;
  Problem p;
  p.training.dropout = 0.2;
  const auto whole = train<C>(p, device);
  const SyntheticDataset<float> data(p.data);
  Workers workers(1);
  TensorFile file;
  {
    Network<C> network = make_network<C>(p);
    Trainer<float> trainer(network, data, p.training, engine_on<float>(device, workers));
    StopIn<float> stop(2);
    Callback<float>* const callbacks[] = {&stop};
    REQUIRE_FALSE(trainer.fit(callbacks));
    REQUIRE(trainer.position().step > 0);
    file = to_tensor_file(trainer.network());
    add_training_state(file, trainer);
  }
  Network<C> network = make_network<C>(p);
  Trainer<float> trainer(network, data, p.training, engine_on<float>(device, workers));
  load_training_state(trainer, file, "checkpoint");
  Trained<float> rest;
  Losses<float> losses(rest, nullptr);
  Callback<float>* const callbacks[] = {&losses};
  trainer.fit(callbacks);
  CHECK(rest.losses == std::vector<double>(whole.losses.begin() + 2, whole.losses.end()));
  for (std::size_t i = 0; i < whole.parameters.size(); ++i) {
    CHECK(test::relative_difference(network.parameters()[i]->value, whole.parameters[i]) == 0);
  }
}

/// What an engine leaves.
struct ByEngine {
  std::vector<Score> scores;
  Position position;
  std::vector<Tensor<double>> parameters;
  std::string failure;
};

/// Five epochs of falling learning rates, `together` at a time; at the rate of one of them, if any, training diverges.
ByEngine train_by_engine(const Problem& p, Device& device, Index together, Index diverging) {
  constexpr Index count = 5;
  using C = GlifrCell<2, double>;
  const auto data = make_data<double>(p);
  Network<C> network = make_network<C>(p);
  Optimizer<double> optimizer(network.parameters(), p.training.optimizer);
  const auto engine = make_device_engine<double>({network, *data, p.training, optimizer}, device);
  std::vector<std::vector<Index>> orders;
  std::vector<Epoch> epochs;
  for (Index e = 0; e < count; ++e) {
    auto& order = orders.emplace_back();
    for (Index i = 0; i < data->size(); ++i) order.push_back((i * 11 + e) % data->size());
  }
  for (Index e = 0; e < count; ++e) {
    const double rate = e == diverging ? std::numeric_limits<double>::infinity() : 0.01 / static_cast<double>(e + 1);
    epochs.push_back({e, orders[static_cast<std::size_t>(e)], p.training.batch_size, rate});
  }
  ByEngine result;
  try {
    while (result.position.epoch < count) {
      const auto rest = std::span(epochs).subspan(static_cast<std::size_t>(result.position.epoch));
      std::vector<Score> scores;
      if (together > 1 && result.position.step == 0)
        scores =
            engine->take_epochs(rest.first(std::min(rest.size(), static_cast<std::size_t>(together))), result.position);
      CHECK(result.position.running.samples == result.position.step * p.training.batch_size);
      result.scores.insert(result.scores.end(), scores.begin(), scores.end());
      if (!scores.empty()) continue;
      engine->begin(rest[0], result.position);
      const Index steps = (data->size() + p.training.batch_size - 1) / p.training.batch_size;
      while (result.position.step < steps) engine->advance(result.position);
      result.scores.push_back(result.position.running);
      result.position = {.epoch = rest[0].number + 1};
    }
  } catch (const NumericError& error) {
    result.failure = error.what();
  }
  engine->bring_back_parameters();
  for (const Parameter<double>* parameter : network.parameters()) result.parameters.push_back(parameter->value);
  return result;
}

TEST_CASE("epochs that are taken together leave the scores and bits of one after another") {
  GLIFR_NEEDS_DEVICE(device);
  // Of seven steps an epoch and of one; an update that diverges is seen in the next step.
  const auto batch_size = GENERATE(8, 60);
  for (const auto kind : {OptimizerSettings::Kind::adamw, OptimizerSettings::Kind::sgd}) {
    for (const Index diverging : {-1, 0, 3}) {
      Problem p;
      p.training.optimizer.kind = kind;
      p.training.optimizer.momentum = 0.5;
      p.training.batch_size = batch_size;
      p.training.dropout = 0.2;
      const ByEngine single = train_by_engine(p, *device, 1, diverging);
      INFO(single.failure);
      CHECK(single.failure.empty() == (diverging < 0));
      for (const Index together : {2, 3, 5}) {
        const ByEngine joint = train_by_engine(p, *device, together, diverging);
        CHECK(joint.failure == single.failure);
        CHECK(joint.position.epoch == single.position.epoch);
        REQUIRE(joint.scores.size() == single.scores.size());
        for (std::size_t e = 0; e < joint.scores.size(); ++e) {
          CHECK(joint.scores[e].loss_sum == single.scores[e].loss_sum);
          CHECK(joint.scores[e].correct == single.scores[e].correct);
          CHECK(joint.scores[e].samples == single.scores[e].samples);
        }
        for (std::size_t i = 0; i < single.parameters.size() && diverging < 0; ++i)
          CHECK(test::relative_difference(joint.parameters[i], single.parameters[i]) == 0);
      }
    }
  }
}

TEST_CASE("a single step gives its score, and what was changed by hand counts") {
  GLIFR_NEEDS_DEVICE(device);
  using C = GlifrCell<2, double>;
  const Problem p;
  const SyntheticDataset<double> data(p.data);
  const std::vector<Index> samples{4, 9, 2, 33, 17};
  const auto losses = [&](Device* place) {
    Network<C> network = make_network<C>(p);
    Workers workers(1);
    Trainer<double> trainer(network, data, p.training, engine_on<double>(place, workers));
    std::vector<double> list;
    for (int i = 0; i < 4; ++i) {
      list.push_back(trainer.step(samples, 0.01).loss());
      trainer.network().parameters()[0]->value.data()[0] += 0.5;
    }
    return list;
  };
  const auto here = losses(nullptr), there = losses(device);
  for (std::size_t i = 0; i < here.size(); ++i) CHECK(std::abs(there[i] - here[i]) < 1e-10);
}

/// Stops the training after its second step.
struct StopAfterTwo final : Callback<double> {
  bool after_step(const Position& position) override { return position.step < 2; }
};

TEST_CASE("a training that is stopped leaves its parameters in the network") {
  GLIFR_NEEDS_DEVICE(device);
  const Problem p;
  const SyntheticDataset<double> data(p.data);
  Workers workers(1);
  auto network = make_network<RnnCell<double>>(p), before = make_network<RnnCell<double>>(p);
  Trainer<double> trainer(network, data, p.training, engine_on<double>(device, workers));
  StopAfterTwo stop;
  Callback<double>* const callbacks[] = {&stop};
  REQUIRE_FALSE(trainer.fit(callbacks));
  CHECK(test::relative_difference(network.parameters()[0]->value, before.parameters()[0]->value) > 0);
  const std::vector<Tensor<double>> left{network.parameters()[0]->value};
  CHECK(test::relative_difference(trainer.network().parameters()[0]->value, left[0]) == 0);
  CHECK(trainer.fit());
}

TEST_CASE("a single step may have more samples than a batch, in as many shares as are asked for") {
  GLIFR_NEEDS_DEVICE(device);
  Problem p;
  p.training.batch_size = 2;
  p.training.device_shares = p.training.shares = 8;
  p.training.micro_batch = 2;
  const SyntheticDataset<double> data(p.data);
  const std::vector<Index> samples{4, 9, 2, 33, 17, 1, 50, 7, 8, 12, 20, 21, 22, 40, 41, 42};
  const auto parameters_after = [&](Device* place) {
    auto network = make_network<RnnCell<double>>(p);
    Workers workers(1);
    Trainer<double> trainer(network, data, p.training, engine_on<double>(place, workers));
    trainer.step(samples, 0.01);
    return trainer.network().parameters()[1]->value;
  };
  CHECK(test::relative_difference(parameters_after(device), parameters_after(nullptr)) < 1e-10);
}

TEST_CASE("what diverges is named, with its epoch and step, and leaves the parameters as they were") {
  GLIFR_NEEDS_DEVICE(device);
  using C = RnnCell<double>;
  for (const bool in_weights : {false, true}) {
    Problem p;
    p.data.classes = 0;
    p.data.target_size = 1;
    p.training.optimizer.kind = OptimizerSettings::Kind::sgd;
    p.training.learning_rate.initial = in_weights ? 1e150 : 1e200;
    const auto failure = [&](Device* place, std::vector<Tensor<double>>& parameters) -> std::string {
      const SyntheticDataset<double> data(p.data);
      Network<C> network = make_network<C>(p);
      Workers workers(1);
      Trainer<double> trainer(network, data, p.training, engine_on<double>(place, workers));
      std::string message;
      try {
        trainer.fit();
      } catch (const NumericError& error) {
        message = error.what();
        const Position& position = trainer.position();
        CHECK(error.epoch() == position.epoch + 1);
        CHECK(error.step() == position.step + 1);
        CHECK(position.running.samples == position.step * p.training.batch_size);
      }
      for (const Parameter<double>* parameter : network.parameters()) parameters.push_back(parameter->value);
      return message;
    };
    std::vector<Tensor<double>> here, there;
    const std::string expected = failure(nullptr, here);
    REQUIRE(!expected.empty());
    CHECK(failure(device, there) == expected);
    for (std::size_t i = 0; i < here.size(); ++i) CHECK(test::relative_difference(there[i], here[i]) < 1e-8);
  }
}

}  // namespace
