#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "common/options.hpp"
#include "glifr/analysis/parameters.hpp"

/// Where a subcommand takes neurons from: a checkpoint, or a table of parameters with what the table does not say.
struct NeuronOptions {
  std::string checkpoint{}, parameters{}, initial{};
  std::optional<double> dt{}, sigma_v{}, resistance{}, v_reset{};
};

/// Neurons with their constants.
struct Neurons {
  glifr::analysis::NeuronTable learned;
  glifr::analysis::GlifrConstants constants{};
  std::optional<glifr::analysis::NeuronTable> initial;  ///< before training, where that is known
};

void add_neuron_options(CLI::App& command, NeuronOptions& options);

/// Reads them. Those before training come from --initial, else from initial.safetensors beside the checkpoint, if it is
/// there. Throws ConfigError where options are missing or contradict each other, DataError for missing or damaged
/// files.
[[nodiscard]] Neurons read_neurons(const NeuronOptions& options);
