// The trainer on the workers' engine: the order of samples, callbacks, custom losses, resuming in the
// middle.
#include "glifr/training/trainer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "glifr/cells/glifr.hpp"
#include "glifr/cells/rnn.hpp"
#include "glifr/datasets/synthetic.hpp"
#include "glifr/datasets/values.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/ops/elementwise.hpp"
#include "glifr/ops/reduce.hpp"
#include "glifr/training/checkpoint.hpp"
#include "support/catch.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;

using Rnn1 = Network<RnnCell<double>>;

Rnn1 small_network(Index outputs, Outputs which) {
  Rnn1 network({.input_size = 2, .hidden_size = 5, .delay = 2}, outputs, which);
  initialize_homogeneous(network, 3);
  return network;
}

/// Takes no step: notes what it was asked for.
class Recorder final : public TrainingEngine<double> {
 public:
  explicit Recorder(std::vector<std::vector<Index>>& batches) : batches_(batches) {}
  void begin(const Epoch& epoch, const Position&) override { epoch_ = epoch; }
  void advance(Position& position) override {
    const Index first = position.step * epoch_.batch_size;
    const Index count = std::min(epoch_.batch_size, std::ssize(epoch_.order) - first);
    const auto batch = epoch_.order.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
    batches_.emplace_back(batch.begin(), batch.end());
    position.running += {static_cast<double>(count), 0, count};
    ++position.step;
  }
  Score evaluate() override { return {}; }

 private:
  std::vector<std::vector<Index>>& batches_;
  Epoch epoch_;
};

TEST_CASE("an epoch takes every sample once, in an order of its own, the last batch what is left") {
  const SyntheticDataset<double> data({.samples = 10, .time_steps = 3, .input_size = 2, .classes = 3});
  Rnn1 network = small_network(3, Outputs::last_step);
  std::vector<std::vector<Index>> batches;
  Trainer<double> trainer(
      network, data, {.batch_size = 4, .max_epochs = 2, .seed = 5},
      Trainer<double>::MakeEngine([&](const auto&) { return std::make_unique<Recorder>(batches); }));
  CHECK(trainer.steps_per_epoch() == 3);
  CHECK(trainer.fit());
  REQUIRE(batches.size() == 6);
  std::vector<std::vector<Index>> orders;
  for (std::size_t epoch = 0; epoch < 2; ++epoch) {
    std::vector<Index> order;
    for (std::size_t step = 0; step < 3; ++step) {
      const std::vector<Index>& batch = batches[3 * epoch + step];
      CHECK(batch.size() == (step < 2 ? 4 : 2));
      order.insert(order.end(), batch.begin(), batch.end());
    }
    orders.push_back(order);
    std::ranges::sort(order);
    std::vector<Index> all(10);
    std::iota(all.begin(), all.end(), Index{0});
    CHECK(order == all);
  }
  CHECK(orders[0] != orders[1]);
}

/// Stops after some step of the first epoch.
struct StopAfter final : Callback<double> {
  Index step;
  explicit StopAfter(Index after) : step(after) {}
  bool after_step(const Position& position) override { return position.step != step; }
};

TEST_CASE("training that stops inside an epoch goes on to the same bits") {
  const auto kind =
      GENERATE(OptimizerSettings::Kind::adam, OptimizerSettings::Kind::adamw, OptimizerSettings::Kind::sgd);
  const SyntheticDataset<double> data({.samples = 11, .time_steps = 6, .input_size = 2, .classes = 3});
  const TrainingSettings settings{.optimizer = {.kind = kind, .momentum = 0.9, .weight_decay = 0.5},
                                  .learning_rate = {.initial = 0.01, .warmup_epochs = 2},
                                  .batch_size = 3,
                                  .max_epochs = 3,
                                  .dropout = 0.2,
                                  .seed = 8,
                                  .class_weights = {1, 2, 0.5}};
  Workers workers(2);
  Rnn1 whole = small_network(3, Outputs::last_step);
  Trainer<double>(whole, data, settings, workers).fit();

  Rnn1 network = small_network(3, Outputs::last_step);
  TensorFile file;
  {
    Trainer<double> trainer(network, data, settings, workers);
    StopAfter stop(2);
    Callback<double>* const callbacks[] = {&stop};
    REQUIRE_FALSE(trainer.fit(callbacks));
    file = to_tensor_file(network);
    add_training_state(file, trainer);
  }
  Rnn1 again = small_network(3, Outputs::last_step);
  Trainer<double> trainer(again, data, settings, workers);
  load_training_state(trainer, file, "checkpoint");
  CHECK(trainer.position().step == 2);
  CHECK(trainer.fit());
  for (std::size_t p = 0; p < whole.parameters().size(); ++p) {
    CHECK(test::relative_difference(again.parameters()[p]->value, whole.parameters()[p]->value) == 0);
  }
}

