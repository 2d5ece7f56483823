// Samples of different lengths, targets for the last step and class weights: the loss and its gradient against those of
// samples that are cut to their lengths, and against central differences.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "glifr/cells/glifr.hpp"
#include "glifr/cells/lstm.hpp"
#include "glifr/cells/rnn.hpp"
#include "glifr/training/trainer.hpp"
#include "support/catch.hpp"
#include "support/padded_dataset.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;
using test::PaddedDataset;
using test::PaddedSettings;

struct Case {
  std::string name;
  PaddedSettings data;
  Outputs outputs;
  std::vector<double> class_weights{};
};

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const Index steps : {7, 3}) {  // longer and shorter than the delay of 4
    std::vector<std::int32_t> lengths;
    for (std::int32_t length = 1; length <= steps; ++length) lengths.push_back(length);
    const std::string name = std::to_string(steps) + " steps, ";
    const PaddedSettings values{.time_steps = steps, .input_size = 2, .target_size = 2, .lengths = lengths};
    list.push_back({name + "values on every step", values, Outputs::every_step});
    list.push_back({name + "values on every step, the last one is compared", values, Outputs::last_step});
    PaddedSettings last = values;
    last.has_last_target = true;
    list.push_back({name + "values on the last step", last, Outputs::last_step});
    PaddedSettings labels = values;
    labels.target_size = 0;
    labels.classes = 3;
    list.push_back({name + "labels", labels, Outputs::last_step});
    list.push_back({name + "labels with weights", labels, Outputs::last_step, {0.5, 3, 0}});
    labels.is_sparse = true;
    list.push_back({name + "labels of binary inputs", labels, Outputs::last_step});
    std::fill(labels.lengths.begin(), labels.lengths.end(), static_cast<std::int32_t>(steps));
    list.push_back({name + "labels of one length with weights", labels, Outputs::last_step, {0.5, 3, 0}});
  }
  return list;
}

/// Sample `number` of the data, cut to its length.
class Cut final : public Dataset<double> {
 public:
  Cut(const PaddedDataset<double>& data, Index number) : data_(data), number_(number) {
    std::int32_t length = 0;
    data.lengths(sample(), &length);
    steps_ = length;
  }
  [[nodiscard]] Index size() const override { return 1; }
  [[nodiscard]] Index time_steps() const override { return steps_; }
  [[nodiscard]] Index input_size() const override { return data_.input_size(); }
  [[nodiscard]] bool is_sparse() const override { return data_.is_sparse(); }
  [[nodiscard]] Index classes() const override { return data_.classes(); }
  [[nodiscard]] Index target_size() const override { return data_.target_size(); }
  [[nodiscard]] Index target_steps() const override { return std::min(steps_, data_.target_steps()); }
  void inputs(std::span<const Index>, double* x) const override {
    std::vector<double> all(static_cast<std::size_t>(data_.time_steps() * input_size()));
    data_.inputs(sample(), all.data());
    std::copy_n(all.begin(), steps_ * input_size(), x);
  }
  void active_inputs(std::span<const Index>, ActiveInputs* rows) const override {
    std::vector<ActiveInputs> all(static_cast<std::size_t>(data_.time_steps()));
    data_.active_inputs(sample(), all.data());
    std::copy_n(all.begin(), steps_, rows);
  }
  void labels(std::span<const Index>, std::int32_t* labels) const override { data_.labels(sample(), labels); }
  void targets(std::span<const Index>, double* values) const override {
    std::vector<double> all(static_cast<std::size_t>(data_.target_steps() * target_size()));
    data_.targets(sample(), all.data());
    std::copy_n(all.begin(), target_steps() * target_size(), values);
  }

 private:
  [[nodiscard]] std::span<const Index> sample() const { return {&number_, 1}; }

  const PaddedDataset<double>& data_;
  Index number_, steps_;
};

/// A loss and its gradient, a tensor a parameter.
struct Outcome {
  double loss = 0;
  std::vector<Tensor<double>> gradient;
};

