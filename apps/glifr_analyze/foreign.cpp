#include "foreign.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string_view>

#include "glifr/cells/connections.hpp"
#include "glifr/datasets/sample_file.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/number.hpp"
#include "glifr/network/exchange.hpp"
#include "glifr/neurons/built_in.hpp"
#include "glifr/training/checkpoint.hpp"

namespace glifr::apps {

namespace {

/// What stands before the names of a layer's constants in the metadata.
std::string metadata_prefix(std::size_t layer) {
  return layer == 0 ? "" : glifr::layer_prefix(layer);
}

/// A network file, of PyTorch or of safetensors, told by its content.
glifr::TensorFile read_network_file(const std::filesystem::path& path) {
  const std::string bytes = glifr::read_file(path);
  if (bytes.starts_with("PK") || glifr::detail::is_torch_content(bytes)) return glifr::import_torch(path);
  std::string found = glifr::detail::foreign_content(bytes);
  if (found.empty()) found = glifr::detail::text_content(bytes);
  if (found.empty()) return glifr::decode_safetensors(bytes, path.string());
  throw glifr::DataError(path.string(), "found " + found +
                                            "; accepted: a PyTorch checkpoint (ZIP, as PyTorch 1.6 and newer write "
                                            "it) or a safetensors file");
}

/// What the tensors tell of the first layer.
struct Layer {
  std::string neuron;
  glifr::Index size = 0, num_ascs = 0;
};

Layer layer_of(const glifr::TensorFile& tensors, const std::string& file) {
  const auto find = [&](const std::string& name) { return tensors.find("neuron_layer." + name); };
  const auto size_of = [&](const char* name) {
    const glifr::NamedTensor* tensor = find(name);
    if (!tensor || tensor->shape.size() != 2 || tensor->shape[1] < 1)
      throw glifr::DataError(file, std::string("there is no matrix 'neuron_layer.") + name +
                                       "'; is this a network of GLIFR neurons, an RNN or an LSTM?");
    return tensor->shape[1];
  };
  if (find("weight_hh")) return {glifr::Lstm::name, size_of("weight_hh"), 0};
  if (find("weight_ih")) return {glifr::Rnn::name, size_of("weight_lat"), 0};
  const glifr::NamedTensor* currents = find("a_j");
  return {glifr::Glifr<0>::name, size_of("weight_lat"),
          currents && !currents->shape.empty() ? currents->shape.front() : 0};
}

/// The model that is asked for, the only one that is described, or a known one whose networks have the same tensors.
glifr::Model choose_model(const std::optional<std::string>& name, const glifr::Config& config, const Layer& layer) {
  if (name) {
    const std::vector<glifr::Model> models = glifr::select_models(*name, config);
    if (models.size() != 1)
      throw glifr::ConfigError("--model", "found '" + *name + "', accepted: the name of one model");
    return models.front();
  }
  if (config.described_models().size() == 1) return config.described_models().front();
  for (const glifr::Model& model : glifr::select_models("all", config)) {
    if (model.neuron == layer.neuron && (model.num_ascs > 0) == (layer.num_ascs > 0)) return model;
  }
  throw glifr::ConfigError("--model", "is missing: no known model of task " + config.task() + " has such neurons");
}

bool has_key(const glifr::Config& config, const std::string& name) {
  const auto keys = glifr::config_keys(glifr::find_task(config.base_task()));
  return std::ranges::find(keys, name, &glifr::ConfigKey::name) != keys.end();
}

/// The constants in the metadata, by the names of their keys.
std::map<std::string, std::string> constants_of(const glifr::TensorFile& tensors, const std::string& file,
                                                const glifr::Config& config) {
  std::map<std::string, std::string> constants;
  const auto add = [&](const std::string& name) {
    if (tensors.metadata.contains(name) && has_key(config, name))
      constants[name] = glifr::format_number(glifr::metadata_number(tensors, name, file));
  };
  for (const glifr::NeuronInfo* neuron : glifr::known_neurons()) {
    for (const glifr::NeuronConstant& constant : neuron->constants) add(constant.name);
  }
  add("synaptic_delay");
  return constants;
}

/// The time step in the metadata, of whichever layer names it.
std::optional<double> time_step_of(const glifr::TensorFile& tensors, const std::string& file, std::size_t layers) {
  for (std::size_t k = 0; k < layers; ++k) {
    const std::string key = metadata_prefix(k) + "dt";
    if (tensors.metadata.contains(key)) return glifr::metadata_number(tensors, key, file);
  }
  return std::nullopt;
}

/// The synaptic delay that the metadata tell as a number of steps, if they do.
std::optional<double> delay_steps_of(const glifr::TensorFile& tensors, const std::string& file,
                                     const std::string& prefix = "") {
  const std::string key = prefix + "delay_steps";
  if (!tensors.metadata.contains(key)) return std::nullopt;
  const double steps = glifr::metadata_number(tensors, key, file);
  if (steps < 1 || steps != std::floor(steps)) {
    throw glifr::DataError(
        file, "the metadata's " + key + " is " + glifr::format_number(steps) + "; a whole number from 1 on is needed");
  }
  return steps;
}

/// The constants in the metadata for the layers of a described model, each layer's behind its prefix.
class LayerConstants {
 public:
  LayerConstants(const glifr::TensorFile& tensors, const std::string& file) : tensors_(tensors), file_(file) {}

