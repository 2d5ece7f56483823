#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/options.hpp"
#include "glifr/analysis/parameters.hpp"
#include "glifr/analysis/parts.hpp"
#include "glifr/io/csv.hpp"
#include "session.hpp"

namespace glifr::apps {

/// Where a subcommand takes neurons from: a checkpoint, or a table of parameters with what the table does not say.
struct NeuronOptions {
  std::string checkpoint{}, parameters{}, initial{};
  glifr::Index layer = 1;
  bool has_header = false;  ///< whether tables begin with the names of their columns
  std::optional<double> dt{}, tau{}, sigma_v{}, resistance{}, v_reset{};
};

/// Neurons with their constants.
struct Neurons {
  glifr::analysis::NeuronTable learned;
  glifr::analysis::GlifrConstants constants{};
  std::optional<glifr::analysis::NeuronTable> initial;  ///< before training, where that is known
  glifr::analysis::NeuronParts groups{};                ///< of the layer, where it has any
  std::vector<double> delays{};                         ///< ms, of each neuron; empty: they have the same

  /// What the learned neurons are compared with: those before training, else one as homogeneous initialisation makes
  /// it.
  [[nodiscard]] glifr::analysis::NeuronTable reference() const;
  /// What figures call these.
  [[nodiscard]] std::string reference_title() const {
    return initial ? "before training" : "a neuron as homogeneous initialisation makes it";
  }
};

/// Neurons other than GLIFR's.
struct OtherNeurons {
  glifr::analysis::ParameterTable learned;
  std::optional<glifr::analysis::ParameterTable> initial{};  ///< before training, where that is known
  glifr::analysis::NeuronParts groups{};                     ///< of the layer, where it has any
  std::vector<double> delays{};                              ///< as in `Neurons`
};

void add_neuron_options(CLI::App& command, NeuronOptions& options);

/// Adds --currents to a subcommand: the first, the end and the step of background currents.
void add_currents_option(CLI::App& command, std::vector<double>& range);
/// Those currents, pA; without the option `standard_currents`. ConfigError where they are no range, or too many.
[[nodiscard]] std::vector<double> currents_of(const std::vector<double>& range);

/// Calls `analyse` with the options for each network that their checkpoint, if there is one, leads to
/// (`Session::for_each_network`), otherwise once.
void for_each_network(const Session& session, const NeuronOptions& options,
                      const std::function<void(const Session&, const NeuronOptions&)>& analyse);

/// Reads them. Those before training come from --initial, else from initial.safetensors beside the checkpoint, if it is
/// there. Constants come from the options, else from the checkpoint's metadata; where a checkpoint says nothing of one,
/// its default is taken with a warning, but for the time step, which must be known. Throws ConfigError where options
/// are missing or contradict each other, DataError for missing or damaged files.
[[nodiscard]] Neurons read_neurons(const NeuronOptions& options);

/// Those of a layer of neurons with parameters of their own, as the checkpoint's metadata or config.json of its trial
/// name them; nothing where the layer has GLIFR neurons or such without, or the options name no checkpoint. Throws
/// DataError where this program does not know the neurons, otherwise as `read_neurons`.
[[nodiscard]] std::optional<OtherNeurons> read_other_neurons(const NeuronOptions& options);

/// The groups of a checkpoint's layer (1 the first) by config.json of the trial in whose folder it lies; empty where
/// there is none, or the layer has no groups. Warns where it cannot be read or is of other neurons.
[[nodiscard]] glifr::analysis::NeuronParts groups_of(const std::filesystem::path& checkpoint, glifr::Index layer,
                                                     glifr::Index neurons);

/// Begins a row of a table of neurons: the layer, the group (empty where there is none) and the neuron, from 0.
void begin_row(glifr::CsvRows& table, glifr::Index layer, const glifr::analysis::NeuronParts& groups,
               glifr::Index neuron);

}  // namespace glifr::apps