class Problem {
 public:
  template <class N>
  Problem(std::type_identity<N>, const Case& c) : case_(c), network_(c.outputs) {
    CellSettings<N> settings{.input_size = c.data.input_size, .hidden_size = 3};
    if constexpr (!std::is_same_v<N, Lstm>) settings.delay = 4;
    network_.add<N>(settings);
    network_.add_readout(std::max(c.data.classes, c.data.target_size));
    std::uint32_t key = 1;
    for (Parameter<double>* parameter : network_.parameters())
      parameter->value = test::random_tensor<double>(parameter->value.shape(), key++, -1, 1);
  }

  RecurrentNetwork<double>& network() { return network_; }

  /// What a step of gradient descent does.
  Outcome outcome(const Dataset<double>& data, Engine engine, bool with_gradient = true) {
    std::vector<Index> samples;
    for (Index i = 0; i < data.size(); ++i) samples.push_back(data.size() - 1 - i);
    const TrainingSettings settings{.optimizer = {.kind = OptimizerSettings::Kind::sgd},
                                    .batch_size = data.size(),
                                    .micro_batch = 2,
                                    .engine = engine,
                                    .class_weights = case_.class_weights};
    Trainer<double> trainer(network_, data, settings, workers_);
    if (!with_gradient) return {trainer.step(samples, 0).loss(), {}};
    std::vector<Tensor<double>> before;
    for (const Parameter<double>* parameter : network_.parameters()) before.push_back(parameter->value);
    Outcome result{trainer.step(samples, 1).loss(), before};
    for (std::size_t p = 0; p < before.size(); ++p) {
      Tensor<double>& value = network_.parameters()[p]->value;
      for (Index i = 0; i < value.size(); ++i) result.gradient[p].data()[i] -= value.data()[i];
      value = before[p];
    }
    return result;
  }

 private:
  Case case_;
  RecurrentNetwork<double> network_;
  Workers workers_{1};
};

void check_close(const Outcome& a, const Outcome& b) {
  CHECK(std::abs(a.loss - b.loss) < 1e-12 * std::abs(b.loss));
  for (std::size_t p = 0; p < a.gradient.size(); ++p) {
    INFO("parameter " << p);
    CHECK(test::relative_difference(a.gradient[p], b.gradient[p]) < 1e-10);
  }
}

TEMPLATE_TEST_CASE("lengths, last targets and class weights in the loss and its gradient", "", Rnn, Lstm, Glifr<0>,
                   Glifr<2>) {
  for (const Case& c : cases()) {
    INFO(c.name);
    Problem problem(std::type_identity<TestType>{}, c);
    const PaddedDataset<double> data(c.data);
    const Outcome fused = problem.outcome(data, Engine::fused);
    check_close(problem.outcome(data, Engine::composed), fused);

    Outcome cut{0, fused.gradient};
    for (Tensor<double>& tensor : cut.gradient) std::fill(tensor.values().begin(), tensor.values().end(), 0.0);
    for (Index sample = 0; sample < data.size(); ++sample) {
      const Outcome one = problem.outcome(Cut(data, sample), Engine::fused);
      const double share = 1 / static_cast<double>(data.size());
      cut.loss += share * one.loss;
      for (std::size_t p = 0; p < one.gradient.size(); ++p) {
        for (Index i = 0; i < one.gradient[p].size(); ++i)
          cut.gradient[p].data()[i] += share * one.gradient[p].data()[i];
      }
    }
    check_close(cut, fused);

    for (std::size_t p = 0; p < fused.gradient.size(); ++p) {
      Tensor<double>& value = problem.network().parameters()[p]->value;
      for (Index i = 0; i < value.size(); ++i) {
        const double centre = value.data()[i], step = 1e-5;
        value.data()[i] = centre + step;
        const double above = problem.outcome(data, Engine::fused, false).loss;
        value.data()[i] = centre - step;
        const double below = problem.outcome(data, Engine::fused, false).loss;
        value.data()[i] = centre;
        const double difference = (above - below) / (2 * step), gradient = fused.gradient[p].data()[i];
        INFO(problem.network().parameters()[p]->name << ", element " << i << ": by the tape " << gradient
                                                     << ", by differences " << difference);
        CHECK(std::abs(gradient - difference) <= 1e-6 * std::max({std::abs(gradient), std::abs(difference), 1e-2}));
      }
    }
  }
}

}  // namespace