  /// A constant, if it is there. DataError where it is out of its range.
  [[nodiscard]] std::optional<double> find(const std::string& key, const glifr::Range& range) const {
    if (!tensors_.metadata.contains(key)) return std::nullopt;
    const double value = glifr::metadata_number(tensors_, key, file_);
    if (range.contains(value)) return value;
    throw glifr::DataError(file_, "the metadata's " + key + " is " + glifr::format_number(value) + ", expected " +
                                      glifr::to_string(range));
  }
  /// The synaptic delay of a layer, ms, if it is there.
  [[nodiscard]] std::optional<double> find_delay(const std::string& prefix, double dt) const {
    if (const auto delay = find(prefix + "synaptic_delay", glifr::Range::from(0))) return delay;
    const auto steps = delay_steps_of(tensors_, file_, prefix);
    return steps ? std::optional(*steps * dt) : std::nullopt;
  }
  /// DataError: a layer says another value than the file holds.
  [[noreturn]] void refuse(const std::string& name, std::size_t layer, double held, double stated) const {
    throw glifr::DataError(file_, "holds " + name + " = " + glifr::format_number(held) + " for layer " +
                                      std::to_string(layer + 1) + ", whose description says " +
                                      glifr::format_number(stated) + "; accepted: the same, or no " + name +
                                      " in the description");
  }

 private:
  const glifr::TensorFile& tensors_;
  const std::string& file_;
};

/// Whether two numbers are the same, written with 7 digits or more.
bool is_same(double a, double b) {
  return std::abs(a - b) <= 1e-6 * std::max(std::abs(a), std::abs(b));
}

/// Gives each layer of a described model the constants and the delay that the file holds for it, but for those that
/// `is_given` knows, and gives their names in the metadata. DataError where a layer's description says another value.
std::vector<std::string> take_layer_constants(std::vector<glifr::LayerDescription>& layers,
                                              const LayerConstants& constants, const glifr::Settings& settings,
                                              const std::function<bool(const std::string&)>& is_given) {
  std::vector<std::string> taken;
  const double dt = settings.model.dt;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    glifr::LayerDescription& layer = layers[k];
    const glifr::NeuronInfo& neuron = glifr::find_neuron(layer.neuron, layer.num_ascs);
    const std::string prefix = metadata_prefix(k);
    for (const auto& [name, field] : neuron.constants) {
      const auto held = name == "dt" ? std::nullopt : constants.find(prefix + name, field.range);
      if (!held) continue;
      const auto stated = layer.constants.find(name);
      const bool is_stated = stated != layer.constants.end();
      const bool is_annealed = name == "sigma_v" && settings.training.sigma_v_anneal;
      if (is_stated && !is_annealed && !is_same(*held, stated->second))
        constants.refuse(name, k, *held, stated->second);
      if (!is_stated && is_given(name)) continue;
      layer.constants.emplace(name, *held);
      taken.push_back(prefix + name);
    }
    if (glifr::detail::has_neuron_delays(layer.population)) continue;  // they are in the tensors
    const auto held = constants.find_delay(prefix, dt);
    const bool is_stated = layer.synaptic_delay != glifr::LayerDescription::of_the_task;
    if (!held || (!is_stated && (is_given("synaptic_delay") || !neuron.has_synaptic_delay))) continue;
    if (!is_stated) layer.synaptic_delay = *held;
    if (glifr::delay_steps(*held, dt) != glifr::delay_steps(layer.synaptic_delay, dt))
      constants.refuse("synaptic_delay", k, *held, layer.synaptic_delay);
    taken.push_back(prefix + "synaptic_delay");
  }
  return taken;
}

/// DataError where the inputs' scale in the file is another than that of the training data, if these are there.
void check_scale(const ForeignNetwork& network, const glifr::DataFiles& files) {
  glifr::TensorFile of_data;
  try {
    glifr::find_task(network.settings.task.base).annotate(of_data, network.settings, files);
  } catch (const glifr::DataError&) {
    return;
  }
  const auto held = glifr::recorded_scale(network.tensors, network.file),
             found = glifr::recorded_scale(of_data, network.settings.task.text("train_data"));
  if (!found) return;
  if (!held) throw glifr::DataError(network.file, "holds one of normalize.mean and normalize.factor; both are needed");
  bool is_other = held->mean.size() != found->mean.size() || held->factor.size() != found->factor.size();
  for (std::size_t i = 0; !is_other && i < found->mean.size(); ++i) {
    is_other = !is_same(held->factor[i], found->factor[i]) ||
               !(std::abs(held->mean[i] - found->mean[i]) * found->factor[i] <= 1e-6);
  }
  if (is_other) {
    throw glifr::DataError(network.file, "holds another scale of the inputs (normalize.mean, normalize.factor) than " +
                                             network.settings.task.text("train_data") +
                                             " has; accepted: the data that it was trained on as train_data");
  }
}

/// What the data decide is taken from them where they are there.
glifr::Settings resolve(const glifr::Config& config, const glifr::Model& model, const glifr::DataStore& data) {
  try {
    return config.resolve(model, &data.files());
  } catch (const glifr::DataError&) {
    glifr::Settings settings = config.resolve(model);
    if (settings.model.input_size == 0 || settings.model.output_size == 0) throw;
    return settings;
  }
}

}  // namespace

