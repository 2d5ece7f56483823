#include "glifr/network/exchange.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "glifr/cells/cell.hpp"
#include "glifr/error.hpp"
#include "glifr/io/npy.hpp"
#include "glifr/io/number.hpp"
#include "glifr/io/torch_file.hpp"

namespace glifr {
namespace {

constexpr std::string_view layer_name = "neuron_layer.", readout_name = "output_linear.";
constexpr std::string_view settings = "hyper_parameters.";
constexpr std::size_t most_listed = 5;  // names in a message

/// Names that the published code had before those that it was published with.
constexpr std::array old_names = std::to_array<std::pair<std::string_view, std::string_view>>(
    {{"neuron_layer.trans_asc_k", "neuron_layer.trans_k_j"},
     {"neuron_layer.trans_asc_r", "neuron_layer.trans_r_j"},
     {"neuron_layer.asc_amp", "neuron_layer.a_j"}});

/// What stands before the network's names: of "state_dict.neuron_layer.thresh" "state_dict.".
std::string find_prefix(const TensorFile& file, const std::string& name) {
  std::set<std::string> prefixes;
  for (const NamedTensor& tensor : file.tensors) {
    const std::size_t place = tensor.name.find(layer_name);
    const bool begins_a_key = place == 0 || (place != std::string::npos && tensor.name[place - 1] == '.');
    if (begins_a_key) prefixes.insert(tensor.name.substr(0, place));
  }
  if (prefixes.size() == 1) return *prefixes.begin();
  std::string list;
  if (prefixes.empty()) {
    for (std::size_t i = 0; i < std::min(most_listed, file.tensors.size()); ++i) {
      list += (i ? ", '" : "'") + file.tensors[i].name + "'";
    }
    if (file.tensors.size() > most_listed) list += ", …";
    throw DataError(name, "holds no network of the published code: no tensor is called 'neuron_layer.…'; found " +
                              (list.empty() ? "no tensors" : list));
  }
  for (const std::string& prefix : prefixes)
    list += (list.empty() ? "'" : ", '") + prefix + std::string(layer_name) + "…'";
  throw DataError(name, "holds more than one network: " + list);
}

std::string glifr_name(std::string_view name) {
  const auto* old = std::ranges::find(old_names, name, &std::pair<std::string_view, std::string_view>::first);
  return std::string(old == old_names.end() ? name : old->second);
}

std::optional<double> number(const TensorFile& file, const std::string& key) {
  const auto entry = file.metadata.find(key);
  return entry == file.metadata.end() ? std::nullopt : parse_number(entry->second);
}

void add_delay(TensorFile& network) {
  const std::optional<double> delay = number(network, "synaptic_delay"), dt = number(network, "dt");
  if (!delay || !dt || !Range::above(0).contains(*dt) || !Range::from(0).contains(*delay) || *delay / *dt > most_steps)
    return;
  network.metadata["delay_steps"] = std::to_string(delay_steps(*delay, *dt));
}

}  // namespace

TensorFile import_torch(const std::filesystem::path& path) {
  TensorFile file = read_torch_file(path);
  const std::string prefix = find_prefix(file, path.string());
  TensorFile network;
  for (NamedTensor& tensor : file.tensors) {
    if (!tensor.name.starts_with(prefix)) continue;
    const std::string_view rest = std::string_view(tensor.name).substr(prefix.size());
    if (!rest.starts_with(layer_name) && !rest.starts_with(readout_name)) continue;
    std::string name = glifr_name(rest);
    if (network.find(name)) throw DataError(path.string(), "there are two tensors '" + name + "'");
    tensor.name = std::move(name);
    network.tensors.push_back(std::move(tensor));
  }
  for (const auto& [key, text] : file.metadata) {
    if (key.starts_with(settings)) network.metadata.emplace(key.substr(settings.size()), text);
  }
  add_delay(network);
  return network;
}

void export_npz(const TensorFile& file, const std::filesystem::path& path) {
  std::vector<NamedTensor> arrays;
  for (const NamedTensor& tensor : file.tensors) {
    if (tensor.dtype == Dtype::bf16) {
      arrays.push_back(make_named_tensor<float>(tensor.name, tensor.shape, values_of<float>(tensor, path.string())));
    } else {
      arrays.push_back(tensor);
    }
  }
  for (const auto& [key, text] : file.metadata) {
    const std::optional<double> value = parse_number(text);
    if (value && !file.find(key)) {
      arrays.push_back(make_named_tensor<double>(key, {}, std::span<const double>(&*value, 1)));
    }
  }
  write_npz(path, arrays);
}

}  // namespace glifr
