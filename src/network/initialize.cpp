#include "glifr/network/initialize.hpp"

#include <cmath>

namespace glifr {

namespace {

/// Draws the initial values of parameters, whose places in the network's list begin at `place`, for a layer of so many
/// neurons with a time step `dt`.
template <Scalar T>
void draw(const ParameterList<T>& parameters, std::size_t place, double dt, Index neurons, std::uint64_t seed) {
  for (Parameter<T>* parameter : parameters) {
    const Random random(seed, Stream::initialize, static_cast<std::uint32_t>(place++));
    const Field field = parameter->field.value_or(Field{});
    std::uint64_t position = 0;
    for (T& value : parameter->value.values()) {
      value = static_cast<T>(initial_raw(field, random.uniform(position++), dt, static_cast<double>(neurons)));
      if (!std::isfinite(value)) {
        throw ConfigError(parameter->field ? field.name : parameter->name,
                          "with dt " + std::to_string(dt) + " ms no neuron can start with the value that the field " +
                              "gives; a decay rate, say, stays between 0 and 1 / dt");
      }
    }
  }
}

template <Scalar T>
double time_step_of(const NetworkLayer<T>& layer) {
  for (const auto& [name, value] : layer.constants()) {
    if (name == "dt") return value;
  }
  return 1;
}

}  // namespace

template <Scalar T>
void initialize_homogeneous(RecurrentNetwork<T>& network, std::uint64_t seed) {
  std::size_t place = 0;
  for (std::size_t k = 0; k < network.depth(); ++k) {
    NetworkLayer<T>& layer = network.layer(k);
    const ParameterList<T> parameters = layer.parameters();
    draw(parameters, place, time_step_of(layer), layer.size(), seed);
    place += parameters.size();
  }
  if (Readout<T>* readout = network.readout())
    draw(readout->parameters(), place, 1, network.layer(network.depth() - 1).size(), seed);
}

template <Scalar T>
void initialize_heterogeneous(RecurrentNetwork<T>& network,
                              const std::function<std::span<const T>(const std::string&)>& trained,
                              std::uint64_t seed) {
  initialize_homogeneous(network, seed);  // the readout, and nothing else, stays
  std::uint32_t place = 0;
  for (std::size_t k = 0; k < network.depth(); ++k) {
    for (Parameter<T>* parameter : network.layer(k).parameters()) {
      const Random random(seed, Stream::initialize, place++);
      const std::span<const T> pool = trained(parameter->name);
      std::uint64_t position = 0;
      for (T& value : parameter->value.values())
        value = pool[random.below(position++, static_cast<std::uint32_t>(pool.size()))];
    }
  }
}

#define GLIFR_INSTANTIATE(T)                                                    \
  template void initialize_homogeneous<T>(RecurrentNetwork<T>&, std::uint64_t); \
  template void initialize_heterogeneous<T>(                                    \
      RecurrentNetwork<T>&, const std::function<std::span<const T>(const std::string&)>&, std::uint64_t)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr
