#include "neurons.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "glifr/analysis/connectivity.hpp"
#include "glifr/analysis/fi_curve.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/json_members.hpp"
#include "glifr/io/safetensors.hpp"
#include "glifr/io/text.hpp"
#include "glifr/training/checkpoint.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

namespace {

/// The time step by which a checkpoint's rates become physical: its own, or the one that was asked for where it has
/// none.
std::optional<double> time_step_of(const glifr::TensorFile& file, const NeuronOptions& options) {
  return file.metadata.contains("dt") ? std::nullopt : options.dt;
}

/// The layer that the options name of a checkpoint.
glifr::TensorFile read_layer(const std::filesystem::path& checkpoint, const NeuronOptions& options) {
  glifr::detail::require_file(checkpoint);
  const std::string text = glifr::detail::text_content(glifr::detail::beginning_of(checkpoint));
  if (!text.empty())
    throw glifr::DataError(checkpoint.string(), "found " + text +
                                                    "; accepted is a safetensors file, or --parameters FILE for a "
                                                    "table of neurons as learnedparams.csv");
  return analysis::single_layer(glifr::read_safetensors(checkpoint), options.layer, checkpoint.string());
}

analysis::NeuronTable read_initial(const std::filesystem::path& file, const NeuronOptions& options) {
  if (file.extension() == ".csv") return analysis::read_neurons(file);
  const glifr::TensorFile checkpoint = read_layer(file, options);
  return analysis::neurons_of(checkpoint, file.string(), time_step_of(checkpoint, options));
}

std::optional<analysis::NeuronTable> find_initial(const NeuronOptions& options) {
  if (!options.initial.empty()) return read_initial(options.initial, options);
  if (options.checkpoint.empty()) return std::nullopt;
  const auto beside = glifr::TrialFolder::of_checkpoint(options.checkpoint).initial_checkpoint();
  if (!std::filesystem::exists(beside)) return std::nullopt;
  return read_initial(beside, options);
}

/// A layer (1 the first) as config.json of the trial in whose folder a checkpoint lies describes it; nothing where
/// there is none, or it names a model that is known.
std::optional<glifr::LayerDescription> described_layer(const std::filesystem::path& checkpoint, glifr::Index layer) {
  const auto file = glifr::TrialFolder::of_checkpoint(checkpoint).record();
  if (!std::filesystem::exists(file)) return std::nullopt;
  const boost::json::value document = glifr::read_json_file(file);
  const boost::json::object* config = document.if_object();
  if (!config || !config->contains("layers")) return std::nullopt;
  const auto layers = glifr::describe_network(glifr::settings_from_json(*config, file.string())).layers;
  if (layer > std::ssize(layers)) return std::nullopt;
  return layers[static_cast<std::size_t>(layer - 1)];
}

/// How neurons are called, and their after-spike currents where these are known.
struct NeuronName {
  std::string name;
  std::optional<std::int64_t> num_ascs{};
};

/// Those of a layer, by the metadata (of networks of several layers) or by config.json, of which no more than this has
/// to be readable; nothing where neither says it.
std::optional<NeuronName> name_of_neurons(const glifr::TensorFile& file, const NeuronOptions& options) {
  const auto named = file.metadata.find("neuron");
  if (named != file.metadata.end()) return NeuronName{named->second};
  const auto record = glifr::TrialFolder::of_checkpoint(options.checkpoint).record();
  if (!std::filesystem::exists(record)) return std::nullopt;
  boost::json::value document;
  try {
    document = glifr::read_json_file(record);
  } catch (const glifr::DataError&) {  // of which `groups_of` warns
    return std::nullopt;
  }
  const auto* config = document.if_object();
  const auto* layers = config ? config->if_contains("layers") : nullptr;
  const auto* list = layers ? layers->if_array() : nullptr;
  const auto* layer = list ? list->if_contains(static_cast<std::size_t>(options.layer - 1)) : nullptr;
  const auto* members = layer ? layer->if_object() : nullptr;
  if (!members) return std::nullopt;
  const auto* name = members->if_contains("neuron");
  const auto* num_ascs = members->if_contains("num_ascs");
  return NeuronName{name && name->is_string() ? std::string(name->get_string()) : glifr::LayerDescription{}.neuron,
                    num_ascs && num_ascs->is_int64() ? num_ascs->get_int64() : 0};
}

/// The neurons of a layer; nothing where nothing says which they are. DataError where this program does not know them.
const glifr::NeuronInfo* neurons_in(const glifr::TensorFile& file, const NeuronOptions& options) {
  const auto found = name_of_neurons(file, options);
  if (!found) return nullptr;
  std::vector<std::string> names;
  for (const glifr::NeuronInfo* info : glifr::known_neurons()) {
    if (info->name == found->name && info->num_ascs == found->num_ascs.value_or(info->num_ascs)) return info;
    if (std::ranges::find(names, info->name) == names.end()) names.push_back(info->name);
  }
  throw glifr::DataError(options.checkpoint, "layer " + std::to_string(options.layer) + " is of neurons '" +
                                                 found->name + "'; this program knows " + glifr::joined(names));
}

bool is_glifr(const glifr::NeuronInfo& neuron) {
  return neuron.name == glifr::Glifr<0>::name;
}

/// What the metadata say of the constants, over the defaults of what they do not.
void take_constants(const glifr::TensorFile& file, const NeuronOptions& options, analysis::GlifrConstants& constants) {
  const auto is_given = [&](std::string_view name) {
    return (name == "dt" && options.dt) || (name == "sigma_v" && options.sigma_v) ||
           (name == "R" && options.resistance) || (name == "v_reset" && options.v_reset);
  };
  std::string defaults;
  glifr::for_each_scalar(constants, [&](double& value, const glifr::ScalarPlace& place) {
    const glifr::Field& field = place.field;
    const std::string name(field.name);
    if (file.metadata.contains(name)) {
      value = glifr::metadata_number(file, name, options.checkpoint);
      if (field.range.contains(value)) return;
      throw glifr::DataError(options.checkpoint, "the metadata's " + name + " is " + glifr::format_number(value) +
                                                     ", expected " + glifr::to_string(field.range));
    }
    if (name == "dt" && !options.dt)
      throw glifr::DataError(options.checkpoint, "the metadata do not hold the time step, dt; give it by --dt");
    const bool is_used = name != "tau" && name != "I0";
    if (is_used && !is_given(name)) {
      defaults +=
          (defaults.empty() ? "" : ", ") + name + " = " + glifr::format_number(value) + " " + std::string(field.unit);
    }
  });
  if (!defaults.empty())
    Session::warn(options.checkpoint + ": the metadata do not hold all constants; taken are " + defaults);
}

}  // namespace

