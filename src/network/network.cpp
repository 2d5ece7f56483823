#include "glifr/network/network.hpp"

#include <stdexcept>
#include <utility>
#include <vector>

#include "glifr/error.hpp"
#include "glifr/io/number.hpp"
#include "glifr/ops/reshape.hpp"

namespace glifr {

std::string layer_prefix(std::size_t place) {
  return place == 0 ? "neuron_layer." : "neuron_layer_" + std::to_string(place + 1) + ".";
}

template <Scalar T>
NetworkLayer<T>& RecurrentNetwork<T>::add(std::unique_ptr<NetworkLayer<T>> layer) {
  if (!layer) throw std::logic_error("a network was given a layer that is null");
  if (readout_) throw ConfigError("layers", "a layer cannot be added behind the readout");
  const auto require_positive = [&](const char* what, Index found) {
    if (found >= 1) return;
    throw std::logic_error("layer " + std::to_string(depth() + 1) + " (" + layer->neuron() + ") has a " + what +
                           " of " + std::to_string(found) + "; 1 or more is needed");
  };
  require_positive("size", layer->size());
  require_positive("delay", layer->delay());
  if (!layers_.empty() && layer->input_size() != layers_.back()->size()) {
    throw ConfigError("input_size", "layer " + std::to_string(depth() + 1) + " reads " +
                                        std::to_string(layer->input_size()) + " features, the layer before it has " +
                                        std::to_string(layers_.back()->size()) + " neurons");
  }
  layers_.push_back(std::move(layer));
  silencing_.emplace_back();
  return *layers_.back();
}

template <Scalar T>
void RecurrentNetwork<T>::add_readout(Index output_size) {
  if (output_size < 1) throw ConfigError("output_size", "expected 1 or more, found " + std::to_string(output_size));
  if (layers_.empty()) throw ConfigError("layers", "a readout needs a layer before it");
  if (readout_) throw ConfigError("layers", "the network has a readout already");
  readout_ = std::make_unique<Readout<T>>(layers_.back()->size(), output_size);
}

template <Scalar T>
Index RecurrentNetwork<T>::neurons() const {
  Index sum = 0;
  for (const auto& layer : layers_) sum += layer->size();
  return sum;
}

template <Scalar T>
Index RecurrentNetwork<T>::output_size() const {
  if (layers_.empty()) throw std::logic_error("a network without layers has no outputs");
  return readout_ ? readout_->output_size() : layers_.back()->size();
}

template <Scalar T>
ParameterList<T> RecurrentNetwork<T>::parameters() {
  ParameterList<T> list;
  const auto append = [&](const ParameterList<T>& more) { list.insert(list.end(), more.begin(), more.end()); };
  for (const auto& layer : layers_) append(layer->parameters());
  if (readout_) append(readout_->parameters());
  return list;
}

template <Scalar T>
std::vector<std::pair<std::string, double>> RecurrentNetwork<T>::constants() const {
  std::vector<std::pair<std::string, double>> list;
  for (std::size_t k = 0; k < depth(); ++k) {
    for (auto& [name, value] : layers_[k]->constants()) list.emplace_back((k ? layer_prefix(k) : "") + name, value);
  }
  return list;
}

template <Scalar T>
bool RecurrentNetwork<T>::set_constant(const std::string& name, double value) {
  const auto own_name = [&](std::size_t k) {
    const std::string prefix = layer_prefix(k);
    return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
  };
  std::vector<std::pair<std::size_t, double>> before;  // layers, and what the constant was
  bool found = false;
  try {
    for (std::size_t k = 0; k < depth(); ++k) {
      for (const auto& [constant, old] : layers_[k]->constants()) {
        if (constant == own_name(k)) before.emplace_back(k, old);
      }
      found = layers_[k]->set_constant(own_name(k), value) || found;
    }
  } catch (...) {  // ranges may differ
    for (const auto& [k, old] : before) layers_[k]->set_constant(own_name(k), old);
    throw;
  }
  return found;
}

template <Scalar T>
void RecurrentNetwork<T>::silence(std::size_t layer, std::vector<T> factors) {
  const Index size = layers_.at(layer)->size();
  if (!factors.empty() && std::ssize(factors) != size)
    throw ShapeError("silence", std::to_string(size) + " factors", std::to_string(factors.size()));
  for (const T factor : factors) {
    if (factor != T(0) && factor != T(1))
      throw ConfigError("silence", "expected factors of 0 or 1, found " + format_number(static_cast<double>(factor)));
  }
  silencing_[layer] = std::move(factors);
}

template <Scalar T>
Prediction<T> RecurrentNetwork<T>::forward(Tape<T>& tape, const Sequence<T>& input,
                                           const ForwardOptions<T>& options) const {
  if (layers_.empty()) throw std::logic_error("a network without layers was run");
  Prediction<T> prediction;
  Sequence<T> sequence = input;
  Index neurons_before = 0;
  const bool gives_last = outputs_ == Outputs::last_step, has_lengths = !options.lengths.empty();
  for (std::size_t k = 0; k < depth(); ++k) {
    const bool is_last = k + 1 == depth();
    OutputMask<T> mask = options.mask;
    mask.silencing = silencing_[k];
    if (mask.silencing_at) mask.silencing_at += neurons_before;
    mask.layer = k;
    neurons_before += layers_[k]->size();
    const ScanOptions scan{.last_only = is_last && gives_last && !has_lengths,
                           .track_states = options.track_states,
                           .truncate_steps = options.truncate_steps,
                           .memory_limit = options.memory_limit};
    LayerOutput<T> result = layers_[k]->run(tape, sequence, options.engine, mask, scan);
    for (Track<T>& track : result.tracks) {
      if (k > 0) track.name = layer_prefix(k) + track.name;
      prediction.tracks.push_back(std::move(track));
    }
    if (is_last) {
      if (gives_last && has_lengths) result.output = last_valid_step(result.output, options.lengths);
      prediction.output = readout_ ? (*readout_)(tape, result.output) : result.output;
    } else {
      sequence = Sequence<T>::from(result.output);
    }
  }
  return prediction;
}

template class RecurrentNetwork<float>;
template class RecurrentNetwork<double>;

#define GLIFR_COMPILE_LAYER(N, T) \
  template std::unique_ptr<NetworkLayer<T>> make_cell_layer(const CellSettings<N>&, const std::string&);
#define GLIFR_COMPILE_LAYERS(...)         \
  GLIFR_COMPILE_LAYER(__VA_ARGS__, float) \
  GLIFR_COMPILE_LAYER(__VA_ARGS__, double)
GLIFR_FOR_EACH_BUILT_IN_NEURON(GLIFR_COMPILE_LAYERS)
#undef GLIFR_COMPILE_LAYERS
#undef GLIFR_COMPILE_LAYER

}  // namespace glifr