template <glifr::Scalar T>
std::unique_ptr<glifr::RecurrentNetwork<T>> ForeignNetwork::make() const {
  auto network = glifr::make_network<T>(settings);
  glifr::load_parameters(*network, tensors, file);
  if (settings.training.sigma_v_anneal) {  // the width that training ended with
    for (std::size_t k = 0; k < network->depth(); ++k) {
      const std::string key = metadata_prefix(k) + "sigma_v";
      const bool is_known = std::ranges::find(constants, key) != constants.end();
      network->layer(k).set_constant("sigma_v", is_known ? glifr::metadata_number(tensors, key, file)
                                                         : settings.sigma_v_in(settings.training.max_epochs - 1));
    }
  }
  return network;
}

bool ForeignNetwork::is_float32() const {
  return std::ranges::none_of(tensors.tensors, [](const glifr::NamedTensor& tensor) {
    return tensor.dtype == glifr::Dtype::f64 && !glifr::is_of_scale(tensor);
  });
}

bool has_input_scale(const glifr::TensorFile& tensors) {
  return std::ranges::any_of(tensors.tensors, glifr::is_of_scale);
}

ForeignNetwork read_foreign(const ForeignRequest& request, const glifr::DataStore& data) {
  const std::filesystem::path& config_file = request.settings.config;
  const auto task = request.task.empty() ? std::nullopt : std::optional<std::string_view>(request.task);
  glifr::Config config =
      config_file.empty() ? glifr::Config(request.task) : glifr::Config::from_file(config_file, task);
  ForeignNetwork network{request.file.string(), read_network_file(request.file), {}, {}};
  const Layer layer = layer_of(network.tensors, network.file);
  glifr::Model model = choose_model(request.model, config, layer);
  const auto is_given = [&](const std::string& key) {
    return std::ranges::find(request.settings.set, key, cli::key_of) != request.settings.set.end();
  };
  const auto take = [&](const std::string& key, const std::string& value) {
    try {
      config.set(key + "=" + value);
    } catch (const glifr::ConfigError& error) {  // of what the file says
      throw glifr::DataError(network.file, error.what());
    }
  };
  const auto is_wanted = [&](const std::string& key) { return has_key(config, key) && !is_given(key); };
  if (model.layers.empty() && is_wanted("hidden_size")) take("hidden_size", std::to_string(layer.size));
  if (model.layers.empty() && model.num_ascs > 0 && layer.num_ascs > 0 && is_wanted("num_ascs"))
    take("num_ascs", std::to_string(layer.num_ascs));
  const auto take_constant = [&](const std::string& key, const std::string& value) {
    take(key, value);
    network.constants.push_back(key);
  };
  if (model.layers.empty()) {
    for (const auto& [key, value] : constants_of(network.tensors, network.file, config)) {
      if (!is_given(key)) take_constant(key, value);
    }
  } else if (const auto dt = time_step_of(network.tensors, network.file, model.layers.size()); dt && !is_given("dt")) {
    take_constant("dt", glifr::format_number(*dt));
  }
  for (const std::string& assignment : request.settings.set) config.set(assignment);
  if (model.layers.empty()) {
    const auto steps = delay_steps_of(network.tensors, network.file);
    if (steps && is_wanted("synaptic_delay") && !network.tensors.metadata.contains("synaptic_delay"))
      take_constant("synaptic_delay", glifr::format_number(*steps * config.resolve(model).model.dt));
  } else {
    const auto taken =
        take_layer_constants(model.layers, {network.tensors, network.file}, config.resolve(model), is_given);
    network.constants.insert(network.constants.end(), taken.begin(), taken.end());
  }
  const bool has_scale = has_input_scale(network.tensors) && has_key(config, "normalize");
  if (has_scale && !is_given("normalize")) take("normalize", "standard");
  network.settings = resolve(config, model, data);
  if (has_scale) {
    if (const std::string& found = network.settings.task.text("normalize"); found != "standard")
      throw glifr::ConfigError(
          "normalize", "found " + found + "; " + network.file + " holds the scale of its inputs, accepted: standard");
    check_scale(network, data.files());
  }
  return network;
}

template std::unique_ptr<glifr::RecurrentNetwork<float>> ForeignNetwork::make<float>() const;
template std::unique_ptr<glifr::RecurrentNetwork<double>> ForeignNetwork::make<double>() const;

}  // namespace glifr::apps
