#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <typeindex>
#include <vector>

#include "glifr/export.hpp"
#include "glifr/network/network.hpp"
#include "glifr/neurons/constants.hpp"

/// Networks as data: layers described by the names of their neurons, made at run time. A program adds neurons of its
/// own by `register_neuron`.
namespace glifr {

/// A layer, as configurations describe it.
struct LayerDescription {
  /// A synaptic delay that is still to be taken from the task.
  static constexpr double of_the_task = -1;

  std::string neuron = "glifr";  ///< name of its neurons
  Index size = 1;                ///< neurons, 1 or more
  Index num_ascs = 0;            ///< after-spike currents a neuron, for neurons that have any
  double synaptic_delay = 0;     ///< ms, 0 or more; at least one time step is taken
  /// By their names, without dt; the others keep their defaults. Of an array all or none.
  std::map<std::string, double> constants{};
  Population population{};  ///< how the neurons differ and are connected
  double time_step = 0;     ///< ms; set by `make_network`

  bool operator==(const LayerDescription&) const = default;
};

/// A network: its layers from the input on, and its readout.
struct NetworkDescription {
  double dt = 0.05;                        ///< time step, ms; also of the neurons that have a constant of this name
  Index input_size = 1;                    ///< features a time step
  std::vector<LayerDescription> layers{};  ///< one or more
  Index output_size = 0;                   ///< of the readout; 0: none
  Outputs outputs = Outputs::every_step;   ///< which outputs the network gives
};

/// A constant that the neurons of a layer share.
struct NeuronConstant {
  std::string name;  ///< the field's; for the second, third … of an array followed by _2, _3 …
  Field field;       ///< of its member
};

/// What is known of neurons by their name.
struct NeuronInfo {
  /// Makes a layer from its description, the width of its input, its delay in steps and the prefix of its parameters'
  /// names.
  template <Scalar T>
  using Make = std::function<std::unique_ptr<NetworkLayer<T>>(const LayerDescription&, Index input_size, Index delay,
                                                              const std::string& prefix)>;

  std::string name;                         ///< as configurations have it
  Index num_ascs = 0;                       ///< after-spike currents a neuron; neurons of one name may differ in it
  std::vector<NeuronConstant> constants{};  ///< what the neurons of a layer share
  std::vector<FieldExtent> parameters{};    ///< what each neuron has for itself
  Index inputs = 1;                         ///< synaptic currents a neuron
  WeightNames weights{};                    ///< how checkpoints call its weights
  std::type_index type = typeid(void);      ///< the struct of its equations
  bool carries_state = true;                ///< see `NetworkLayer`
  bool has_synaptic_delay = true;           ///< whether a layer has the task's synaptic delay where it asks for none
  bool is_built_in = false;                 ///< whether it is one of the library's

  /// Whether it has parameters that are quantities of its dynamics.
  [[nodiscard]] bool has_dynamics() const {
    return std::any_of(parameters.begin(), parameters.end(),
                       [](const FieldExtent& parameter) { return has_physical_meaning(parameter.field); });
  }
  Make<float> make_float{};    ///< in float
  Make<double> make_double{};  ///< in double
};

/// All neurons that are known, the built-in ones first. What is known stays so, at its place, until the program ends;
/// any thread may look, as long as none registers a neuron meanwhile.
[[nodiscard]] GLIFR_API std::vector<const NeuronInfo*> known_neurons();
/// The neuron of that name and so many after-spike currents, one of `known_neurons`. ConfigError (key "neuron" or
/// "num_ascs") where there is none.
[[nodiscard]] GLIFR_API const NeuronInfo& find_neuron(const std::string& name, Index num_ascs);

/// The network of a description, with parameters at zero; those that are not trained are frozen. ConfigError where a
/// neuron, constant or parameter is not known, a constant is out of its range, or a size is not positive.
template <Scalar T>
[[nodiscard]] GLIFR_API std::unique_ptr<RecurrentNetwork<T>> make_network(const NetworkDescription& description);

/// How many numbers a network's parameters hold.
struct ParameterCount {
  Index all = 0;      ///< those of checkpoints
  Index trained = 0;  ///< those that training moves
};

/// The parameters of the network of a description, counted without making it. ConfigError where a neuron is not known.
[[nodiscard]] GLIFR_API ParameterCount count_parameters(const NetworkDescription& description);

namespace detail {

/// Adds a neuron to those that are known, if it is not among them. ConfigError where another one has its name and
/// number of currents, or where a name of it, of a parameter or of a constant cannot be told apart from others in files
/// and configurations.
GLIFR_API void add_neuron(NeuronInfo info);

/// ConfigError where only some of an array's numbers are among the values.
GLIFR_API void require_whole_arrays(const NeuronInfo& info, const std::map<std::string, double>& values);

/// Sets constants by name. ConfigError where the neuron has none of that name, the value is out of its range, or only
/// some of an array's numbers are given.
GLIFR_API void set_constants(const NeuronInfo& info, const std::map<std::string, double>& values,
                             const std::function<void(const std::string&, double)>& set);

template <class N>
inline constexpr Index after_spike_currents = 0;
template <class N>
requires requires {
  N::after_spike_currents;
}
inline constexpr Index after_spike_currents<N> = N::after_spike_currents;

template <class N>
inline constexpr bool has_synaptic_delay = true;
template <class N>
requires requires {
  N::has_synaptic_delay;
}
inline constexpr bool has_synaptic_delay<N> = N::has_synaptic_delay;

template <Neuron N>
NeuronInfo describe_neuron() {
  NeuronInfo info{.name = N::name, .num_ascs = after_spike_currents<N>};
  typename N::template Constants<double> constants{};
  for_each_scalar(constants, [&](double&, const ScalarPlace& place) {
    info.constants.push_back({scalar_name(place), place.field});
  });
  for (const FieldExtent& f : list_fields<typename N::template Parameters<double>>()) info.parameters.push_back(f);
  info.inputs = input_count<N>;
  info.weights = weight_names<N>;
  info.type = typeid(N);
  info.carries_state = derive::program<N>.carries_state;
  info.has_synaptic_delay = has_synaptic_delay<N>;
  return info;
}

template <Neuron N, Scalar T>
std::unique_ptr<NetworkLayer<T>> make_layer(const LayerDescription& description, Index input_size, Index delay,
                                            const std::string& prefix) {
  CellSettings<N> settings{.input_size = input_size, .hidden_size = description.size, .delay = delay};
  settings.population = description.population;
  settings.time_step = description.time_step;
  set_constants(describe_neuron<N>(), description.constants,
                [&](const std::string& name, double value) { *find_constant(settings.constants, name) = value; });
  return make_cell_layer<N, T>(settings, prefix);
}

}  // namespace detail

/// Makes neurons N known by their name, for networks that are made from descriptions. Call it before any is made; once
/// more does nothing. ConfigError where another neuron has the name, or a name is not of letters, digits, '-' and '_',
/// is given twice, or means something else in configurations or checkpoints.
template <Neuron N>
void register_neuron() {
  NeuronInfo info = detail::describe_neuron<N>();
  info.make_float = detail::make_layer<N, float>;
  info.make_double = detail::make_layer<N, double>;
  detail::add_neuron(std::move(info));
}

}  // namespace glifr
