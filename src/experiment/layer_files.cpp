#include "layer_files.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "glifr/analysis/parameters.hpp"
#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/elements.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/npy.hpp"
#include "glifr/io/number.hpp"
#include "glifr/io/text.hpp"
#include "record.hpp"

namespace glifr::detail {
namespace {

/// Whether the first line of a table holds numbers.
bool begins_with_numbers(const std::filesystem::path& path) {
  std::ifstream stream(path);
  std::string line;
  if (!std::getline(stream, line)) return true;  // the reader says what is wrong
  return parse_number(line.substr(0, line.find_first_of(",\r"))).has_value();
}

/// Whether a column holds values of a quantity: "k_m" and "k_j" name those columns, "k_j" also "k_1", "k_2", …
bool is_column_of(const std::string& column, const std::string& wanted) {
  if (column == wanted) return true;
  return wanted.ends_with("_j") && column.starts_with(wanted.substr(0, wanted.size() - 1)) &&
         parse_number(column.substr(wanted.size() - 1)).has_value();
}

/// Sets the checksum of what was read from a file. DataError where it is another than the one that is recorded.
void take_checksum(std::string& recorded, std::span<const std::byte> content, const std::filesystem::path& file,
                   const std::string& what) {
  const std::string found = checksum({reinterpret_cast<const char*>(content.data()), content.size()});
  if (!recorded.empty() && recorded != found) {
    throw DataError(file.string(), what + " of checksum " + found + ", and the trial was recorded with " + recorded);
  }
  recorded = found;
}

void read_recorded(Distribution& distribution, const std::string& parameter, const std::filesystem::path& root) {
  if (distribution.kind != Distribution::Kind::recorded || distribution.file.empty()) return;
  const std::filesystem::path path = root / distribution.file;
  const std::string wanted = distribution.column.empty() ? parameter : distribution.column;
  const auto is_wanted = [&](const std::string& column) { return is_column_of(column, wanted); };
  CsvNumbers table = read_csv_numbers(path, {.has_header = !begins_with_numbers(path), .is_wanted = is_wanted});
  // Without names, one column is what it is, and others are those of learnedparams.csv.
  if (table.header.empty() && table.columns == 1) table.header = {wanted};
  if (table.header.empty() && table.columns % 3 == 2) table.header = analysis::column_names((table.columns - 2) / 3);
  std::string names;
  distribution.values.clear();
  for (Index c = 0; c < std::ssize(table.header); ++c) {
    const std::string& name = table.header[static_cast<std::size_t>(c)];
    names += (names.empty() ? "" : ", ") + name;
    if (!is_wanted(name)) continue;
    for (Index r = 0; r < table.rows; ++r) distribution.values.push_back(table(r, c));
  }
  if (!distribution.values.empty()) {
    take_checksum(distribution.checksum, std::as_bytes(std::span(distribution.values)), path,
                  "holds values of " + wanted);
    return;
  }
  throw DataError(path.string(), "there is no value in a column '" + wanted + "'; " +
                                     (names.empty() ? "its " + std::to_string(table.columns) + " columns have no names"
                                                    : "there are " + names));
}

void read_mask(Connectivity& connectivity, Index senders, Index receivers, const std::filesystem::path& root) {
  if (connectivity.kind != Connectivity::Kind::mask || connectivity.file.empty()) return;
  const std::filesystem::path path = root / connectivity.file;
  const NamedTensor array = decode_npy(read_file(path), path.string());
  if (array.shape != std::vector<Index>{senders, receivers}) {
    throw DataError(path.string(), "found an array " + shape_text(array.shape) + "; accepted as a mask: " +
                                       shape_text({{senders, receivers}}) + ", senders by receivers");
  }
  if (!is_real(array.dtype)) {
    throw DataError(path.string(), "has elements of " + std::string(to_string(array.dtype)) +
                                       "; accepted as a mask are integers, floats and booleans");
  }
  std::vector<double> values(static_cast<std::size_t>(senders * receivers));
  convert_elements(array.dtype, array.bytes.data(), std::ssize(values), values.data());
  std::vector<std::uint8_t> mask;
  for (const double value : values) {
    if (!std::isfinite(value)) {
      const Index place = std::ssize(mask);
      throw DataError(path.string(), "has " + format_number(value) + " at sender " + std::to_string(place / receivers) +
                                         ", receiver " + std::to_string(place % receivers) +
                                         " (counted from 0); accepted as a mask are finite numbers");
    }
    mask.push_back(value != 0 ? 1 : 0);
  }
  const Index recorded = connectivity.connections;
  Connectivity held = Connectivity::with_mask(std::move(mask));
  held.file = connectivity.file;
  held.checksum = connectivity.checksum;
  connectivity = std::move(held);
  if (recorded > 0 && recorded != connectivity.connections) {
    throw DataError(path.string(), "holds " + std::to_string(connectivity.connections) +
                                       " connections, and the trial was recorded with " + std::to_string(recorded));
  }
  take_checksum(connectivity.checksum, std::as_bytes(std::span(connectivity.mask)), path, "holds a mask");
}

void take_missing(Distribution& there, const Distribution& here) {
  if (there.kind == here.kind && there.checksum.empty()) there.checksum = here.checksum;
}

void take_missing(Connectivity& there, const Connectivity& here) {
  if (there.kind == here.kind && there.checksum.empty()) there.checksum = here.checksum;
}

void take_missing(std::optional<DelayDescription>& there, const std::optional<DelayDescription>& here) {
  if (there && here) take_missing(there->initial, here->initial);
}

void take_missing(std::map<std::string, ParameterDescription>& there,
                  const std::map<std::string, ParameterDescription>& here) {
  for (auto& [name, parameter] : there) {
    const auto found = here.find(name);
    if (found != here.end() && parameter.initial && found->second.initial)
      take_missing(*parameter.initial, *found->second.initial);
  }
}

}  // namespace

void read_files(std::vector<LayerDescription>& layers, Index input_size, const std::filesystem::path& root) {
  for (LayerDescription& layer : layers) {
    Population& population = layer.population;
    const auto read_parameters = [&](std::map<std::string, ParameterDescription>& parameters) {
      for (auto& [name, description] : parameters) {
        if (description.initial) read_recorded(*description.initial, name, root);
      }
    };
    const auto read_delays = [&](std::optional<DelayDescription>& delay) {
      if (delay) read_recorded(delay->initial, "synaptic_delay", root);
    };
    read_parameters(population.parameters);
    read_delays(population.synaptic_delay);
    for (NeuronGroup& group : population.groups) {
      read_parameters(group.parameters);
      read_delays(group.synaptic_delay);
    }
    read_mask(population.lateral, layer.size, layer.size, root);
    read_mask(population.input, input_size, layer.size, root);
    input_size = layer.size;
  }
}

void take_missing_checksums(std::vector<LayerDescription>& there, const std::vector<LayerDescription>& here) {
  for (std::size_t k = 0; k < std::min(there.size(), here.size()); ++k) {
    Population& population = there[k].population;
    const Population& other = here[k].population;
    take_missing(population.lateral, other.lateral);
    take_missing(population.input, other.input);
    take_missing(population.parameters, other.parameters);
    take_missing(population.synaptic_delay, other.synaptic_delay);
    for (std::size_t g = 0; g < std::min(population.groups.size(), other.groups.size()); ++g) {
      take_missing(population.groups[g].parameters, other.groups[g].parameters);
      take_missing(population.groups[g].synaptic_delay, other.groups[g].synaptic_delay);
    }
  }
}

}  // namespace glifr::detail