/// What an engine is given with an epoch.
struct GivenEpoch {
  Index number;
  std::vector<Index> order;
  double rate;
  friend bool operator==(const GivenEpoch&, const GivenEpoch&) = default;
};

/// Takes up to some epochs together, but for one that does not come to its end; notes how many, and with what.
class EpochTaker final : public TrainingEngine<double> {
 public:
  EpochTaker(std::vector<std::string>& events, std::vector<GivenEpoch>& given, Index failing, Index at_once)
      : events_(events), given_(given), failing_(failing), at_once_(at_once) {}
  void begin(const Epoch& epoch, const Position&) override {
    epoch_ = epoch;
    note(epoch);
  }
  void advance(Position& position) override {
    if (position.epoch == failing_) throw NumericError("the loss", position.epoch + 1, position.step + 1);
    events_.push_back("step");
    position.running = score_of(epoch_);
    ++position.step;
  }
  [[nodiscard]] Index epochs_at_once() const override { return at_once_; }
  std::vector<Score> take_epochs(std::span<const Epoch> epochs, Position& position) override {
    events_.push_back("take " + std::to_string(epochs.size()));
    std::vector<Score> scores;
    for (const Epoch& epoch : epochs) {
      CHECK(epoch.number == position.epoch);
      if (epoch.number == failing_) break;
      note(epoch);
      scores.push_back(score_of(epoch));
      position = {.epoch = epoch.number + 1};
    }
    return scores;
  }
  Score evaluate() override { return {}; }
  void bring_back_parameters() override { events_.emplace_back("bring back"); }

 private:
  void note(const Epoch& epoch) {
    given_.push_back({epoch.number, {epoch.order.begin(), epoch.order.end()}, epoch.learning_rate});
  }
  static Score score_of(const Epoch& epoch) {
    return {static_cast<double>(epoch.order.front() * std::ssize(epoch.order)), epoch.order.back(),
            std::ssize(epoch.order)};
  }

  std::vector<std::string>& events_;
  std::vector<GivenEpoch>& given_;
  Index failing_, at_once_;
  Epoch epoch_;
};

/// Notes what it hears; looks at the network after every second epoch, as it says.
struct Listener final : Callback<double> {
  std::vector<std::string>& events;
  std::vector<std::array<double, 3>> reports{};
  const Trainer<double>* trainer = nullptr;
  Index stops_in = -1, stops_after = -1;
  explicit Listener(std::vector<std::string>& to) : events(to) {}
  void begin_epoch(Index epoch) override { events.push_back("begin " + std::to_string(epoch)); }
  bool after_step(const Position& position) override {
    CHECK(trainer->is_at(position));
    events.push_back("in " + std::to_string(position.epoch));
    return position.epoch != stops_in;
  }
  bool after_epoch(const EpochReport& report, const Position& position) override {
    CHECK(position.epoch == report.epoch);
    events.push_back((trainer->is_at(position) ? "at " : "behind ") + std::to_string(report.epoch));
    reports.push_back({report.loss, report.accuracy.value(), report.learning_rate});
    return report.epoch != stops_after;
  }
  [[nodiscard]] Index epochs_at_once(Index epoch) const override { return 2 - epoch % 2; }
};

struct EpochsTogether {
  SyntheticDataset<double> data{{.samples = 11, .time_steps = 3, .input_size = 2, .classes = 3}};
  Rnn1 network = small_network(3, Outputs::last_step);
  std::vector<std::string> events;
  std::vector<GivenEpoch> given;
  Trainer<double> trainer;
  Listener listener{events};
  Callback<double>* const callbacks[1] = {&listener};

  explicit EpochsTogether(Index failing = -1, Index at_once = 3)
      : trainer(network, data,
                {.learning_rate = {.initial = 0.1, .warmup_epochs = 4}, .batch_size = 11, .max_epochs = 5},
                Trainer<double>::MakeEngine([this, failing, at_once](const auto&) {
                  return std::make_unique<EpochTaker>(events, given, failing, at_once);
                })) {
    listener.trainer = &trainer;
  }
  bool fit() { return trainer.fit(callbacks); }
};

