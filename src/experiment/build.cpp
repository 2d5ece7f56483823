#include "glifr/experiment/build.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "glifr/error.hpp"
#include "glifr/experiment/task.hpp"

namespace glifr {

namespace {

/// The only layer of a model that is known.
LayerDescription layer_of(const Model& model, const ModelSettings& s) {
  LayerDescription layer{
      .neuron = model.neuron, .size = s.hidden_size, .num_ascs = s.num_ascs, .synaptic_delay = s.synaptic_delay};
  if (s.train_dynamics) return layer;
  const NeuronInfo& neuron = find_neuron(layer.neuron, layer.num_ascs);
  for (const FieldExtent& parameter : neuron.parameters) {
    if (neuron.has_dynamics()) layer.population.parameters[parameter.field.name].is_trained = false;
  }
  return layer;
}

/// Gives a layer what it does not say itself and the settings do.
void complete(LayerDescription& layer, const Settings& s) {
  const NeuronInfo& neuron = find_neuron(layer.neuron, layer.num_ascs);
  for (const NeuronConstant& constant : neuron.constants) {
    const std::string& name = constant.name;
    const auto value = s.model.constants.find(name);
    if (name == "sigma_v") {
      layer.constants.emplace(name, s.sigma_v_in(0));
    } else if (value != s.model.constants.end()) {
      layer.constants.insert(*value);
    }
  }
  if (layer.synaptic_delay == LayerDescription::of_the_task)
    layer.synaptic_delay = neuron.has_synaptic_delay ? s.model.synaptic_delay : 0;
}

/// Of a network whose parameters have so many bytes.
[[noreturn]] void refuse_size(const Settings& s, double bytes) {
  char gigabytes[32];
  std::snprintf(gigabytes, sizeof gigabytes, "%.3g", bytes / 1e9);
  const std::vector<LayerDescription>& layers = s.model.layers;
  const auto largest = std::ranges::max_element(layers, {}, &LayerDescription::size);
  const std::string found = layers.empty() ? std::to_string(s.model.hidden_size)
                                           : "layer " + std::to_string(largest - layers.begin() + 1) +
                                                 " with a size of " + std::to_string(largest->size);
  throw ConfigError(layers.empty() ? "hidden_size" : "layers",
                    "found " + found + "; the parameters of such a network (" + s.model.name + ") take " + gigabytes +
                        " GB, more memory than there is");
}

}  // namespace

Model model_of(const Settings& s) {
  return s.model.layers.empty() ? find_model(s.model.name) : Model{.name = s.model.name, .layers = s.model.layers};
}

NetworkDescription describe_network(const Settings& s) {
  std::vector<LayerDescription> layers = s.model.layers;
  if (layers.empty()) layers.push_back(layer_of(find_model(s.model.name), s.model));
  for (LayerDescription& layer : layers) complete(layer, s);
  return {.dt = s.model.dt,
          .input_size = s.model.input_size,
          .layers = std::move(layers),
          .output_size = find_task(s.task.base).has_readout() ? s.model.output_size : 0,
          .outputs = s.model.final_reduction == FinalReduction::last ? Outputs::last_step : Outputs::every_step};
}

template <Scalar T>
std::unique_ptr<RecurrentNetwork<T>> make_network(const Settings& s) {
  const NetworkDescription description = describe_network(s);
  const double bytes = static_cast<double>(sizeof(T)) * static_cast<double>(count_parameters(description).all);
  const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  if (bytes > memory) refuse_size(s, bytes);
  try {
    return make_network<T>(description);
  } catch (const std::bad_alloc&) {
    refuse_size(s, bytes);
  }
}

TrainingSettings training_settings(const Settings& s, std::uint64_t seed, Engine engine) {
  TrainingSettings training = s.training;
  training.engine = engine;
  training.seed = seed;
  return training;
}

template std::unique_ptr<RecurrentNetwork<float>> make_network<float>(const Settings&);
template std::unique_ptr<RecurrentNetwork<double>> make_network<double>(const Settings&);

}  // namespace glifr
