#include "glifr/analysis/connectivity.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "common/format.hpp"
#include "connectivity.hpp"
#include "glifr/analysis/parameters.hpp"
#include "glifr/analysis/results.hpp"
#include "glifr/analysis/style.hpp"
#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/safetensors.hpp"
#include "glifr/network/layer.hpp"
#include "neurons.hpp"
#include "subcommands.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

Wiring read_wiring(const std::filesystem::path& checkpoint, glifr::Index layer) {
  const auto read = [&](const std::filesystem::path& path) {
    return analysis::single_layer(glifr::read_safetensors(path), layer, path.string());
  };
  Wiring wiring{.weights = analysis::recurrent_weights(read(checkpoint), checkpoint.string())};
  wiring.groups = groups_of(checkpoint, layer, wiring.weights.neurons);
  const glifr::TrialFolder trial = glifr::TrialFolder::of_checkpoint(checkpoint);
  std::vector<double> initial_delays;
  if (!wiring.weights.delays.empty() && std::filesystem::exists(trial.initial_checkpoint()))
    initial_delays = analysis::neuron_delays(read(trial.initial_checkpoint()), wiring.weights.neurons,
                                             trial.initial_checkpoint().string());
  wiring.figures = {analysis::connectivity_figure(wiring.weights, wiring.groups, initial_delays)};
  if (auto course = delay_course(checkpoint, layer, wiring.weights.neurons, wiring.groups))
    wiring.figures.push_back(std::move(*course));
  return wiring;
}

namespace {

/// The epochs of so many rows of a recorded parameter: one before training, one every so many epochs, one after the
/// last. Empty where config.json or metrics.csv does not say.
std::vector<double> recorded_epochs(const glifr::TrialFolder& trial, glifr::Index rows) {
  if (!std::filesystem::exists(trial.record()) || !std::filesystem::exists(trial.metrics())) return {};
  const boost::json::value document = glifr::read_json_file(trial.record());
  const boost::json::object* config = document.if_object();
  const boost::json::value* every = config ? config->if_contains("parameter_every") : nullptr;
  const auto step = every ? glifr::whole_number(*every) : std::nullopt;
  const std::vector<double> trained = analysis::read_metrics(trial.metrics()).epoch;
  if (!step || *step < 1 || trained.empty()) return {};
  std::vector<double> epochs;
  for (glifr::Index r = 0; r < rows; ++r) epochs.push_back(std::min(static_cast<double>(r * *step), trained.back()));
  return epochs;
}

}  // namespace

std::optional<analysis::Figure> delay_course(const std::filesystem::path& checkpoint, glifr::Index layer,
                                             glifr::Index neurons, const analysis::NeuronParts& groups) {
  const std::string prefix = layer == 1 ? "" : glifr::layer_prefix(static_cast<std::size_t>(layer - 1));
  const glifr::TrialFolder trial = glifr::TrialFolder::of_checkpoint(checkpoint);
  const auto course = trial.parameter(prefix + "synaptic_delay");
  if (!std::filesystem::exists(course)) return std::nullopt;
  const glifr::CsvNumbers table = glifr::read_csv_numbers(course, {});
  if (table.columns != neurons) {
    throw glifr::DataError(course.string(), "found " + std::to_string(table.columns) + " columns, expected " +
                                                std::to_string(neurons) + ", one a neuron");
  }
  std::vector<std::vector<double>> rows;
  for (glifr::Index r = 0; r < table.rows; ++r) rows.emplace_back(table.row(r).begin(), table.row(r).end());
  return analysis::delays_figure(rows, groups, recorded_epochs(trial, table.rows));
}

std::string wiring_text(const analysis::RecurrentWeights& weights) {
  const analysis::RecurrentWeights::Senders senders = weights.senders();
  return analysis::counted(weights.connections, "connection") + " of " + analysis::counted(weights.neurons, "neuron") +
         ", spectral radius " + format("%.4g", weights.spectral_radius()) +
         "; senders: " + std::to_string(senders.excitatory) + " excitatory, " + std::to_string(senders.inhibitory) +
         " inhibitory, " + std::to_string(senders.both) + " with weights of both signs";
}

namespace {

struct ConnectivityOptions {
  std::string place{};
  glifr::Index layer = 1;
};

void write_wiring(const Session& session, const std::string& checkpoint, glifr::Index layer) {
  const Wiring wiring = read_wiring(checkpoint, layer);
  const analysis::RecurrentWeights& weights = wiring.weights;
  glifr::CsvRows eigenvalues({"real", "imaginary", "absolute"});
  for (const auto& value : weights.eigenvalues)
    eigenvalues.cell(value.real()).cell(value.imag()).cell(std::abs(value)).end_row();
  session.write(eigenvalues, "eigenvalues.csv");
  glifr::CsvRows balance({"layer", "group", "neuron", "excitation", "inhibition", "balance", "synaptic_delay"});
  for (std::size_t n = 0; n < weights.balance.size(); ++n) {
    const analysis::NeuronBalance& of = weights.balance[n];
    begin_row(balance, layer, wiring.groups, static_cast<glifr::Index>(n));
    balance.cell(of.excitation).cell(of.inhibition).cell(of.balance());
    weights.delays.empty() ? balance.empty_cell() : balance.cell(weights.delays[n]);
    balance.end_row();
  }
  session.write(balance, "balance.csv");
  session.say(wiring_text(weights));
  for (const analysis::Figure& figure : wiring.figures) session.draw(figure);
}

void run(const Session& session, const ConnectivityOptions& options) {
  if (options.place.empty())
    throw glifr::ConfigError("CHECKPOINT", "is missing; accepted: a checkpoint, or a folder of trials");
  session.for_each_network(options.place, [&](const Session& own, const NetworkPlace& network) {
    write_wiring(own, network.checkpoint, options.layer);
  });
}

}  // namespace

void add_connectivity(CLI::App& app, Session& session) {
  CLI::App* command =
      app.add_subcommand("connectivity",
                         "Recurrent weights of a network: eigenvalues and spectral radius "
                         "(eigenvalues.csv), excitation and inhibition that each neuron receives (balance.csv), "
                         "synaptic delays, their course where they were learned");
  auto options = std::make_shared<ConnectivityOptions>();
  cli::add_text(*command, "CHECKPOINT,--checkpoint", options->place,
                "Checkpoint of a network (.safetensors), or a folder of one trial or of several, of which each is "
                "analysed")
      ->type_name("FILE");
  cli::add_integer(*command, "--layer", options->layer, cli::counts, "Layer of the checkpoint's network, 1 the first")
      ->type_name("K")
      ->capture_default_str();
  session.add_options(*command, {});
  command->callback([&session, options] { session.set_action([&session, options] { run(session, *options); }); });
}

}  // namespace glifr::apps