TEST_CASE("a callback hears of as many epochs together as it says, in order, and is told which is the network's") {
  EpochsTogether run;
  CHECK(run.fit());
  CHECK(run.events == std::vector<std::string>{"begin 0", "begin 1", "take 2", "bring back", "behind 1", "in 1", "at 2",
                                               "begin 2", "begin 3", "take 2", "bring back", "behind 3", "in 3", "at 4",
                                               "begin 4", "step", "in 4", "bring back", "at 5"});
}

TEST_CASE("epochs that are taken together have the orders, rates and reports of one after another") {
  EpochsTogether together, single(-1, 1);
  CHECK(together.fit());
  CHECK(single.fit());
  REQUIRE(single.given.size() == 5);
  CHECK(single.given[0].order != single.given[1].order);
  CHECK(single.given[0].rate != single.given[1].rate);
  CHECK(together.given == single.given);
  CHECK(together.listener.reports == single.listener.reports);
}

TEST_CASE("training is stopped and ended behind the last of several epochs, and by none before") {
  EpochsTogether stopped;
  stopped.listener.stops_in = 1;
  CHECK_FALSE(stopped.fit());
  CHECK(stopped.trainer.position().epoch == 1);
  CHECK(stopped.trainer.position().step == 1);
  stopped.events.clear();
  stopped.listener.stops_in = -1;
  CHECK(stopped.fit());
  CHECK(std::vector(stopped.events.begin(), stopped.events.begin() + 5) ==
        std::vector<std::string>{"begin 1", "bring back", "at 2", "begin 2", "begin 3"});
  EpochsTogether ended;
  ended.listener.stops_after = 2;
  CHECK(ended.fit());
  CHECK(ended.trainer.position().epoch == 2);
  EpochsTogether early;
  early.listener.stops_after = 1;
  CHECK_THROWS_AS(early.fit(), std::logic_error);
}

TEST_CASE("epochs before one that diverges are reported, and then where it diverged") {
  EpochsTogether in_second(3);
  CHECK_THROWS_AS(in_second.fit(), NumericError);
  CHECK(in_second.events == std::vector<std::string>{"begin 0", "begin 1", "take 2", "bring back", "behind 1", "in 1",
                                                     "at 2", "begin 2", "begin 3", "take 2", "bring back", "at 3",
                                                     "begin 3", "bring back"});
  EpochsTogether in_first(0);
  CHECK_THROWS_AS(in_first.fit(), NumericError);
  CHECK(in_first.events ==
        std::vector<std::string>{"begin 0", "begin 1", "take 2", "bring back", "begin 0", "bring back"});
}

/// Lowers the learning rate where the epoch's loss no longer falls, and notes the rates.
struct Plateau final : Callback<double> {
  Trainer<double>& trainer;
  PlateauSchedule schedule;
  std::vector<double> rates{};
  explicit Plateau(Trainer<double>& of) : trainer(of), schedule(of.settings().learning_rate) {}
  void see(double loss) {
    schedule.see(loss);
    trainer.set_learning_rate_factor(schedule.factor());
  }
  bool after_epoch(const EpochReport& report, const Position&) override {
    rates.push_back(report.learning_rate);
    see(report.loss);
    return true;
  }
};

