#include "glifr/network/description.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "glifr/cells/connections.hpp"
#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/number.hpp"
#include "glifr/io/text.hpp"
#include "glifr/neurons/built_in.hpp"

namespace glifr {

namespace {

/// In a deque, whose elements stay where they are.
std::deque<NeuronInfo>& neurons() {
  static std::deque<NeuronInfo> list = [] {
    std::deque<NeuronInfo> built_in;
#define GLIFR_LIST_NEURON(...)                                  \
  {                                                             \
    NeuronInfo info = detail::describe_neuron<__VA_ARGS__>();   \
    info.make_float = detail::make_layer<__VA_ARGS__, float>;   \
    info.make_double = detail::make_layer<__VA_ARGS__, double>; \
    info.is_built_in = true;                                    \
    built_in.push_back(std::move(info));                        \
  }
    GLIFR_FOR_EACH_BUILT_IN_NEURON(GLIFR_LIST_NEURON)
#undef GLIFR_LIST_NEURON
    return built_in;
  }();
  return list;
}

/// Names that a neuron's constants cannot have: a constant stands among the keys of a layer's description, of
/// configurations and config.json, and in the metadata of checkpoints.
constexpr auto no_constants = std::to_array<std::string_view>(
    {// Layers.
     "neuron", "size", "num_ascs", "groups", "synaptic_delay", "parameters", "lateral", "input", "inhibitory",
     // Configurations, and the settings of a cell.
     "input_size", "hidden_size", "output_size", "train_dynamics", "dropout_prob", "final_reduction", "loss_fn",
     "optimizer", "lr", "lr_schedule", "lr_step_epochs", "lr_step_factor", "lr_plateau_patience", "lr_warmup_epochs",
     "weight_decay", "momentum", "beta1", "beta2", "eps", "gradient_clip", "batch_size", "micro_batch", "shares",
     "device_shares", "max_epochs", "truncate_steps", "memory_mb", "sigma_v_anneal", "sigma_v_first", "sigma_v_last",
     "early_stop_loss", "early_stop_patience", "class_weights", "validation_fraction", "validation_every", "monitor",
     "test_checkpoint", "parameter_every", "checkpoint_seconds", "tensorboard",
     // Built-in tasks.
     "amp", "duration_timestep", "frame_values", "freq_max", "freq_min", "input_density", "inputs_name", "labels_name",
     "lengths_name", "mnist_path", "nmnist_path", "noise_mean", "noise_std", "normalize", "num_freqs", "num_timesteps",
     "permute_pixels", "shd_path", "sim_time", "ssc_path", "targets_name", "test_data", "test_labels", "test_lengths",
     "test_targets", "train_data", "train_labels", "train_lengths", "train_targets", "validation_data",
     "validation_labels", "validation_lengths", "validation_targets",
     // Their documents.
     "base", "name", "description", "models", "layers", "task", "base_task", "model", "version", "seed", "trial",
     "precision", "engine", "device", "cpu_target", "trained_parameters", "data", "validation", "starts_from",
     "imported_from",
     // Checkpoints.
     "delay_steps", "epoch", "step", "running_loss_sum", "running_correct", "running_samples", "optimizer_steps"});
/// Names that its parameters cannot have: "all" of them in a layer's description, and columns in tables of neurons.
constexpr auto no_parameters = std::to_array<std::string_view>({"all", "layer", "group", "neuron", "synaptic_delay"});
/// Names that its parameters cannot be stored under, beside those of its weights: tensors of a layer.
constexpr auto no_stored_names = std::to_array<std::string_view>(
    {"sign", "connections_in", "connections_lat", "synaptic_delay", "trans_synaptic_delay"});

/// The names of one kind that a neuron brings.
class Names {
 public:
  /// ConfigErrors speak of `what`, as "the constant", of the neuron.
  Names(std::string what, std::string neuron, std::span<const std::string_view> reserved)
      : what_(std::move(what)), neuron_(std::move(neuron)), reserved_(reserved.begin(), reserved.end()) {}

