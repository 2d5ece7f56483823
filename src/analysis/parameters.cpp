#include "glifr/analysis/parameters.hpp"

#include <charconv>
#include <cmath>

#include "glifr/error.hpp"
#include "glifr_dispatch.hpp"

namespace glifr::analysis {
namespace {

/// The raw values of a parameter of the neurons, J of them a neuron.
std::vector<double> raw_values(const TensorFile& checkpoint, const std::string& name, const char* stored_name) {
  const std::string tensor_name = std::string("neuron_layer.") + stored_name;
  const NamedTensor* tensor = checkpoint.find(tensor_name);
  if (!tensor) {
    throw DataError(name,
                    "there is no tensor '" + tensor_name + "'; this analysis needs a checkpoint of GLIFR neurons");
  }
  std::vector<double> values = values_of<double>(*tensor);
  for (const double value : values) {
    if (!std::isfinite(value)) throw DataError(name, "tensor '" + tensor_name + "' holds a value that is not finite");
  }
  return values;
}

/// Where a table has the first of a parameter's columns.
Index column_of(const NeuronTable& table, std::string_view parameter) {
  if (parameter == "k_m") return table.k_m();
  if (parameter == "r_j") return table.r(0);
  if (parameter == "k_j") return table.k(0);
  if (parameter == "a_j") return table.a(0);
  return table.thresh();
}

}  // namespace

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

NeuronTable neurons_of(const TensorFile& checkpoint, const std::string& name) {
  NeuronTable table;
  table.neurons = static_cast<Index>(raw_values(checkpoint, name, "thresh").size());
  const NamedTensor* currents = checkpoint.find("neuron_layer.a_j");
  table.num_ascs = currents && table.neurons > 0 ? currents->size() / table.neurons : 0;
  table.values.resize(static_cast<std::size_t>(table.neurons * table.columns()));
  const double dt = constants_of(checkpoint, name).dt;
  detail::with_ascs(table.num_ascs, [&](auto ascs) {
    constexpr int J = decltype(ascs)::value;
    for (const FieldExtent& member : list_fields<typename Glifr<J>::template Parameters<double>>()) {
      const std::vector<double> raw = raw_values(checkpoint, name, member.field.stored_name());
      if (static_cast<Index>(raw.size()) != member.extent * table.neurons) {
        throw DataError(name, "tensor 'neuron_layer." + std::string(member.field.stored_name()) + "' holds " +
                                  std::to_string(raw.size()) + " values, expected " +
                                  std::to_string(member.extent * table.neurons));
      }
      const Index first = column_of(table, member.field.name);
      for (Index i = 0; i < static_cast<Index>(raw.size()); ++i) {
        const Index neuron = i % table.neurons, j = i / table.neurons;
        table.values[static_cast<std::size_t>(neuron * table.columns() + first + j)] =
            to_physical(member.field.transform, raw[static_cast<std::size_t>(i)], dt);
      }
    }
  });
  return table;
}

GlifrConstants constants_of(const TensorFile& checkpoint, const std::string& name) {
  GlifrConstants constants{};
  for_each_scalar(constants, [&](double& value, const Field& field, int) {
    const auto entry = checkpoint.metadata.find(field.name);
    if (entry == checkpoint.metadata.end()) {
      throw DataError(name, std::string("the metadata has no ") + field.name +
                                "; this analysis needs a checkpoint of GLIFR neurons");
    }
    const std::string& text = entry->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
      throw DataError(name, std::string("the metadata's ") + field.name + " is '" + text + "', expected a number");
    }
  });
  return constants;
}

NeuronTable initial_neuron(Index num_ascs, double dt) {
  NeuronTable table{1, num_ascs, std::vector<double>(static_cast<std::size_t>(2 + 3 * num_ascs))};
  detail::with_ascs(num_ascs, [&](auto ascs) {
    constexpr int J = decltype(ascs)::value;
    for (const FieldExtent& member : list_fields<typename Glifr<J>::template Parameters<double>>()) {
      const double value = to_physical(member.field.transform, member.field.initial(0.5, dt, 1), dt);
      for (Index j = 0; j < member.extent; ++j) {
        table.values[static_cast<std::size_t>(column_of(table, member.field.name) + j)] = value;
      }
    }
  });
  return table;
}

}  // namespace glifr::analysis