TEST_CASE("a plateau schedule that is shown the past losses goes on to the same bits") {
  const SyntheticDataset<double> data({.samples = 11, .time_steps = 6, .input_size = 2, .classes = 3});
  TrainingSettings settings{.learning_rate = {.schedule = LearningRate::Schedule::plateau,
                                              .initial = 0.5,
                                              .step_factor = 0.8,
                                              .plateau_patience = 1},
                            .batch_size = 3,
                            .max_epochs = 12,
                            .seed = 8};
  Workers workers(1);
  const auto train = [&](Trainer<double>& trainer, const std::vector<double>& past) {
    Plateau plateau(trainer);
    for (const double loss : past) plateau.see(loss);
    struct Losses final : Callback<double> {
      std::vector<double> losses;
      bool after_epoch(const EpochReport& report, const Position&) override {
        losses.push_back(report.loss);
        return true;
      }
    } losses;
    Callback<double>* const callbacks[] = {&plateau, &losses};
    trainer.fit(callbacks);
    return std::pair(plateau.rates, losses.losses);
  };
  Rnn1 whole = small_network(3, Outputs::last_step);
  Trainer<double> whole_trainer(whole, data, settings, workers);
  const auto [rates, losses] = train(whole_trainer, {});
  REQUIRE(rates.front() == 0.5);
  REQUIRE(rates[7] < 0.5);
  REQUIRE(rates.back() < rates[7]);

  Rnn1 network = small_network(3, Outputs::last_step);
  settings.max_epochs = 7;
  Trainer<double> first(network, data, settings, workers);
  const auto [first_rates, past] = train(first, {});
  TensorFile file = to_tensor_file(network);
  add_training_state(file, first);
  settings.max_epochs = 12;
  Trainer<double> second(network, data, settings, workers);
  load_training_state(second, file, "checkpoint");
  const auto [last_rates, last_losses] = train(second, past);
  CHECK(last_rates == std::vector<double>(rates.begin() + 7, rates.end()));
  CHECK(last_losses == std::vector<double>(losses.begin() + 7, losses.end()));
}

TEST_CASE("a loss function that is the mean squared error trains as the built-in one") {
  const SyntheticDataset<double> data({.samples = 9, .time_steps = 5, .input_size = 2, .classes = 0, .target_size = 2});
  const TrainingSettings settings{.learning_rate = {.initial = 0.01}, .batch_size = 4, .max_epochs = 5, .seed = 8};
  const LossFunction<double> own = [](const Var<double>& output, const Batch<double>& batch) {
    Tape<double>& tape = output.tape();
    const Var<double> target = tape.constant({batch.targets.rows, batch.targets.columns}, batch.targets.data);
    const Var<double> off = tape.alias(output, {batch.targets.rows, batch.targets.columns}, 0) - target;
    return sum(off * off) / static_cast<double>(batch.whole * 5 * 2);
  };
  Workers workers(1);
  Rnn1 here = small_network(2, Outputs::every_step), there = small_network(2, Outputs::every_step);
  Trainer<double>(here, data, settings, workers, own).fit();
  Trainer<double>(there, data, settings, workers).fit();
  for (std::size_t p = 0; p < here.parameters().size(); ++p) {
    CHECK(test::relative_difference(here.parameters()[p]->value, there.parameters()[p]->value) < 1e-9);
  }
  CHECK(std::abs(evaluate<double>(here, data, workers, {.loss = own}).loss() -
                 evaluate<double>(here, data, workers).loss()) < 1e-14);
  const LossFunction<double> wide = [](const Var<double>& output, const Batch<double>&) { return output; };
  CHECK_THROWS_AS(evaluate<double>(here, data, workers, {.loss = wide}), ShapeError);
}

TEST_CASE("every single step draws dropout anew, and again the same after a position is set") {
  const SyntheticDataset<double> data({.samples = 8, .time_steps = 4, .input_size = 2, .classes = 3});
  Workers workers(1);
  Rnn1 network = small_network(3, Outputs::last_step);
  Trainer<double> trainer(network, data, {.dropout = 0.5, .seed = 2}, workers);
  const std::vector<Index> samples{1, 2, 3, 4, 5};
  const double first = trainer.step(samples, 0).loss(), second = trainer.step(samples, 0).loss();
  CHECK(first != second);
  trainer.set_position({.epoch = 1});
  CHECK(trainer.step(samples, 0).loss() == second);
  trainer.set_position({});
  CHECK(trainer.step(samples, 0).loss() == first);
}

