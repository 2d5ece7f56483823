#include "glifr/analysis/parameters.hpp"

#include "glifr/error.hpp"

namespace glifr::analysis {

std::vector<double> NeuronTable::column(Index index) const {
  std::vector<double> result(static_cast<std::size_t>(neurons));
  for (Index neuron = 0; neuron < neurons; ++neuron) result[static_cast<std::size_t>(neuron)] = (*this)(neuron, index);
  return result;
}

std::vector<std::string> column_names(Index num_ascs) {
  std::vector<std::string> names{"thresh", "k_m"};
  for (const char* quantity : {"r_", "k_", "a_"}) {
    for (Index j = 1; j <= num_ascs; ++j) names.push_back(quantity + std::to_string(j));
  }
  return names;
}

NeuronTable read_neurons(const std::filesystem::path& file) {
  CsvNumbers table = read_csv_numbers(file, {});
  if (table.columns < 2 || (table.columns - 2) % 3 != 0) {
    throw DataError(file.string(),
                    "found " + std::to_string(table.columns) +
                        " columns, expected thresh, k_m and three for each after-spike current (2, 5, 8, …)");
  }
  return {table.rows, (table.columns - 2) / 3, std::move(table.values)};
}

CsvRows to_csv(const NeuronTable& neurons) {
  CsvRows csv;
  for (Index neuron = 0; neuron < neurons.neurons; ++neuron) {
    csv.row(std::span(neurons.view().row(neuron), static_cast<std::size_t>(neurons.columns())));
  }
  return csv;
}

}  // namespace glifr::analysis
