#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "glifr/backend/detail/scan_kernels.hpp"
#include "glifr/backend/layout.hpp"
#include "glifr/backend/memory.hpp"
#include "glifr/export.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/json_members.hpp"
#include "glifr/neurons/constants.hpp"
#include "glifr/neurons/neuron.hpp"
#include "glifr/training/checkpoint.hpp"

namespace glifr::analysis {

/// One neuron and what it shares with others of its layer.
template <Neuron N>
struct SingleNeuron {
  typename N::template Parameters<double> parameters{};  ///< in physical units
  /// The defaults of the fields, unless given.
  typename N::template Constants<double> constants = default_constants<N>();
};

/// A neuron described by a JSON object: every parameter in physical units and, where they are not the defaults, the
/// constants, under the names of their fields. DataError where a parameter is missing, a key is unknown or a value is
/// not accepted.
template <Neuron N>
[[nodiscard]] SingleNeuron<N> read_single_neuron(const std::filesystem::path& file) {
  JsonMembers json(read_json_file(file), file.string());
  SingleNeuron<N> neuron;
  take_fields(json, neuron.parameters, false);
  take_fields(json, neuron.constants, true);
  json.check_that_none_is_left();
  return neuron;
}

namespace detail {

/// The physical values of a parameter in a checkpoint, [extent, neurons]; as many neurons as it has where `neurons` is
/// negative.
[[nodiscard]] GLIFR_API std::vector<double> physical_values(const TensorFile& checkpoint, const FieldExtent& member,
                                                            double dt, Index neurons, const std::string& name);

}  // namespace detail

/// The neurons of a layer in a checkpoint, in physical units, whether they were trained or not; `name` stands for the
/// file in messages. `time_step`, ms, stands in for the metadata's, which then need not be there. DataError where the
/// checkpoint is of other neurons, damaged or without neurons.
template <Neuron N>
[[nodiscard]] std::vector<typename N::template Parameters<double>> neurons_of(
    const TensorFile& checkpoint, const std::string& name, std::optional<double> time_step = std::nullopt) {
  const double dt = time_step ? *time_step : glifr::time_step(constants_of<N>(checkpoint, name));
  std::vector<typename N::template Parameters<double>> neurons;
  const auto list = list_fields<typename N::template Parameters<double>>();
  std::vector<double> values;  // [scalars, neurons]
  for (const FieldExtent& member : list) {
    const Index known = neurons.empty() ? -1 : static_cast<Index>(neurons.size());
    const std::vector<double> more = detail::physical_values(checkpoint, member, dt, known, name);
    neurons.resize(more.size() / static_cast<std::size_t>(member.extent));
    values.insert(values.end(), more.begin(), more.end());
  }
  for (std::size_t n = 0; n < neurons.size(); ++n) {
    for_each_scalar(neurons[n], [&](double& value, const ScalarPlace& place) {
      value = values[place.number * neurons.size() + n];
    });
  }
  return neurons;
}

/// Neurons on their own, without a network: each follows its equations from zero state under currents that are given.
/// They run through the same scan as a network's, many at a time.
template <Neuron N, Scalar T>
class SingleNeurons {
 public:
  using Parameters = typename N::template Parameters<double>;  ///< of one neuron, physical
  using Constants = typename N::template Constants<double>;    ///< of all of them
  /// Scalars of a neuron's state.
  static constexpr auto states = state_count<N>;

  /// Neurons with these parameters, which are copied.
  explicit SingleNeurons(std::span<const Parameters> neurons)
      : stride_(layout::padded<T>(static_cast<Index>(neurons.size()))),
        parameters_(arena_.template allocate_zeroed<T>(static_cast<Index>(parameter_count<N>) * stride_)) {
    for (std::size_t n = 0; n < neurons.size(); ++n) {
      auto neuron = neurons[n];
      for_each_scalar(neuron, [&](double value, const ScalarPlace& place) {
        parameters_[static_cast<Index>(place.number) * stride_ + static_cast<Index>(n)] = static_cast<T>(value);
      });
    }
  }

  /// Neurons a row of synaptic currents and of states has room for: their number, rounded up.
  [[nodiscard]] Index stride() const { return stride_; }

  /// Runs `steps` steps. `synaptic` holds [steps, inputs * stride] currents; `state[k]` takes state k (in the order of
  /// the neuron's `State`, the output first) as [steps + 1, stride], row 0 being the initial zeros, or, where
  /// `is_kept[k]` is false, as [1, stride], the last only.
  void run(const Constants& constants, Index steps, const T* synaptic, const std::array<T*, states>& state,
           const std::array<bool, states>& is_kept) const {
    ScanWindow<N, T> window;
    auto copy = constants;
    for_each_scalar(
        copy, [&](double value, const ScalarPlace& place) { window.constants[place.number] = static_cast<T>(value); });
    window.steps = steps;
    window.batch = 1;
    window.neurons = stride_;
    window.stride = stride_;
    window.synaptic_stride = Index{input_count<N>} * stride_;
    window.parameters = parameters_;
    window.synaptic = synaptic;
    window.state = state;
    for (std::size_t k = 0; k < states; ++k) {
      window.state_step[k] = is_kept[k] ? stride_ : 0;
      std::fill_n(state[k], stride_, T(0));
    }
    kernels::scan_forward(window);
  }

 private:
  Arena arena_;
  Index stride_;
  T* parameters_;
};

}  // namespace glifr::analysis