analysis::NeuronTable Neurons::reference() const {
  return initial ? *initial : analysis::initial_neuron(learned.num_ascs, constants.dt);
}

void add_neuron_options(CLI::App& command, NeuronOptions& options) {
  CLI::Option* checkpoint =
      cli::add_text(command, "CHECKPOINT,--checkpoint", options.checkpoint,
                    "Checkpoint of a network of GLIFR neurons (.safetensors), or a folder of one trial or of "
                    "several, of which each is analysed")
          ->type_name("FILE");
  cli::add_text(command, "--parameters", options.parameters,
                "Table of neurons as `parameters` writes it (learnedparams.csv), in place of a checkpoint")
      ->type_name("FILE")
      ->excludes(checkpoint);
  cli::add_text(
      command, "--initial", options.initial,
      "The neurons before training, a table or a checkpoint (default: initial.safetensors beside the checkpoint)")
      ->type_name("FILE");
  cli::add_integer(command, "--layer", options.layer, cli::counts, "Layer of the checkpoint's network, 1 the first")
      ->type_name("K")
      ->excludes("--parameters")
      ->capture_default_str();
  const glifr::Range any{}, positive = glifr::Range::above(0), not_negative = glifr::Range::from(0);
  cli::add_number(command, "--dt", options.dt, positive,
                  "Time step, ms (default: the checkpoint's; 0.05 with --parameters)")
      ->type_name("MS");
  cli::add_number(command, "--sigma-v", options.sigma_v, positive,
                  "Width of the smooth threshold, mV (default: the checkpoint's, else 1)")
      ->type_name("MV");
  cli::add_number(command, "--tau", options.tau, positive,
                  "Time over which a firing rate of 1 is one spike, ms (default: the time step)")
      ->type_name("MS");
  cli::add_number(command, "--R", options.resistance, not_negative,
                  "Membrane resistance, GOhm (default: the checkpoint's, else 0.1)")
      ->type_name("GOHM");
  add_header_option(command, options.has_header);
  cli::add_number(command, "--v-reset", options.v_reset, any, "Reset voltage, mV (default: the checkpoint's, else 0)")
      ->type_name("MV");
}

void add_currents_option(CLI::App& command, std::vector<double>& range) {
  cli::add_numbers(command, "--currents", range, {},
                   "Background currents of the f-I curves, pA: from the first to the second, which is the last where "
                   "the step leads to it (default: -10000,9900,100)")
      ->type_name("FROM,TO,STEP");
}

std::vector<double> currents_of(const std::vector<double>& range) {
  if (range.empty()) return analysis::standard_currents();
  constexpr double most = 100'000;
  std::string found;
  for (const double value : range) found += (found.empty() ? "" : ",") + glifr::format_number(value);
  const auto refuse = [&](const std::string& accepted) {
    throw glifr::ConfigError("--currents", "found " + found + "; accepted: " + accepted);
  };
  if (range.size() != 3 || !(range[0] < range[1]) || !(range[2] > 0))
    refuse("FROM,TO,STEP with FROM < TO and STEP > 0");
  // A step that leads to the end up to rounding leads to it.
  const double steps = std::floor((range[1] - range[0]) / range[2] * (1 + 1e-12));
  if (!(steps < most)) refuse("a step that makes at most 100000 currents");
  std::vector<double> currents;
  for (glifr::Index i = 0; i <= static_cast<glifr::Index>(steps); ++i)
    currents.push_back(range[0] + static_cast<double>(i) * range[2]);
  return currents;
}