TEST_CASE("steps and scores of samples that there are not are refused") {
  const SyntheticDataset<double> data({.samples = 4, .time_steps = 3, .input_size = 2, .classes = 3});
  Workers workers(1);
  Rnn1 network = small_network(3, Outputs::last_step);
  Trainer<double> trainer(network, data, {}, workers);
  CHECK_THROWS_AS(trainer.step({}, 0.1), std::logic_error);
  for (const double wrong : {-0.1, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(trainer.step(std::array<Index, 1>{0}, wrong), ConfigError);
  for (const Index wrong : {-1, 4}) {
    const std::array<Index, 2> samples{0, wrong};
    const std::string message = "found sample " + std::to_string(wrong) + " of a set of 4";
    CHECK_THROWS_WITH(trainer.step(samples, 0.1), message);
    CHECK_THROWS_WITH(evaluate<double>(network, data, workers, {.samples = samples}), message);
    CHECK_THROWS_WITH(classify<double>(network, data, workers, {.samples = samples}), message);
  }
}

TEST_CASE("a parameter that is frozen or freed while it is trained is named") {
  const SyntheticDataset<double> data({.samples = 4, .time_steps = 3, .input_size = 2, .classes = 3});
  Workers workers(1);
  Rnn1 network = small_network(3, Outputs::last_step);
  Parameter<double>& weights = network.cell().w_lateral();
  const std::array<Index, 2> samples{0, 1};
  for (const bool is_trained : {true, false}) {
    weights.is_trained = is_trained;
    Trainer<double> trainer(network, data, {}, workers);
    trainer.step(samples, 0.1);
    weights.is_trained = !is_trained;
    CHECK_THROWS_AS(trainer.step(samples, 0.1), std::logic_error);
  }
}

TEST_CASE("settings out of their range are refused by name") {
  const SyntheticDataset<double> data({.samples = 4, .time_steps = 3, .input_size = 2, .classes = 3});
  Workers workers(1);
  Rnn1 network = small_network(3, Outputs::last_step);
  const auto refused = [&](const TrainingSettings& settings, const char* message) {
    CHECK_THROWS_WITH(Trainer<double>(network, data, settings, workers), message);
  };
  refused({.batch_size = 0}, "batch_size: expected 1 or more (TrainingSettings::batch_size), found 0");
  refused({.max_epochs = -1}, "max_epochs: expected 0 or more (TrainingSettings::max_epochs), found -1");
  refused({.dropout = 1.5}, "dropout_prob: expected 0 to 1 (TrainingSettings::dropout), found 1.5");
  refused({.learning_rate = {.initial = std::nan("")}},
          "lr: expected a number >= 0 (LearningRate::initial), found nan");
  refused({.learning_rate = {.step_epochs = 0}},
          "lr_step_epochs: expected 1 or more (LearningRate::step_epochs), found 0");
  refused({.learning_rate = {.step_factor = 0}},
          "lr_step_factor: expected a number > 0 (LearningRate::step_factor), found 0");
  refused({.learning_rate = {.initial = -1}}, "lr: expected a number >= 0 (LearningRate::initial), found -1");
  const double nan = std::nan("");
  refused({.optimizer = {.beta1 = 1}}, "beta1: expected a number >= 0 and < 1 (OptimizerSettings::beta1), found 1");
  refused({.optimizer = {.beta2 = -0.1}},
          "beta2: expected a number >= 0 and < 1 (OptimizerSettings::beta2), found -0.1");
  refused({.optimizer = {.eps = 0}}, "eps: expected a number > 0 (OptimizerSettings::eps), found 0");
  refused({.optimizer = {.momentum = nan}},
          "momentum: expected a number >= 0 and < 1 (OptimizerSettings::momentum), found nan");
  refused({.optimizer = {.weight_decay = -1}},
          "weight_decay: expected a number >= 0 (OptimizerSettings::weight_decay), found -1");
  refused({.optimizer = {.gradient_clip = -1}},
          "gradient_clip: expected a number >= 0 (OptimizerSettings::gradient_clip), found -1");
}

/// A data set without a sample.
class NoSamples final : public Dataset<double> {
 public:
  Index size() const override { return 0; }
  Index time_steps() const override { return 5; }
  Index input_size() const override { return 2; }
  Index classes() const override { return 3; }
  void inputs(std::span<const Index>, double*) const override {}
  void labels(std::span<const Index>, std::int32_t*) const override {}
};

TEST_CASE("a training needs samples") {
  Workers workers(1);
  Rnn1 network = small_network(3, Outputs::last_step);
  CHECK_THROWS_WITH(Trainer<double>(network, NoSamples(), {}, workers),
                    "training data: expected 1 sample or more of 1 time step or more, found 0 samples of 5 steps");
}

TEST_CASE("a training state that is not whole leaves the training as it was") {
  const SyntheticDataset<double> data({.samples = 4, .time_steps = 3, .input_size = 2, .classes = 3});
  Workers workers(1);
  Rnn1 network = small_network(3, Outputs::last_step);
  Trainer<double> trainer(network, data, {.max_epochs = 2}, workers);
  trainer.fit();
  TensorFile file = to_tensor_file(network);
  add_training_state(file, trainer);
  const std::string last = "optimizer.second." + network.parameters().back()->name;
  std::erase_if(file.tensors, [&](const NamedTensor& tensor) { return tensor.name == last; });
  Rnn1 other = small_network(3, Outputs::last_step);
  Trainer<double> fresh(other, data, {.max_epochs = 2}, workers);
  CHECK_THROWS_AS(load_training_state(fresh, file, "checkpoint"), DataError);
  CHECK(fresh.position().epoch == 0);
  CHECK(std::ranges::all_of(fresh.optimizer().first(), [](double moment) { return moment == 0; }));
}

TEST_CASE("a checkpoint of other neurons is refused, whatever else it holds") {
  const auto refusal = [](RecurrentNetwork<double>& stored, auto load) -> std::string {
    try {
      load(to_tensor_file(stored));
    } catch (const DataError& error) {
      return error.what();
    }
    return {};
  };
  const auto load_rnn = [](const TensorFile& file) {
    static_cast<void>(load_network<Rnn, double>(file, Outputs::last_step, "x"));
  };
  const auto load_plain = [](const TensorFile& file) {
    Network<GlifrCell<0, double>> plain({.input_size = 2, .hidden_size = 4}, 3, Outputs::last_step);
    load_parameters<double>(plain, file, "x");
  };
  RecurrentNetwork<double> deep(Outputs::last_step);
  deep.add<Rnn>({.input_size = 4, .hidden_size = 4});
  deep.add<Rnn>({.input_size = 4, .hidden_size = 4});
  deep.add_readout(3);
  CHECK(refusal(deep, load_rnn).starts_with("x: holds tensor 'neuron_layer_2."));
  Rnn1 plain_rnn = small_network(3, Outputs::last_step);
  CHECK(refusal(plain_rnn, load_rnn).empty());

  CellSettings<Rnn> with_delays{.input_size = 2, .hidden_size = 4};
  with_delays.population.synaptic_delay = DelayDescription::uniform(1, 3);
  Rnn1 delayed(with_delays, 3, Outputs::last_step);
  initialize_homogeneous(delayed, 3);
  CHECK(refusal(delayed, load_rnn).starts_with("x: holds tensor 'neuron_layer.synaptic_delay'"));

  Network<GlifrCell<2, double>> currents({.input_size = 2, .hidden_size = 4}, 3, Outputs::last_step);
  initialize_homogeneous(currents, 3);
  CHECK(refusal(currents, load_plain).starts_with("x: holds tensor 'neuron_layer.a_j'"));
  for (double& a : find_parameter(currents.parameters(), "neuron_layer.a_j").value.values()) a = 0;
  CHECK(refusal(currents, load_plain).empty());  // currents that are always zero
}

TEST_CASE("a checkpoint's delays are those that the layer can have") {
  CellSettings<Rnn> settings{.input_size = 2, .hidden_size = 4};
  settings.population.synaptic_delay = DelayDescription::uniform(1, 3);
  Rnn1 stored(settings, 3, Outputs::last_step), read(settings, 3, Outputs::last_step);
  initialize_homogeneous(stored, 3);
  const std::span<double> delays = find_parameter(stored.parameters(), "neuron_layer.synaptic_delay").value.values();
  std::ranges::copy(std::array{1.0, 3.0, 2.0, 2.0}, delays.begin());
  CHECK_NOTHROW(load_parameters<double>(read, to_tensor_file(stored), "x"));
  for (const double delay : {50.0, -50.0}) {
    delays[1] = delay;
    CHECK_THROWS_WITH(load_parameters<double>(read, to_tensor_file(stored), "x"),
                      "x: tensor 'neuron_layer.synaptic_delay' holds " + std::to_string(static_cast<int>(delay)) +
                          ", accepted: 1 to 3");
  }
}

TEST_CASE("networks and data that do not go together are refused") {
  const SyntheticDataset<double> labels({.samples = 4, .time_steps = 3, .input_size = 2, .classes = 3});
  Workers workers(1);
  Rnn1 every = small_network(3, Outputs::every_step), narrow = small_network(2, Outputs::last_step);
  CHECK_THROWS_AS(evaluate<double>(every, labels, workers), ConfigError);
  CHECK_THROWS_AS(evaluate<double>(narrow, labels, workers), ConfigError);
  const SyntheticDataset<double> wide({.samples = 4, .time_steps = 3, .input_size = 5, .classes = 2});
  CHECK_THROWS_AS(evaluate<double>(narrow, wide, workers), ConfigError);
}

}  // namespace
