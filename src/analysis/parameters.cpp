#include "glifr/analysis/parameters.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "glifr/error.hpp"
#include "glifr/io/text.hpp"
#include "glifr/network/layer.hpp"
#include "glifr_dispatch.hpp"

namespace glifr::analysis {
namespace {

/// Writes a neuron to its row of the table.
template <int J>
void put(NeuronTable& table, Index neuron, const typename Glifr<J>::template Parameters<double>& parameters) {
  const auto at = [&](Index column) -> double& {
    return table.values[static_cast<std::size_t>(neuron * table.columns() + column)];
  };
  at(NeuronTable::thresh()) = parameters.thresh;
  at(NeuronTable::k_m()) = parameters.k_m;
  for (std::size_t j = 0; j < J; ++j) {
    at(table.r(static_cast<Index>(j))) = parameters.r_j[j];
    at(table.k(static_cast<Index>(j))) = parameters.k_j[j];
    at(table.a(static_cast<Index>(j))) = parameters.a_j[j];
  }
}

/// A table of so many neurons, to be filled.
NeuronTable empty_table(Index neurons, Index num_ascs) {
  NeuronTable table{neurons, num_ascs, {}};
  table.values.resize(static_cast<std::size_t>(neurons * table.columns()));
  return table;
}

/// Values of a tensor of the neuron layer; 0 where there is none.
Index stored_values(const TensorFile& checkpoint, const char* name) {
  const NamedTensor* tensor = checkpoint.find(std::string("neuron_layer.") + name);
  return tensor ? tensor->size() : 0;
}

/// After-spike currents of each of so many neurons.
Index stored_currents(const TensorFile& checkpoint, Index neurons) {
  const NamedTensor* tensor = checkpoint.find("neuron_layer.a_j");
  if (!tensor || neurons == 0) return 0;
  return tensor->shape.size() == 3 ? tensor->shape.front() : tensor->size() / neurons;
}

/// Whether the first line of a table of neurons holds names. DataError where these are of a table with more than the
/// parameters.
bool are_names(const std::vector<std::string>& cells, const std::filesystem::path& file) {
  if (cells.size() > 2 && cells[0] == "layer" && cells[1] == "group" && cells[2] == "neuron")
    throw DataError(file.string(),
                    "found the columns layer, group and neuron, as in neurons.csv; accepted: thresh, k_m and "
                    "three for each after-spike current, as in learnedparams.csv beside it");
  return cells.front() == column_names(0).front();
}

}  // namespace

std::vector<double> detail::physical_values(const TensorFile& checkpoint, const FieldExtent& member, double dt,
                                            Index neurons, const std::string& name) {
  const std::string tensor_name = std::string("neuron_layer.") + member.field.stored_name();
  const NamedTensor* tensor = checkpoint.find(tensor_name);
  if (!tensor)
    throw DataError(name, "there is no tensor '" + tensor_name + "'; is this a checkpoint of these neurons?");
  std::vector<double> values = values_of<double>(*tensor, name);
  const auto size = static_cast<Index>(values.size());
  if (size == 0) throw DataError(name, "tensor '" + tensor_name + "' holds no value: a layer without neurons");
  if (neurons < 0 ? size % member.extent != 0 : size != member.extent * neurons) {
    throw DataError(name, "tensor '" + tensor_name + "' holds " + std::to_string(size) + " values, expected " +
                              (neurons < 0 ? std::to_string(member.extent) + " a neuron"
                                           : std::to_string(member.extent * neurons)));
  }
  for (double& value : values) {
    if (!std::isfinite(value)) throw DataError(name, "tensor '" + tensor_name + "' holds a value that is not finite");
    value = to_physical(member.field.transform, value, dt);
  }
  return values;
}

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
  CsvNumbers table = read_csv_numbers(file, {.are_names = [&](const auto& cells) { return are_names(cells, file); }});
  if (table.columns < 2 || (table.columns - 2) % 3 != 0) {
    throw DataError(file.string(),
                    "found " + std::to_string(table.columns) +
                        " columns, expected thresh, k_m and three for each after-spike current (2, 5, 8, …)");
  }
  const Index num_ascs = (table.columns - 2) / 3;
  if (!table.header.empty() && table.header != column_names(num_ascs)) {
    throw DataError(file.string(), "line 1: found other names than " + joined(column_names(num_ascs), ","));
  }
  return {table.rows, num_ascs, std::move(table.values)};
}

