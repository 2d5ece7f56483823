#include "neurons.hpp"

#include "glifr/error.hpp"
#include "glifr/io/safetensors.hpp"

namespace analysis = glifr::analysis;

namespace {

analysis::NeuronTable read_initial(const std::filesystem::path& file) {
  if (file.extension() == ".csv") return analysis::read_neurons(file);
  return analysis::neurons_of(glifr::read_safetensors(file), file.string());
}

std::optional<analysis::NeuronTable> find_initial(const NeuronOptions& options) {
  if (!options.initial.empty()) return read_initial(options.initial);
  if (options.checkpoint.empty()) return std::nullopt;
  const auto beside = std::filesystem::path(options.checkpoint).parent_path() / "initial.safetensors";
  if (!std::filesystem::exists(beside)) return std::nullopt;
  return read_initial(beside);
}

}  // namespace

void add_neuron_options(CLI::App& command, NeuronOptions& options) {
  CLI::Option* checkpoint = cli::add_text(command, "--checkpoint", options.checkpoint,
                                          "Checkpoint of a network of GLIFR neurons (.safetensors)")
                                ->type_name("FILE");
  cli::add_text(command, "--parameters", options.parameters,
                "Table of neurons as `parameters` writes it (.csv), in place of a checkpoint")
      ->type_name("FILE")
      ->excludes(checkpoint);
  cli::add_text(
      command, "--initial", options.initial,
      "The neurons before training, a table or a checkpoint (default: initial.safetensors beside the checkpoint)")
      ->type_name("FILE");
  const glifr::Range any{}, positive = glifr::Range::above(0), not_negative = glifr::Range::from(0);
  cli::add_number(command, "--dt", options.dt, positive,
                  "Time step, ms (default: the checkpoint's; 0.05 with --parameters)")
      ->type_name("MS");
  cli::add_number(command, "--sigma-v", options.sigma_v, positive,
                  "Width of the smooth threshold, mV (default: the checkpoint's, else 1)")
      ->type_name("MV");
  cli::add_number(command, "--R", options.resistance, not_negative,
                  "Membrane resistance, GOhm (default: the checkpoint's, else 0.1)")
      ->type_name("GOHM");
  cli::add_number(command, "--v-reset", options.v_reset, any, "Reset voltage, mV (default: the checkpoint's, else 0)")
      ->type_name("MV");
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
    const glifr::TensorFile file = glifr::read_safetensors(options.checkpoint);
    neurons.learned = analysis::neurons_of(file, options.checkpoint);
    neurons.constants = analysis::constants_of(file, options.checkpoint);
  }
  analysis::GlifrConstants& constants = neurons.constants;
  constants.dt = options.dt.value_or(constants.dt);
  constants.tau = constants.dt;
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