  void reserve(std::string name) { reserved_.insert(std::move(name)); }
  void add(const std::string& name) {
    if (!is_plain(name)) refuse(name, "; accepted: letters, digits, '-' and '_'");
    if (reserved_.contains(name)) refuse(name, ", which has a meaning already; accepted: another name");
    if (!names_.insert(name).second) refuse(name, " twice; accepted: names that differ");
  }

  static bool is_plain(std::string_view name) {
    const auto is_allowed = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    return !name.empty() && std::ranges::all_of(name, is_allowed);
  }

 private:
  [[noreturn]] void refuse(const std::string& name, const std::string& problem) const {
    throw ConfigError("neuron", "found " + what_ + " '" + name + "' of neuron " + neuron_ + problem);
  }

  std::string what_, neuron_;
  std::set<std::string> reserved_, names_{};
};

void check_names(const NeuronInfo& info) {
  if (!Names::is_plain(info.name))
    throw ConfigError("neuron", "found the name '" + info.name + "'; accepted: letters, digits, '-' and '_'");
  Names constants("the constant", info.name, no_constants);
  for (const NeuronConstant& constant : info.constants) constants.add(constant.name);
  Names parameters("the parameter", info.name, no_parameters), tensors("the stored name", info.name, no_stored_names);
  for (const char* weights : {info.weights.input, info.weights.lateral}) {
    tensors.reserve(weights);
    tensors.reserve(std::string("trans_") + weights);
  }
  for (const FieldExtent& parameter : info.parameters) {
    const std::string name = parameter.field.name, stored_name = parameter.field.stored_name();
    parameters.add(name);
    for (int i = 1; parameter.is_array && i <= parameter.extent; ++i)  // columns of tables
      parameters.add(name + "_" + std::to_string(i));
    tensors.add(stored_name);
    tensors.add("shared_" + stored_name);  // where neurons share it
  }
}

/// Those that a predicate holds for.
template <class Predicate>
std::string names_of(const NeuronInfo& info, Predicate holds) {
  std::vector<std::string> names;
  for (const NeuronConstant& constant : info.constants) {
    if (holds(constant)) names.push_back(constant.name);
  }
  return names.empty() ? "none" : joined(names);
}

const NeuronConstant* named_constant(const NeuronInfo& info, const std::string& name) {
  const auto found = std::ranges::find(info.constants, name, &NeuronConstant::name);
  return found == info.constants.end() ? nullptr : &*found;
}

/// Values of a parameter that training moves: groups may leave theirs as they are.
Index count_trained_values(const Population& population, const std::string& name, Index size) {
  const Per per = detail::parameter_of(population, population.groups.size(), name).per;
  const auto spans = detail::group_spans(population, size);
  Index count = 0;
  for (std::size_t g = 0; g < spans.size(); ++g) {
    if (!detail::parameter_of(population, g, name).is_trained) continue;
    if (per == Per::layer) return 1;
    count += per == Per::group ? 1 : spans[g].count;
  }
  return count;
}
Index count_learned_delays(const Population& population, Index size) {
  const auto spans = detail::group_spans(population, size);
  Index count = 0;
  for (std::size_t g = 0; g < spans.size(); ++g)
    count += detail::delays_of(population, g).is_trained ? spans[g].count : 0;
  return count;
}

}  // namespace

std::vector<const NeuronInfo*> known_neurons() {
  std::vector<const NeuronInfo*> list;
  for (const NeuronInfo& info : neurons()) list.push_back(&info);
  return list;
}

const NeuronInfo& find_neuron(const std::string& name, Index num_ascs) {
  std::vector<std::string> names, counts;
  for (const NeuronInfo& info : neurons()) {
    if (info.name == name && info.num_ascs == num_ascs) return info;
    if (info.name == name) counts.push_back(std::to_string(info.num_ascs));
    if (std::ranges::find(names, info.name) == names.end()) names.push_back(info.name);
  }
  if (counts.empty()) throw ConfigError("neuron", "found '" + name + "'; accepted: " + joined(names));
  throw ConfigError("num_ascs",
                    "found " + std::to_string(num_ascs) + "; accepted for neuron " + name + ": " + joined(counts));
}

void detail::add_neuron(NeuronInfo info) {
  check_names(info);
  for (const NeuronInfo& known : neurons()) {
    if (known.name != info.name || known.num_ascs != info.num_ascs) continue;
    if (known.type == info.type) return;
    throw ConfigError("neuron", "found '" + info.name + "' for two different neurons; accepted: names that differ");
  }
  neurons().push_back(std::move(info));
}

void detail::require_whole_arrays(const NeuronInfo& info, const std::map<std::string, double>& values) {
  for (const NeuronConstant& constant : info.constants) {
    const std::string first = constant.field.name;
    if (values.contains(constant.name) == values.contains(first)) continue;
    throw ConfigError(first, "some of these constants are missing; accepted for neuron " + info.name + ": all of " +
                                 names_of(info, [&](const NeuronConstant& c) { return c.field.name == first; }));
  }
}

void detail::set_constants(const NeuronInfo& info, const std::map<std::string, double>& values,
                           const std::function<void(const std::string&, double)>& set) {
  for (const auto& [name, value] : values) {
    const NeuronConstant* constant = named_constant(info, name);
    if (!constant)
      throw ConfigError(name, "is no constant of neuron " + info.name + "; it has " +
                                  names_of(info, [](const NeuronConstant&) { return true; }));
    check_range(name, value, constant->field.range);
    set(name, value);
  }
  require_whole_arrays(info, values);
}

ParameterCount count_parameters(const NetworkDescription& description) {
  ParameterCount count;
  Index input_size = description.input_size;
  for (const LayerDescription& layer : description.layers) {
    const NeuronInfo& info = find_neuron(layer.neuron, layer.num_ascs);
    const Population& population = layer.population;
    const auto inputs = detail::input_blocks(population, input_size, layer.size);
    const auto lateral = detail::lateral_blocks(population, layer.size);
    const bool all_inputs = population.input.kind == Connectivity::Kind::all;
    count.trained += (all_inputs ? input_size * layer.size : detail::count_connections(inputs)) * info.inputs +
                     (lateral.empty() ? layer.size * layer.size : detail::count_connections(lateral)) * info.inputs;
    count.all += (input_size + layer.size) * info.inputs * layer.size;
    for (const FieldExtent& parameter : info.parameters) {
      count.all += parameter.extent * layer.size;
      count.trained += parameter.extent * count_trained_values(population, parameter.field.name, layer.size);
    }
    if (detail::has_neuron_delays(population)) {
      count.all += layer.size;
      count.trained += count_learned_delays(population, layer.size);
    }
    input_size = layer.size;
  }
  const Index readout = (input_size + 1) * description.output_size;
  return {count.all + readout, count.trained + readout};
}

template <Scalar T>
std::unique_ptr<RecurrentNetwork<T>> make_network(const NetworkDescription& description) {
  if (description.layers.empty()) throw ConfigError("layers", "found none; a network has one or more");
  auto network = std::make_unique<RecurrentNetwork<T>>(description.outputs);
  Index input_size = description.input_size;
  for (LayerDescription layer : description.layers) {
    const NeuronInfo& info = find_neuron(layer.neuron, layer.num_ascs);
    if (layer.constants.contains("dt")) throw ConfigError("dt", "is the whole network's, not a layer's");
    if (named_constant(info, "dt")) layer.constants["dt"] = description.dt;
    const Index delay = delay_steps(layer.synaptic_delay, description.dt);
    layer.time_step = description.dt;
    const std::string prefix = layer_prefix(network->depth());
    if constexpr (std::is_same_v<T, float>) {
      network->add(info.make_float(layer, input_size, delay, prefix));
    } else {
      network->add(info.make_double(layer, input_size, delay, prefix));
    }
    input_size = layer.size;
  }
  if (description.output_size > 0) network->add_readout(description.output_size);
  return network;
}

template std::unique_ptr<RecurrentNetwork<float>> make_network(const NetworkDescription&);
template std::unique_ptr<RecurrentNetwork<double>> make_network(const NetworkDescription&);

}  // namespace glifr
