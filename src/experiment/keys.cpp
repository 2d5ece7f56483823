#include "glifr/experiment/keys.hpp"

#include <algorithm>

#include "glifr/error.hpp"
#include "glifr/io/number.hpp"
#include "glifr/network/description.hpp"
#include "glifr/training/micro_batch.hpp"

namespace glifr {
namespace {

constexpr Range any{};
constexpr Range positive = Range::above(0);
constexpr Range not_negative = Range::from(0);
constexpr Range proportion{.lowest = 0, .highest = 1};
constexpr Range none_or_count{.lowest = 0, .highest = 1e9};
constexpr Range count{.lowest = 1, .highest = 1e9};
constexpr Range size{.lowest = 1, .highest = 1e6};
constexpr Range input{.lowest = 1, .highest = 65536};  // sparse inputs are numbered in 16 bits
constexpr Range currents{.lowest = 0, .highest = 4};   // the built-in neurons are compiled for these

const std::vector<std::string> optimizers{"adam", "sgd", "adamw"}, schedules{"constant", "step", "cosine", "plateau"},
    monitors{"auto", "train_loss", "val_loss", "val_acc"}, checkpoints{"last", "best"},
    class_weights{"none", "balanced"}, losses{"mse", "cross_entropy", "auto"}, reductions{"none", "last", "auto"};

using Place = ConfigKey::Place;
using S = Settings;

std::vector<ConfigKey> network_keys() {
  std::vector<ConfigKey> keys{
      {.group = "Network",
       .name = "input_size",
       .place = [](S& s) -> Place { return &s.model.input_size; },
       .help = "inputs a time step, as the task has them; on lmnist the columns of an image",
       .range = input},
      {.group = "Network",
       .name = "hidden_size",
       .place = [](S& s) -> Place { return &s.model.hidden_size; },
       .help = "neurons",
       .range = size,
       .is_by_model = true},
      {.group = "Network",
       .name = "output_size",
       .place = [](S& s) -> Place { return &s.model.output_size; },
       .help = "outputs, as the task has them; on lmnist and pmnist the classes of the images",
       .range = size},
      {.group = "Network",
       .name = "num_ascs",
       .place = [](S& s) -> Place { return &s.model.num_ascs; },
       .help = "after-spike currents a neuron, in the models that have any (names ending in a)",
       .range = currents,
       .is_by_model = true},
      {.group = "Network",
       .name = "train_dynamics",
       .place = [](S& s) -> Place { return &s.model.train_dynamics; },
       .help =
           "whether thresh, k_m, k_j, r_j and a_j are trained beside the weights; by default as the model's name says",
       .is_by_model = true},
      {.group = "Network",
       .name = "dt",
       .place = [](S& s) -> Place { return &s.model.dt; },
       .help = "time step",
       .unit = "ms",
       .range = positive},
      {.group = "Network",
       .name = "synaptic_delay",
       .place = [](S& s) -> Place { return &s.model.synaptic_delay; },
       .help = "time from firing to its effect on other neurons, at least one step; the LSTM has none",
       .unit = "ms",
       .range = not_negative,
       .is_by_model = true},
      {.group = "Network",
       .name = "dropout_prob",
       .place = [](S& s) -> Place { return &s.training.dropout; },
       .help = "share of the firing that is dropped in training",
       .range = proportion},
      {.group = "Network",
       .name = "final_reduction",
       .place = [](S& s) -> Place { return &s.model.final_reduction; },
       .help = "the outputs that meet the loss: those of every step (none) or that of the last; auto: as the data have "
               "targets",
       .choices = reductions}};
  // What neurons share is described by their fields; constants of one name are one key.
  for (const NeuronInfo* neuron : known_neurons()) {
    for (const auto& [constant_name, constant] : neuron->constants) {
      if (std::ranges::find(keys, constant_name, &ConfigKey::name) != keys.end()) continue;
      const auto place = [name = constant_name, value = constant.value.value_or(0)](S& s) -> Place {
        return &s.model.constants.try_emplace(name, value).first->second;
      };
      const std::string help = constant.meaning ? constant.meaning : "constant of the neuron " + neuron->name;
      keys.push_back({.group = "Network",
                      .name = constant_name,
                      .place = place,
                      .help = help,
                      .unit = constant.unit == std::string("1") ? "" : constant.unit,
                      .range = constant.range,
                      .is_recorded = neuron->is_built_in});
    }
  }
  return keys;
}

std::vector<ConfigKey> training_keys() {
  return {
      {.group = "Training",
       .name = "loss_fn",
       .place = [](S& s) -> Place { return &s.training.loss; },
       .help =
           "mean squared error for tasks with target values, cross entropy for tasks with classes; auto: as the data "
           "have targets or labels",
       .choices = losses},
      {.group = "Training",
       .name = "optimizer",
       .place = [](S& s) -> Place { return &s.training.optimizer.kind; },
       .help = "how gradients become steps",
       .choices = optimizers},
      {.group = "Training",
       .name = "lr",
       .place = [](S& s) -> Place { return &s.training.learning_rate.initial; },
       .help = "learning rate",
       .range = positive},
      {.group = "Training",
       .name = "lr_schedule",
       .place = [](S& s) -> Place { return &s.training.learning_rate.schedule; },
       .help = "learning rate over the epochs: constant, by steps, along half a cosine down to 0, or lower where "
               "monitor no "
               "longer improves (plateau)",
       .choices = schedules},
      {.group = "Training",
       .name = "lr_step_epochs",
       .place = [](S& s) -> Place { return &s.training.learning_rate.step_epochs; },
       .help = "epochs between two steps of the step schedule",
       .range = count},
      {.group = "Training",
       .name = "lr_step_factor",
       .place = [](S& s) -> Place { return &s.training.learning_rate.step_factor; },
       .help = "factor of a step of the step schedule and of the plateau schedule",
       .range = setting_ranges::step_factor},
      {.group = "Training",
       .name = "lr_plateau_patience",
       .place = [](S& s) -> Place { return &s.training.learning_rate.plateau_patience; },
       .help = "epochs without a better one after which the plateau schedule takes a step",
       .range = count,
       .is_recent = true},
      {.group = "Training",
       .name = "lr_warmup_epochs",
       .place = [](S& s) -> Place { return &s.training.learning_rate.warmup_epochs; },
       .help = "epochs in which the learning rate rises in equal steps to lr, before the schedule",
       .range = none_or_count,
       .is_recent = true},
      {.group = "Training",
       .name = "weight_decay",
       .place = [](S& s) -> Place { return &s.training.optimizer.weight_decay; },
       .help = "adamw: share of itself that each trained weight loses in a step, times the learning rate",
       .range = setting_ranges::weight_decay,
       .is_recent = true},
      {.group = "Training",
       .name = "momentum",
       .place = [](S& s) -> Place { return &s.training.optimizer.momentum; },
       .help = "share of the last step that sgd keeps",
       .range = setting_ranges::momentum},
      {.group = "Training",
       .name = "beta1",
       .place = [](S& s) -> Place { return &s.training.optimizer.beta1; },
       .help = "decay of adam's mean of the gradients",
       .range = setting_ranges::mean_decay},
      {.group = "Training",
       .name = "beta2",
       .place = [](S& s) -> Place { return &s.training.optimizer.beta2; },
       .help = "decay of adam's mean of their squares",
       .range = setting_ranges::mean_decay},
      {.group = "Training",
       .name = "eps",
       .place = [](S& s) -> Place { return &s.training.optimizer.eps; },
       .help = "what adam adds to the root of that mean",
       .range = setting_ranges::eps},
      {.group = "Training",
       .name = "gradient_clip",
       .place = [](S& s) -> Place { return &s.training.optimizer.gradient_clip; },
       .help = "largest norm of all gradients together; 0: no limit",
       .range = setting_ranges::gradient_clip},
      {.group = "Training",
       .name = "batch_size",
       .place = [](S& s) -> Place { return &s.training.batch_size; },
       .help = "samples a step",
       .range = count},
      {.group = "Training",
       .name = "micro_batch",
       .place = [](S& s) -> Place { return &s.training.micro_batch; },
       .help = "samples that are computed together within a step; 0: chosen by the engine",
       .range = none_or_count},
      {.group = "Training",
       .name = "shares",
       .place = [](S& s) -> Place { return &s.training.shares; },
       .help =
           "parts of a batch whose gradients are summed by a fixed tree, and so most workers that can help, but for "
           "the threads of a process in layers of 1,024 neurons and more; more than there are micro-batches makes "
           "these smaller; 0: chosen by the size of the problem",
       .range = {.lowest = 0, .highest = static_cast<double>(most_shares)},
       .is_by_model = true,
       .is_recent = true},
      {.group = "Training",
       .name = "device_shares",
       .place = [](S& s) -> Place { return &s.training.device_shares; },
       .help =
           "parts of a batch on GPUs, of which each GPU that shares the batch (--distribute batch) takes some; 0: one "
           "a GPU, or as a trial that is gone on with was started",
       .range = {.lowest = 0, .highest = static_cast<double>(most_shares)},
       .is_recent = true,
       .decides = Decides::nothing},
      {.group = "Training",
       .name = "max_epochs",
       .place = [](S& s) -> Place { return &s.training.max_epochs; },
       .help = "epochs",
       .range = count},
      {.group = "Training",
       .name = "truncate_steps",
       .place = [](S& s) -> Place { return &s.training.truncate_steps; },
       .help = "truncated backpropagation through time: steps after which gradients end, while states go on; 0: never",
       .unit = "steps",
       .range = none_or_count,
       .is_recent = true},
      {.group = "Training",
       .name = "memory_mb",
       .place = [](S& s) -> Place { return &s.training.memory_mb; },
       .help =
           "memory for states while training; where they need more, micro-batches are smaller and the backward pass "
           "computes states again; 0: no limit",
       .unit = "MB",
       .range = not_negative,
       .is_recent = true},
      {.group = "Training",
       .name = "sigma_v_anneal",
       .place = [](S& s) -> Place { return &s.training.sigma_v_anneal; },
       .help = "whether the width of the threshold changes, in equal steps an epoch, instead of being sigma_v"},
      {.group = "Training",
       .name = "sigma_v_first",
       .place = [](S& s) -> Place { return &s.training.sigma_v_first; },
       .help = "that width in the first epoch",
       .unit = "mV",
       .range = positive},
      {.group = "Training",
       .name = "sigma_v_last",
       .place = [](S& s) -> Place { return &s.training.sigma_v_last; },
       .help =
           "that width in the epoch max_epochs; tests and analyses use the width of the epoch that the network is of "
           "(sigma_v_first with one epoch, another than this after early stopping or of the best checkpoint)",
       .unit = "mV",
       .range = positive},
      {.group = "Training",
       .name = "early_stop_loss",
       .place = [](S& s) -> Place { return &s.training.early_stop_loss; },
       .help = "training ends after an epoch with a mean loss as low as this, of the validation where there is one and "
               "monitor is not train_loss; 0: never",
       .range = not_negative},
      {.group = "Training",
       .name = "early_stop_patience",
       .place = [](S& s) -> Place { return &s.training.early_stop_patience; },
       .help = "training ends after so many epochs without a better one, by monitor; 0: never",
       .range = none_or_count},
      {.group = "Training",
       .name = "class_weights",
       .place = [](S& s) -> Place { return &s.training.weights; },
       .help = "weights of the samples in the training loss: none, or such that all classes count alike (balanced); "
               "losses of validation and test have none",
       .choices = class_weights,
       .is_recent = true},
      {.group = "Training",
       .name = "validation_fraction",
       .place = [](S& s) -> Place { return &s.training.validation_fraction; },
       .help = "share of the training samples that is set aside for validation, the same of each class; 0: none",
       .range = {.lowest = 0, .highest = 1, .excludes_highest = true},
       .is_recent = true},
      {.group = "Training",
       .name = "validation_every",
       .place = [](S& s) -> Place { return &s.training.validation_every; },
       .help = "epochs between two validations",
       .range = count,
       .is_recent = true},
      {.group = "Training",
       .name = "monitor",
       .place = [](S& s) -> Place { return &s.training.monitor; },
       .help = "by what epochs are compared: early stopping, the plateau schedule and the best checkpoint go by it; "
               "auto: val_loss where there is validation, else train_loss",
       .choices = monitors,
       .is_recent = true},
      {.group = "Training",
       .name = "test_checkpoint",
       .place = [](S& s) -> Place { return &s.training.test_checkpoint; },
       .help = "the network that is tested: that of the last epoch, or that of the best",
       .choices = checkpoints,
       .is_recent = true}};
}

std::vector<ConfigKey> output_keys() {
  return {{.group = "Output",
           .name = "parameter_every",
           .place = [](S& s) -> Place { return &s.output.parameter_every; },
           .help = "epochs between two rows of the parameter files; 0: 1, or 10 where there are more than 500 epochs",
           .range = none_or_count},
          {.group = "Output",
           .name = "checkpoint_seconds",
           .place = [](S& s) -> Place { return &s.output.checkpoint_seconds; },
           .help = "least time between two checkpoints of a running training; 0: a checkpoint every epoch",
           .unit = "s",
           .range = not_negative,
           .decides = Decides::nothing},
          {.group = "Output",
           .name = "tensorboard",
           .place = [](S& s) -> Place { return &s.output.tensorboard; },
           .help = "whether the trial's folder gets an event file that TensorBoard reads",
           .is_recent = true,
           .decides = Decides::nothing}};
}

/// A task's own key: its value is kept by its name.
ConfigKey config_key(const TaskKey& key) {
  const auto place = [name = key.name, initial = key.value](S& s) -> Place {
    SettingValue& value = s.task.values.try_emplace(name, initial).first->second;
    return std::visit([](auto& held) -> Place { return &held; }, value);
  };
  return {.group = "Data",
          .name = key.name,
          .place = place,
          .help = key.help,
          .unit = key.unit,
          .range = key.range,
          .choices = key.choices,
          .may_be_empty = key.may_be_empty,
          .decides = key.decides};
}

/// ConfigError where the key of a task has the name of a neuron's constant, which is a key of all tasks.
void require_free_name(const std::string& key, const Task& task) {
  for (const NeuronInfo* neuron : known_neurons()) {
    if (std::ranges::find(neuron->constants, key, &NeuronConstant::name) == neuron->constants.end()) continue;
    throw ConfigError("task", "found the key '" + key + "' of task " + task.name() +
                                  ", which is a constant of neuron " + neuron->name + "; accepted: names that differ");
  }
}

std::string join(const std::vector<std::string>& names) {
  std::string text(names.front());
  for (std::size_t i = 1; i < names.size(); ++i) text += (i + 1 == names.size() ? " or " : ", ") + names[i];
  return text;
}

}  // namespace

std::vector<ConfigKey> config_keys(const Task& task) {
  for (const TaskKey& key : task.keys()) require_free_name(key.name, task);
  std::vector<ConfigKey> keys;
  const auto add = [&](std::vector<ConfigKey> some) {
    for (ConfigKey& key : some) {
      if (task.knows(key.name)) keys.push_back(std::move(key));
    }
  };
  add(network_keys());
  for (const TaskKey& key : task.keys()) keys.push_back(config_key(key));
  add(training_keys());
  add(output_keys());
  return keys;
}

std::vector<ConfigKey> config_keys() {
  std::vector<ConfigKey> keys = network_keys();
  const auto add = [&](ConfigKey key) {
    if (std::ranges::find(keys, key.name, &ConfigKey::name) == keys.end()) keys.push_back(std::move(key));
  };
  for (const Task* task : known_tasks()) {
    for (const TaskKey& key : task->keys()) add(config_key(key));
  }
  for (ConfigKey& key : training_keys()) add(std::move(key));
  for (ConfigKey& key : output_keys()) add(std::move(key));
  return keys;
}

Settings default_settings(const Task& task) {
  Settings settings;
  settings.task.base = task.name();
  if (task.knows("input_size")) settings.model.input_size = settings.model.output_size = 0;  // until they are known
  for (const ConfigKey& key : config_keys()) {
    if (key.group == "Network") static_cast<void>(key.place(settings));
  }
  for (const TaskKey& key : task.keys()) settings.task.values.emplace(key.name, key.value);
  return settings;
}

std::string ConfigKey::accepted() const {
  const std::string by_model = is_by_model ? ", or an object of them by model name" : "";
  if (!choices.empty()) return join(choices) + by_model;
  Settings scratch;
  const Place found = place(scratch);
  if (std::holds_alternative<bool*>(found)) return "true or false" + by_model;
  if (std::holds_alternative<std::string*>(found)) return (may_be_empty ? "text" : "text, not empty") + by_model;
  return to_string(range, std::holds_alternative<Index*>(found)) + by_model;
}

}  // namespace glifr
