#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/safetensors.hpp"
#include "glifr/neurons/glifr.hpp"

namespace glifr::analysis {

/// The constants of GLIFR neurons, which do not depend on the number of after-spike currents.
using GlifrConstants = Glifr<0>::Constants<double>;

/// The dynamics of a layer of GLIFR neurons in physical units, a row a neuron: thresh (mV), k_m (1/ms), r_1 … r_J,
/// k_1 … k_J (1/ms), a_1 … a_J (pA). This is what learnedparams.csv holds, without a header.
struct NeuronTable {
  Index neurons = 0;
  Index num_ascs = 0;          ///< after-spike currents a neuron, J
  std::vector<double> values;  ///< [neurons, 2 + 3 J]

  [[nodiscard]] Index columns() const { return 2 + 3 * num_ascs; }
  [[nodiscard]] View<const double> view() const { return {values.data(), neurons, columns()}; }
  [[nodiscard]] double operator()(Index neuron, Index column) const { return view()(neuron, column); }

  [[nodiscard]] static Index thresh() { return 0; }
  [[nodiscard]] static Index k_m() { return 1; }
  [[nodiscard]] Index r(Index j) const { return 2 + j; }
  [[nodiscard]] Index k(Index j) const { return 2 + num_ascs + j; }
  [[nodiscard]] Index a(Index j) const { return 2 + 2 * num_ascs + j; }

  /// The values of one column.
  [[nodiscard]] std::vector<double> column(Index index) const;
};

/// What learnedparams.csv calls its columns: "thresh", "k_m", "r_1", … (J = 2 unless said otherwise).
[[nodiscard]] std::vector<std::string> column_names(Index num_ascs);

/// Reads learnedparams.csv. Throws DataError where the file is damaged or its columns are not 2 + 3 J.
[[nodiscard]] NeuronTable read_neurons(const std::filesystem::path& file);

[[nodiscard]] CsvRows to_csv(const NeuronTable& neurons);

/// The GLIFR neurons in a checkpoint, in physical units, whether they were trained or not; `name` stands for the file
/// in messages. Throws DataError where the checkpoint is of other neurons or damaged.
[[nodiscard]] NeuronTable neurons_of(const TensorFile& checkpoint, const std::string& name);

/// The neurons' constants in a checkpoint's metadata. Throws DataError where one is missing or no number.
[[nodiscard]] GlifrConstants constants_of(const TensorFile& checkpoint, const std::string& name);

/// One neuron as homogeneous initialisation makes it, at the middle of where it draws from; `dt` in ms.
[[nodiscard]] NeuronTable initial_neuron(Index num_ascs, double dt);

/// Neuron number `neuron` of a table, as the equations take it. J is the table's.
template <int J>
Glifr<J>::template Parameters<double> parameters_of(const NeuronTable& table, Index neuron) {
  typename Glifr<J>::template Parameters<double> parameters{};
  parameters.thresh = table(neuron, table.thresh());
  parameters.k_m = table(neuron, table.k_m());
  for (std::size_t j = 0; j < J; ++j) {
    parameters.r_j[j] = table(neuron, table.r(static_cast<Index>(j)));
    parameters.k_j[j] = table(neuron, table.k(static_cast<Index>(j)));
    parameters.a_j[j] = table(neuron, table.a(static_cast<Index>(j)));
  }
  return parameters;
}

}  // namespace glifr::analysis
