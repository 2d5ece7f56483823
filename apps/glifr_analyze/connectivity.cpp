#include "glifr/analysis/connectivity.hpp"

#include <filesystem>
#include <memory>
#include <string>

#include "connectivity.hpp"
#include "glifr/analysis/parameters.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/safetensors.hpp"
#include "glifr/network/layer.hpp"
#include "subcommands.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

std::vector<analysis::Figure> connectivity_figures(const std::filesystem::path& checkpoint, glifr::Index layer,
                                                   analysis::RecurrentWeights* read) {
  const glifr::TensorFile file =
      analysis::single_layer(glifr::read_safetensors(checkpoint), layer, checkpoint.string());
  const analysis::RecurrentWeights weights = analysis::recurrent_weights(file, checkpoint.string());
  std::vector<analysis::Figure> figures{analysis::connectivity_figure(weights)};
  const std::string prefix = layer == 1 ? "" : glifr::layer_prefix(static_cast<std::size_t>(layer - 1));
  const auto course = glifr::TrialFolder::of_checkpoint(checkpoint).parameter(prefix + "synaptic_delay");
  if (std::filesystem::exists(course)) {
    const glifr::CsvNumbers table = glifr::read_csv_numbers(course, {});
    std::vector<std::vector<double>> rows;
    for (glifr::Index r = 0; r < table.rows; ++r) rows.emplace_back(table.row(r).begin(), table.row(r).end());
    figures.push_back(analysis::delays_figure(rows));
  }
  if (read) *read = weights;
  return figures;
}

void add_connectivity(CLI::App& app, Session& session) {
  struct Options {
    std::string checkpoint{};
    glifr::Index layer = 1;
  };
  CLI::App* command = app.add_subcommand("connectivity",
                                         "Recurrent weights of a checkpoint: eigenvalues and spectral radius "
                                         "(eigenvalues.csv), excitation and inhibition of each neuron (balance.csv), "
                                         "synaptic delays, their course where they were learned");
  auto options = std::make_shared<Options>();
  cli::add_text(*command, "CHECKPOINT,--checkpoint", options->checkpoint,
                "Checkpoint of a network (.safetensors), or the folder of its trial")
      ->type_name("FILE")
      ->required();
  cli::add_integer(*command, "--layer", options->layer, cli::counts, "Layer of the checkpoint's network, 1 the first")
      ->type_name("K")
      ->capture_default_str();
  session.add_options(*command);
  command->callback([&session, options] {
    session.set_action([&session, options] {
      analysis::RecurrentWeights weights;
      const auto figures = connectivity_figures(find_checkpoint(options->checkpoint), options->layer, &weights);
      glifr::CsvRows eigenvalues({"real", "imaginary", "absolute"});
      for (const auto& value : weights.eigenvalues) {
        eigenvalues.cell(value.real()).cell(value.imag()).cell(std::abs(value));
        eigenvalues.end_row();
      }
      session.write(eigenvalues, "eigenvalues.csv");
      glifr::CsvRows balance({"neuron", "excitation", "inhibition", "balance", "synaptic_delay"});
      for (std::size_t n = 0; n < weights.balance.size(); ++n) {
        const analysis::NeuronBalance& of = weights.balance[n];
        balance.cell(static_cast<glifr::Index>(n)).cell(of.excitation).cell(of.inhibition).cell(of.balance());
        weights.delays.empty() ? balance.empty_cell() : balance.cell(weights.delays[n]);
        balance.end_row();
      }
      session.write(balance, "balance.csv");
      for (const analysis::Figure& figure : figures) session.draw(figure);
    });
  });
}

}  // namespace glifr::apps
