#include "consistency.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config_values.hpp"
#include "glifr/cells/connections.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/io/number.hpp"
#include "glifr/network/initialize.hpp"

namespace glifr::detail {
namespace {

/// Validation that is needed and not there, or that there cannot be.
void check_validation(const Settings& s) {
  if (s.training.validation_fraction > 0 && find_task(s.task.base).has_validation_set(s)) {
    throw ConfigError("validation_fraction", "found " + format_number(s.training.validation_fraction) + "; task " +
                                                 s.task.base + " has validation data of its own, accepted: 0");
  }
  constexpr const char* how = "; accepted without validation (validation_fraction, validation_data): ";
  const bool needs_accuracy = s.training.monitor == Monitor::val_acc;
  if (!validates(s)) {
    if (s.training.test_checkpoint == TestedCheckpoint::best)
      throw ConfigError("test_checkpoint", std::string("found best") + how + "last");
    if (needs_accuracy || s.training.monitor == Monitor::val_loss)
      throw ConfigError("monitor",
                        std::string("found ") + (needs_accuracy ? "val_acc" : "val_loss") + how + "train_loss");
  }
  const bool has_values = s.training.loss == LossKind::mse;  // LossKind::automatic: the data tell, and are not there
  if (needs_accuracy && has_values)
    throw ConfigError("monitor", "found val_acc; the targets are values, accepted: train_loss, val_loss");
  if (s.training.weights == ClassWeights::balanced && has_values)
    throw ConfigError("class_weights", "found balanced; the targets are values, accepted: none");
}

/// A label a sample meets the output of one step.
void check_reduction(const Settings& s) {
  if (s.training.loss == LossKind::cross_entropy && s.model.final_reduction == FinalReduction::none)
    throw ConfigError("final_reduction", "found none; accepted for task " + s.task.name + ": last");
}

/// Initial values that no neuron can start with: a number out of range, or a distribution of which none of as many
/// values as are drawn for a neuron is within it.
void check_initial_value(const std::string& key, const Distribution& initial, const Range& range) {
  const bool is_recorded = initial.kind == Distribution::Kind::recorded;
  if (is_recorded && initial.values.empty()) return;  // its file was not read
  const auto value = initial.draw(Random(0, Stream::initialize), 0, 1, [&](double x) { return range.contains(x); });
  if (value) return;
  const std::string found = initial.kind == Distribution::Kind::number
                                ? "the initial value " + format_number(initial.first)
                                : "initial values of which none is one that a neuron can have" +
                                      (is_recorded && !initial.file.empty() ? ", in " + initial.file : "");
  throw ConfigError(key, "found " + found + "; accepted: " + to_string(range));
}

void check_initial_values(const std::map<std::string, ParameterDescription>& parameters, const NeuronInfo& neuron,
                          double dt) {
  for (const FieldExtent& parameter : neuron.parameters) {
    const auto found = parameters.find(parameter.field.name);
    if (found == parameters.end() || !found->second.initial) continue;
    check_initial_value(parameter.field.name, *found->second.initial, physical_range(parameter.field.transform, dt));
  }
}

/// Delays of which each neuron has its own: longer than the simulation, or with initial values out of their range.
void check_delays(const Settings& s, const Population& population) {
  if (!has_neuron_delays(population)) return;
  std::vector<DelayDescription> delays;
  for (std::size_t g = 0; g < std::max<std::size_t>(1, population.groups.size()); ++g)
    delays.push_back(delays_of(population, g));
  const bool is_learned = std::ranges::any_of(delays, &DelayDescription::is_trained);
  for (const DelayDescription& delay : delays) {
    check_steps("synaptic_delay", s, delay.longest, 0);
    if (delay.is_trained && delay.longest <= s.model.dt) {
      throw ConfigError("synaptic_delay", "found a range that ends at " + format_number(delay.longest) +
                                              " ms; learned delays are longer than a time step, dt, of " +
                                              format_number(s.model.dt) + " ms, accepted: a range that ends above it");
    }
    if (delay.longest < s.model.dt && delay.initial.kind != Distribution::Kind::number) {
      throw ConfigError("synaptic_delay", "found delays up to " + format_number(delay.longest) +
                                              " ms, shorter than a time step, dt, of " + format_number(s.model.dt) +
                                              " ms; accepted: a range that reaches it, or a number");
    }
    Range range{.lowest = std::max(s.model.dt, delay.shortest), .highest = std::max(s.model.dt, delay.longest)};
    // Learned ones never reach the ends of their range.
    range.excludes_lowest = range.excludes_highest = is_learned && range.highest > range.lowest;
    Distribution initial = delay.initial;
    if (initial.kind == Distribution::Kind::number) initial.first = std::max(s.model.dt, initial.first);
    check_initial_value("synaptic_delay", initial, range);
  }
}

void check_layer(const Settings& s, const LayerDescription& layer, Index input_size) {
  const Population& population = layer.population;
  const NeuronInfo& neuron = find_neuron(layer.neuron, layer.num_ascs);
  check_initial_values(population.parameters, neuron, s.model.dt);
  for (const NeuronGroup& group : population.groups) {
    name_place(" in group " + group.name, [&] { check_initial_values(group.parameters, neuron, s.model.dt); });
  }
  check_delays(s, population);
  if (input_size > 0) check_population(population, layer.neuron, neuron.parameters, input_size, layer.size);
}

/// What only the whole network and its training show of its layers.
void check_layers(const Settings& s) {
  Index input_size = s.model.input_size, number = 0;
  for (const LayerDescription& layer : s.model.layers) {
    name_place(" in layer " + std::to_string(++number) + " of model " + s.model.name,
               [&] { check_layer(s, layer, input_size); });
    input_size = layer.size;
  }
}

}  // namespace

void check_consistency(const Settings& s) {
  check_steps("synaptic_delay", s, s.model.synaptic_delay, 0);
  for (const LayerDescription& layer : s.model.layers) check_steps("synaptic_delay", s, layer.synaptic_delay, 0);
  const Task& task = find_task(s.task.base);
  if (const std::vector<std::string> able = task.models(); !able.empty() && !s.model.layers.empty())
    throw ConfigError("model", "found '" + s.model.name + "'; accepted for task " + s.task.name + ": " + able.front());
  task.check(s);
  check_validation(s);
  check_reduction(s);
  check_layers(s);
}

}  // namespace glifr::detail
