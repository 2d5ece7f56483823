#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "glifr/analysis/single_neurons.hpp"
#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/safetensors.hpp"
#include "glifr/network/description.hpp"
#include "glifr/neurons/glifr.hpp"

namespace glifr::analysis {

/// The constants of GLIFR neurons, which do not depend on the number of after-spike currents.
using GlifrConstants = Glifr<0>::Constants<double>;

/// The dynamics of a layer of GLIFR neurons in physical units, a row a neuron: thresh (mV), k_m (1/ms), r_1 … r_J,
/// k_1 … k_J (1/ms), a_1 … a_J (pA). This is what learnedparams.csv holds, without a header.
struct GLIFR_API NeuronTable {
  Index neurons = 0;           ///< rows
  Index num_ascs = 0;          ///< after-spike currents a neuron, J
  std::vector<double> values;  ///< [neurons, 2 + 3 J]

  /// Columns: 2 + 3 J.
  [[nodiscard]] Index columns() const { return 2 + 3 * num_ascs; }
  /// The table as a matrix, in place.
  [[nodiscard]] View<const double> view() const { return {values.data(), neurons, columns()}; }
  /// One value.
  [[nodiscard]] double operator()(Index neuron, Index column) const { return view()(neuron, column); }

  /// The column of the threshold, mV.
  [[nodiscard]] static Index thresh() { return 0; }
  /// The column of the membrane's decay rate, 1/ms.
  [[nodiscard]] static Index k_m() { return 1; }
  /// The column of the multiplicative jump of current j (from 0).
  [[nodiscard]] Index r(Index j) const { return 2 + j; }
  /// The column of the decay rate of current j (from 0), 1/ms.
  [[nodiscard]] Index k(Index j) const { return 2 + num_ascs + j; }
  /// The column of the additive jump of current j (from 0), pA.
  [[nodiscard]] Index a(Index j) const { return 2 + 2 * num_ascs + j; }

  /// The values of one column.
  [[nodiscard]] std::vector<double> column(Index index) const;
};

/// What learnedparams.csv calls its columns: "thresh", "k_m", "r_1", … (J = 2 unless said otherwise).
[[nodiscard]] GLIFR_API std::vector<std::string> column_names(Index num_ascs);

/// Reads learnedparams.csv, with or without the line of names. Throws DataError where the file is damaged, a value is
/// not finite or its columns are not 2 + 3 J.
[[nodiscard]] GLIFR_API NeuronTable read_neurons(const std::filesystem::path& file);

/// The rows of learnedparams.csv; where asked for, behind the names of the columns.
[[nodiscard]] GLIFR_API CsvRows to_csv(const NeuronTable& neurons, bool has_header = false);

/// The GLIFR neurons in a checkpoint, in physical units, whether they were trained or not; `name` stands for the file
/// in messages. `time_step`, ms, stands in for the metadata's, which then need not be there. Throws DataError where the
/// checkpoint is of other neurons, damaged or without neurons.
[[nodiscard]] GLIFR_API NeuronTable neurons_of(const TensorFile& checkpoint, const std::string& name,
                                               std::optional<double> time_step = std::nullopt);

/// The neurons' constants in a checkpoint's metadata. Throws DataError where one is missing or no number.
[[nodiscard]] GLIFR_API GlifrConstants constants_of(const TensorFile& checkpoint, const std::string& name);

/// One neuron as homogeneous initialisation makes it, at the middle of where it draws from; `dt` in ms.
[[nodiscard]] GLIFR_API NeuronTable initial_neuron(Index num_ascs, double dt);

/// Neuron number `neuron` of a table, as the equations take it. J is the table's.
template <int J>
typename Glifr<J>::template Parameters<double> parameters_of(const NeuronTable& table, Index neuron) {
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

/// The parameters of a layer of any neurons, in physical units.
struct ParameterTable {
  /// A parameter, or one number of an array.
  struct Column {
    std::string name;            ///< of its field; of arrays with _1, _2, … behind it
    std::string unit;            ///< of its field
    std::vector<double> values;  ///< a value a neuron
  };
  Index neurons = 0;            ///< of the layer
  std::vector<Column> columns;  ///< in the order of the fields
};

/// The parameters of these neurons in a checkpoint's first layer (see `single_layer` for others), whether they were
/// trained or not; `name` and `time_step` as in `neurons_of`. DataError where the checkpoint is of other neurons or
/// damaged.
[[nodiscard]] GLIFR_API ParameterTable parameter_table(const TensorFile& checkpoint, const NeuronInfo& neuron,
                                                       const std::string& name,
                                                       std::optional<double> time_step = std::nullopt);

/// A layer of a checkpoint (1 the first) as if it were the only one: its tensors and metadata under the names of the
/// first. `name` stands for the file in messages. DataError where the checkpoint has no such layer.
[[nodiscard]] GLIFR_API TensorFile single_layer(const TensorFile& checkpoint, Index layer, const std::string& name);

}  // namespace glifr::analysis