CsvRows to_csv(const NeuronTable& neurons, bool has_header) {
  CsvRows csv;
  if (has_header) {
    for (const std::string& name : column_names(neurons.num_ascs)) csv.cell(std::string_view(name));
    csv.end_row();
  }
  for (Index neuron = 0; neuron < neurons.neurons; ++neuron) {
    csv.row(std::span(neurons.view().row(neuron), static_cast<std::size_t>(neurons.columns())));
  }
  return csv;
}

TensorFile single_layer(const TensorFile& checkpoint, Index layer, const std::string& name) {
  if (layer == 1) return checkpoint;
  const std::string first = layer_prefix(0), wanted = layer_prefix(static_cast<std::size_t>(layer - 1));
  TensorFile single;
  for (NamedTensor tensor : checkpoint.tensors) {
    if (!tensor.name.starts_with(wanted)) continue;
    tensor.name = first + tensor.name.substr(wanted.size());
    single.tensors.push_back(std::move(tensor));
  }
  if (single.tensors.empty())
    throw DataError(name, "there is no layer " + std::to_string(layer) + ": no tensor begins with '" + wanted + "'");
  for (const auto& [key, value] : checkpoint.metadata) {
    if (key.starts_with(wanted)) single.metadata[key.substr(wanted.size())] = value;
  }
  return single;
}

NeuronTable neurons_of(const TensorFile& checkpoint, const std::string& name, std::optional<double> time_step) {
  const Index neurons = stored_values(checkpoint, "thresh");
  const Index num_ascs = stored_currents(checkpoint, neurons);
  if (num_ascs > detail::max_ascs) {
    throw DataError(name, "found " + std::to_string(num_ascs) + " after-spike currents a neuron, accepted are 0 to " +
                              std::to_string(detail::max_ascs));
  }
  NeuronTable table = empty_table(neurons, num_ascs);
  detail::with_ascs(table.num_ascs, [&](auto ascs) {
    constexpr int J = decltype(ascs)::value;
    Index n = 0;
    for (const auto& parameters : neurons_of<Glifr<J>>(checkpoint, name, time_step)) put<J>(table, n++, parameters);
  });
  return table;
}

ParameterTable parameter_table(const TensorFile& checkpoint, const NeuronInfo& neuron, const std::string& name,
                               std::optional<double> time_step) {
  const bool has_dt = std::ranges::find(neuron.constants, "dt", &NeuronConstant::name) != neuron.constants.end();
  const double dt = !has_dt ? 1 : time_step ? *time_step : metadata_number(checkpoint, "dt", name);
  ParameterTable table{.neurons = -1, .columns = {}};
  for (const FieldExtent& member : neuron.parameters) {
    const std::vector<double> values = detail::physical_values(checkpoint, member, dt, table.neurons, name);
    table.neurons = std::ssize(values) / member.extent;
    for (int i = 0; i < member.extent; ++i) {
      std::string column = member.field.name;
      if (member.is_array) column += "_" + std::to_string(i + 1);
      const auto first = values.begin() + i * table.neurons;
      table.columns.push_back({std::move(column), member.field.unit, {first, first + table.neurons}});
    }
  }
  return table;
}

GlifrConstants constants_of(const TensorFile& checkpoint, const std::string& name) {
  return glifr::constants_of<Glifr<0>>(checkpoint, name);
}

NeuronTable initial_neuron(Index num_ascs, double dt) {
  NeuronTable table = empty_table(1, num_ascs);
  detail::with_ascs(num_ascs, [&](auto ascs) {
    constexpr int J = decltype(ascs)::value;
    typename Glifr<J>::template Parameters<double> parameters{};
    for_each_scalar(parameters, [&](double& value, const ScalarPlace& place) {
      value = to_physical(place.field.transform, initial_raw(place.field, 0.5, dt, 1), dt);
    });
    put<J>(table, 0, parameters);
  });
  return table;
}

}  // namespace glifr::analysis
