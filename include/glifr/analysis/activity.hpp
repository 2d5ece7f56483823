#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "glifr/analysis/plot.hpp"
#include "glifr/datasets/dataset.hpp"
#include "glifr/export.hpp"
#include "glifr/io/safetensors.hpp"
#include "glifr/network/network.hpp"

namespace glifr::analysis {

/// What a network does with some samples of a data set. Values of steps behind a sample's length are NaN.
struct Activity {
  double dt = 1;                        ///< ms
  Index samples = 0, steps = 0;         ///< of the data
  Index features = 0;                   ///< of the input
  std::vector<float> inputs{};          ///< [samples, steps, features]
  Index outputs = 0, output_steps = 0;  ///< of the network; steps: all, or 1 where it gives that of the last one
  std::vector<float> output{};          ///< [samples, output_steps, outputs]
  Index target_steps = 0;               ///< of value targets; 0 where there are classes
  Index target_size = 0;                ///< their width
  std::vector<float> targets{};         ///< [samples, target_steps, target_size]
  std::vector<std::int32_t> labels{};   ///< a class a sample; empty where the targets are values
  std::vector<std::int32_t> lengths{};  ///< valid steps of each sample; empty: all

  /// One state of the neurons of a layer.
  struct State {
    std::string name;             ///< "firing", "voltage", …; from the second layer on behind the layer's prefix
    std::string unit;             ///< of its values; empty: none
    Index neurons = 0;            ///< of the layer
    bool is_output = false;       ///< what the layer's neurons send
    std::vector<float> values{};  ///< [samples, steps, neurons]
  };
  std::vector<State> states{};  ///< of all layers, in their order
};

/// Runs a network over samples of a data set, some at a time, and keeps every state of its neurons, and of neurons with
/// one synaptic input the synaptic current. `dt` in ms. std::invalid_argument where a number is not that of a sample.
template <Scalar T>
[[nodiscard]] GLIFR_API Activity activity(const RecurrentNetwork<T>& network, const Dataset<T>& data,
                                          std::span<const Index> samples, double dt);

/// The arrays as tensors under the names of the members (`inputs`, `output`, …) and of the states, as float32; units
/// and dt as metadata.
[[nodiscard]] GLIFR_API TensorFile to_tensor_file(const Activity& activity);

/// Outputs of the neurons over time: a panel for each of the first 3 samples and each layer, a line for each of up to
/// 40 neurons, and their mean.
[[nodiscard]] GLIFR_API Figure activity_figure(const Activity& activity);

}  // namespace glifr::analysis
