#include <algorithm>
#include <boost/json.hpp>
#include <cstddef>
#include <utility>
#include <vector>

#include "config_content.hpp"
#include "config_values.hpp"
#include "consistency.hpp"
#include "glifr/cells/connections.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/io/event_file.hpp"
#include "glifr/training/micro_batch.hpp"
#include "layer_files.hpp"
#include "layer_json.hpp"

namespace glifr {

namespace json = boost::json;

namespace {

/// The value that a layer gives a key for a model, or null.
const json::value* value_for(const detail::ConfigLayer& layer, const ConfigKey& key, std::string_view model) {
  const json::value* value = layer.values.if_contains(key.name);
  const json::object* by_model = value ? value->if_object() : nullptr;
  if (!by_model) return value;
  const json::value* own = by_model->if_contains(model);
  return own ? own : by_model->if_contains("default");
}

/// Takes from the data what they decide.
void complete(Settings& settings, const Task& task, const DataFiles& files) {
  task.complete(settings, files);
  const std::pair<const char*, Index> sizes[] = {{"input_size", settings.model.input_size},
                                                 {"output_size", settings.model.output_size}};
  for (const auto& [key, size] : sizes) {
    if (size == 0 && task.knows(key)) throw ConfigError(key, "is missing in the configuration of task " + task.name());
  }
}

/// Shares of a batch's gradient, by the size of the problem. What makes micro-batches smaller yet has no influence:
/// samples of different lengths, which the data tell, and a limit of the memory.
Index shares_of(const Settings& s) {
  const NetworkDescription network = describe_network(s);
  const Index batch = s.training.batch_size, steps = s.time_steps();
  if (steps < 1) return 0;  // only the data tell, and they are not there
  if (s.training.micro_batch > 0) return choose_shares(batch, s.training.micro_batch, steps);
  std::vector<LayerLoad> layers;
  for (const LayerDescription& layer : network.layers) {
    const NeuronInfo& neuron = find_neuron(layer.neuron, layer.num_ascs);
    layers.push_back({layer.size, delay_steps(layer.synaptic_delay, network.dt), neuron.carries_state});
  }
  return choose_shares(batch, choose_micro_batch(layers, batch, steps, network.outputs == Outputs::last_step), steps);
}

/// Gives each key the value of the uppermost layer that has one.
void assign_values(const std::vector<detail::ConfigLayer>& layers, const Task& task, const Model& model,
                   Settings& settings) {
  for (const ConfigKey& key : config_keys(task)) {
    for (const detail::ConfigLayer& layer : layers) {
      if (const json::value* value = value_for(layer, key, model.name))
        detail::assign(key, *value, {layer.origin.file, {}}, settings);
    }
  }
}

/// Resolves what other settings decide.
void resolve_automatic(Settings& settings) {
  if (settings.model.final_reduction == FinalReduction::automatic)
    settings.model.final_reduction =
        settings.training.loss == LossKind::cross_entropy ? FinalReduction::last : FinalReduction::none;
  if (settings.training.monitor == Monitor::automatic)
    settings.training.monitor = validates(settings) ? Monitor::val_loss : Monitor::train_loss;
  if (settings.output.parameter_every == 0)
    settings.output.parameter_every = settings.training.max_epochs > 500 ? 10 : 1;
}

/// Takes over the layers of a described model, and what their files hold.
void take_layers(Settings& settings, const Model& model, const DataFiles* files) {
  settings.model.layers = model.layers;
  settings.model.layers = describe_network(settings).layers;
  if (files) detail::read_files(settings.model.layers, settings.model.input_size, files->root);
  detail::follow_layers(settings.model);
}

/// What a model has not is not there, whatever was asked of the others.
void drop_what_it_lacks(ModelSettings& settings, const Model& model) {
  const NeuronInfo& neuron = find_neuron(model.neuron, model.num_ascs);
  if (model.num_ascs == 0) settings.num_ascs = 0;
  if (!neuron.has_dynamics()) settings.train_dynamics = false;
  if (!neuron.has_synaptic_delay) settings.synaptic_delay = 0;
}

}  // namespace

Settings Config::resolve(const Model& model, const DataFiles* files) const {
  const Task& task = find_task(content_->base_task);
  Settings settings = default_settings(task);
  settings.task.name = content_->task;
  settings.model.name = model.name;
  settings.model.num_ascs = model.num_ascs;
  settings.model.train_dynamics = model.trains_dynamics;
  assign_values(content_->layers, task, model, settings);
  if (settings.output.tensorboard) {
    if (const auto problem = event_file_problem()) throw ConfigError("tensorboard", *problem);
  }
  if (files) complete(settings, task, *files);
  resolve_automatic(settings);
  model.layers.empty() ? drop_what_it_lacks(settings.model, model) : take_layers(settings, model, files);
  detail::check_consistency(settings);
  if (settings.training.shares == 0 && task.knows("shares")) settings.training.shares = shares_of(settings);
  return settings;
}

}  // namespace glifr