void for_each_network(const Session& session, const NeuronOptions& options,
                      const std::function<void(const Session&, const NeuronOptions&)>& analyse) {
  session.for_each_network(options.checkpoint, [&](const Session& own, const NetworkPlace& network) {
    NeuronOptions of_network = options;
    of_network.checkpoint = network.checkpoint;
    analyse(own, of_network);
  });
}

Neurons read_neurons(const NeuronOptions& options) {
  if (options.checkpoint.empty() == options.parameters.empty()) {
    throw glifr::ConfigError("--checkpoint", "give either a checkpoint or --parameters");
  }
  Neurons neurons;
  neurons.constants = glifr::default_constants<glifr::Glifr<0>>();
  if (options.checkpoint.empty()) {
    neurons.learned = analysis::read_neurons(options.parameters);
  } else {
    const glifr::TensorFile file = read_layer(options.checkpoint, options);
    if (!file.find("neuron_layer.thresh")) {
      throw glifr::DataError(options.checkpoint,
                             "layer " + std::to_string(options.layer) + " has no tensor '" +
                                 glifr::layer_prefix(static_cast<std::size_t>(options.layer - 1)) +
                                 "thresh', as GLIFR neurons have; accepted: a layer of such neurons");
    }
    const glifr::NeuronInfo* neuron = neurons_in(file, options);
    if (neuron && !is_glifr(*neuron)) {
      throw glifr::DataError(options.checkpoint, "layer " + std::to_string(options.layer) + " is of neurons '" +
                                                     neuron->name + "'; accepted: a layer of GLIFR neurons");
    }
    take_constants(file, options, neurons.constants);
    neurons.learned = analysis::neurons_of(file, options.checkpoint, time_step_of(file, options));
    neurons.groups = groups_of(options.checkpoint, options.layer, neurons.learned.neurons);
    neurons.delays = analysis::neuron_delays(file, neurons.learned.neurons, options.checkpoint);
  }
  analysis::GlifrConstants& constants = neurons.constants;
  constants.dt = options.dt.value_or(constants.dt);
  constants.tau = options.tau.value_or(constants.dt);
  constants.sigma_v = options.sigma_v.value_or(constants.sigma_v);
  constants.R = options.resistance.value_or(constants.R);
  constants.v_reset = options.v_reset.value_or(constants.v_reset);
  neurons.initial = find_initial(options);
  if (neurons.initial && neurons.initial->num_ascs != neurons.learned.num_ascs) {
    throw glifr::ConfigError("--initial", "neurons with " + std::to_string(neurons.initial->num_ascs) +
                                              " after-spike currents, the learned ones have " +
                                              std::to_string(neurons.learned.num_ascs));
  }
  return neurons;
}

std::optional<OtherNeurons> read_other_neurons(const NeuronOptions& options) {
  if (options.checkpoint.empty() || !options.parameters.empty()) return std::nullopt;
  const glifr::TensorFile file = read_layer(options.checkpoint, options);
  const glifr::NeuronInfo* neuron = neurons_in(file, options);
  if (!neuron || is_glifr(*neuron) || !neuron->has_dynamics()) return std::nullopt;
  OtherNeurons neurons;
  neurons.learned = analysis::parameter_table(file, *neuron, options.checkpoint, time_step_of(file, options));
  neurons.groups = groups_of(options.checkpoint, options.layer, neurons.learned.neurons);
  neurons.delays = analysis::neuron_delays(file, neurons.learned.neurons, options.checkpoint);
  std::filesystem::path initial = options.initial;
  if (initial.empty()) initial = glifr::TrialFolder::of_checkpoint(options.checkpoint).initial_checkpoint();
  if (options.initial.empty() && !std::filesystem::exists(initial)) return neurons;
  const glifr::TensorFile before = read_layer(initial, options);
  neurons.initial = analysis::parameter_table(before, *neuron, initial.string(), time_step_of(before, options));
  return neurons;
}

analysis::NeuronParts groups_of(const std::filesystem::path& checkpoint, glifr::Index layer, glifr::Index neurons) {
  const std::string unknown = "the groups of the neurons are not known: ";
  try {
    const auto described = described_layer(checkpoint, layer);
    if (!described) return {};  // only described models have groups
    analysis::NeuronParts groups = analysis::parts_of(described->population.groups);
    if (groups.is_empty() || std::ssize(groups.labels) == neurons) return groups;
    const auto file = glifr::TrialFolder::of_checkpoint(checkpoint).record();
    Session::warn(unknown + file.string() + " is of " + std::to_string(groups.labels.size()) + " neurons, " +
                  checkpoint.string() + " has " + std::to_string(neurons));
  } catch (const glifr::Error& error) {
    Session::warn(unknown + error.what());
  }
  return {};
}

void begin_row(glifr::CsvRows& table, glifr::Index layer, const analysis::NeuronParts& groups, glifr::Index neuron) {
  table.cell(layer).cell(std::string_view(groups.name_of(neuron))).cell(neuron);
}

}  // namespace glifr::apps
