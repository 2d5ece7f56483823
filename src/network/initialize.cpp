#include "glifr/network/initialize.hpp"

#include <cmath>

namespace glifr {

namespace {

/// The neuron's field that a parameter holds, or null: parameters are the two weights, one for each field, then the
/// readout.
const Field* field_of(const std::vector<FieldExtent>& fields, std::size_t parameter) {
  return parameter >= 2 && parameter - 2 < fields.size() ? &fields[parameter - 2].field : nullptr;
}

template <Scalar T>
double time_step_of(const RecurrentNetwork<T>& network) {
  for (const auto& [name, value] : network.constants()) {
    if (name == "dt") return value;
  }
  return 1;
}

}  // namespace

template <Scalar T>
void initialize_homogeneous(RecurrentNetwork<T>& network, std::uint64_t seed) {
  const auto fields = network.fields();
  const double dt = time_step_of(network), neurons = static_cast<double>(network.hidden_size());
  const ParameterList<T> parameters = network.parameters();
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    const Random random(seed, Stream::initialize, static_cast<std::uint32_t>(p));
    const Field* field = field_of(fields, p);
    std::uint64_t position = 0;
    for (T& value : parameters[p]->value.values()) {
      const double u = random.uniform(position++);
      value = static_cast<T>(initial_raw(field ? *field : Field{}, u, dt, neurons));
      if (!std::isfinite(value)) {
        throw ConfigError(field ? field->name : parameters[p]->name,
                          "with dt " + std::to_string(dt) + " ms no neuron can start with the value that the field " +
                              "gives; a decay rate, say, stays between 0 and 1 / dt");
      }
    }
  }
}

template <Scalar T>
void initialize_heterogeneous(RecurrentNetwork<T>& network,
                              const std::function<std::span<const T>(const std::string&)>& trained,
                              std::uint64_t seed) {
  initialize_homogeneous(network, seed);  // the readout, and nothing else, stays
  const ParameterList<T> parameters = network.parameters();
  for (std::size_t p = 0; p < 2 + network.fields().size(); ++p) {
    const Random random(seed, Stream::initialize, static_cast<std::uint32_t>(p));
    const std::span<const T> pool = trained(parameters[p]->name);
    std::uint64_t position = 0;
    for (T& value : parameters[p]->value.values())
      value = pool[random.below(position++, static_cast<std::uint32_t>(pool.size()))];
  }
}

#define GLIFR_INSTANTIATE(T)                                                    \
  template void initialize_homogeneous<T>(RecurrentNetwork<T>&, std::uint64_t); \
  template void initialize_heterogeneous<T>(                                    \
      RecurrentNetwork<T>&, const std::function<std::span<const T>(const std::string&)>&, std::uint64_t)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);

}  // namespace glifr
