// A network learns the synaptic delays of its teacher: the same neurons and weights, but other delays. With delays that
// stay as they were drawn, training the weights does not make up for them. Draws both courses as learned_delays.svg.
//   populations [TRIALS]
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <glifr/analysis/plot.hpp>
#include <glifr/analysis/style.hpp>
#include <glifr/glifr.hpp>

namespace {

using namespace glifr;

constexpr Index neurons = 20, channels = 4, steps = 200, samples = 24;
constexpr double dt = 0.1, shortest = 0.5, longest = 3;  // ms

/// Two groups, each with its own membrane decay rates, connected through delays of 0.5 to 3 ms, one a neuron.
Network<GlifrCell<0, float>> make_network(bool learns_delays, std::uint64_t seed) {
  CellSettings<Glifr<0>> layer{.input_size = channels, .hidden_size = neurons};
  layer.constants.dt = layer.constants.tau = dt;
  Population& population = layer.population;
  population.groups = {{.name = "slow", .size = neurons / 2}, {.name = "fast", .size = neurons / 2}};
  population.parameters["k_m"] = {.is_trained = false};
  population.groups[0].parameters["k_m"] = {.is_trained = false, .initial = Distribution::lognormal(1, 0.3)};
  population.groups[1].parameters["k_m"] = {.is_trained = false, .initial = Distribution::lognormal(4, 0.3)};
  population.parameters["thresh"] = {.is_trained = false};
  population.synaptic_delay =
      learns_delays ? DelayDescription::learned(shortest, longest) : DelayDescription::uniform(shortest, longest);
  Network<GlifrCell<0, float>> network(layer, 0, Outputs::every_step);
  initialize_homogeneous(network, seed);
  for (float& weight : network.cell().w_lateral().value.values()) weight *= 4;
  for (float& weight : network.cell().w_input().value.values()) weight *= 4;
  return network;
}

/// Slow random waves on each channel, [steps, samples, channels].
std::vector<float> waves() {
  const Random random(3, Stream::data);
  std::vector<float> x(static_cast<std::size_t>(steps * samples * channels));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double t = dt * static_cast<double>(i / (samples * channels));
    const std::size_t line = i % (samples * channels);  // of a sample and channel
    for (std::size_t k = 0; k < 3; ++k) {
      const double frequency = 0.03 + 0.12 * random.uniform(6 * line + k), phase = random.uniform(6 * line + 3 + k);
      x[i] += static_cast<float>(std::sin(2 * 3.141592653589793 * (frequency * t + phase)));
    }
  }
  return x;
}

/// What the teacher answers, [steps, samples, neurons].
std::vector<float> answers(const RecurrentNetwork<float>& teacher, std::vector<float>& inputs) {
  Tape<float> tape(Tape<float>::Mode::forward_only);
  const Var<float> x = tape.constant({steps, samples, channels}, inputs);
  const View<float> y = teacher.forward(tape, Sequence<float>::from(x)).output.value();
  std::vector<float> values;
  for (Index r = 0; r < y.rows; ++r) values.insert(values.end(), y.row(r), y.row(r) + y.columns);
  return values;
}

std::vector<float> delays_of(Network<GlifrCell<0, float>>& network) {
  for (const Parameter<float>* parameter : network.parameters()) {
    if (parameter->field && parameter->field->name == std::string("synaptic_delay"))
      return physical_values(*parameter, dt);
  }
  return {};
}

/// The median distance between delays, in time steps.
double median_error(const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<double> errors;
  for (std::size_t i = 0; i < a.size(); ++i) errors.push_back(std::abs(a[i] - b[i]) / dt);
  std::nth_element(errors.begin(), errors.begin() + errors.size() / 2, errors.end());
  return errors[errors.size() / 2];
}

/// What a training came to, every fourth epoch.
struct Course {
  std::vector<double> epoch, loss, error;
};

/// Records it.
class Watch final : public Callback<float> {
 public:
  Watch(Network<GlifrCell<0, float>>& learner, std::vector<float> teachers_delays)
      : learner_(learner), teachers_delays_(std::move(teachers_delays)) {}

  bool after_epoch(const EpochReport& report, const Position&) override {
    if (report.epoch % 4 != 1) return true;
    course.epoch.push_back(static_cast<double>(report.epoch));
    course.loss.push_back(report.loss);
    course.error.push_back(dt * median_error(delays_of(learner_), teachers_delays_));
    return true;
  }

  Course course{};

 private:
  Network<GlifrCell<0, float>>& learner_;
  std::vector<float> teachers_delays_;
};

/// Loss and error of the delays over the epochs, a line a trial.
analysis::Figure courses_figure(const std::vector<Course>& learned, const std::vector<Course>& fixed) {
  analysis::Figure figure;
  figure.name = "learned_delays";
  figure.columns = 2;
  figure.has_key = true;
  figure.width = 760;
  figure.aspect = 0.7;
  figure.panels.resize(2);
  figure.panels[0].y = {.label = "mean squared error", .is_logarithmic = true};
  figure.panels[1].y = {.label = "median error of the delays (ms)", .least = 0};
  for (analysis::Panel& panel : figure.panels) panel.x = {.label = "epoch", .is_count = true};
  const auto add = [&](const std::string& name, const std::vector<Course>& courses, Index color) {
    analysis::Table table{name, {{"epoch", courses.front().epoch}}};
    std::vector<std::string> losses, errors;
    for (const Course& course : courses) {
      losses.push_back("loss_" + std::to_string(losses.size()));
      errors.push_back("error_" + std::to_string(errors.size()));
      table.columns.push_back({losses.back(), course.loss});
      table.columns.push_back({errors.back(), course.error});
    }
    for (const std::size_t panel : {0, 1}) {
      figure.panels[panel].series.push_back({.table = name,
                                             .x = "epoch",
                                             .y = panel == 0 ? losses : errors,
                                             .ink = analysis::cluster_ink(color),
                                             .title = name + " delays"});
    }
    figure.tables.push_back(std::move(table));
  };
  add("learned", learned, 0);
  add("fixed", fixed, 1);
  return figure;
}

}  // namespace

int main(int argc, char** argv) try {
  const int trials = argc > 1 ? std::atoi(argv[1]) : 1;
  if (trials < 1) throw ConfigError("populations", "expected a number of trials, 1 or more");
  std::vector<float> inputs = waves();
  Workers workers(available_processors());
  std::vector<Course> learned, fixed;
  for (int trial = 0; trial < trials; ++trial) {
    const auto seed = static_cast<std::uint64_t>(2 * trial + 1);
    Network<GlifrCell<0, float>> teacher = make_network(false, seed);
    const ValueDataset<float> data({steps, samples, channels}, inputs, neurons, answers(teacher, inputs));
    for (const bool learns_delays : {true, false}) {
      Network<GlifrCell<0, float>> learner = make_network(learns_delays, seed + 1);
      for (Parameter<float>* parameter : learner.parameters()) {  // all but the delays are the teacher's at first
        if (!parameter->name.ends_with("synaptic_delay"))
          parameter->value = find_parameter(teacher.parameters(), parameter->name).value;
      }
      const double before = median_error(delays_of(learner), delays_of(teacher));
      TrainingSettings settings{.batch_size = samples, .max_epochs = 400, .seed = 4};
      settings.learning_rate.initial = 0.02;
      std::printf("%s delays: test loss before: %.6f\n", learns_delays ? "learned" : "fixed",
                  evaluate(learner, data, workers).loss());
      Watch watch(learner, delays_of(teacher));
      Callback<float>* const callbacks[] = {&watch};
      Trainer<float>(learner, data, settings, workers).fit(callbacks);
      std::printf("after: %.6f, median error of the delays %.2f steps, %.2f before\n",
                  evaluate(learner, data, workers).loss(), median_error(delays_of(learner), delays_of(teacher)),
                  before);
      (learns_delays ? learned : fixed).push_back(std::move(watch.course));
    }
  }
  const analysis::Drawing drawing = analysis::draw(courses_figure(learned, fixed), ".");
  std::printf("learned_delays.svg: %s\n", drawing.problem.empty() ? "drawn" : drawing.problem.c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
